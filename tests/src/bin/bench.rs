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

/// The programs that people install, not the shims of the tests: only those are linked for a fast start. One that is
/// older than what it is made of is refused, because its numbers would be believed.
fn shipped() -> Result<Programs, String> {
    let own = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(""));
    let found = |name: &str, made_of: &[&str]| {
        let path = own.with_file_name(name);
        let built = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let newest = made_of.iter().filter_map(|source| newest_file(&workspace.join(source))).max();
        match (built, newest) {
            (Err(_), _) => Err(format!("there is no {}: {BUILD}", path.display())),
            (Ok(built), Some((changed, source))) if built < changed => {
                Err(format!("{} is older than {}: {BUILD}", path.display(), source.display()))
            }
            (Ok(_), _) => Ok(path),
        }
    };
    Ok(Programs {
        shipped: Binaries {
            daemon: found("skillmeatd", &["protocol/src", "daemon/src"])?,
            client: found("skillmeat", &["protocol/src", "client/src"])?,
        },
        reference_client: found("reference-client", &["tests/src/bin/reference_client.rs"])?,
    })
}

/// The file at or below `path` that changed last; none where the source is not at hand.
fn newest_file(path: &Path) -> Option<(SystemTime, PathBuf)> {
    let metadata = fs::metadata(path).ok()?;
    if metadata.is_dir() {
        fs::read_dir(path).ok()?.flatten().filter_map(|entry| newest_file(&entry.path())).max()
    } else {
        Some((metadata.modified().ok()?, path.to_owned()))
    }
}
