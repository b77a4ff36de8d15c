//! Every case of `merge_cases.json` gives what it wants.

use serde_json::Value;
use skillmeat_merge::three_way::{
    Conflict, Labels, Leaf, Merged, Reason, Refusal, Style, TextMerge, Tree, TreeMerge, Trees,
};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};

const CASES: &str = include_str!("../../../tests/fixtures/merge_cases.json");

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        held = held << 6 | DIGITS.iter().position(|d| *d == digit).expect("a base64 digit") as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}

fn leaf(entry: &Value) -> Option<Leaf<Vec<u8>>> {
    if let Some(target) = entry["symlink"].as_str() {
        return Some(Leaf::Link { target: target.into() });
    }
    let text = entry["text"].as_str().map(|text| text.as_bytes().to_vec());
    let content = text.or_else(|| entry["b64"].as_str().map(base64))?;
    let mode = entry["mode"].as_str().map_or(0o644, |mode| u32::from_str_radix(mode, 8).expect("octal"));
    Some(Leaf::File { content, mode })
}

/// The tree that a case describes; directories follow from the paths.
fn tree(entries: &Value) -> Tree<Vec<u8>> {
    let entries = entries.as_object().expect("a tree").iter();
    entries.filter_map(|(path, entry)| Some((PathBuf::from(path), leaf(entry)?))).collect()
}

/// What the ignore list names is not merged: it is never handed to a merge, and stays as it is on our side.
fn is_ignored(path: &Path, patterns: &[&str]) -> bool {
    path.iter().any(|part| {
        let part = part.to_str().expect("text");
        patterns.iter().any(|pattern| match pattern.strip_prefix('*') {
            Some(end) => part.ends_with(end),
            None => part == *pattern,
        })
    })
}

/// The tree with markers where lines are in conflict, as the case shows it.
fn shown(merge: &TreeMerge<Vec<u8>>) -> BTreeMap<PathBuf, Leaf<Vec<u8>>> {
    let mut tree: BTreeMap<PathBuf, Leaf<Vec<u8>>> = BTreeMap::new();
    for (path, merged) in &merge.tree {
        let leaf = match merged {
            Merged::Kept(leaf) => leaf.clone(),
            Merged::Written { bytes, mode } => Leaf::File { content: bytes.clone(), mode: *mode },
        };
        tree.insert(path.clone(), leaf);
    }
    for Conflict { path, reason, base, ours, theirs, .. } in &merge.conflicts {
        let bytes = |leaf: &Option<Leaf<Vec<u8>>>| match leaf {
            Some(Leaf::File { content, .. }) => content.clone(),
            _ => Vec::new(),
        };
        if *reason == Reason::Lines {
            let (base, ours, theirs) = (bytes(base), bytes(ours), bytes(theirs));
            let content = TextMerge::new(&base, &ours, &theirs).marked(Style::Merge, &Labels::default());
            tree.insert(path.clone(), Leaf::File { content, mode: 0o644 });
        }
    }
    tree
}

#[test]
fn every_case_gives_what_it_wants() {
    let fixture: Value = serde_json::from_str(CASES).expect("JSON");
    let patterns: Vec<&str> =
        fixture["default_ignore_patterns"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let cases = fixture["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 66);
    for case in cases {
        let name = case["name"].as_str().expect("a name");
        let counted = |side: &str| -> Tree<Vec<u8>> {
            tree(&case[side]).into_iter().filter(|(path, _)| !is_ignored(path, &patterns)).collect()
        };
        let (base, ours, theirs) = (counted("base"), counted("local"), counted("remote"));
        let trees = Trees { base: Some(&base), ours: &ours, theirs: &theirs, name: Path::new("") };
        let merged = trees.merge(|bytes| Ok::<_, Infallible>(Some(bytes.clone())));
        let want = &case["want"];
        if let Some(clash) = want["clash"].as_array() {
            let clash: Vec<PathBuf> = clash.iter().filter_map(Value::as_str).map(PathBuf::from).collect();
            assert_eq!(merged, Err(Refusal::Clash(clash)), "{name}");
            continue;
        }
        let merged = merged.expect(name);
        assert_eq!(merged.conflicts.is_empty(), want["clean"].as_bool().expect("a verdict"), "{name}");
        let conflicts: Vec<(&str, &str)> =
            merged.conflicts.iter().map(|c| (c.path.to_str().expect("text"), c.kind.as_str())).collect();
        let wanted: Vec<(&str, &str)> = want["conflicts"].as_array().expect("a list").iter().map(pair).collect();
        assert_eq!(conflicts, wanted, "{name}");
        let mut found = shown(&merged);
        found.extend(tree(&case["local"]).into_iter().filter(|(path, _)| is_ignored(path, &patterns)));
        if let Some(length) = want["tree"]["f"]["len"].as_u64() {
            // Too long to be written out there: both sides as a whole, in markers.
            let Some(Leaf::File { content, .. }) = found.get(Path::new("f")) else { panic!("{name}: no file") };
            assert_eq!(content.len() as u64, length, "{name}");
            continue;
        }
        assert_eq!(found, tree(&want["tree"]), "{name}");
    }
}

fn pair(conflict: &Value) -> (&str, &str) {
    (conflict[0].as_str().expect("a path"), conflict[1].as_str().expect("a kind"))
}
