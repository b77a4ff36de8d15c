//! What each command does when all is well.

use std::fs;

use serde_json::Value;
use skillmeat_tests::process::{Daemon, run};
use skillmeat_tests::sandbox::{Sandbox, remove, write};

use super::{Stage, states, text};
use crate::binaries;

#[test]
fn the_first_five_minutes() {
    let sandbox = Sandbox::with_default_home(&binaries());
    let init = sandbox.cli(&["init"]);
    assert!(init.ok().contains("created ") && init.ok().ends_with("next: skillmeat project add .\n"), "{init:?}");
    assert!(sandbox.home.join("collections/default/collection.toml").is_file());
    assert!(sandbox.cli(&["init"]).ok().contains("nothing was changed"));
    let project = sandbox.project("app");
    let added = sandbox.cli_in(&project.root, &["project", "add", "."], "");
    assert_eq!(added.ok(), format!("added {} (app)\n", project.text()));
    let status = sandbox.cli_in(&project.root, &["status"], "");
    assert!(status.ok().contains("nothing is deployed"), "{status:?}");
    sandbox.cli(&["daemon", "stop"]).ok();
}

#[test]
fn projects_are_added_listed_found_and_forgotten() {
    let sandbox = Sandbox::new(&binaries());
    let (one, two) = (sandbox.project("one"), sandbox.project("sub/two"));
    for project in [&one, &two] {
        write(&project.path("skill:x").join("SKILL.md"), "mine\n");
    }
    write(&sandbox.projects.join("node_modules/three/.claude/skills/x/SKILL.md"), "skipped\n");
    let _daemon = Daemon::start(&sandbox);
    sandbox.cli(&["project", "add", &one.text()]).ok();

    // A directory without anything to watch is no mistake, and is not called missing.
    let empty = sandbox.project("empty");
    remove(&empty.claude());
    let added = sandbox.cli(&["project", "add", &empty.text()]);
    assert!(added.ok().contains("nothing to watch yet") && added.ok().contains(".claude"), "{added:?}");
    for args in [&["project", "list"][..], &["status", "--all"]] {
        let output = sandbox.cli(args);
        assert!(output.ok().contains("nothing to watch yet") && !output.ok().contains("missing"), "{output:?}");
    }
    sandbox.cli(&["project", "remove", &empty.text()]).ok();

    let found = sandbox.cli(&["project", "discover", text(&sandbox.projects), "--json"]).data();
    let paths: Vec<_> =
        found["projects"].as_array().expect("a list").iter().map(|p| (&p["path"], &p["registered"])).collect();
    let (a, b) = (Value::from(one.text()), Value::from(two.text()));
    assert_eq!(paths, [(&a, &Value::Bool(true)), (&b, &Value::Bool(false))]);
    let shallow = sandbox.cli(&["project", "discover", text(&sandbox.projects), "--depth", "1", "--json"]).data();
    assert_eq!(shallow["projects"].as_array().map(Vec::len), Some(1));
    let human = sandbox.cli_in(&sandbox.projects, &["project", "discover", "--add"], "");
    assert!(human.ok().contains(&two.text()), "{human:?}");

    let listed = sandbox.cli(&["project", "list", "--json"]).data();
    let names: Vec<_> = listed["projects"].as_array().expect("a list").iter().map(|p| p["name"].clone()).collect();
    assert_eq!(names, ["one", "two"]);
    assert!(sandbox.cli(&["project", "list"]).ok().contains(&one.text()));
    sandbox.cli(&["project", "remove", "one", &two.text()]).ok();
    assert_eq!(sandbox.cli(&["project", "list", "--json"]).data()["projects"].as_array().map(Vec::len), Some(0));
    assert!(one.claude().is_dir(), "files stay");
}

