//! The pairs of `diff_cases.json`: the facts that its notes ask for, where the original's own were wrong.
//!
//! The numbers of a file are those of `git diff --numstat`, which the fixtures hold beside the original's. Trees are compared as
//! they are: what is ignored is left out by whoever reads them.

use serde_json::Value;
use skillmeat_merge::diff::tree::{Entry, Tree, changes, tree};
use skillmeat_merge::diff::{File, Kind, Mode, Options, compare};

fn cases(family: &str) -> Vec<Value> {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/diff_cases.json"));
    let all: Value = text.parse().expect("fixtures are JSON");
    all[family].as_array().expect("a list").clone()
}

/// The bytes of a side; `hex` is cut off where it repeats itself up to `len`.
fn bytes(side: &Value) -> Option<Vec<u8>> {
    if let Some(text) = side["text"].as_str() {
        return Some(text.as_bytes().to_vec());
    }
    let digits = side["hex"].as_str().expect("text or hex");
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits");
    let bytes: Vec<u8> = (0..digits.len()).step_by(2).map(byte).collect();
    side["len"].as_u64().is_none_or(|len| len == bytes.len() as u64).then_some(bytes)
}

#[test]
fn files_differ_as_git_counts() {
    let mut tried = 0;
    for case in cases("files") {
        let name = case["name"].as_str().expect("a name");
        let Some((a, b)) = bytes(&case["a"]).zip(bytes(&case["b"])) else {
            // A NUL beyond what git looks at: two texts, of which the fixture holds the beginning only.
            assert_eq!(name, "nul_late");
            continue;
        };
        let file = |bytes| Some(File { mode: Mode::Regular, bytes });
        let found = compare(file(&a), file(&b), Options::default());
        let counted = |n: usize| case["git_numstat"][n].as_str().and_then(|text| text.parse::<u32>().ok());
        let given = found.as_ref().map_or((None, None), |found| (found.added, found.removed));
        assert_eq!(given, (counted(0), counted(1)), "{name}");
        let want = match (case["status"].as_str(), name) {
            (Some("unchanged"), _) => None,
            (Some("binary"), _) => Some(Kind::Binary),
            (_, "crlf_only") => Some(Kind::LineEnds),
            _ => Some(Kind::Text),
        };
        assert_eq!(found.map(|found| found.kind), want, "{name}");
        tried += 1;
    }
    assert_eq!(tried, 20);
}

#[test]
fn trees_differ_where_their_files_do() {
    fn read(side: &Value) -> Tree<'_, &str> {
        let files = side.as_object().expect("files by path").iter();
        tree(files.map(|(path, text)| {
            (path.as_bytes(), Entry { mode: Mode::Regular, content: text.as_str().expect("text") })
        }))
    }
    let names = |value: &Value| -> Vec<String> {
        let list = value.as_array().expect("a list").iter();
        list.map(|name| name[0].as_str().or(name.as_str()).expect("a name").to_owned()).collect()
    };
    for case in cases("dirs") {
        let found = changes(&read(&case["a"]), &read(&case["b"]));
        let of = |old: bool, new: bool| -> Vec<String> {
            let fitting = found.iter().filter(|change| change.old.is_some() == old && change.new.is_some() == new);
            fitting.map(|change| String::from_utf8(change.path.clone()).expect("text")).collect()
        };
        let (added, removed, modified) = (of(false, true), of(true, false), of(true, true));
        match case["name"].as_str() {
            // Here the original leaves out what is on its list.
            Some("ignored" | "ignored_names_inside" | "hidden_git") => {
                assert!(names(&case["modified"]).iter().all(|name| modified.contains(name)), "{case}");
            }
            _ => {
                assert_eq!(added, names(&case["added"]), "{case}");
                assert_eq!(removed, names(&case["removed"]), "{case}");
                assert_eq!(modified, names(&case["modified"]), "{case}");
            }
        }
    }
}
