//! The numbers: `cargo build --release --workspace && target/release/bench [--quick]`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use signal_hook::consts::{SIGINT, SIGTERM};
use skillmeat_tests::bench::options::{self, Options, Output, Wanted};
use skillmeat_tests::bench::row::Row;
use skillmeat_tests::bench::table::{self, Machine};
use skillmeat_tests::bench::{self, Context, FAILED, GROUPS, Programs};
use skillmeat_tests::sandbox::Binaries;

const BUILD: &str = "cargo build --release --workspace";

fn main() -> ExitCode {
    let wanted = match options::parse(std::env::args().skip(1)) {
        Ok(wanted) => wanted,
        Err(said) => {
            eprintln!("error: {said}");
            return ExitCode::from(64);
        }
    };
    match wanted {
        Wanted::List => {
            for group in GROUPS {
                println!("{:<12} {}", group.name, group.about);
            }
            ExitCode::SUCCESS
        }
        Wanted::Run(options) => match measured(&options) {
            Ok(rows) => {
                print(&options, &rows);
                let failed = rows.iter().any(|row| row.name == FAILED);
                if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
            }
            Err(said) => {
                eprintln!("error: {said}");
                ExitCode::FAILURE
            }
        },
    }
}

fn measured(options: &Options) -> Result<Vec<Row>, String> {
    let ctx = Context::new(options.extent, options.seed, shipped()?);
    for signal in [SIGINT, SIGTERM] {
        // The second one ends it on the spot.
        signal_hook::flag::register_conditional_shutdown(signal, 130, ctx.interrupted())
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&ctx.interrupted())))
            .map_err(|e| format!("cannot catch signals: {e}"))?;
    }
    Ok(bench::run(&ctx, &options.groups))
}

fn print(options: &Options, rows: &[Row]) {
    let machine = Machine::here();
    match options.output {
        Output::Table => print!("{}", table::text(&machine, rows)),
        Output::Json => println!("{}", table::json(&machine, rows)),
    }
}

/// The programs that people install, not the shims of the tests: only those are linked for a fast start.
fn shipped() -> Result<Programs, String> {
    let own = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let newest = newest_source(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("")));
    let found = |name: &str| {
        let path = own.with_file_name(name);
        let built = fs::metadata(&path).and_then(|metadata| metadata.modified());
        match (built, &newest) {
            (Err(_), _) => Err(format!("there is no {}: {BUILD}", path.display())),
            (Ok(built), Some((changed, source))) if built < *changed => {
                Err(format!("{} is older than {}: {BUILD}", path.display(), source.display()))
            }
            (Ok(_), _) => Ok(path),
        }
    };
    Ok(Programs {
        shipped: Binaries { daemon: found("skillmeatd")?, client: found("skillmeat")? },
        reference_client: found("reference-client")?,
    })
}

/// What changed last of what the programs are made of; none where the source is not at hand.
fn newest_source(workspace: &Path) -> Option<(SystemTime, PathBuf)> {
    let mut newest = None;
    let mut dirs: Vec<PathBuf> = ["protocol/src", "daemon/src", "client/src"].map(|dir| workspace.join(dir)).into();
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).ok()?.flatten() {
            let path = entry.path();
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => dirs.push(path),
                Ok(metadata) => newest = newest.max(metadata.modified().ok().map(|changed| (changed, path))),
                Err(_) => {}
            }
        }
    }
    newest
}
