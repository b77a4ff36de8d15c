//! Everything at once for as long as one likes, and a table of what grew.

use std::process::ExitCode;
use std::time::Duration;

use skillmeat_tests::sandbox::Binaries;
use skillmeat_tests::soak::{Options, run};
use skillmeat_tests::unprivileged::{self, Privilege};

const USAGE: &str = "usage: soak [--minutes N] [--seconds N] [--period SECONDS] [--seed S]

Mixed load on a real daemon. Once a period it is held, compared with a daemon that is started from scratch, brought back to
the files of the start and measured; the table at the end says what did not stay as it was.";

fn main() -> ExitCode {
    match unprivileged::again() {
        Privilege::Left(code) => return code,
        Privilege::Ordinary => {}
        Privilege::Kept(why) => println!("chmod does nothing here: this runs as root, and {why}"),
    }
    let report = arguments().and_then(|options| {
        let binaries = Binaries::beside_this_program()?;
        println!("seed {}, {} s of load", options.seed, options.length.as_secs());
        run(&binaries, options, |sample| {
            println!(
                "{:>6} s  resident {:>6} KiB  descriptors {}  threads {} + {}  watches {}  log {} B  cache {} KiB  requests {}",
                sample.at.as_secs(),
                sample.resident / 1024,
                sample.descriptors,
                sample.threads,
                sample.pooled,
                sample.watches,
                sample.log,
                sample.cache / 1024,
                sample.requests
            );
        })
    });
    match report {
        Ok(report) => {
            println!("{report}");
            if report.lines().iter().all(|line| line.flat) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Options, String> {
    let (mut seed, mut seconds, mut period) = (1, 30 * 60, None);
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value: u64 = args.next().and_then(|text| text.parse().ok()).ok_or(USAGE)?;
        match name.as_str() {
            "--seed" => seed = value,
            "--minutes" if value > 0 => seconds = value * 60,
            "--seconds" if value > 0 => seconds = value,
            "--period" if value > 0 => period = Some(value),
            _ => return Err(USAGE.to_owned()),
        }
    }
    // Five minutes of warm-up and a measurement every half minute in the long run; in a shorter one the same shares.
    let period = period.unwrap_or((seconds / 60).clamp(1, 30));
    Ok(Options {
        seed,
        length: Duration::from_secs(seconds),
        period: Duration::from_secs(period),
        warm_up: Duration::from_secs(seconds / 6),
    })
}
