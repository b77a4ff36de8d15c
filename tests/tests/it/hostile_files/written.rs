//! Names and paths written in manifests, records, locks, settings and the registry.

use skillmeat_protocol::drift::DriftState::InSync;
use skillmeat_tests::library::record;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::write;

use super::{Field, GOOD, append, toml_string};

/// Paths that lead out, or nowhere. The second value: a manifest may hold it (absolute paths are what the original's
/// importer writes).
const PATHS: [(&str, bool); 16] = [
    ("..", false),
    ("../../../etc/passwd", false),
    ("skills/../../x", false),
    ("skills\\..\\..\\x", false),
    ("/etc/passwd", true),
    ("//etc/passwd", true),
    ("\\\\server\\share", false),
    ("C:\\Windows", false),
    ("c:relative", false),
    (".", false),
    ("./", false),
    ("skills/..", false),
    ("nul\0byte", false),
    ("/nul\0byte", false),
    ("///", true),
    ("\\", false),
];

/// Names that nothing may be called by.
const NAMES: [&str; 14] = [
    "",
    " ",
    ".",
    "..",
    "../up",
    "/abs",
    "a//b",
    "a/../b",
    ".hidden",
    "new\nline",
    "nul\0",
    "\u{1b}[2J",
    "a\\b",
    "~/../x",
];

#[test]
fn paths_in_records_do_not_lead_out() {
    let mut field = Field::new(|_, _, project| {
        for (i, (path, _)) in PATHS.iter().enumerate() {
            for (key, value) in
                [("artifact_path", format!("\"skills/p{i}\"")), ("profile_root_dir", "\".claude\"".into())]
            {
                let name = format!("{}{i}", &key[..1]);
                let text = record(&format!("skill:{name}"), "default", &"0".repeat(64))
                    .replace(&format!("\"skills/{name}\""), &format!("\"skills/p{i}\""))
                    .replace(&format!("{key} = {value}"), &format!("{key} = {}", toml_string(path)));
                append(&project.records(), &text);
            }
        }
    });
    let status = field.status();
    for (i, (path, _)) in PATHS.iter().enumerate() {
        let item = status.items.iter().find(|item| item.name == format!("a{i}")).expect("no record is lost");
        assert_eq!(item.state, skillmeat_protocol::drift::DriftState::Unreadable, "{path:?}: {item:?}");
        assert!(item.message.is_some(), "{path:?}: {item:?}");
    }
    let told =
        |key: &str| status.problems.iter().filter(|p| p.key.as_deref().is_some_and(|k| k.ends_with(key))).count();
    assert_eq!((told("artifact_path"), told("profile_root_dir")), (PATHS.len(), PATHS.len()), "{:#?}", status.problems);
    println!("{} paths in records", 2 * PATHS.len());
    field.good_holds("paths in records");
}

#[test]
fn names_in_records_are_told_and_doubles_count_once() {
    let mut field = Field::new(|_, _, project| {
        for name in NAMES {
            let text = record("skill:placeholder", "default", &"0".repeat(64));
            append(&project.records(), &text.replace("\"placeholder\"", &toml_string(name)));
        }
        for key in ["skill:case", "skill:CASE", "skill:caf\u{e9}", "skill:cafe\u{301}", "skill:case", GOOD] {
            append(&project.records(), &record(key, "default", &"0".repeat(64)));
        }
    });
    let status = field.status();
    let mut names: Vec<_> = status.items.iter().map(|item| item.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["CASE", "cafe\u{301}", "caf\u{e9}", "case", "good"], "by code points, as written");
    let doubles = status.problems.iter().filter(|p| p.message.contains("recorded twice")).count();
    assert_eq!((status.problems.len(), doubles), (NAMES.len() + 2, 2), "{:#?}", status.problems);
    println!("{} names in records", NAMES.len());
    field.good_holds("names in records");
}