#[test]
fn collections_and_artifacts_are_shown() {
    let stage = Stage::new();
    let list = stage.sandbox.cli(&["collection", "list"]);
    assert!(list.ok().contains("default"), "{list:?}");
    let show = stage.sandbox.cli(&["collection", "show", "default"]);
    assert!(show.ok().contains("skill:clean"), "{show:?}");
    let by_name = stage.sandbox.cli(&["collection", "show", "default", "--json"]).data();
    let id = by_name["collection"]["id"].as_str().expect("an id").to_owned();
    let by_id = stage.sandbox.cli(&["collection", "show", &id, "--json"]).data();
    assert_eq!(by_id["collection"], by_name["collection"], "name and id are the same to every command");
    assert_eq!((&by_name["collection"]["artifacts"], &by_name["collection"]["unlisted"]), (&6.into(), &1.into()));

    assert!(stage.sandbox.cli(&["list"]).ok().contains("about skill:clean"));
    let skills = stage.sandbox.cli(&["list", "--type", "skill", "--collection", &id, "--json"]).data();
    let all = skills["artifacts"].as_array().expect("a list");
    assert!(all.len() == 3 && all.iter().all(|a| a["type"] == "skill"), "{skills}");
    let shown = stage.sandbox.cli(&["show", "skill:modified"]);
    assert!(shown.ok().contains(&stage.project.text()), "it says where it is deployed: {shown:?}");
    let shown = stage.sandbox.cli(&["show", "skill:modified", "--collection", "default", "--json"]).data();
    let deployment = &shown["artifacts"][0]["deployments"][0];
    assert_eq!((&deployment["local_modifications"], &deployment["state"]), (&true.into(), &"modified".into()));
    assert_eq!(deployment["deployed_at"], "2026-03-01T08:00:00Z");
}

#[test]
fn status_asks_about_what_is_meant() {
    let stage = Stage::new();
    let other = stage.sandbox.project("other");
    stage.daemon.client().add(&other.root);
    let of = |args: &[&str]| stage.inside(args).data();
    let here = states(&of(&["status", "--json"]));
    let want = [
        ("skill:modified", "modified"),
        ("skill:outdated", "outdated"),
        ("skill:stray", "untracked"),
        ("command:deleted", "deleted"),
        ("command:removed", "removed"),
        ("agent:conflict", "conflict"),
    ];
    let want: Vec<_> = want.map(|(key, state)| (key.to_owned(), state.to_owned())).into();
    assert_eq!(here, want);
    assert_eq!(of(&["status", "--json", "--all"])["projects"].as_array().map(Vec::len), Some(2));
    assert_eq!(states(&of(&["status", "--json", "--project", "app"])), want);
    assert_eq!(states(&of(&["status", "--json", "--project", &stage.project.text()])), want);
    assert_eq!(states(&of(&["status", "--json", "--project", "other"])), []);
    assert_eq!(states(&of(&["status", "--json", "--verbose"])).len(), 7);
    assert_eq!(states(&of(&["status", "--json", "--available"])).len(), 7);
    assert_eq!(states(&of(&["status", "--json", "--state", "modified", "--state", "deleted"])).len(), 2);
    assert_eq!(states(&of(&["status", "--json", "--type", "agents"])).len(), 1);
    assert_eq!(states(&of(&["status", "--json", "--collection", "default"])).len(), 5, "a stray one came from nowhere");
    let cached = of(&["status", "--json", "--cached"]);
    assert_eq!((&cached["fresh"], states(&cached)), (&false.into(), want));
}

#[test]
fn exit_codes_follow_the_states() {
    let stage = Stage::in_sync();
    let code = |args: &[&str]| {
        let output = stage.inside(args);
        assert_eq!(output.stderr, "", "{output:?}");
        output.code
    };
    let (plain, asked) = (["status"], ["status", "--exit-code"]);
    assert_eq!((code(&plain), code(&asked)), (Some(0), Some(0)));
    write(&stage.project.path("skill:stray").join("SKILL.md"), "mine\n");
    stage.collection.put("hook:new", "new\n");
    assert_eq!(code(&asked), Some(0), "untracked and added are information");
    write(&stage.project.file("skill:modified"), "edited\n");
    assert_eq!((code(&plain), code(&asked)), (Some(0), Some(1)));
    assert_eq!(code(&["status", "--exit-code", "--json"]), Some(1));
    assert_eq!(code(&["status", "--exit-code", "--porcelain"]), Some(1));
    write(&stage.collection.file("skill:modified"), "newer\n");
    assert_eq!(code(&asked), Some(2));
    assert_eq!(code(&["status", "--exit-code", "--state", "deleted"]), Some(0), "only what is let through counts");
}

