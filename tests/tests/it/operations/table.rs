//! Every state, every operation, every way of asking: what comes of it, what it leaves alone, and that undoing it gives back
//! exactly what was.
//!
//! One home holds one skill in each state. Each case runs on it and is undone, so that the next finds what it expects.

use std::fs;

use serde_json::json;
use skillmeat_tests::sandbox::{remove, write};

use super::*;

/// One skill for each state; a conflict in one line, one in two files and one in two lines of a file, which can be merged.
const STATES: [&str; 14] = [
    "in_sync",
    "modified",
    "outdated",
    "conflict",
    "joinable",
    "interleaved",
    "deleted",
    "removed",
    "removed_modified",
    "converged",
    "gone",
    "added",
    "foreign",
    "untracked",
];

/// Operations with their parameters beside `artifacts`.
fn ways() -> Vec<(&'static str, &'static str, Value)> {
    let mut ways = vec![
        ("deploy", "deploy", json!({})),
        ("deploy --force", "deploy", json!({"in_the_way": "force"})),
        ("deploy --merge", "deploy", json!({"in_the_way": "merge"})),
        ("undeploy", "undeploy", json!({})),
        ("undeploy --force", "undeploy", json!({"force": true})),
        ("adopt", "adopt", json!({})),
        ("forget", "forget", json!({})),
        ("import", "import", json!({})),
    ];
    for (name, method) in [("pull", "pull"), ("push", "push"), ("sync", "sync_project")] {
        ways.push((name, method, json!({})));
        for strategy in ["overwrite", "merge", "fork", "skip"] {
            let name: &'static str = format!("{name} --strategy {strategy}").leak();
            ways.push((name, method, json!({"strategy": strategy})));
        }
    }
    ways
}

fn key(state: &str) -> String {
    format!("skill:{state}")
}

