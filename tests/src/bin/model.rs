//! The model test for as long as one likes, and what failed of it once more.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use skillmeat_tests::model::minimise::Shortened;
use skillmeat_tests::model::replay::Script;
use skillmeat_tests::model::{Disagreement, Options, run};
use skillmeat_tests::sandbox::Binaries;
use skillmeat_tests::unprivileged::{self, Privilege};

const USAGE: &str = "usage: model [--ops N] [--seed S] [--batch N] [--writers N] [--shorten SECONDS]
       model --replay FILE [--times N] [--shorten SECONDS]

Random operations of several writers against a real daemon, compared after each batch with a daemon that is started from
scratch on the same files. What fails is shortened and written to a file for --replay.";

/// A longer list is only written to its file.
const MOST_PRINTED: usize = 40;
/// Time between two lines of progress.
const REPORT_EVERY: Duration = Duration::from_secs(30);

struct Arguments {
    options: Options,
    shorten: Duration,
    replay: Option<PathBuf>,
    times: u64,
}

fn main() -> ExitCode {
    match unprivileged::again() {
        Privilege::Left(code) => return code,
        Privilege::Ordinary => {}
        Privilege::Kept(why) => println!("chmod does nothing here: this runs as root, and {why}"),
    }
    let result = arguments().and_then(|arguments| {
        let binaries = Binaries::beside_this_program()?;
        match &arguments.replay {
            Some(file) => replay(&binaries, file, &arguments),
            None => random(&binaries, &arguments),
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn random(binaries: &Binaries, arguments: &Arguments) -> Result<(), String> {
    let options = arguments.options;
    let started = Instant::now();
    println!("seed {}, {} operations of {} writers", options.seed, options.operations, options.writers);
    let mut told = Instant::now();
    let result = run(binaries, options, |counts| {
        if told.elapsed() > REPORT_EVERY {
            told = Instant::now();
            println!("{} operations, {} comparisons agree", counts.operations(), counts.comparisons);
        }
    });
    let counts = match &result {
        Ok(counts) => counts,
        Err(disagreement) => &disagreement.counts,
    };
    let seconds = started.elapsed().as_secs_f64();
    println!("{counts}");
    println!("differences {}", u8::from(result.is_err()));
    println!("{:.0} s, {:.0} operations per second", seconds, counts.operations() as f64 / seconds);
    result.map(drop).map_err(|disagreement| explained(binaries, arguments, &disagreement))
}

fn explained(binaries: &Binaries, arguments: &Arguments, disagreement: &Disagreement) -> String {
    eprintln!("{disagreement}");
    let shortened = disagreement.shorten(binaries, arguments.shorten);
    told(&shortened, &std::env::temp_dir().join(format!("model-seed-{}.jsonl", arguments.options.seed)))
}

fn told(shortened: &Shortened, file: &Path) -> String {
    let written = match std::fs::write(file, shortened.script.to_string()) {
        Ok(()) => format!("written; again: model --replay {}", file.display()),
        Err(e) => format!("cannot write {}: {e}", file.display()),
    };
    let tries = shortened.tries;
    let operations = shortened.script.operations();
    let list = if operations <= MOST_PRINTED { shortened.script.to_string() } else { String::new() };
    match &shortened.what {
        Some(what) => format!("{list}{what}\nshortened to {operations} operations in {tries} tries and {written}"),
        None => format!("it did not fail again in {tries} tries, so it takes a race; the whole list is {written}"),
    }
}

fn replay(binaries: &Binaries, file: &Path, arguments: &Arguments) -> Result<(), String> {
    let times = arguments.times;
    let text = std::fs::read_to_string(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    let script = Script::from_text(&text).map_err(|e| format!("{}: {e}", file.display()))?;
    let failed: Vec<String> = (0..times).filter_map(|_| script.run(binaries).err()).collect();
    println!("{} operations, {times} times, differences {}", script.operations(), failed.len());
    let Some(what) = failed.into_iter().next() else { return Ok(()) };
    eprintln!("{what}");
    Err(told(&script.shorten(binaries, &what, arguments.shorten), &file.with_extension("shorter.jsonl")))
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments {
        options: Options { seed: 1, operations: 5_000, batch: 40, writers: 3 },
        shorten: Duration::from_secs(120),
        replay: None,
        times: 5,
    };
    let options = &mut arguments.options;
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let text = args.next().ok_or(USAGE)?;
        if name == "--replay" {
            arguments.replay = Some(text.into());
            continue;
        }
        let value: u64 = text.parse().map_err(|_| USAGE)?;
        match name.as_str() {
            "--ops" => options.operations = value,
            "--seed" => options.seed = value,
            "--batch" if value > 0 => options.batch = value,
            "--writers" if (1..=64).contains(&value) => options.writers = value as usize,
            "--shorten" => arguments.shorten = Duration::from_secs(value),
            "--times" => arguments.times = value,
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(arguments)
}