#[test]
fn prompt_is_short_and_silent() {
    let stage = Stage::in_sync();
    assert_eq!(stage.inside(&["prompt"]).ok(), "");
    let Stage { collection, project, .. } = &stage;
    write(&project.file("skill:modified"), "edited\n");
    remove(&project.path("command:deleted"));
    write(&collection.file("skill:outdated"), "newer\n");
    write(&collection.file("agent:conflict"), "newer\n");
    write(&project.file("agent:conflict"), "edited\n");
    stage.daemon.client().sync();
    assert_eq!(stage.inside(&["prompt"]).ok(), "✎2 ↓1 ✗1\n");
    let elsewhere = stage.sandbox.cli(&["prompt", "--project", "app"]);
    assert_eq!(elsewhere.ok(), "✎2 ↓1 ✗1\n");
    let outside = stage.sandbox.cli(&["prompt"]);
    assert_eq!((outside.ok(), outside.stderr.as_str()), ("", ""));
    assert!(stage.daemon.terminate().success());
    let without = stage.sandbox.cli_in(&stage.project.root, &["prompt"], "");
    assert_eq!((without.ok(), without.stderr.as_str()), ("", ""));
    assert!(!stage.sandbox.socket().exists(), "it started a daemon");
}

#[test]
fn the_daemon_is_run_started_restarted_and_inspected() {
    let sandbox = Sandbox::new(&binaries());
    let started = sandbox.cli(&["daemon", "start"]);
    assert!(started.ok().starts_with("skillmeatd 0.1.0 runs as process "), "{started:?}");
    let pid = |sandbox: &Sandbox| sandbox.cli(&["daemon", "status", "--json"]).data()["pid"].clone();
    let first = pid(&sandbox);
    let status = sandbox.cli(&["daemon", "status"]);
    assert!(status.ok().contains(text(&sandbox.socket())) && status.ok().contains(text(&sandbox.home)), "{status:?}");
    sandbox.cli(&["daemon", "restart"]).ok();
    assert_ne!(pid(&sandbox), first);
    let logs = sandbox.cli(&["daemon", "logs", "-n", "1000"]);
    assert!(logs.ok().matches("starting").count() == 2, "{logs:?}");
    assert_eq!(sandbox.cli(&["daemon", "stop", "--json"]).data()["stopped"], true);
    assert_eq!(sandbox.cli(&["daemon", "stop", "--json"]).data()["stopped"], false);
    // The log of a daemon that has ended can be read.
    assert!(sandbox.cli(&["daemon", "logs"]).ok().contains("stopped"));

    let mut foreground = sandbox.command(&sandbox.binaries.client);
    foreground.args(["daemon", "run"]).stderr(std::process::Stdio::null());
    let mut child = foreground.spawn().expect("the client is there");
    // `start` waits for whoever holds the lock, this one as any other.
    let mut running = sandbox.cli(&["daemon", "start", "--json"]);
    while running.code != Some(0) {
        running = sandbox.cli(&["daemon", "start", "--json"]);
    }
    sandbox.cli(&["daemon", "stop"]).ok();
    // Either the foreground one was it, or it lost the race and said so.
    child.wait().expect("a child can be waited for");
}

