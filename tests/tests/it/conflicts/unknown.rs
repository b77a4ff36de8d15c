//! Conflicts that no operation found yet: whoever asks finds them.

use serde_json::json;
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::sandbox::write;

use super::by_hand::script;
use super::{KEY, lines};
use crate::operations::first;

/// An editor that makes something of the text that is a text of its own.
const EDITOR: &str = "printf 'one\\nby hand\\n' > \"$1\"";

#[test]
fn no_sync_has_to_come_first() {
    for (line, want) in [
        (&["conflicts", "list"][..], "to decide  poem.md"),
        (&["conflicts", "list", "--all"], "1 conflict"),
        (&["conflicts", "show", KEY], "to decide  poem.md"),
        (&["conflicts", "show", KEY, "poem.md"], "||||||| BASE\nthree\n"),
        (&["mergetool"], "all is decided"),
        (&["mergetool", KEY], "all is decided"),
        (&["resolve", KEY, "--tool"], "all is decided"),
        (&["resolve", KEY, "--edit"], "all is decided"),
        (&["resolve", KEY, "poem.md", "--edit", "--continue"], "merged"),
        (&["resolve", KEY, "--both"], "all is decided"),
        (&["resolve", KEY, "--abort"], "nothing was decided"),
    ] {
        let mut site = lines();
        let editor = script(&site.sandbox, "editor", EDITOR);
        site.git(&format!("[merge]\ntool = mine\n[mergetool \"mine\"]\ncmd = \"{} $MERGED\"\n", editor.display()));
        site.sandbox.set("EDITOR", &editor);
        let output = site.cli(line);
        assert!(output.ok().contains(want), "{line:?}: {output:?}");
        if line.contains(&"--continue") {
            site.both_have("poem.md", Some(b"one\nby hand\n"));
            assert_eq!(site.state(KEY), Some(DriftState::InSync), "{line:?}");
        }
    }
    let mut site = lines();
    let read = site.conflict("conflicts.read", json!({"file": "poem.md", "side": "ours"}));
    assert_eq!(read["bytes"], "one\ntwo\nhere\nfour\nfive\n");
    // What is not decided does not end, and it is said how it does.
    let mut site = lines();
    let early = site.conflict("conflicts.continue", json!({}));
    assert_eq!(first(&early)["message"], "the same lines were changed on both sides: poem.md", "{early}");
    assert_eq!(first(&early)["ways"].as_array().expect("a list").len(), 7, "{early}");
}

#[test]
fn what_merges_by_itself_or_is_only_older_is_none() {
    let mut site =
        super::site(&[("a.md", b"a\n"), ("b.md", b"b\n")], &[("a.md", Some(b"A\n"))], &[("b.md", Some(b"B\n"))]);
    assert_eq!((site.state(KEY), site.states()), (Some(DriftState::Conflict), vec![]));
    let why = site.refused("conflicts.show", json!({}));
    assert_eq!(why, "nothing of skill:s has to be decided");
    assert!(site.cli(&["mergetool"]).ok().contains("nothing is to be decided"));
    site.proceed();
    site.both_have("a.md", Some(b"A\n"));
    site.both_have("b.md", Some(b"B\n"));
    assert_eq!(
        site.refused("conflicts.show", json!({})),
        "s is in no conflict: it is in_sync".replace("s is", "skill:s is")
    );
}

#[test]
fn nobody_decides_about_sides_that_are_not_there_any_more() {
    // One that moved on since it was found is shown, and given to a tool, as it is now.
    let mut site = lines();
    site.conflicting();
    let theirs = "one\ntwo\nthere, again\nfour\nFIVE\n";
    write(&site.collection.path(KEY).join("poem.md"), theirs);
    site.git("[merge]\ntool = mine\n[mergetool \"mine\"]\ncmd = \"cat $REMOTE > $MERGED\"\n");
    assert!(site.cli(&["mergetool"]).ok().contains("all is decided"));
    site.proceed();
    site.both_have("poem.md", Some(theirs.as_bytes()));
    // One that moves on while somebody edits is not decided by what he makes of the one before.
    let mut site = lines();
    let there = site.collection.path(KEY).join("poem.md");
    let editor = script(&site.sandbox, "editor", &format!("{EDITOR}; echo more >> '{}'", there.display()));
    site.sandbox.set("EDITOR", &editor);
    let refused = site.cli(&["resolve", KEY, "poem.md", "--edit", "--continue"]);
    assert!(refused.stderr.contains("its sides changed while it was edited"), "{refused:?}");
    assert!(refused.stderr.contains("your text is kept"), "{refused:?}");
    assert_eq!(site.states(), ["open poem.md=-"]);
}
