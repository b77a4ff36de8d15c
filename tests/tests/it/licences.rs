//! What we build on: licences, crates that must not come in, versions that must not multiply. Works without network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Compatible with distributing one MIT-licensed executable.
const LICENCES: [&str; 12] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "ISC",
    "BSD-3-Clause",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "BSL-1.0",
];

/// Crates that must not come in, and why.
const BANNED: [(&str, &str); 9] = [
    ("openssl-sys", "nothing here needs a C library of the system"),
    ("reqwest", "a hundred crates; ureq does what is needed"),
    ("async-std", "discontinued"),
    ("fail", "no release since 2022"),
    ("serde_yaml", "archived"),
    ("fs2", "std locks files"),
    ("chrono", "jiff"),
    ("atty", "std has it"),
    ("jwalk", "std does it"),
];

/// Several versions of one crate are code twice; these few come with crates that moved at different times.
const DUPLICATES: [&str; 2] = ["getrandom", "syn"];

#[test]
fn every_licence_is_allowed() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 50);
    let mut problems = Vec::new();
    for package in packages {
        let name = &package["name"];
        match package["license"].as_str() {
            Some(expression) if allowed(expression) => {}
            other => problems.push(format!("{name}: {other:?}")),
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn expressions_are_understood() {
    for (expression, want) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND GPL-2.0", false),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
        ("", false),
    ] {
        assert_eq!(allowed(expression), want, "{expression}");
    }
}

/// Whether an SPDX expression can be satisfied. Parentheses occur around alternatives only.
fn allowed(expression: &str) -> bool {
    expression.replace('/', " OR ").split(" AND ").all(|part| {
        let alternatives = part.trim().trim_start_matches('(').trim_end_matches(')');
        alternatives.split(" OR ").any(|licence| LICENCES.contains(&licence.trim()))
    })
}

/// From the lock file, which covers every platform.
#[test]
fn no_banned_crate_and_no_second_version() {
    let lock = std::fs::read_to_string(workspace().join("Cargo.lock")).expect("the lock file is kept");
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut name = "";
    for line in lock.lines() {
        let value = |key: &str| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"');
        if let Some(found) = value("name") {
            name = found;
        } else if let Some(version) = value("version") {
            versions.entry(name).or_default().insert(version);
        }
    }
    assert!(versions.len() > 100);
    for (banned, why) in BANNED {
        assert!(!versions.contains_key(banned), "{banned} came in: {why}");
    }
    let several: Vec<_> =
        versions.iter().filter(|(name, versions)| versions.len() > 1 && !DUPLICATES.contains(name)).collect();
    assert!(several.is_empty(), "{several:?}");
    assert_eq!(versions["bincode"], BTreeSet::from(["2.0.1"]), "the wire format is this version's");
}

/// Of the packages for this platform: others need not have been downloaded.
fn metadata() -> Value {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("-vV").output().expect("rustc is there").stdout;
    let version = String::from_utf8_lossy(&version).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(workspace())
        .output()
        .expect("cargo is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("metadata is JSON")
}

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