#[test]
fn doctor_works_with_and_without_a_daemon() {
    let stage = Stage::in_sync();
    let with = stage.sandbox.cli(&["doctor"]);
    assert!(with.ok().ends_with("ok\n") && with.stdout.contains("runs as process"), "{with:?}");
    assert_eq!(stage.sandbox.cli(&["doctor", "--json"]).data()["problems"], 0);
    assert!(stage.daemon.terminate().success());
    let without = stage.sandbox.cli(&["doctor"]);
    assert!(without.ok().contains("not running"), "{without:?}");
    assert!(!stage.sandbox.socket().exists(), "it started a daemon");
}

#[test]
fn rpc_and_socket_are_for_programs() {
    let stage = Stage::in_sync();
    let socket = stage.sandbox.cli(&["socket"]);
    assert_eq!(socket.ok(), format!("{}\n", stage.daemon.socket().display()));
    assert_eq!(stage.sandbox.cli(&["socket", "--json"]).data()["endpoint"], text(stage.daemon.socket()));
    let input =
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"hello\"}\n{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"sync\"}\n";
    let rpc = stage.sandbox.cli_in(&stage.sandbox.root, &["rpc"], input);
    let ids: Vec<Value> =
        rpc.ok().lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].clone()).collect();
    assert_eq!(ids, [7, 8]);
}

#[test]
fn completions_are_valid_for_their_shell() {
    let sandbox = Sandbox::new(&binaries());
    for (shell, check) in
        [("bash", Some("bash")), ("zsh", Some("zsh")), ("fish", None), ("elvish", None), ("powershell", None)]
    {
        let script = sandbox.cli(&["completions", shell]);
        for word in ["status", "project", "discover", "exit-code"] {
            assert!(script.ok().contains(word), "{shell} does not know {word}");
        }
        // Whoever has the shell checks the syntax.
        let Some(program) = check.filter(|program| std::path::Path::new("/bin").join(program).exists()) else {
            continue;
        };
        let path = sandbox.write(format!("completion.{shell}"), script.ok());
        let mut command = sandbox.command(program);
        command.arg("-n").arg(path);
        let checked = run(command, "");
        assert_eq!(checked.code, Some(0), "{checked:?}");
    }
}

#[test]
fn help_has_examples_and_versions_agree() {
    let sandbox = Sandbox::new(&binaries());
    assert_eq!(sandbox.cli(&["--version"]).ok(), "skillmeat 0.1.0\n");
    let mut daemon = sandbox.command(&sandbox.binaries.daemon);
    daemon.arg("--version");
    assert_eq!(run(daemon, "").ok(), "skillmeatd 0.1.0\n");
    let help = sandbox.cli(&["--help"]);
    for command in [
        "status",
        "list",
        "show",
        "watch",
        "prompt",
        "project",
        "collection",
        "daemon",
        "doctor",
        "init",
        "rpc",
        "socket",
        "demo",
        "completions",
    ] {
        assert!(help.ok().contains(&format!("\n  {command} ")), "{command} is not in --help");
        let own = sandbox.cli(&[command, "--help"]);
        assert!(own.ok().contains("Example"), "{command} --help has no example");
    }
    assert!(help.ok().contains("Example"), "{help:?}");
    assert!(!sandbox.socket().exists(), "help started a daemon");
}

#[test]
fn the_demonstration_shows_each_change_and_leaves_nothing() {
    let sandbox = Sandbox::new(&binaries());
    let demo = sandbox.cli(&["demo"]);
    for word in ["modified", "deleted", "outdated", "conflict", " ms"] {
        assert!(demo.ok().contains(word), "{word}: {demo:?}");
    }
    let left: Vec<_> = fs::read_dir(sandbox.var("TMPDIR").expect("set")).expect("readable").flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!sandbox.home.exists(), "it used the person's home");
}

#[test]
fn who_doubts_can_have_everything_compared() {
    let sandbox = Sandbox::new(&binaries());
    assert_eq!(sandbox.cli(&["daemon", "verify"]).ok(), "everything was compared with the disk\n");
    assert_eq!(sandbox.cli(&["daemon", "verify", "--json"]).data()["fresh"], true);
}
