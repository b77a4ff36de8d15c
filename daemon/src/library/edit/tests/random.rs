//! Many changes in a row: whatever one of them is not about keeps its bytes, and what it is about reads back.

use super::super::groups::GroupChange;
use super::*;
use crate::library::{deployed, manifest as manifest_reader};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Changes that each test makes. `SKILLMEAT_EDITS=10000 cargo test --release -p skillmeatd edit::tests::random` makes more.
pub(super) fn changes() -> usize {
    std::env::var("SKILLMEAT_EDITS").map_or(300, |count| count.parse().expect("a number"))
}

/// Names with everything that has to be escaped, or looks like TOML.
const NAMES: [&str; 8] = ["a", "b c", "q\"uote", "bäck\\", "[[x]]", "# no", "tab\tbed", "x.md"];

/// A small generator (xorshift): the runs of a seed are always the same.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn pick<'s, T: ?Sized>(&mut self, from: &[&'s T]) -> &'s T {
        from[self.below(from.len())]
    }
}

/// The text of each record by its name and type, with the comment above it.
fn pieces(text: &str) -> BTreeMap<String, String> {
    let marked = text.replace("# note\n[[deployed]]\n", "[[deployed]] # note\n");
    let pieces = marked.split("[[deployed]]").skip(1).map(|piece| {
        let line = |key: &str| piece.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        (format!("{} {}", line("artifact_name"), line("artifact_type")), piece.trim_end().to_owned())
    });
    pieces.collect()
}

#[test]
fn records_that_are_not_meant_stay() {
    let rng = &mut Rng(0x5eed_0001);
    let mut text =
        "[[deployed]]\nartifact_name = 'a'\nartifact_type = \"skill\"\nmine = [ 1,2 ] # own\n\n# note\n[[deployed]]\n\
                    artifact_name = \"other\"\nartifact_type = \"skill\"\n[deployed.extra]\nx = 'y'\n"
            .to_owned();
    for change in 0..changes() {
        let kind = [ArtifactType::Skill, ArtifactType::Command][rng.below(2)];
        let mut new = record(kind, rng.pick(&["a", "b c", "q\"uote", "bäck", "[[x]]", "# no", "x.md"]));
        new.artifact_path = "somewhere".into();
        new.content_hash = hash(1 + rng.below(3) as u8);
        new.lineage = (0..rng.below(3)).map(|byte| hash(1 + byte as u8)).collect();
        new.modification_detected_at = Some(NOW).filter(|_| rng.below(2) == 0);
        let id = (new.key.clone(), new.profile_id.clone());
        let removed = rng.below(3) == 0;
        let edited = if removed {
            records::remove(&records(&text), std::slice::from_ref(&id)).expect("removed")
        } else {
            records::upsert(&records(&text), std::slice::from_ref(&new), &TimeZone::UTC).expect("written")
        };
        let after = edited.text.expect("one record is never touched");
        let read = deployed::parse(after.as_bytes(), Path::new(DEPLOYED), &TimeZone::UTC);
        assert_eq!(read.problems, [], "{change}: {after}");
        let found: Vec<_> = read.records.iter().filter(|record| record.key == new.key).collect();
        if removed {
            assert_eq!(found.len(), 0, "{change}: {after}");
        } else {
            assert_eq!(found.len(), 1, "{change}: {after}");
            assert_eq!((found[0].baseline, found[0].deployed_at), (Some(new.content_hash), Some(THEN)));
            assert_eq!(found[0].modification_detected_at, new.modification_detected_at);
        }
        let (was, now) = (pieces(&text), pieces(&after));
        assert_eq!(now.len(), read.records.len(), "{change}: {after}");
        let changed: Vec<_> = was.iter().filter(|(name, piece)| now.get(*name) != Some(*piece)).collect();
        assert!(changed.len() <= 1, "{change}: {changed:?}\n{text}\n---\n{after}");
        text = after;
    }
}

