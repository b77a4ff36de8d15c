//! Files whose lines are in conflict and whose keys are not, and merges that would leave what cannot be parsed.

use skillmeat_merge::three_way::{Leaf, Merged, Reason, Taken, TextMerge, Tree, Trees};
use std::convert::Infallible;
use std::path::Path;

/// What becomes of a file with this name, and how; or why nothing does.
fn merge(name: &str, [base, ours, theirs]: [&str; 3]) -> Result<(String, Taken), Reason> {
    let tree = |text: &str| -> Tree<String> {
        [(name.into(), Leaf::File { content: text.to_owned(), mode: 0o644 })].into_iter().collect()
    };
    let [base, ours, theirs] = [base, ours, theirs].map(tree);
    let trees = Trees { base: Some(&base), ours: &ours, theirs: &theirs, name: Path::new("") };
    let merge = trees.merge(|text| Ok::<_, Infallible>(Some(text.clone().into_bytes()))).expect("no clash");
    match (merge.conflicts.first(), merge.tree.get(Path::new(name))) {
        (Some(conflict), _) => Err(conflict.reason),
        (None, Some(Merged::Written { bytes, .. })) => {
            Ok((String::from_utf8(bytes.clone()).expect("text"), merge.taken[0].1))
        }
        (None, other) => panic!("{name}: {other:?}"),
    }
}

#[test]
fn what_is_a_conflict_by_line_only_is_merged_by_key() {
    let cases = [
        (
            "settings.json",
            [
                "{\n  \"model\": \"a\",\n  \"env\": {\n    \"A\": \"1\"\n  }\n}\n",
                "{\n  \"model\": \"b\",\n  \"env\": {\n    \"A\": \"1\",\n    \"OURS\": \"x\"\n  }\n}\n",
                "{\n  \"model\": \"a\",\n  \"env\": {\n    \"A\": \"1\",\n    \"THEIRS\": \"y\"\n  },\n  \"hooks\": {}\n}\n",
            ],
            "{\n  \"model\": \"b\",\n  \"env\": {\n    \"A\": \"1\",\n    \"OURS\": \"x\",\n    \"THEIRS\": \"y\"\n  },\n  \"hooks\": {}\n}\n",
        ),
        (
            ".mcp.json",
            [
                "{\"mcpServers\": {}}\n",
                "{\"mcpServers\": {\"a\": {\"command\": \"x\"}}}\n",
                "{\"mcpServers\": {\"b\": {\"url\": \"y\"}}}\n",
            ],
            "{\"mcpServers\": {\"a\": {\"command\": \"x\"},\"b\": {\"url\": \"y\"}}}\n",
        ),
        (
            "config.toml",
            [
                "# ours alone\n[a]\nx = 1\n",
                "# ours alone\n[a]\nx = 2 # two\ny = 'ours'\n",
                "# ours alone\n[a]\nx = 1\nz = 'theirs'\n\n[b]\nn = 1\n",
            ],
            "# ours alone\n[a]\nx = 2 # two\ny = 'ours'\nz = 'theirs'\n\n[b]\nn = 1\n",
        ),
        (
            "SKILL.md",
            [
                "---\nname: pdf\nversion: 1.0.0\n---\n\nRead.\n\nThen write.\n",
                "---\nname: pdf\nversion: 1.0.0\ntags:\n- a\n---\n\nRead well.\n\nThen write.\n",
                "---\nname: pdf\nversion: 1.1.0\nauthor: me\n---\n\nRead.\n\nThen write well.\n",
            ],
            "---\nname: pdf\nversion: 1.1.0\nauthor: me\ntags:\n- a\n---\n\nRead well.\n\nThen write well.\n",
        ),
        (
            "crlf.MD",
            ["---\r\na: 1\r\nb: 1\r\n---\r\n", "---\r\na: 2\r\nb: 1\r\n---\r\n", "---\r\na: 1\r\nb: 2\r\n---\r\n"],
            "---\r\na: 2\r\nb: 2\r\n---\r\n",
        ),
    ];
    for (name, sides, want) in cases {
        let [base, ours, theirs] = sides;
        assert!(!TextMerge::new(base.as_bytes(), ours.as_bytes(), theirs.as_bytes()).is_clean(), "{name}");
        assert_eq!(merge(name, sides), Ok((want.to_owned(), Taken::Keys)), "{name}");
        assert_eq!(merge(name, [base, theirs, ours]), Ok((want.to_owned(), Taken::Keys)), "{name}, swapped");
        assert_eq!(merge("notes.txt", sides), Err(Reason::Lines), "{name}, under another name");
    }
}

