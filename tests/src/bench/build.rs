//! Building the programs from nothing: how long it takes, and how many crates they are made of.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Context;
use super::row::{Figure, Row, Unit};
use super::sample::Times;

const GROUP: &str = "build";
const PACKAGES: [&str; 2] = ["skillmeatd", "skillmeat"];

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(""));
    if !workspace.join("Cargo.lock").is_file() {
        return vec![Row::without(GROUP, "cold build", Unit::Us, "the source is not at hand")];
    }
    let mut rows = Vec::new();
    for package in PACKAGES {
        let tree = ["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--no-dedupe", "-p", package];
        let row = match cargo(workspace, &tree).output() {
            Ok(output) if output.status.success() => {
                let lines = String::from_utf8_lossy(&output.stdout);
                let crates: BTreeSet<&str> = lines.lines().filter(|line| !line.is_empty()).collect();
                Row::new(GROUP, format!("crates in {package}"), Unit::Count, Figure::of(crates.len() as f64))
            }
            _ => Row::without(GROUP, format!("crates in {package}"), Unit::Count, "cargo tree failed"),
        };
        rows.push(row);
    }
    ctx.progress("  cargo build --release into an empty directory");
    let target = tempfile::Builder::new().prefix("skm").tempdir().expect("temporary directory");
    let mut build = cargo(workspace, &["build", "--locked", "--release", "-p", PACKAGES[0], "-p", PACKAGES[1]]);
    build.env("CARGO_TARGET_DIR", target.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut times = Times::default();
    let status = times.time(|| build.status());
    rows.push(match status {
        Ok(status) if status.success() => Row::new(GROUP, "cold build", Unit::Us, Figure::of(times.figure().value)),
        other => Row::without(GROUP, "cold build", Unit::Us, format!("cargo build: {other:?}")),
    });
    rows
}

fn cargo(workspace: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(workspace);
    command
}
