//! Generated manifests in every spelling that people use: after a change to one entry, the text of every other is there.

use super::random::{Rng, changes};
use super::*;
use crate::library::manifest as manifest_reader;

/// One entry, spelled in one of many ways.
fn piece(rng: &mut Rng, number: usize) -> String {
    let name = ["'n", "\"n", "\"\\u006e"][rng.below(3)];
    let quote = &name[..1];
    let header =
        ["[[artifacts]]", "[[ artifacts ]] # [[artifacts]]", "# about it\n  [[artifacts]]", "[[\"artifacts\"]]"];
    let mut text = format!("{}\n", header[rng.below(4)]);
    let mut lines = vec![
        format!("name = {name}{number}{quote}"),
        ["type = \"skill\"", "\"type\" = 'skill' # kind", "type=\"skill\""][rng.below(3)].to_owned(),
    ];
    for line in [
        "path = \"skills/x\"",
        "tags = ['a', \"b\"] # of mine",
        "tags = [\n  \"a\", # A\n  # none\n]",
        "future = { a = [1, 2], b.c = 1 }",
        "number = 0xff # a note",
        "note = \"\"\"\n[[artifacts]]\n# not a comment\n\"\"\"",
        "metadata = { title = 'T', deep = {} }",
    ] {
        let key = line.split([' ', '\n']).next().expect("a key");
        if rng.below(2) == 0 && !lines.iter().any(|other| other.starts_with(key)) {
            lines.insert(rng.below(lines.len() + 1), line.to_owned());
        }
    }
    for line in &lines {
        text.push_str(&format!("{line}\n"));
    }
    if !lines.iter().any(|line| line.starts_with("metadata")) {
        text.push_str(
            [
                "",
                "\n[artifacts.metadata] # m\ntitle = 'T'\n",
                "\n[artifacts.metadata]\ntags = [\"old\"]\n",
                "[artifacts.metadata.extra]\nx = 1\n\n[artifacts.metadata.extra.deep]\ny = 2 # end\n",
            ][rng.below(4)],
        );
    }
    text
}

#[test]
fn a_change_to_one_entry_leaves_the_others() {
    let rng = &mut Rng(0x5eed_0003);
    for _ in 0..changes() {
        let pieces: Vec<_> = (0..1 + rng.below(5)).map(|number| piece(rng, number)).collect();
        let target = rng.below(pieces.len());
        let between = [
            "[collection]\nname = \"c\" # c\nupdated = '2026-11-21T09:00:00'\n",
            "collection = { name = 'c', updated = \"2026-11-21T09:00:00\" }\n",
        ];
        let eol = ["\n", "\r\n"][rng.below(2)];
        let (first, gap) = (between[rng.below(2)], ["", "\n", "\n\n# loose\n\n"][rng.below(3)]);
        let text = format!("{first}{gap}{}{gap}[tail]\nx = 1", pieces.join(gap)).replace('\n', eol);
        let entry = key(&format!("skill:n{target}"));
        let described = EntryMetadata { title: Some("New".into()), version: Some("2".into()), ..Default::default() };
        let fields = [
            Field::Path("skills/new".into()),
            Field::Tags(vec!["b".into(), "z".into()]),
            Field::Metadata(described.clone()),
            Field::LastUpdated(Some(NOW)),
        ];
        let what = rng.below(4);
        let after = match what {
            0 => manifest::remove(&manifest(&text), &entry, NOW),
            1 => manifest::rename(&manifest(&text), &entry, "other", Some("skills/other"), NOW),
            2 => manifest::change(&manifest(&text), &entry, &fields[..1 + rng.below(4)], NOW),
            _ => manifest::change(&manifest(&text), &entry, &fields, NOW),
        };
        let after = after.unwrap_or_else(|e| panic!("{e}\n{text}"));
        for (number, piece) in pieces.iter().enumerate().filter(|(number, _)| *number != target) {
            assert!(after.contains(&piece.replace('\n', eol)), "{number} is damaged:\n{text}\n---\n{after}");
        }
        assert!(after.ends_with(&format!("[tail]{eol}x = 1")), "{after}");
        assert!(eol == "\n" || !after.replace("\r\n", "").contains('\n'), "{after:?}");
        let read = manifest_reader::parse(after.as_bytes(), Path::new(COLLECTION));
        assert_eq!(read.problems, [], "{after}");
        let renamed = key("skill:other");
        let found =
            read.entries.iter().find(|other| other.key == if what == 1 { renamed.clone() } else { entry.clone() });
        assert_eq!(found.is_some(), what != 0, "{after}");
        assert_eq!(read.entries.len(), pieces.len() - usize::from(what == 0));
        if let (Some(found), 3) = (found, what) {
            assert_eq!((found.metadata.tags.join(" "), found.path.as_path()), ("b z".into(), Path::new("skills/new")));
            assert_eq!(
                (&found.metadata.title, &found.metadata.version),
                (&described.title, &described.version),
                "{text}\n---\n{after}"
            );
        }
    }
}
