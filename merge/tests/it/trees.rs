//! Merges of trees: the table of the original with lines merged inside, renames, modes, and no base.

use skillmeat_merge::three_way::{Conflict, Leaf, Merged, Reason, Taken, Tree, TreeMerge, Trees};
use std::convert::Infallible;
use std::path::{Path, PathBuf};

/// `path=text` for files, `path->target` for links; `path*=text` for a file that can be executed.
fn tree(entries: &[&str]) -> Tree<String> {
    let leaf = |entry: &&str| {
        if let Some((path, target)) = entry.split_once("->") {
            return (PathBuf::from(path), Leaf::Link { target: target.into() });
        }
        let (path, text) = entry.split_once('=').expect("an entry");
        let mode = if path.ends_with('*') { 0o755 } else { 0o644 };
        (PathBuf::from(path.trim_end_matches('*')), Leaf::File { content: text.to_owned(), mode })
    };
    entries.iter().map(leaf).collect()
}

fn merge(base: Option<&[&str]>, ours: &[&str], theirs: &[&str]) -> TreeMerge<String> {
    let (base, ours, theirs) = (base.map(tree), tree(ours), tree(theirs));
    let trees = Trees { base: base.as_ref(), ours: &ours, theirs: &theirs, name: Path::new("") };
    trees.merge(|text| Ok::<_, Infallible>(Some(text.clone().into_bytes()))).expect("no clash")
}

fn said(merge: &TreeMerge<String>) -> Vec<String> {
    let entry = |(path, merged): (&PathBuf, &Merged<String>)| {
        let path = path.display();
        let file = |text: &str, mode: u32| format!("{path}{}={text}", if mode == 0o755 { "*" } else { "" });
        match merged {
            Merged::Kept(Leaf::File { content, mode }) => file(content, *mode),
            Merged::Kept(Leaf::Link { target }) => format!("{path}->{}", target.display()),
            Merged::Written { bytes, mode } => file(std::str::from_utf8(bytes).expect("text"), *mode),
        }
    };
    merge.tree.iter().map(entry).collect()
}

