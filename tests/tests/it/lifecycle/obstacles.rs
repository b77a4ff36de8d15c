//! What can be in the way of a start, and who is told.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use skillmeat_protocol::endpoint::MAX_SOCKET_PATH;
use skillmeat_tests::process::{Daemon, run};
use skillmeat_tests::sandbox::{Sandbox, remove, write};

use crate::binaries;

#[test]
fn why_it_cannot_start_reaches_the_person() {
    let sandbox = Sandbox::new(&binaries());
    // The registry is a directory: going on would register nothing and later overwrite it.
    fs::create_dir_all(sandbox.places().state.join("projects.toml")).expect("a directory of the sandbox");
    fs::set_permissions(&sandbox.places().state, fs::Permissions::from_mode(0o700)).expect("our own directory");
    let output = sandbox.cli(&["status", "--all"]);
    assert_eq!(output.code, Some(4), "{output:?}");
    assert!(output.stderr.contains("could not start") && output.stderr.contains("projects.toml"), "{output:?}");
    assert!(output.stderr.contains("\nhint: "), "{output:?}");
    let error = sandbox.cli(&["status", "--all", "--json"]);
    assert_eq!((error.code, error.error()["code"].as_str()), (Some(4), Some("no_daemon")), "{error:?}");
}

#[test]
fn without_a_runtime_directory_the_socket_is_in_the_home() {
    let mut sandbox = Sandbox::with_default_home(&binaries());
    let runtime = sandbox.var("XDG_RUNTIME_DIR").expect("set");
    assert!(sandbox.socket().starts_with(&runtime));
    let daemon = Daemon::start(&sandbox);
    // Another session, without the variable, finds the same daemon.
    sandbox.unset("XDG_RUNTIME_DIR");
    assert!(sandbox.socket().starts_with(&sandbox.home));
    let other = sandbox.cli(&["daemon", "start", "--json"]).data();
    assert_eq!(other["pid"], daemon.pid());
    assert!(daemon.terminate().success());
    for value in ["", "relative"] {
        sandbox.set("XDG_RUNTIME_DIR", value);
        let daemon = Daemon::start(&sandbox);
        assert!(daemon.socket().starts_with(&sandbox.home) && daemon.socket().exists());
    }
}

#[test]
fn a_home_too_long_for_a_socket_gets_a_short_one() {
    for redirected in [true, false] {
        let mut sandbox = Sandbox::with_default_home(&binaries());
        let long = sandbox.root.join("l".repeat(MAX_SOCKET_PATH));
        sandbox.set("HOME", &long);
        sandbox.unset("XDG_RUNTIME_DIR");
        if redirected {
            sandbox.set("SKILLMEAT_HOME", long.join("home"));
        }
        let socket = sandbox.socket();
        assert!(!socket.starts_with(&long) && socket.as_os_str().len() <= MAX_SOCKET_PATH, "{}", socket.display());
        let started = sandbox.cli(&["daemon", "start", "--json"]).data();
        assert_eq!(started["endpoint"], socket.to_str().expect("test paths are text"));
        let directory = fs::metadata(socket.parent().expect("it has one")).expect("it is there");
        assert_eq!(directory.mode() & 0o777, 0o700);
        assert_eq!(sandbox.cli(&["socket"]).ok().trim_end(), socket.to_str().expect("test paths are text"));
    }
}

#[test]
fn what_is_in_the_place_of_the_socket_is_refused_and_left_alone() {
    let sandbox = Sandbox::new(&binaries());
    let socket = sandbox.socket();
    Daemon::start(&sandbox).terminate();
    let elsewhere = sandbox.write("elsewhere", "precious");
    let cases: [(&str, &dyn Fn()); 3] = [
        ("a file", &|| write(&socket, "precious")),
        ("a symbolic link", &|| symlink(&elsewhere, &socket).expect("nothing is there")),
        ("a directory", &|| fs::create_dir(&socket).expect("nothing is there")),
    ];
    for (what, place) in cases {
        place();
        let line = Daemon::try_start(&sandbox).expect_err("it is in the way");
        assert!(line.contains(what) && line.contains(socket.to_str().expect("text")), "{line}");
        let output = sandbox.cli(&["status", "--all"]);
        assert!(matches!(output.code, Some(3 | 4)) && output.stderr.contains("error: "), "{output:?}");
        assert!(fs::symlink_metadata(&socket).is_ok(), "it was removed");
        remove(&socket);
    }
    assert_eq!(fs::read_to_string(&elsewhere).expect("still there"), "precious");
    Daemon::start(&sandbox);
}

