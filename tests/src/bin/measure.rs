//! A first measurement: the client as a whole process beside `/bin/true`, and the time from a save to its notification.
//!
//! `cargo build --release --workspace && target/release/measure`. Runs are interleaved, so that what else the machine does
//! hits all alike; times are medians and 99th percentiles.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use skillmeat_protocol::request::SubscribeQuery;
use skillmeat_tests::client::Client;
use skillmeat_tests::process::Daemon;
use skillmeat_tests::sandbox::{Binaries, Sandbox, save_atomically};

/// Runs of each program.
const RUNS: usize = 500;
/// Saves.
const SAVES: usize = 400;
/// Deployments in the project that is asked about.
const ARTIFACTS: usize = 50;

fn main() -> ExitCode {
    let Some(binaries) = shipped() else {
        eprintln!("error: build the programs first: cargo build --release --workspace");
        return ExitCode::FAILURE;
    };
    let keys: Vec<String> = (0..ARTIFACTS).map(|n| format!("skill:s{n:02}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let sandbox = Sandbox::new(&binaries);
    let collection = sandbox.collection("default");
    collection.fill(&keys);
    let project = sandbox.project("app");
    project.deploy(&collection, &keys);
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    client.add(&project.root);
    client.status();

    println!("{RUNS} runs each, interleaved; one project with {ARTIFACTS} deployments");
    programs(&sandbox, &project.root);
    saves(&mut client, |n| project.file(keys[n % keys.len()]));
    ExitCode::SUCCESS
}

/// The programs that people install, not the shims of the tests: only those are linked for a fast start.
fn shipped() -> Option<Binaries> {
    let own = std::env::current_exe().ok()?;
    let binaries = Binaries { daemon: own.with_file_name("skillmeatd"), client: own.with_file_name("skillmeat") };
    (binaries.daemon.is_file() && binaries.client.is_file()).then_some(binaries)
}

fn programs(sandbox: &Sandbox, project: &Path) {
    let client = &sandbox.binaries.client;
    let rows: [(&str, &Path, &[&str]); 4] = [
        ("/bin/true", Path::new("/bin/true"), &[]),
        ("skillmeat prompt", client, &["prompt"]),
        ("skillmeat status --cached", client, &["status", "--cached"]),
        ("skillmeat status", client, &["status"]),
    ];
    let mut times = rows.map(|_| Vec::with_capacity(RUNS));
    for _ in 0..RUNS {
        for ((_, program, args), times) in rows.iter().zip(&mut times) {
            let mut command: Command = sandbox.command(program);
            command.args(*args).current_dir(project).stdin(Stdio::null()).stdout(Stdio::null());
            let started = Instant::now();
            let status = command.status().expect("it starts");
            times.push(started.elapsed());
            assert!(status.success(), "{}", program.display());
        }
    }
    let mut reference = None;
    for ((name, _, _), times) in rows.iter().zip(&mut times) {
        let (median, late) = quantiles(times);
        let reference = *reference.get_or_insert(median);
        println!("{name:<28} {:>7} {:>7}  {:.2}x", text(median), text(late), ratio(median, reference));
    }
}

fn saves(client: &mut Client, file: impl Fn(usize) -> std::path::PathBuf) {
    client.subscribe(SubscribeQuery::default());
    let mut times = Vec::with_capacity(SAVES);
    for n in 0..SAVES {
        let path = file(n);
        let content = format!("---\nname: edited\n---\nedit {n}\n");
        let saved = if n % 2 == 0 {
            std::fs::write(&path, content).expect("our own file");
            Instant::now()
        } else {
            let saved = Instant::now();
            save_atomically(&path, content);
            saved
        };
        client.event();
        times.push(saved.elapsed());
    }
    let (median, late) = quantiles(&mut times);
    println!(
        "{:<28} {:>7} {:>7}  {SAVES} saves, half in place, half atomic",
        "save to notification",
        text(median),
        text(late)
    );
    println!("{:<28} {:>7} {:>7}", "", "median", "p99");
}

fn quantiles(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

fn text(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
