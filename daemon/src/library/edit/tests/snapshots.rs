//! `snapshots.toml` against what the original wrote.

use super::*;
use crate::library::edit::snapshots::{add, remove};
use crate::library::snapshots::{SnapshotEntry, parse};

const FILE: &str = "/s/snapshots.toml";

fn entries(text: &str) -> Vec<SnapshotEntry> {
    let (entries, problems) = parse(text.as_bytes(), Path::new(FILE)).expect("read");
    assert_eq!(problems, []);
    entries
}

fn written(entries: &[SnapshotEntry]) -> String {
    entries.iter().fold(String::new(), |text, entry| {
        let before = Before { file: Path::new(FILE), text: (!text.is_empty()).then_some(&*text) };
        add(&before, entry).expect("added")
    })
}

#[test]
fn what_the_original_wrote_is_written_again() {
    for name in ["default", "team"] {
        let path = format!("w1-mixed-states/home/.skillmeat/snapshots/{name}/snapshots.toml");
        let text = fixture(&path);
        assert_eq!(written(&entries(&text)), text, "{path}");
    }
}

#[test]
fn several_are_written_and_taken_out_as_by_the_original() {
    let text = golden("snapshots.toml");
    let all = entries(&text);
    assert_eq!((all.len(), written(&all)), (3, text.clone()));
    let ids: Vec<&str> = all.iter().map(|entry| &*entry.id).collect();
    let fewer = remove(&before(FILE, &text), &[ids[1], "20200101-000000-000000"]).expect("removed");
    assert_eq!(fewer, written(&[all[0].clone(), all[2].clone()]));
    assert_eq!(remove(&before(FILE, &fewer), &ids).expect("removed"), "snapshots = []\n");
    let again = add(&before(FILE, "snapshots = []\n"), &all[0]).expect("added");
    assert_eq!(again, written(&all[..1]));
    assert!(matches!(add(&before(FILE, &text), &all[1]), Err(EditError::Taken { .. })));
}

#[test]
fn what_nobody_knows_is_kept_and_damage_is_left_alone() {
    let text = format!("# mine\nowner = \"me\"\n\n{}colour = \"red\"\n", golden("snapshots.toml"));
    let all = entries(&text);
    let more = add(&before(FILE, &text), &SnapshotEntry { id: "later".into(), ..all[0].clone() }).expect("added");
    assert!(more.starts_with(&text), "{more}");
    let fewer = remove(&before(FILE, &more), &[&all[0].id, "later"]).expect("removed");
    assert!(fewer.starts_with("# mine\nowner = \"me\"\n\n[[snapshots]]\n") && fewer.ends_with("colour = \"red\"\n"));
    for damaged in ["[[snapshots]\n", "snapshots = [1]\n", "snapshots = {}\n"] {
        assert!(add(&before(FILE, damaged), &all[0]).is_err(), "{damaged}");
        assert!(remove(&before(FILE, damaged), &["x"]).is_err(), "{damaged}");
    }
}
