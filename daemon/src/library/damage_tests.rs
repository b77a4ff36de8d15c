//! Every reader against files that were cut off, or had one byte replaced, at every place: it must come back, and
//! whatever it complains about must name the file.

use super::*;
use jiff::tz::TimeZone;
use skillmeat_protocol::reply::Problem;
use std::path::Path;

const FILE: &str = "/where/it/was.toml";

const COLLECTION: &str = r##"tag_definitions = [
    { name = "Review", slug = "review", color = "#22c55e", description = "" },
]

[collection]
name = "team"
version = "1.0.0"
created = "2026-11-21T08:11:22.781486"

[[artifacts]]
name = "writing-plans"
type = "skill"
path = "skills/writing-plans"
origin = "local"
added = "2026-11-21T08:11:40.566636"
tags = [
    "é",
]

[artifacts.metadata]
description = "Plans \"é\" \\ \u00e9"

[artifacts.metadata.extra.frontmatter]
name = "writing-plans"

[[groups]]
name = "g"
position = 1
members = ["skill:writing-plans"]
"##;

const LOCK: &str = r#"[lock]
version = "1.0.0"

[lock.entries."brainstorming::skill"]
content_hash = "8c1d114d9edc5cea03e50aaf2af846ed2c70156c3a81e9047be20f4a92bcfee3"
fetched = "2026-11-21T08:11:24.315233"
"#;

const DEPLOYED: &str = r#"[[deployed]]
artifact_name = "brainstorming"
artifact_type = "skill"
from_collection = "default"
deployed_at = "2026-11-21T08:11:48.498065"
artifact_path = "skills/brainstorming"
content_hash = "8c1d114d9edc5cea03e50aaf2af846ed2c70156c3a81e9047be20f4a92bcfee3"
local_modifications = false
version_lineage = [
    "8c1d114d9edc5cea03e50aaf2af846ed2c70156c3a81e9047be20f4a92bcfee3",
]
profile_root_dir = ".claude"
"#;

const SYNCED: &str = r#"[deployment]
collection = "default"
deployed-at = "2026-11-21T08:12:41.785654Z"

[[artifacts]]
name = "brainstorming"
type = "skill"
sha = "8c1d114d9edc5cea03e50aaf2af846ed2c70156c3a81e9047be20f4a92bcfee3"
deployed-at = "2026-11-21T08:12:41.785082Z"
"#;

const CONFIG: &str = r#"[settings]
default-collection = "default"

[daemon]
collections = ["~/c", "/srv/c"]

[[hooks]]
on = ["modified", "conflict"]
command = ["notify-send", "é"]
timeout-seconds = 2.5
"#;

const REGISTRY: &str = r#"[[projects]]
path = "/p"
added = 2026-11-21T08:12:41Z

[[collections]]
id = "67e55044-10b1-426f-9247-bb680e5fe0c8"
name = "é"
path = "/c"
device = 1
inode = "18446744073709551615"
former_names = ["a"]
"#;

const MARKDOWN: &str = "---\nname: é\ndescription: >-\n  one\n  two\ntags: [a, 'b', \"c\"]\nhooks:\n  A:\n    - b: &x [c]\n\
                        \x20   - *x\n? k\n: v\nversion: 1.0\n---\n# Title\n\nBody é\n";

/// Reads `bytes` with every reader that reads such a file, and returns all problems.
fn read_all(bytes: &[u8]) -> Vec<Problem> {
    let file = Path::new(FILE);
    let mut problems = manifest::parse(bytes, file).problems;
    problems.extend(lock::parse(bytes, file).1);
    problems.extend(deployed::parse(bytes, file, &TimeZone::UTC).problems);
    problems.extend(plan::parse(bytes, file).problems);
    problems.extend(config::parse(bytes, file, Path::new("/home/me")).1);
    problems.extend(project_file::parse(bytes, file).1);
    problems.extend(registry::parse_projects(bytes, file).problems);
    problems.extend(registry::parse_collections(bytes, file).problems);
    problems
}

fn all_name_the_file(problems: &[Problem], bytes: &[u8]) {
    for problem in problems {
        assert_eq!(problem.file, FILE, "{problem:?}");
        let lines = bytes.iter().filter(|b| **b == b'\n').count() as u32 + 1;
        assert!(problem.line.is_some_and(|line| (1..=lines).contains(&line)), "{problem:?} of {lines} lines");
    }
}

const TOML: [&str; 6] = [COLLECTION, LOCK, DEPLOYED, SYNCED, CONFIG, REGISTRY];

#[test]
fn cut_off_at_every_byte() {
    for text in TOML {
        for end in 0..text.len() {
            let bytes = &text.as_bytes()[..end];
            all_name_the_file(&read_all(bytes), bytes);
        }
    }
    for (end, _) in MARKDOWN.char_indices() {
        let whole = frontmatter::parse(&MARKDOWN[..end]);
        assert!(whole.name.is_none_or(|name| name == "é"));
    }
}

#[test]
fn with_one_byte_replaced() {
    for text in TOML {
        for at in 0..text.len() {
            for byte in [b'\n', b'"', b'[', b'0', 0xff] {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = byte;
                all_name_the_file(&read_all(&bytes), &bytes);
            }
        }
    }
    for at in 0..MARKDOWN.len() {
        for byte in b"\n\"'[]{}:-#&*!|>%@`\t\0 ,?~" {
            let mut bytes = MARKDOWN.as_bytes().to_vec();
            bytes[at] = *byte;
            frontmatter::parse(&String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn whole_they_are_without_problems() {
    let file = Path::new(FILE);
    assert_eq!(manifest::parse(COLLECTION.as_bytes(), file).problems, []);
    assert_eq!(lock::parse(LOCK.as_bytes(), file).1, []);
    assert_eq!(deployed::parse(DEPLOYED.as_bytes(), file, &TimeZone::UTC).problems, []);
    assert_eq!(deployed::parse(SYNCED.as_bytes(), file, &TimeZone::UTC).problems, []);
    let metadata = frontmatter::parse(MARKDOWN).metadata;
    assert_eq!((metadata.description.as_deref(), metadata.tags.len()), (Some("one two"), 3));
}
