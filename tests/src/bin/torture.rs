//! Faults against the real daemon, for as long as one likes. The short versions are tests of the suite.

use std::process::ExitCode;

use skillmeat_tests::patches::programs;
use skillmeat_tests::sandbox::Binaries;
use skillmeat_tests::torture::{cache, connections, events, files, kill, merge, operations};

const USAGE: &str = "usage: torture kill [--times N] [--seed S]
       torture cache [--bytes N] [--starts N] [--seed S]
       torture events [--ops N] [--seed S]
       torture connections [--rounds N] [--standing N] [--artifacts N] [--still SECONDS]
       torture operations [--every N] [--offset N] [--times N] [--seed S]
       torture merge [--times N] [--seed S]
       torture merge-corpus [--times N] [--seed S]
       torture patches [--times N] [--seed S]
       torture files [--huge N] [--mebibytes N] [--records N]";

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            print!("{report}");
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, String> {
    let mut args = std::env::args().skip(1);
    let theme = args.next().ok_or(USAGE)?;
    let (mut times, mut seed, mut bytes, mut starts, mut ops) = (300, 1, 5_000, 60, 300);
    let (mut rounds, mut standing, mut artifacts, mut still) = (20, 16, 30_000, 30);
    let (mut every, mut offset) = (1, 0);
    let mut hostile = files::Options::default();
    while let Some(name) = args.next() {
        let value: u64 = args.next().and_then(|text| text.parse().ok()).ok_or(USAGE)?;
        match name.as_str() {
            "--times" => times = value,
            "--bytes" => bytes = value,
            "--starts" => starts = value,
            "--ops" => ops = value,
            "--rounds" => rounds = value,
            "--standing" => standing = value,
            "--artifacts" => artifacts = value,
            "--still" => still = value,
            "--huge" => hostile.huge = value as usize,
            "--mebibytes" => hostile.mebibytes = value,
            "--records" => hostile.records = value as usize,
            "--every" => every = value as usize,
            "--offset" => offset = value as usize,
            "--seed" => seed = value,
            _ => return Err(USAGE.to_owned()),
        }
    }
    match theme.as_str() {
        "merge" => return merge::run(merge::Options { times, seed }).map(|tally| tally.to_string()),
        "merge-corpus" => return merge::record(merge::Options { times, seed }),
        _ => {}
    }
    let binaries = Binaries::beside_this_program()?;
    println!("{theme}, seed {seed}");
    let text = |report: &dyn std::fmt::Display| report.to_string();
    match theme.as_str() {
        "kill" => kill::run(&binaries, kill::Options { times, seed }).map(|report| text(&report)),
        "cache" => cache::run(&binaries, cache::Options { bytes, starts, seed }).map(|report| text(&report)),
        "connections" => {
            let options = connections::Options { rounds, standing, artifacts, still_s: still };
            connections::run(&binaries, options).map(|report| text(&report))
        }
        "events" => events::run(&binaries, events::Options { operations: ops, seed }).map(|report| text(&report)),
        "operations" => operations::run(&binaries, operations::Options { every, offset, random: times, seed })
            .map(|report| text(&report)),
        "patches" => programs::run(programs::Options { times, seed, by: programs::Readers::Programs })
            .map(|report| text(&report)),
        "files" => files::run(&binaries, hostile).map(|report| text(&report)),
        _ => Err(USAGE.to_owned()),
    }
}