#[test]
fn groups_and_entries_are_what_a_plain_list_would_be() {
    let rng = &mut Rng(0x5eed_0002);
    let mut text = golden("empty.toml");
    let mut want: Vec<Group> = Vec::new();
    let mut listed: Vec<ArtifactKey> = Vec::new();
    for step in 0..changes() {
        let name = rng.pick(&NAMES).to_owned();
        let member = format!("skill:{}", rng.pick(&["a", "b", "q\"", "bäck\\"]));
        let at = want.iter().position(|group| group.name == name);
        let place = rng.below(5);
        let change = match (rng.below(6), at) {
            (_, None) if want.len() < 6 => {
                let new = Group { position: place as i64, ..group(&name, &[]) };
                want.insert(place.min(want.len()), new.clone());
                GroupChange::Create(new)
            }
            (0, Some(at)) => {
                want.remove(at);
                GroupChange::Delete { group: name }
            }
            (1, Some(at)) => {
                let group = want.remove(at);
                want.insert(place.min(want.len()), group);
                GroupChange::Move { group: name, place }
            }
            (2, Some(at)) if want[at].members.contains(&member) => {
                want[at].members.retain(|other| *other != member);
                GroupChange::RemoveMembers { group: name, members: vec![member] }
            }
            (3, Some(at)) => {
                want[at].members.reverse();
                GroupChange::OrderMembers { group: name, members: want[at].members.clone() }
            }
            (_, Some(at)) => {
                let members = &mut want[at].members;
                members.retain(|other| *other != member);
                members.insert(place.min(members.len()), member.clone());
                GroupChange::AddMembers { group: name, members: vec![member], place: Some(place) }
            }
            (_, None) => {
                let new = ArtifactKey::new(ArtifactType::Hook, &format!("n{place}"));
                text = if listed.contains(&new) {
                    listed.retain(|key| *key != new);
                    manifest::remove(&manifest(&text), &new, NOW).expect("removed")
                } else {
                    listed.push(new.clone());
                    manifest::add(&manifest(&text), &entry(new.kind, &new.name), NOW).expect("added")
                };
                continue;
            }
        };
        let after = groups::apply(&manifest(&text), std::slice::from_ref(&change), NOW).expect("applied");
        for (position, group) in (0..).zip(&mut want) {
            group.position = position;
        }
        let read = manifest_reader::parse(after.as_bytes(), Path::new(COLLECTION));
        assert_eq!((&read.groups, read.problems), (&want, vec![]), "{step} {change:?}: {after}");
        assert_eq!(read.entries.iter().map(|entry| &entry.key).collect::<Vec<_>>(), listed.iter().collect::<Vec<_>>());
        text = after;
    }
}

#[test]
fn damaged_files_are_refused_or_changed_and_nothing_else() {
    let rng = &mut Rng(0x5eed_0004);
    let whole = format!("{}\n[artifacts.metadata.extra]\nx.y = [{{ a = 1 }}] # x\n", golden("group-two.toml"));
    let whole: Vec<char> = whole.chars().collect();
    for _ in 0..changes() {
        let mut damaged = whole.clone();
        damaged.truncate(rng.below(whole.len() * 2).max(40));
        let at = rng.below(damaged.len());
        damaged[at] = ['[', ']', '"', '\'', '#', '\n', '=', '.', '{', ',', '\r', 'é'][rng.below(12)];
        let text = String::from_iter(damaged);
        let create = [GroupChange::Create(Group { position: 0, ..group("new", &["skill:pdf"]) })];
        for changed in [
            manifest::add(&manifest(&text), &entry(ArtifactType::Agent, "new"), NOW),
            manifest::remove(&manifest(&text), &key("skill:pdf"), NOW),
            manifest::change(&manifest(&text), &key("skill:pdf"), &[Field::Metadata(EntryMetadata::default())], NOW),
            manifest::rename(&manifest(&text), &key("skill:pdf"), "new", None, NOW),
            groups::apply(&manifest(&text), &create, NOW),
            config::set_default_collection(&manifest(&text), "new"),
        ] {
            let read = changed.map(|text| manifest_reader::parse(text.as_bytes(), Path::new(COLLECTION)).unreadable);
            assert!(matches!(read, Err(_) | Ok(None)), "{read:?}: {text}");
        }
    }
}