/// A home with one skill in each state. All were deployed by a daemon, so that the common origin of each is known.
fn site() -> Site {
    let keys: Vec<String> = STATES.iter().map(|state| key(state)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut site = Site::new(&keys, |_, collection, _| {
        for state in STATES {
            write(&collection.path(&key(state)).join("notes.md"), "notes\n");
            write(&collection.path(&key(state)).join("deep/er/tool.py"), "import sys\n\nprint()\n");
        }
    });
    let deployed: Vec<&str> =
        keys.iter().copied().filter(|k| !["skill:added", "skill:foreign", "skill:untracked"].contains(k)).collect();
    let answer = site.run("deploy", json!({"artifacts": deployed}));
    assert_eq!(answer["complete"], true, "{answer}");
    let there =
        |site: &Site, state: &str, file: &str, text: &str| write(&site.collection.path(&key(state)).join(file), text);
    let here =
        |site: &Site, state: &str, file: &str, text: &str| write(&site.project.path(&key(state)).join(file), text);
    for state in ["modified", "conflict", "removed_modified", "untracked", "foreign"] {
        here(&site, state, "SKILL.md", "edited here\n");
    }
    for state in ["outdated", "conflict"] {
        there(&site, state, "SKILL.md", "edited there\n");
        there(&site, state, "fresh/new.md", "new there\n");
    }
    there(&site, "joinable", "notes.md", "notes there\n");
    here(&site, "joinable", "mine.md", "mine\n");
    there(&site, "interleaved", "deep/er/tool.py", "import sys\n\nprint()\nexit()\n");
    here(&site, "interleaved", "deep/er/tool.py", "import os\n\nprint()\n");
    there(&site, "converged", "notes.md", "the same\n");
    here(&site, "converged", "notes.md", "the same\n");
    remove(&site.project.path("skill:deleted"));
    remove(&site.project.path("skill:gone"));
    for state in ["removed", "removed_modified", "gone", "untracked"] {
        remove(&site.collection.path(&key(state)));
    }
    let listed: Vec<&str> =
        STATES.into_iter().filter(|s| !["removed", "removed_modified", "gone", "untracked"].contains(s)).collect();
    let listed: Vec<String> = listed.into_iter().map(key).collect();
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    let manifest = site.collection.manifest_text(&listed).replace(
        "\n[[artifacts]]\nname = \"outdated\"",
        "\n# somebody's remark\n[[artifacts]]\nfavourite = true # ours\nname = \"outdated\"",
    );
    let manifest = manifest.replace("\"1.0.0\"\n", "\"1.0.0\"\nupdated = \"2026-03-01T08:00:00\"\n");
    write(&site.collection.manifest(), manifest + "\n[somebody.elses]\nkey = 'value' # kept\n");
    let records = fs::read_to_string(site.project.records()).expect("readable");
    let records = records.replace(
        "[[deployed]]\nartifact_name = \"modified\"",
        "# somebody's remark\n[[deployed]]\nour_own = [1,2] # ours\nartifact_name = \"modified\"",
    );
    assert!(records.contains("our_own"), "{records}");
    write(&site.project.records(), records + "\n[somebody.elses]\nkey = 'value' # kept\n");
    site
}

#[test]
fn every_state_meets_every_operation() {
    let mut site = site();
    let before = site.files();
    let mut rows = Vec::new();
    for state in STATES {
        let was = site.state(&key(state));
        for (name, method, params) in ways() {
            let mut params = params;
            params["artifacts"] = json!([key(state)]);
            let what = format!("{state}: {name}");
            let params = site.with_project(method, params);
            let answer = site.json.call(method, params);
            let result = &answer["result"];
            let outcome = match answer.get("error") {
                Some(error) => format!("error {}", error["data"]["code"].as_str().unwrap_or("?")),
                None => first(result)["outcome"].as_str().unwrap_or("?").to_owned(),
            };
            let after = site.files();
            let now = site.state(&key(state)).map_or("-".to_owned(), |s| s.as_str().to_owned());
            rows.push((state, name, format!("{outcome} -> {now}")));
            if result["operation"].is_null() {
                site.is_as(&before, &what);
                continue;
            }
            only_its_own(state, &changed(&before, &after), &what);
            others_are_untouched(state, &before, &after, &what);
            site.undo();
            site.is_as(&before, &format!("{what}, undone"));
            assert_eq!(site.state(&key(state)), was, "{what}, undone");
        }
    }
    println!("{} cases", rows.len());
    let found = folded(&rows);
    assert!(found == EXPECTED.trim_start(), "found\n{found}");
}

/// One line for each result of a state, with the ways that lead to it; `(s)` stands for every strategy, and for none.
fn folded(rows: &[(&str, &str, String)]) -> String {
    let mut text = String::new();
    for state in STATES {
        text.push_str(&format!("{state}\n"));
        let mut results: Vec<(&str, Vec<&str>)> = Vec::new();
        for (_, name, result) in rows.iter().filter(|row| row.0 == state) {
            match results.iter_mut().find(|known| known.0 == result) {
                Some((_, names)) => names.push(name),
                None => results.push((result, vec![name])),
            }
        }
        for (result, names) in results {
            let whole = |verb: &&str| names.iter().filter(|name| name.split(' ').next() == Some(verb)).count() == 5;
            let verbs: Vec<&str> = ["pull", "push", "sync"].into_iter().filter(|verb| whole(verb)).collect();
            let rest = names.iter().filter(|name| !verbs.contains(&name.split(' ').next().unwrap_or_default()));
            let rest = rest.map(|name| name.replace("strategy ", ""));
            let all: Vec<String> = rest.chain(verbs.iter().map(|verb| format!("{verb} (s)"))).collect();
            text.push_str(&format!("  {result}: {}\n", all.join(", ")));
        }
    }
    text
}

/// What the issue asks for: nothing is lost without being asked, and what is settled is `in_sync`.
const EXPECTED: &str = "
in_sync
  unchanged -> in_sync: deploy, deploy --force, deploy --merge, adopt, import, pull (s), push (s), sync (s)
  removed -> added: undeploy, undeploy --force
  recorded -> foreign: forget
modified
  refused -> modified: deploy, undeploy
  updated -> in_sync: deploy --force, pull --overwrite, push (s), sync (s)
  unchanged -> modified: deploy --merge, adopt, import, pull, pull --merge, pull --fork, pull --skip
  removed -> added: undeploy --force
  recorded -> foreign: forget
outdated
  updated -> in_sync: deploy, deploy --force, deploy --merge, pull (s), sync (s)
  removed -> added: undeploy, undeploy --force
  refused -> outdated: adopt
  recorded -> foreign: forget
  unchanged -> outdated: import, push (s)
conflict
  refused -> conflict: deploy, deploy --merge, undeploy, adopt, pull, pull --merge, push, push --merge, sync, sync --overwrite, sync --merge
  updated -> in_sync: deploy --force, pull --overwrite, push --overwrite
  removed -> added: undeploy --force
  recorded -> foreign: forget
  unchanged -> conflict: import
  forked -> in_sync: pull --fork, sync --fork
  skipped -> conflict: pull --skip, push --skip, sync --skip
  forked -> conflict: push --fork
joinable
  refused -> conflict: deploy, undeploy, adopt
  updated -> in_sync: deploy --force, pull --overwrite, push --overwrite
  merged -> modified: deploy --merge, pull, pull --merge
  removed -> added: undeploy --force
  recorded -> foreign: forget
  unchanged -> conflict: import
  forked -> in_sync: pull --fork, sync --fork
  skipped -> conflict: pull --skip, push --skip, sync --skip
  merged -> in_sync: push, push --merge, sync, sync --overwrite, sync --merge
  forked -> conflict: push --fork
interleaved
  refused -> conflict: deploy, undeploy, adopt
  updated -> in_sync: deploy --force, pull --overwrite, push --overwrite
  merged -> modified: deploy --merge, pull, pull --merge
  removed -> added: undeploy --force
  recorded -> foreign: forget
  unchanged -> conflict: import
  forked -> in_sync: pull --fork, sync --fork
  skipped -> conflict: pull --skip, push --skip, sync --skip
  merged -> in_sync: push, push --merge, sync, sync --overwrite, sync --merge
  forked -> conflict: push --fork
deleted
  created -> in_sync: deploy, deploy --force, deploy --merge, pull (s)
  removed -> added: undeploy, undeploy --force
  refused -> deleted: adopt, push (s), sync (s)
  recorded -> added: forget
  unchanged -> deleted: import
removed
  error not_found -> removed: deploy, deploy --force, deploy --merge
  removed -> -: undeploy, undeploy --force
  refused -> removed: adopt, pull (s), push (s), sync (s)
  recorded -> untracked: forget
  unchanged -> removed: import
removed_modified
  error not_found -> removed_modified: deploy, deploy --force, deploy --merge
  refused -> removed_modified: undeploy, adopt, pull (s), push (s), sync (s)
  removed -> -: undeploy --force
  recorded -> untracked: forget
  unchanged -> removed_modified: import
converged
  recorded -> in_sync: deploy, deploy --force, deploy --merge, adopt, pull (s), push (s), sync (s)
  removed -> added: undeploy, undeploy --force
  recorded -> foreign: forget
  unchanged -> converged: import
gone
  error not_found -> converged: deploy, deploy --force, deploy --merge
  removed -> -: undeploy, undeploy --force
  refused -> converged: adopt, pull (s), push (s), sync (s)
  recorded -> -: forget
  unchanged -> converged: import
added
  created -> in_sync: deploy, deploy --force, deploy --merge
  error not_found -> added: undeploy, undeploy --force, adopt, forget, import, pull (s), push (s), sync (s)
foreign
  refused -> foreign: deploy, deploy --merge, undeploy, undeploy --force, import, pull (s), push (s), sync (s)
  updated -> in_sync: deploy --force
  recorded -> modified: adopt
  unchanged -> foreign: forget
untracked
  error not_found -> untracked: deploy, deploy --force, deploy --merge
  refused -> untracked: undeploy, undeploy --force, adopt, pull (s), push (s), sync (s)
  unchanged -> untracked: forget
  created -> in_sync: import
";

/// Nothing but the artifact's own files, its fork's, the records, the manifest and the lock.
#[track_caller]
fn only_its_own(state: &str, changed: &BTreeSet<&str>, what: &str) {
    let texts = ["/.skillmeat-deployed.toml", "/collection.toml", "/collection.lock"];
    for path in changed {
        let own = [format!("/skills/{state}/"), format!("/skills/{state}-fork/")].iter().any(|own| path.contains(own));
        assert!(own || texts.iter().any(|text| path.ends_with(text)), "{what} changed {path}");
    }
}

/// What the texts say of others, unknown keys, comments and order are byte for byte what they were.
#[track_caller]
fn others_are_untouched(state: &str, before: &Files, after: &Files, what: &str) {
    let mine = [
        format!("\"{state}\""),
        format!("\"{state}-fork\""),
        format!("{state}::skill"),
        format!("{state}-fork::skill"),
        "[artifacts.metadata]".to_owned(),
    ];
    for (path, (_, content)) in before.iter().filter(|(path, _)| path.ends_with(".toml") || path.ends_with(".lock")) {
        let others = |content: &[u8]| -> Vec<String> {
            let text = String::from_utf8(content.to_vec()).expect("text");
            let blocks = text.split("\n\n").map(|block| block.trim_end().to_owned());
            blocks.filter(|block| !mine.iter().any(|mine| block.contains(mine))).collect()
        };
        let now = after.get(path).unwrap_or_else(|| panic!("{what} removed {path}"));
        assert_eq!(others(content), others(&now.1), "{what}: {path}");
    }
}
