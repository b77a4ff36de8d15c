//! Everything together, as programs: one file a theme.
//!
//! `worlds` holds the states against the fixtures; `freshness` and `model` hold "read your writes" and "incremental
//! equals from scratch"; `tidy` and `licences` hold the repository to its own rules.

#![cfg(unix)]

use skillmeat_tests::sandbox::Binaries;

mod across;
mod bench;
mod cli;
mod conflicts;
mod diff;
mod freshness;
mod fuzz;
mod golden;
mod hostile_clients;
mod hostile_files;
mod licences;
mod lifecycle;
mod managing;
mod model;
mod notifications;
mod operations;
mod patches;
mod planted;
mod problems;
mod resources;
mod soak;
mod strategies;
mod tidy;
mod torture;
mod transcripts;
mod versions;
mod worlds;

/// The programs that cargo built for this test.
fn binaries() -> Binaries {
    Binaries { daemon: env!("CARGO_BIN_EXE_testd").into(), client: env!("CARGO_BIN_EXE_testc").into() }
}

/// A theme that is not named here would never run.
#[test]
fn no_file_is_forgotten() {
    let source = include_str!("main.rs");
    let entries = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")).expect("the directory is there");
    for entry in entries {
        let name = entry.expect("a readable entry").file_name().into_string().expect("file names are text");
        let module = name.strip_suffix(".rs").unwrap_or(&name);
        assert!(module == "main" || source.contains(&format!("\nmod {module};")), "{name} is not in main.rs");
    }
}
