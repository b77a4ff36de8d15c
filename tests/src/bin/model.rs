//! The model test for as long as one likes.

use std::process::ExitCode;

use skillmeat_tests::model::{Options, run};
use skillmeat_tests::sandbox::Binaries;

const USAGE: &str = "usage: model [--ops N] [--seed S] [--batch N]";

fn main() -> ExitCode {
    let result = options().and_then(|options| {
        let binaries = Binaries::beside_this_program()?;
        println!("seed {}, {} operations", options.seed, options.operations);
        run(&binaries, options).map_err(|disagreement| disagreement.to_string())
    });
    match result {
        Ok(compared) => {
            println!("{compared} comparisons agree");
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, String> {
    let mut options = Options { seed: 1, operations: 5_000, batch: 8 };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value: u64 = args.next().and_then(|text| text.parse().ok()).ok_or(USAGE)?;
        match name.as_str() {
            "--ops" => options.operations = value as usize,
            "--seed" => options.seed = value,
            "--batch" if value > 0 => options.batch = value,
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(options)
}
