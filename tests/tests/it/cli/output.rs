//! What is printed: stable for scripts, safe for terminals, quiet into pipes.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use skillmeat_tests::process::run;
use skillmeat_tests::sandbox::write;

use super::Stage;

#[test]
fn porcelain_is_frozen() {
    let stage = Stage::new();
    let root = stage.project.claude().display().to_string();
    let lines = [
        format!("M  skill:modified\tclaude_code\t{root}/skills/modified"),
        format!(" M skill:outdated\tclaude_code\t{root}/skills/outdated"),
        format!("?? skill:stray\tclaude_code\t{root}/skills/stray"),
        format!("D  command:deleted\tclaude_code\t{root}/commands/deleted.md"),
        format!(" D command:removed\tclaude_code\t{root}/commands/removed.md"),
        format!("MM agent:conflict\tclaude_code\t{root}/agents/conflict.md"),
    ];
    let printed = stage.inside(&["status", "--porcelain"]);
    assert_eq!(printed.ok(), lines.join("\n") + "\n");
    let printed = stage.inside(&["status", "--porcelain", "-z"]);
    assert_eq!(printed.ok(), lines.join("\0") + "\0");
    let available = stage.inside(&["status", "--porcelain", "--available", "--state", "added"]);
    assert_eq!(available.ok(), " A hook:new\t-\t-\n");
    let clean = stage.inside(&["status", "--porcelain", "--state", "in-sync"]);
    assert_eq!(clean.ok(), format!("   skill:clean\tclaude_code\t{root}/skills/clean\n"));
}

#[test]
fn the_status_object_has_its_members_in_order() {
    let stage = Stage::new();
    let data = stage.inside(&["status", "--json"]).data();
    let members =
        |value: &serde_json::Value| -> Vec<String> { value.as_object().expect("an object").keys().cloned().collect() };
    assert_eq!(members(&data)[..4], ["clock", "fresh", "stale", "projects"]);
    let project = &data["projects"][0];
    assert_eq!(members(project), ["path", "name", "state", "available", "counts", "problems", "items"]);
    assert_eq!(
        members(&project["items"][0]),
        [
            "type",
            "name",
            "profile",
            "collection",
            "collection_id",
            "state",
            "drift_type",
            "change_origin",
            "recommendation",
            "baseline_hash",
            "collection_hash",
            "project_hash",
            "collection_version",
            "project_version",
            "version_mismatch",
            "deployed_at",
            "modification_detected_at",
            "mergeable",
            "path",
            "message",
        ]
    );
    assert_eq!((&data["fresh"], &data["stale"]), (&true.into(), &serde_json::Value::Null));
}

#[test]
fn people_get_a_table_a_summary_and_what_to_do() {
    let stage = Stage::new();
    let status = stage.inside(&["status"]);
    for line in [
        "  modified   skill:modified",
        "  conflict   agent:conflict",
        "1 modified, 1 outdated, 1 conflict, 1 deleted, 1 removed, 1 available, 1 untracked, 1 in sync",
    ] {
        assert!(status.ok().contains(line), "no line {line:?}: {}", status.stdout);
    }
    // Each state is explained with commands that exist: they are tried here, those that change something as a plan.
    let (_, advice) = status.stdout.split_once("\n\n").expect("an empty line before the advice");
    let indented = advice.lines().filter(|line| line.starts_with(' ')).map(str::trim_start);
    let (looks, changes): (Vec<&str>, Vec<&str>) = indented.partition(|line| line.starts_with("skillmeat diff "));
    assert!(changes.len() >= 7 && looks.len() == 1, "{}", status.stdout);
    let words = |line: &str| -> Vec<String> { line.split(' ').skip(1).map(str::to_owned).collect() };
    for line in looks {
        let output = stage.sandbox.cli_in(&stage.project.root, &words(line), "");
        assert!(output.ok().starts_with("diff --git "), "{output:?}");
    }
    for line in changes {
        let output = stage.sandbox.cli_in(&stage.project.root, &[words(line), vec!["--dry-run".into()]].concat(), "");
        assert_ne!(output.code, Some(64), "{line}: {output:?}");
    }
    assert!(!status.stdout.contains('\x1b'), "colour is for terminals");
}

#[test]
fn odd_names_cannot_write_to_the_terminal() {
    let stage = Stage::in_sync();
    let skills = stage.project.claude().join("skills");
    write(&skills.join("red \x1b[31m\r\u{202e}x").join("SKILL.md"), "odd\n");
    write(&skills.join(std::ffi::OsStr::from_bytes(b"caf\xe9")).join("SKILL.md"), "no text\n");
    let inner = stage.sandbox.projects.join("evil\n\x1b]0;title\x07");
    fs::create_dir_all(inner.join(".claude/skills/x")).expect("a directory of the sandbox");
    let added = stage.sandbox.cli(&["project".as_ref(), "add".as_ref(), inner.as_os_str()]);
    for output in [
        added,
        stage.sandbox.cli(&["status", "--all"]),
        stage.sandbox.cli(&["status", "--all", "--porcelain"]),
        stage.sandbox.cli(&["project", "list"]),
        stage.sandbox.cli(&["project", "discover", super::text(&stage.sandbox.projects)]),
        stage.sandbox.cli(&["daemon", "logs", "-n", "1000"]),
    ] {
        let safe = |c: char| matches!(c, '\n' | '\t') || !c.is_control();
        assert!(output.ok().chars().all(safe) && output.stderr.chars().all(safe), "{output:?}");
    }
    // A path that is no text cannot be sent; the person is told which.
    let bytes = std::ffi::OsStr::from_bytes(b"/tmp/caf\xe9");
    let refused = stage.sandbox.cli(&["project".as_ref(), "add".as_ref(), bytes]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("not UTF-8"), "{refused:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let stage = Stage::new();
    for command in ["status --all", "status --all --json", "status --all --porcelain", "list", "--help"] {
        let mut shell = stage.sandbox.command("sh");
        // The exit code of the first command, while its reader takes nothing.
        let script = format!("{{ '{}' {command}; echo $? >&2; }} | head -0", stage.sandbox.binaries.client.display());
        shell.args(["-c", &script]);
        let output = run(shell, "");
        assert_eq!(output.stderr, "0\n", "{command}");
    }
}