#[test]
fn a_directory_that_others_can_write_to_is_refused_with_the_repair() {
    let sandbox = Sandbox::new(&binaries());
    Daemon::start(&sandbox).terminate();
    for directory in [sandbox.places().state, sandbox.socket().parent().expect("it has one").to_owned()] {
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o770)).expect("our own directory");
        let repair = format!("chmod 700 {}", directory.display());
        let line = Daemon::try_start(&sandbox).expect_err("others could have prepared it");
        assert!(line.contains(&repair), "{line}");
        let output = sandbox.cli(&["status", "--all"]);
        assert_eq!(output.code, Some(4), "{output:?}");
        assert!(output.stderr.contains(directory.to_str().expect("test paths are text")), "{output:?}");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("our own directory");
    }
    let socket = Daemon::start(&sandbox).socket().to_owned();
    assert!(!socket.exists());
}

#[test]
fn nobody_else_can_open_the_socket() {
    let sandbox = Sandbox::new(&binaries());
    let daemon = Daemon::start(&sandbox);
    let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o777;
    assert_eq!(mode(daemon.socket()), 0o600);
    assert_eq!(mode(daemon.socket().parent().expect("it has one")), 0o700);
    assert_eq!(mode(&sandbox.places().state), 0o700);
}

#[test]
fn a_runtime_directory_that_cannot_be_used_is_named_and_done_without() {
    let mut sandbox = Sandbox::with_default_home(&binaries());
    // A file in its place refuses even the superuser.
    let runtime = sandbox.write("runtime", "no directory");
    sandbox.set("XDG_RUNTIME_DIR", &runtime);
    let started = sandbox.cli(&["daemon", "start", "--json"]).data();
    let near = sandbox.places().state.join("run/daemon.sock");
    assert_eq!(started["endpoint"], near.to_str().expect("test paths are text"));
    assert_eq!(sandbox.cli(&["daemon", "status", "--json"]).data()["pid"], started["pid"]);
    let doctor = sandbox.cli(&["doctor"]);
    let runtime = runtime.to_str().expect("test paths are text");
    assert!(doctor.stdout.contains("XDG_RUNTIME_DIR") && doctor.stdout.contains(runtime), "{doctor:?}");
}

#[test]
fn a_relative_home_is_refused_by_both() {
    let mut sandbox = Sandbox::with_default_home(&binaries());
    sandbox.set("SKILLMEAT_HOME", "somewhere");
    let told = "SKILLMEAT_HOME is 'somewhere', which is relative; set it to an absolute path";
    let mut daemon = sandbox.command(&sandbox.binaries.daemon);
    daemon.arg("run");
    for output in [sandbox.cli(&["status", "--all"]), sandbox.cli(&["doctor"]), run(daemon, "")] {
        assert_eq!(output.code, Some(3), "{output:?}");
        assert!(output.stderr.contains(told) || output.stdout.contains(told), "{output:?}");
    }
    assert_eq!(Daemon::try_start(&sandbox).expect_err("it has no home"), format!("error: {told}"));
    assert!(!sandbox.root.join("somewhere").exists() && !sandbox.home.exists());
    // An empty value is none.
    sandbox.set("SKILLMEAT_HOME", "");
    sandbox.cli(&["daemon", "start"]).ok();
    assert!(sandbox.home.exists());
    sandbox.unset("SKILLMEAT_HOME");
}
