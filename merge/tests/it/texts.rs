//! Merges of texts that are worth a name.

use skillmeat_merge::binary::is_binary;
use skillmeat_merge::three_way::{Labels, Style, TextMerge, Verdict};

fn merged(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let merged = TextMerge::new(base.as_bytes(), ours.as_bytes(), theirs.as_bytes()).merged();
    merged.map(|bytes| String::from_utf8(bytes).expect("text"))
}

#[test]
fn what_touches_is_decided_together_and_what_does_not_is_not() {
    let cases = [
        ("one line between", "a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", Some("A\nb\nC\n")),
        ("no line between", "a\nb\n", "A\nb\n", "a\nB\n", None),
        ("the same change", "a\n", "b\n", "b\n", Some("b\n")),
        ("the same change and one more", "a\nx\nb\n", "A\nx\nb\n", "A\nx\nB\n", Some("A\nx\nB\n")),
        ("inserted at the same place", "a\nb\n", "a\n1\nb\n", "a\n2\nb\n", None),
        ("the end of the last line", "a\nx\nb", "a\nx\nb\n", "A\nx\nb", Some("A\nx\nb\n")),
        ("nothing from nothing", "", "", "", Some("")),
        ("everything deleted on one side", "a\nb\n", "", "a\nb\n", Some("")),
    ];
    for (name, base, ours, theirs, want) in cases {
        assert_eq!(merged(base, ours, theirs).as_deref(), want, "{name}");
        assert_eq!(merged(base, theirs, ours).as_deref(), want, "{name}, the other way round");
    }
}

#[test]
fn bytes_that_are_no_text_of_any_encoding_stay_what_they_are() {
    let (base, ours, theirs) = (b"\xff\xfe\n\xe9\n\x81\n", b"\xff\xfd\n\xe9\n\x81\n", b"\xff\xfe\n\xe9\n\x82\r\n");
    assert_eq!(TextMerge::new(base, ours, theirs).merged().as_deref(), Some(&b"\xff\xfd\n\xe9\n\x82\r\n"[..]));
}

#[test]
fn a_conflict_has_its_three_sides_and_where_they_are() {
    let merge = TextMerge::new(b"a\nb\nc\nd\n", b"A\nb\nc\nX\n", b"a\nb\nc\nY\n");
    let conflicts: Vec<_> = merge.conflicts().map(|c| (c.base, c.ours, c.theirs)).collect();
    assert_eq!(conflicts, [(&b"d\n"[..], &b"X\n"[..], &b"Y\n"[..])]);
    let chunks: Vec<_> = merge.chunks().iter().map(|c| (c.verdict, c.base.clone(), c.theirs.clone())).collect();
    assert_eq!(chunks, [(Verdict::Ours, 0..1, 0..1), (Verdict::Conflict, 3..4, 3..4)]);
    assert_eq!(merge.merged(), None);
}

#[test]
fn markers_say_what_they_are_told_to() {
    let merge = TextMerge::new(b"a\n", b"b\n", b"c\n");
    let labels = Labels { ours: "project", base: "", theirs: "collection" };
    let text = String::from_utf8(merge.marked(Style::Diff3, &labels)).expect("text");
    assert_eq!(text, "<<<<<<< project\nb\n|||||||\na\n=======\nc\n>>>>>>> collection\n");
}

#[test]
fn the_lines_of_both_follow_each_other_where_they_are_in_conflict() {
    for (base, ours, theirs, want) in [
        ("a\nb\nc\n", "a\nB\nc\n", "a\nX\nc\nd\n", "a\nB\nX\nc\nd\n"),
        ("a", "b", "c", "b\nc"),
        ("a\r\n", "b", "c\r\n", "b\r\nc\r\n"),
        ("a\n", "", "c\n", "c\n"),
        ("a\nb\n", "a\nx\ny\n", "a\nx\nz\n", "a\nx\ny\nz\n"),
        ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"),
    ] {
        let union = TextMerge::new(base.as_bytes(), ours.as_bytes(), theirs.as_bytes()).union();
        assert_eq!(String::from_utf8(union).expect("text"), want, "{base:?} {ours:?} {theirs:?}");
    }
}

#[test]
fn a_nul_at_the_beginning_is_no_text() {
    let far = [vec![b'a'; 8000], vec![0]].concat();
    for (bytes, want) in [(&b""[..], false), (b"a", false), (b"a\0", true), (&far[1..], true), (&far, false)] {
        assert_eq!(is_binary(bytes), want, "{} bytes", bytes.len());
    }
}
