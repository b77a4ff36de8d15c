//! What git said of random texts, recorded by `torture merge-corpus`, so that a machine without git compares too.

use serde_json::Value;
use skillmeat_merge::three_way::{Labels, Style, TextMerge};

const CORPUS: &str = include_str!("../../../tests/fixtures/merge_corpus.json");

#[test]
fn merges_are_those_of_git() {
    let corpus: Vec<Value> = serde_json::from_str(CORPUS).expect("JSON");
    let (mut clean, mut conflicts) = (0, 0);
    for (number, triple) in corpus.iter().enumerate() {
        let [base, ours, theirs] = ["base", "ours", "theirs"].map(|side| triple[side].as_str().expect("a text"));
        let merge = TextMerge::new(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
        let merged = merge.merged().map(|text| String::from_utf8(text).expect("text"));
        assert_eq!(merged.as_deref(), triple["clean"].as_str(), "{number}");
        clean += usize::from(merge.is_clean());
        for (name, style) in [("merge", Style::Merge), ("diff3", Style::Diff3), ("zdiff3", Style::ZealousDiff3)] {
            let Some(git) = triple[name].as_str() else { continue };
            let text = merge.marked(style, &Labels::default());
            assert_eq!(String::from_utf8_lossy(&text), git, "{number}, {name}");
            conflicts += 1;
        }
    }
    assert!(clean > 40 && conflicts > 100, "{clean} {conflicts}");
}

#[test]
fn merges_are_symmetric_and_a_side_that_did_not_change_changes_nothing() {
    let corpus: Vec<Value> = serde_json::from_str(CORPUS).expect("JSON");
    for (number, triple) in corpus.iter().enumerate() {
        let [base, ours, theirs] =
            ["base", "ours", "theirs"].map(|side| triple[side].as_str().expect("a text").as_bytes());
        let (one, other) = (TextMerge::new(base, ours, theirs), TextMerge::new(base, theirs, ours));
        assert_eq!(one.is_clean(), other.is_clean(), "{number}");
        assert_eq!(one.merged(), other.merged(), "{number}");
        assert_eq!(one.conflicts().count(), other.conflicts().count(), "{number}");
        for (a, b) in one.conflicts().zip(other.conflicts()) {
            assert_eq!((a.base, a.ours, a.theirs), (b.base, b.theirs, b.ours), "{number}");
        }
        assert_eq!(TextMerge::new(base, base, theirs).merged().as_deref(), Some(theirs), "{number}");
        assert_eq!(TextMerge::new(base, ours, base).merged().as_deref(), Some(ours), "{number}");
        assert_eq!(TextMerge::new(base, ours, ours).merged().as_deref(), Some(ours), "{number}");
        if let Some(merged) = one.merged() {
            assert_eq!(TextMerge::new(base, &merged, &merged).merged(), Some(merged), "{number}");
        }
    }
}