#[test]
fn what_is_a_conflict_by_key_stays_one() {
    let cases = [
        ("a.json", ["{\"a\": 1}", "{\"a\": 2}", "{\"a\": 3}"]),
        ("a.json", ["{\"a\": 1}", "{}", "{\"a\": 3}"]),
        ("a.json", ["{\"a\": [1]}", "{\"a\": [1, 2]}", "{\"a\": [1, 3]}"]),
        ("a.json", ["{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", "{\"a\": 1, \"b\": 3}"]),
        ("a.json", ["{}", "{\"a\": 1}", "{\"a\": 2}"]),
        // Only formatted otherwise, which must not get lost.
        ("a.json", ["{\"a\": 1}", "{\n  \"a\": 1\n}", "{\"a\" : 1}"]),
        ("a.json", ["{\"a\": 1}", "{\"a\": 2", "{\"a\": 1, \"b\": 1}"]),
        ("a.toml", ["a = 1\n", "a = 2\n", "a = 3\n"]),
        ("a.toml", ["", "[[x]]\nn = 1\n", "[[x]]\nn = 2\n"]),
        ("a.md", ["---\na: 1\n---\nx\n", "---\na: 2\n---\nx\n", "---\na: 3\n---\nx\n"]),
        ("a.md", ["---\na: 1\nb: 1\n---\nx\n", "---\na: 2\nb: 1\n---\ny\n", "---\na: 1\nb: 2\n---\nz\n"]),
    ];
    for (name, [base, ours, theirs]) in cases {
        assert_eq!(merge(name, [base, ours, theirs]), Err(Reason::Lines), "{ours} {theirs}");
        assert_eq!(merge(name, [base, theirs, ours]), Err(Reason::Lines), "{theirs} {ours}");
    }
}

#[test]
fn a_clean_merge_that_cannot_be_parsed_is_a_conflict() {
    let cases = [
        // Both added the same key, in other places.
        (
            "a.json",
            [
                "{\n\"a\": 1,\n\"b\": 2,\n\"c\": 3\n}\n",
                "{\n\"x\": 1,\n\"a\": 1,\n\"b\": 2,\n\"c\": 3\n}\n",
                "{\n\"a\": 1,\n\"b\": 2,\n\"x\": 2,\n\"c\": 3\n}\n",
            ],
        ),
        ("a.toml", ["a = 1\nb = 2\n", "x = 1\na = 1\nb = 2\n", "a = 1\nb = 2\nx = 2\n"]),
        ("a.md", ["---\na: 1\nb: 2\n---\n", "---\nx: 1\na: 1\nb: 2\n---\n", "---\na: 1\nb: 2\nx: 2\n---\n"]),
    ];
    for (name, sides) in cases {
        let [base, ours, theirs] = sides.map(str::as_bytes);
        assert!(TextMerge::new(base, ours, theirs).is_clean(), "{name}");
        assert_eq!(merge(name, sides), Err(Reason::Broken), "{name}");
        assert!(merge("notes.txt", sides).is_ok(), "{name}, under another name");
    }
    // Where a side is broken already, it is merged like any text.
    let broken = ["{\na\nb\nc\n}\n", "{\nA\nb\nc\n}\n", "{\na\nb\nC\n}\n"];
    assert_eq!(merge("a.json", broken), Ok(("{\nA\nb\nC\n}\n".to_owned(), Taken::Lines)));
}
