//! Rules of the house that no compiler checks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

const CRATES: [&str; 5] = ["protocol", "merge", "daemon", "client", "tests"];

/// Every Rust file of the workspace: path below the root, and text.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for name in CRATES {
        collect(&root().join(name), &mut files);
    }
    collect(&root().join("fuzz/fuzz_targets"), &mut files);
    assert!(files.len() > 100, "{} files", files.len());
    files
}

/// Lines that a file may have.
const LONGEST: usize = 400;

fn collect(dir: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() && !path.ends_with("fixtures") {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root()).expect("below the root").display().to_string();
            files.push((name, fs::read_to_string(&path).expect("source is text")));
        }
    }
}

fn complain(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn files_say_what_they_are_for_and_stay_short() {
    let mut problems = Vec::new();
    for (name, text) in sources() {
        if !text.starts_with("//! ") || text.starts_with("//! x\n") {
            problems.push(format!("{name} does not begin with what it is responsible for (//!)"));
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            problems.push(format!("{name} has {lines} lines; split it at {LONGEST}"));
        }
    }
    complain(problems);
}

#[test]
fn nothing_is_left_unfinished() {
    // Put together here, so that this file does not name them.
    let words = ["todo", "unimplemented", "dbg"].map(|word| format!("{word}!("));
    let notes = ["TO", "FIX", "XX"].into_iter().zip(["DO", "ME", "X"]).map(|(a, b)| format!("{a}{b}"));
    let notes: Vec<String> = notes.collect();
    let mut problems = Vec::new();
    for (name, text) in sources() {
        for (at, line) in text.lines().enumerate() {
            let place = format!("{name}:{}", at + 1);
            if line.ends_with(' ') || line.ends_with('\t') {
                problems.push(format!("{place}: space at the end"));
            }
            if words.iter().any(|word| line.contains(word)) || notes.iter().any(|note| line.contains(note.as_str())) {
                problems.push(format!("{place}: {}", line.trim()));
            }
            if ["ignore", "should_panic"].iter().any(|word| line.contains(&format!("#[{word}"))) {
                problems.push(format!("{place}: a test runs, and says what it expects"));
            }
        }
    }
    complain(problems);
}

#[test]
fn one_module_names_bincode() {
    let name = ["bin", "code"].concat();
    let mut problems = Vec::new();
    for (file, text) in sources() {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        if file != "protocol/src/codec.rs" && code.clone().any(|line| line.contains(&format!("{name}::"))) {
            problems.push(format!("{file} names {name}"));
        }
    }
    for krate in ["daemon", "client", "tests"] {
        let manifest = fs::read_to_string(root().join(krate).join("Cargo.toml")).expect("a manifest");
        if manifest.lines().any(|line| line.starts_with(&name)) {
            problems.push(format!("{krate} depends on {name}"));
        }
    }
    complain(problems);
}

#[test]
fn the_top_level_stays_as_it_is() {
    const THERE: [&str; 11] = [
        "Cargo.toml",
        "Cargo.lock",
        "LICENSE",
        "README.md",
        "client",
        "daemon",
        "fuzz",
        "merge",
        "packaging",
        "protocol",
        "tests",
    ];
    let entries = fs::read_dir(root()).expect("the workspace");
    let found: BTreeSet<String> = entries
        .map(|entry| entry.expect("a readable entry").file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    assert_eq!(found, BTreeSet::from(THERE.map(str::to_owned)));
}

/// The rooms of the daemon, and which others each may use: dependencies point one way.
const ROOMS: [(&str, &[&str]); 22] = [
    ("model", &[]),
    ("clock", &["model"]),
    ("metrics", &[]),
    ("os", &["model"]),
    ("library", &["model"]),
    ("drift", &["model"]),
    ("watch", &["metrics", "model", "os"]),
    ("database", &["model"]),
    ("cache", &["database", "model", "os"]),
    ("history", &["database", "library", "model", "os"]),
    ("snapshots", &["history", "library", "model", "os"]),
    ("scan", &["clock", "library", "metrics", "model", "os", "watch"]),
    ("registry", &["library", "model", "os"]),
    ("engine", &["cache", "clock", "drift", "library", "metrics", "model", "os", "registry", "scan", "watch"]),
    ("ops", &["clock", "engine", "history", "library", "model", "os", "scan", "snapshots"]),
    ("diff", &["engine", "history", "library", "model", "ops", "snapshots"]),
    ("observer", &["clock", "engine", "history", "library", "model", "ops", "os"]),
    ("trials", &["engine", "library", "ops", "os"]),
    ("server", &["diff", "engine", "history", "metrics", "model", "ops", "os"]),
    ("notifications", &["clock", "library", "metrics", "model", "os"]),
    (
        "runtime",
        &[
            "cache",
            "clock",
            "engine",
            "history",
            "library",
            "metrics",
            "model",
            "notifications",
            "observer",
            "ops",
            "os",
            "registry",
            "scan",
            "server",
            "trials",
            "watch",
        ],
    ),
    ("cli", &["runtime"]),
];

/// Edges against the grain, each with the one thing that goes over it.
const EXCEPTIONS: [(&str, &str, &str); 1] = [
    // A finding is addressed to the unit that asked for it: an opaque label.
    ("scan", "engine", "engine::Unit"),
];

#[test]
fn the_rooms_of_the_daemon_depend_one_way() {
    let mut problems = Vec::new();
    for (file, text) in sources() {
        let Some(inner) = file.strip_prefix("daemon/src/") else { continue };
        let for_tests = inner.ends_with("tests.rs") || inner.ends_with("testing.rs") || inner.contains("/tests/");
        if for_tests || matches!(inner, "lib.rs" | "main.rs") {
            continue;
        }
        let room = inner.split(['/', '.']).next().expect("a name has parts");
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            problems.push(format!("{file} is in no known room"));
            continue;
        };
        let code = text.split("\nmod tests {").next().unwrap_or_default();
        for (at, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for used in line.split("crate::").skip(1).filter(|_| !line.contains("pub(in crate::")) {
                let other = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                let excepted = || EXCEPTIONS.iter().any(|(from, _, what)| *from == room && used.starts_with(what));
                let known = ROOMS.iter().any(|(name, _)| *name == other);
                if known && other != room && !allowed.contains(&other) && !excepted() {
                    problems.push(format!("{file}:{}: {room} must not use {other}: {}", at + 1, line.trim()));
                }
            }
        }
    }
    complain(problems);
}

#[test]
fn exceptions_are_still_needed() {
    let sources = sources();
    for (from, to, what) in EXCEPTIONS {
        let used = sources.iter().any(|(file, text)| {
            let here =
                file.strip_prefix("daemon/src/").is_some_and(|inner| inner.split(['/', '.']).next() == Some(from));
            here && text.contains(&format!("crate::{what}"))
        });
        assert!(used, "{from} does not use {what} of {to} any more");
    }
}

#[test]
fn the_client_stays_small() {
    const MAY: [&str; 7] =
        ["skillmeat-protocol", "skillmeat-merge", "clap", "clap_complete", "unicode-width", "rustix", "libc"];
    const MAY_ON_WINDOWS: [&str; 1] = ["windows-sys"];
    let manifest = fs::read_to_string(root().join("client/Cargo.toml")).expect("a manifest");
    let mut section = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line.to_owned();
        } else if section.contains("dependencies")
            && !section.contains("dev-dependencies")
            && !section.contains("build-")
        {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            let windows = section.contains("windows") && MAY_ON_WINDOWS.contains(&name);
            assert!(name.is_empty() || name.starts_with('#') || MAY.contains(&name) || windows, "{section}: {line}");
        }
    }
}

#[test]
fn every_crate_opens_with_a_map_of_its_modules() {
    let mut problems = Vec::new();
    for krate in CRATES {
        let text = fs::read_to_string(root().join(krate).join("src/lib.rs")).expect("a library");
        let map: String = text.lines().filter(|line| line.starts_with("//!")).collect();
        for module in text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
            if !map.contains(&format!("[`{module}`]")) && !map.contains(&format!("[`{module}::")) {
                problems.push(format!("{krate}/src/lib.rs does not say what {module} is"));
            }
        }
    }
    complain(problems);
}