#[test]
fn the_table_of_one_path() {
    let text = "f=1\n2\n3\n";
    type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [&'a str], &'a [&'a str], Option<Reason>);
    let cases: [Case<'_>; 19] = [
        (&[], &["f=a"], &[], &["f=a"], None),
        (&[], &["f=a"], &["f=a"], &["f=a"], None),
        (&[], &["f=a"], &["f=b"], &["f=a"], Some(Reason::Lines)),
        (&[], &["f="], &["f=b"], &["f=b"], None),
        (&["f=a"], &[], &[], &[], None),
        (&["f=a"], &[], &["f=a"], &[], None),
        (&["f=a"], &[], &["f=b"], &["f=b"], Some(Reason::Gone)),
        (&["f=a"], &["f=b"], &["f=a"], &["f=b"], None),
        (&["f=a"], &["f=b"], &["f=b"], &["f=b"], None),
        (&["f=a"], &["f=b"], &["f=c"], &["f=b"], Some(Reason::Lines)),
        (&[text], &["f=A\n2\n3\n"], &["f=1\n2\nB\n"], &["f=A\n2\nB\n"], None),
        (&["f=a"], &["f=\0b"], &["f=c"], &["f=\0b"], Some(Reason::Binary)),
        (&["f=\0a"], &["f=b"], &["f=c"], &["f=b"], Some(Reason::Binary)),
        (&["f->a"], &["f->b"], &["f->a"], &["f->b"], None),
        (&["f->a"], &["f->b"], &["f->c"], &["f->b"], Some(Reason::Link)),
        (&["f=a"], &["f->b"], &["f=c"], &["f->b"], Some(Reason::Link)),
        (&["f=a"], &["f*=a"], &["f=b"], &["f*=b"], None),
        (&[text], &["f*=A\n2\n3\n"], &["f=1\n2\nB\n"], &["f*=A\n2\nB\n"], None),
        (&["f=a"], &["f*=a"], &[], &[], None),
    ];
    for (base, ours, theirs, want, reason) in cases {
        let merged = merge(Some(base), ours, theirs);
        let what = format!("{base:?} {ours:?} {theirs:?}");
        assert_eq!(said(&merged), want, "{what}");
        assert_eq!(merged.conflicts.first().map(|c| c.reason), reason, "{what}");
        let swapped = merge(Some(base), theirs, ours);
        assert_eq!(swapped.conflicts.first().map(|c| c.reason), reason, "{what}, the other way round");
        if reason.is_none() {
            assert_eq!(said(&swapped), want, "{what}, the other way round");
        }
    }
}

#[test]
fn what_a_conflict_leaves_is_what_we_have_and_it_holds_all_three() {
    let merged = merge(Some(&["f=a", "g=1"]), &["f=b", "g=1"], &["f=c", "g=2"]);
    let file = |text: &str| Some(Leaf::File { content: text.to_owned(), mode: 0o644 });
    let [Conflict { path, base, ours, theirs, .. }] = &merged.conflicts[..] else { panic!("one conflict") };
    assert_eq!((path.as_path(), base, ours, theirs), (Path::new("f"), &file("a"), &file("b"), &file("c")));
    assert_eq!(said(&merged), ["f=b", "g=2"]);
    assert_eq!(merged.taken, [(PathBuf::from("g"), Taken::Theirs)]);
}

#[test]
fn without_a_base_what_differs_is_a_conflict_and_nothing_goes() {
    let merged = merge(None, &["a=1", "b=1\n2\n3\n", "c=x"], &["a=1", "b=1\n2\nB\n", "d=y"]);
    assert_eq!(said(&merged), ["a=1", "b=1\n2\n3\n", "c=x", "d=y"]);
    let conflicts: Vec<_> = merged.conflicts.iter().map(|c| (c.path.as_path(), c.reason)).collect();
    assert_eq!(conflicts, [(Path::new("b"), Reason::NoBase)]);
    // An empty file beside a full one is no decision either, while with an empty base it is.
    assert_eq!(merge(None, &["e="], &["e=x"]).conflicts.len(), 1);
    assert_eq!(merge(Some(&[]), &["e="], &["e=x"]).conflicts.len(), 0);
}

#[test]
fn a_change_follows_a_file_that_was_only_renamed() {
    type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str], &'a [&'a str], usize);
    let cases: [Case<'_>; 9] = [
        ("renamed here, changed there", &["a=1"], &["b=1"], &["a=2"], &["b=2"], 0),
        ("into a directory", &["a=1", "k=0"], &["d/a=1", "k=0"], &["a=2", "k=0"], &["d/a=2", "k=0"], 0),
        ("with another mode there", &["a=1"], &["b=1"], &["a*=1"], &["b*=1"], 0),
        ("renamed and not changed", &["a=1"], &["b=1"], &["a=1"], &["b=1"], 0),
        ("renamed with a change", &["a=1"], &["b=3"], &["a=2"], &["a=2", "b=3"], 1),
        ("another file is the same", &["a=1", "c=1"], &["b=1", "c=1"], &["a=2", "c=1"], &["a=2", "b=1", "c=1"], 1),
        ("copied twice", &["a=1"], &["b=1", "c=1"], &["a=2"], &["a=2", "b=1", "c=1"], 1),
        ("something else is there", &["a=1"], &["b=1"], &["a=2", "b=3"], &["a=2", "b=1"], 2),
        ("renamed on both sides", &["a=1"], &["b=1"], &["c=1"], &["b=1", "c=1"], 0),
    ];
    for (name, base, ours, theirs, want, conflicts) in cases {
        let merged = merge(Some(base), ours, theirs);
        assert_eq!(
            (said(&merged), merged.conflicts.len()),
            (want.iter().map(|s| s.to_string()).collect(), conflicts),
            "{name}"
        );
        let swapped = merge(Some(base), theirs, ours);
        assert_eq!(swapped.conflicts.len(), conflicts, "{name}, the other way round");
        if conflicts == 0 {
            assert_eq!(said(&swapped), want, "{name}, the other way round");
        }
    }
    let taken = |ours: &[&str], theirs: &[&str]| merge(Some(&["a=1"]), ours, theirs).taken;
    assert_eq!(taken(&["b=1"], &["a=2"]), [(PathBuf::from("b"), Taken::TheirsRenamed)]);
    assert_eq!(taken(&["a=2"], &["b=1"]), [(PathBuf::from("b"), Taken::OursRenamed)]);
}

#[test]
fn a_file_whose_bytes_are_not_given_is_a_conflict() {
    let [base, ours, theirs] = [["f=a"], ["f=b"], ["f=c"]].map(|entries| tree(&entries));
    let trees = Trees { base: Some(&base), ours: &ours, theirs: &theirs, name: Path::new("") };
    let merged = trees.merge(|_| Ok::<_, Infallible>(None)).expect("no clash");
    assert_eq!(merged.conflicts[0].reason, Reason::Large);
}
