//! Every property of `skillmeat_tests::fuzz` over its corpus and over inputs near it; libFuzzer's long runs are in `fuzz/`.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::PathBuf;

use skillmeat_tests::fuzz::mutate::Mutations;
use skillmeat_tests::fuzz::{TARGETS, Target};

/// Mutations of each corpus: seconds for all targets together, in a debug build.
const MUTATIONS: usize = 400;

fn fuzz() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz"))
}

/// The files of a target's corpus, with their names.
fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let dir = fuzz().join("corpus").join(target.name);
    let entries = fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("a readable entry").path();
            let name = path.file_name().expect("entries have names").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("readable"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn properties_hold_of_every_corpus_and_near_it() {
    std::thread::scope(|scope| {
        let runs: Vec<_> = TARGETS.iter().map(|target| scope.spawn(|| (target.name, run(target)))).collect();
        let failed: Vec<_> =
            runs.into_iter().filter_map(|run| run.join().expect("panics are caught").1.err()).collect();
        assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    });
}

/// # Errors
/// Names the input of which the property does not hold; the panic itself is on standard error.
fn run(target: &Target) -> Result<(), String> {
    let files = corpus(target);
    for (name, data) in &files {
        catch_unwind(|| (target.check)(data)).map_err(|_| format!("{}: {name}", target.name))?;
    }
    let corpus: Vec<_> = files.into_iter().map(|(_, data)| data).collect();
    for data in Mutations::of(&corpus, 1).take(MUTATIONS) {
        catch_unwind(|| (target.check)(&data)).map_err(|_| format!("{}: b\"{}\"", target.name, data.escape_ascii()))?;
    }
    Ok(())
}

#[test]
fn every_property_has_its_program_and_its_corpus() {
    let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let listed = |dir: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz().join(dir)).unwrap_or_else(|e| panic!("fuzz/{dir}: {e}"));
        let name = |path: PathBuf| path.file_stem().expect("entries have names").to_string_lossy().into_owned();
        entries.map(|entry| name(entry.expect("a readable entry").path())).collect()
    };
    assert_eq!(listed("corpus"), names);
    assert_eq!(listed("fuzz_targets"), names);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("a manifest");
    for name in &names {
        assert!(manifest.contains(&format!("\nname = \"{name}\"\n")), "fuzz/Cargo.toml does not build {name}");
    }
}

/// What is kept is small enough to run in the suite and to look at.
#[test]
fn corpora_stay_small() {
    for target in &TARGETS {
        let files = corpus(target);
        let sizes: Vec<_> = files.iter().map(|(_, data)| data.len()).collect();
        assert!((1..=150).contains(&files.len()), "{}: {} files", target.name, files.len());
        assert!(sizes.iter().all(|size| *size <= 64 * 1024), "{}: a file over 64 KiB", target.name);
        assert!(sizes.iter().sum::<usize>() <= 1024 * 1024, "{}: over 1 MiB", target.name);
    }
}
