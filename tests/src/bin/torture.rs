//! Faults against the real daemon, for as long as one likes. The short versions are tests of the suite.

use std::process::ExitCode;

use skillmeat_tests::sandbox::Binaries;
use skillmeat_tests::torture::{Tally, cache, connections, events, kill};

const USAGE: &str = "usage: torture kill [--times N] [--seed S]\n       torture cache [--bytes N] [--starts N] [--seed S]\n       torture events [--ops N] [--seed S]\n       torture connections [--rounds N] [--artifacts N] [--still SECONDS]";

fn main() -> ExitCode {
    match run() {
        Ok(tally) => {
            print!("{tally}");
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Tally, String> {
    let mut args = std::env::args().skip(1);
    let theme = args.next().ok_or(USAGE)?;
    let (mut times, mut seed, mut bytes, mut starts, mut operations) = (300, 1, 5_000, 60, 300);
    let (mut rounds, mut artifacts, mut still) = (20, 30_000, 30);
    while let Some(name) = args.next() {
        let value: u64 = args.next().and_then(|text| text.parse().ok()).ok_or(USAGE)?;
        match name.as_str() {
            "--times" => times = value,
            "--bytes" => bytes = value,
            "--starts" => starts = value,
            "--ops" => operations = value,
            "--rounds" => rounds = value,
            "--artifacts" => artifacts = value,
            "--still" => still = value,
            "--seed" => seed = value,
            _ => return Err(USAGE.to_owned()),
        }
    }
    let binaries = Binaries::beside_this_program()?;
    println!("{theme}, seed {seed}");
    match theme.as_str() {
        "kill" => kill::run(&binaries, kill::Options { times, seed }),
        "cache" => cache::run(&binaries, cache::Options { bytes, starts, seed }),
        "connections" => connections::run(&binaries, connections::Options { rounds, artifacts, still_s: still }),
        "events" => events::run(&binaries, events::Options { operations, seed }),
        _ => Err(USAGE.to_owned()),
    }
}
