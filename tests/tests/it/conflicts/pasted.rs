//! The commands that lead on, pasted into a shell that stands somewhere else: of odd names, several profiles and two projects.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::Command;

use serde_json::{Value, json};
use skillmeat_protocol::drift::DriftState;
use skillmeat_tests::library::{CollectionDir, ProjectDir};
use skillmeat_tests::process::{Daemon, Output};
use skillmeat_tests::sandbox::{Sandbox, write};

use super::POEM;
use crate::binaries;
use crate::operations::{Site, first};

const ODD: &str = "skill:it's a b";

impl Site {
    /// Runs a printed line as a shell reads it, with `more` behind each command.
    #[track_caller]
    pub(crate) fn paste(&self, line: &str, more: &[&str]) -> Vec<Output> {
        commands(line)
            .into_iter()
            .map(|mut words| {
                words.extend(more.iter().map(OsString::from));
                self.sandbox.cli(&words)
            })
            .collect()
    }
}

/// The words of the commands of a line, read by a shell.
#[track_caller]
fn commands(line: &str) -> Vec<Vec<OsString>> {
    let script = format!("skillmeat() {{ printf '%s\\0' \"$@\"; printf '\\1\\0'; }}; {line}");
    let output = Command::new("bash").arg("-c").arg(script).output().expect("a shell");
    assert!(output.status.success() && output.stderr.is_empty(), "{line}: {output:?}");
    let words: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
    let of_one = |words: &[&[u8]]| words.iter().map(|word| OsString::from_vec(word.to_vec())).collect();
    let mut all: Vec<_> = words.split(|word| *word == b"\x01").map(of_one).collect();
    assert_eq!(all.pop(), Some(vec![OsString::new()]), "{line}: {output:?}");
    all
}

/// A conflict under `codex` beside a copy that is none, in one of two projects of the same artifact; all of odd names.
fn odd() -> Site {
    let sandbox = Sandbox::new(&binaries());
    sandbox.config("[settings]\ndefault-collection = \"default\"\n[history]\nobserve = false\n");
    let (collection, project) = (sandbox.collection("default"), sandbox.project("my app's"));
    let other = sandbox.project("other");
    collection.fill(&[ODD]);
    write(&collection.path(ODD).join("the poem.md"), POEM);
    let mut site = on(sandbox, collection, project, &other);
    site.run("deploy", json!({"artifacts": [ODD], "profiles": ["claude_code", "codex"]}));
    site.run("deploy", json!({"artifacts": [ODD], "projects": [other.text()]}));
    let copy = site.project.root.join(".codex/skills/it's a b/the poem.md");
    write(&copy, String::from_utf8_lossy(POEM).replace("three", "here"));
    write(&site.collection.path(ODD).join("the poem.md"), String::from_utf8_lossy(POEM).replace("three", "there"));
    site
}

fn on(sandbox: Sandbox, collection: CollectionDir, project: ProjectDir, other: &ProjectDir) -> Site {
    let daemon = Daemon::start(&sandbox);
    daemon.client().add(&project.root);
    daemon.client().add(&other.root);
    Site { json: daemon.json(), daemon, collection, project, sandbox }
}

fn ways(item: &Value) -> Vec<String> {
    let ways = item["ways"].as_array().expect("a list").iter();
    ways.map(|way| way.as_str().expect("text").to_owned()).collect()
}

#[test]
fn every_way_on_from_a_merge_works_from_everywhere() {
    let mut site = odd();
    let just_codex = json!({"artifacts": [ODD], "profiles": ["codex"]});
    let refused = site.run("sync_project", just_codex.clone());
    let mut all = ways(first(&refused));
    assert_eq!(all.len(), 7, "{refused}");
    site.run("push", json!({"artifacts": [ODD], "profiles": ["codex"], "strategy": "prompt"}));
    all.push(ways(&site.json.result("conflicts.list", json!({}))["conflicts"][0]).pop().expect("markers"));
    for way in &all {
        let changes = !way.contains("conflicts show") && !way.contains("mergetool") && !way.contains("resolve");
        for output in site.paste(way, if changes { &["--dry-run", "--json"] } else { &[] }) {
            if way.contains("mergetool") {
                assert!(output.stderr.contains("merge tool"), "{way}: {output:?}");
                continue;
            }
            assert_eq!(output.code, Some(0), "{way}: {output:?}");
            if changes {
                let items = output.data()["items"].clone();
                let profiles: Vec<_> = items.as_array().expect("a list").iter().map(|i| &i["profile"]).collect();
                assert_eq!(profiles, ["codex"], "{way}: {items}");
            }
        }
        if way.contains("--continue") {
            site.undo();
            let this = json!({"artifact": ODD, "project": site.project.text(), "profile": "codex"});
            site.json.result("conflicts.abort", this);
        }
    }
    // A copy with markers.
    let mut marked = just_codex;
    marked["strategy"] = json!("markers");
    let done = site.run("pull", marked);
    let on = ways(first(&done));
    let early = site.paste(&on[0], &[]);
    assert!(early[0].stdout.contains("markers are left: the poem.md"), "{early:?}");
    let left = ways(&site.paste(&on[0], &["--json"])[0].data()["items"][0]);
    assert!(left[0].contains("'the poem.md' --ours"), "{left:?}");
    for way in left.iter().chain(&on[1..]) {
        assert!(site.paste(way, &["--json"]).iter().all(|output| output.code == Some(0)), "{way}");
        if way.contains("--abort") {
            site.undo();
        }
    }
    let refused = site.run("push", json!({"artifacts": [ODD], "profiles": ["codex"]}));
    assert_eq!(first(&refused)["message"], "the copy was given conflict markers", "{refused}");
    for way in ways(first(&refused)) {
        // To give up forgets what was decided.
        site.paste(&left[0], &[]);
        assert_eq!(site.paste(&way, &[])[0].code, Some(0), "{way}");
        site.undo();
    }
}

#[test]
fn names_that_are_no_text_or_look_like_options_are_decided_by_what_is_printed() {
    let names: [&[u8]; 3] = [b"-x.md", b"\xff.md", b"a'b $c.md"];
    let mut site = super::site(&[], &[], &[]);
    for (root, text) in [(site.project.path(super::KEY), "here\n"), (site.collection.path(super::KEY), "there\n")] {
        for name in names {
            fs::write(root.join(std::ffi::OsStr::from_bytes(name)), text).expect("our own directory");
        }
    }
    site.conflicting();
    let shown = site.conflict("conflicts.show", json!({}));
    let ways = ways(&shown["conflict"]);
    let single: Vec<&String> = ways.iter().filter(|way| way.contains("# or")).collect();
    assert_eq!(single.len(), 3, "{ways:?}");
    for way in single {
        assert_eq!(site.paste(way, &[])[0].code, Some(0), "{way}");
    }
    assert_eq!(site.conflict("conflicts.show", json!({}))["conflict"]["files_open"], 0);
    site.proceed();
    for name in names {
        let there = site.collection.path(super::KEY).join(std::ffi::OsStr::from_bytes(name));
        assert_eq!(fs::read_to_string(there).expect("there"), "here\n", "{}", String::from_utf8_lossy(name));
    }
    assert_eq!(site.state(super::KEY), Some(DriftState::InSync));
}