#[test]
fn names_and_paths_in_manifests_and_locks_are_told() {
    let mut field = Field::new(|_, collection, _| {
        for (i, (path, _)) in PATHS.iter().enumerate() {
            let path = toml_string(path);
            let entry = format!("\n[[artifacts]]\nname = \"p{i}\"\ntype = \"skill\"\npath = {path}\n");
            append(&collection.manifest(), &entry);
        }
        for name in NAMES {
            let entry = format!("\n[[artifacts]]\nname = {}\ntype = \"skill\"\n", toml_string(name));
            append(&collection.manifest(), &entry);
        }
        for (kind, name) in [("skill", "good"), ("spell", "x"), ("skill", "case"), ("skill", "CASE")] {
            append(&collection.manifest(), &format!("\n[[artifacts]]\nname = \"{name}\"\ntype = \"{kind}\"\n"));
        }
        let mut lock = "[lock]\nversion = \"1.0.0\"\n".to_owned();
        for name in NAMES.iter().chain(&["good", "x::y", "skill::x"]) {
            lock.push_str(&format!("[lock.entries.{}]\nname = 3\ncontent_hash = \"zz\"\n", toml_string(name)));
        }
        write(&collection.root.join("collection.lock"), lock);
    });
    let problems = field.client.collections().problems;
    let told = |key: &str| problems.iter().filter(|p| p.key.as_deref().is_some_and(|k| k.ends_with(key))).count();
    let bad_paths = PATHS.iter().filter(|(_, taken)| !taken).count();
    assert_eq!(told("path"), bad_paths, "{problems:#?}");
    assert!(told("name") > NAMES.len(), "{problems:#?}");
    println!("{} paths, {} names in a manifest, {} in a lock", PATHS.len(), NAMES.len() + 4, NAMES.len() + 3);
    let list = field.client.list();
    for artifact in list.artifacts.iter().filter(|a| a.name.starts_with('p') && a.name.len() < 4) {
        assert!(artifact.content_hash.is_none() || artifact.path.starts_with("/etc"), "{artifact:?}");
    }
    field.good_holds("a hostile manifest");
}

#[test]
fn settings_that_name_odd_places_are_told_and_harm_nothing() {
    let mut field = Field::new(|sandbox, _, _| {
        let odd =
            ["", "relative", "../up", "~other/x", "C:\\x", "/nul\0byte", "/proc", "/dev/null", "/nowhere/at/all", "/"];
        let list: Vec<_> = odd.iter().map(|path| toml_string(path)).collect();
        sandbox.config(&format!(
            "[daemon]\ncollections = [{}]\n[settings]\ndefault-collection = \"\\u001b[2J\"\n",
            list.join(", ")
        ));
        println!("{} places in settings", odd.len());
    });
    let problems = field.client.health().problems;
    for place in ["relative", "../up", "C:"] {
        assert!(problems.iter().any(|p| p.message.contains(place) || p.file.contains(place)), "{place}: {problems:#?}");
    }
    field.good_holds("odd settings");
}

#[test]
fn a_registry_with_odd_entries_registers_the_good_ones() {
    let mut field = Field::new(|_, _, _| {});
    field.client.sync();
    let Field { daemon, sandbox, project, .. } = field;
    assert!(daemon.terminate().success());
    let file = sandbox.home.join("daemon/projects.toml");
    let odd = ["", "relative", "../up", "~/x", "C:\\x", "/nul\0byte"];
    for path in odd {
        append(&file, &format!("\n[[projects]]\npath = {}\n", toml_string(path)));
    }
    append(&file, "\n[[projects]]\npath = 7\n\n[[projects]]\n");
    append(&file, &format!("\n[[projects]]\npath = {}\n", toml_string(&project.text())));
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    assert_eq!(client.projects().projects.len(), 1);
    assert_eq!(client.state(&project.text(), GOOD), Some(InSync));
    let told = client.health().problems.iter().filter(|p| p.file.ends_with("projects.toml")).count();
    assert_eq!(told, odd.len() + 2);
    println!("{} entries of a registry", odd.len() + 3);
    assert!(file.with_extension("toml.damaged").is_file(), "what could not be read is kept");
}
