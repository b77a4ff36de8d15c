//! `doctor` tries what it says.

use std::fs;

use skillmeat_tests::files;
use skillmeat_tests::process::{Daemon, Output, run};
use skillmeat_tests::sandbox::Sandbox;

use crate::binaries;

const PLACES: [&str; 5] = ["home", "state", "cache", "logs", "endpoint"];

fn verdicts(output: &Output) -> Vec<(String, String, String)> {
    let checks = output.data()["checks"].as_array().expect("a list").clone();
    let text = |check: &serde_json::Value, key: &str| check[key].as_str().expect("text").to_owned();
    checks.iter().map(|check| (text(check, "name"), text(check, "verdict"), text(check, "detail"))).collect()
}

#[test]
fn a_disk_that_takes_nothing_is_a_problem_of_each_directory() {
    let sandbox = Sandbox::new(&binaries());
    let daemon = Daemon::start(&sandbox);
    daemon.client().sync();
    let (looks, before) = (daemon.client().metrics().scans, files::state(&sandbox.root, &[]));
    let well = sandbox.cli(&["doctor", "--json"]);
    for name in PLACES {
        let written = |(n, verdict, detail): &(String, String, String)| {
            n == name && verdict == "ok" && detail.ends_with("can be written to")
        };
        assert!(verdicts(&well).iter().any(written), "{name}: {well:?}");
    }
    daemon.client().sync();
    assert_eq!(daemon.client().metrics().scans, looks, "trying made the daemon look again");
    let names = |state: &std::collections::BTreeMap<_, _>| state.keys().cloned().collect::<Vec<std::path::PathBuf>>();
    assert_eq!(names(&files::state(&sandbox.root, &[])), names(&before), "something was left behind");

    // A limit on the size of files stands for a full disk: each write fails.
    let mut command = sandbox.command("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" doctor --json"]).arg(&sandbox.binaries.client);
    let full = run(command, "");
    assert_eq!(full.code, Some(3), "{full:?}");
    for name in PLACES.into_iter().filter(|name| *name != "home") {
        let refused = |(n, verdict, detail): &(String, String, String)| {
            n == name && verdict == "problem" && detail.contains("cannot be written to")
        };
        assert!(verdicts(&full).iter().any(refused), "{name}: {full:?}");
    }
    let left = fs::read_dir(sandbox.places().state).expect("it is there").flatten();
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().contains("doctor")));
}
