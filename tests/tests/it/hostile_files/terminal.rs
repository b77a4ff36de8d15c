//! What reaches a terminal: every command, on names that would steer it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;
use std::sync::mpsc;

use skillmeat_protocol::drift::DriftState::Modified;
use skillmeat_tests::process::{Output, PATIENCE};
use skillmeat_tests::sandbox::write;

use super::names::{TOLD, taken};
use super::{Field, append, below, deploy_named, toml_string};

/// Characters that steer a terminal, or that nobody sees. Said here once more, from Unicode's own lists.
fn harms(c: char) -> bool {
    let bidi = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}'];
    let lines = ['\u{2028}', '\u{2029}'];
    let unseen = ['\u{200b}', '\u{2060}', '\u{feff}', '\u{e0041}', '\u{e0042}'];
    (c.is_control() && c != '\n')
        || ('\u{2066}'..='\u{2069}').contains(&c)
        || [&bidi[..], &lines, &unseen].iter().any(|list| list.contains(&c))
}

#[track_caller]
fn harmless(output: &Output, separators: &str) {
    for (stream, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let bad = text.chars().find(|c| harms(*c) && !separators.contains(*c));
        assert_eq!(bad, None, "on {stream} of {}: {text:?}", output.line);
    }
}

/// A name for everything that steers, as text.
const EVIL: &str = "evil\n\u{1b}]0;title\u{7}\u{1b}[31m\u{9b}2J\r\u{202e}\u{200b}x";

/// A field in which everything that has a name has a hostile one.
fn field() -> Field {
    let mut field = Field::new(|sandbox, collection, project| {
        for name in taken() {
            deploy_named(collection, project, &name);
            write(&project.claude().join("skills").join(&name).join("SKILL.md"), "edited\n");
        }
        for name in TOLD {
            write(&below(&project.claude().join("skills"), name).join("SKILL.md"), "x");
            fs::create_dir(below(&sandbox.home.join("collections"), name)).expect("free");
        }
        let evil = toml_string(EVIL);
        let entry = format!(
            "\n[[artifacts]]\nname = \"told\"\ntype = \"skill\"\ntitle = {evil}\norigin = {evil}\nupstream = {evil}\n\
             tags = [{evil}]\nmetadata = {{ description = {evil}, author = {evil}, version = {evil}, license = {evil} }}\n"
        );
        append(&collection.manifest(), &entry);
        let told = format!("---\ndescription: {evil}\nversion: {evil}\nauthor: {evil}\n---\n");
        write(&collection.root.join("skills/told/SKILL.md"), told);
        let record = format!("[[deployed]]\nartifact_name = {evil}\nartifact_type = {evil}\nartifact_path = {evil}\n");
        append(&project.records(), &record);
        write(
            &project.claude().join(".skillmeat-project.toml"),
            format!("[project]\nname = {}\n", toml_string(&format!("app {EVIL}"))),
        );
        append(&sandbox.home.join("config.toml"), &format!("[settings]\ndefault-collection = {evil}\n"));
        let odd = sandbox.projects.join(EVIL);
        fs::create_dir_all(odd.join(".claude/skills/x")).expect("a directory of the sandbox");
    });
    field.client.add(&field.sandbox.projects.join(EVIL));
    field
}

#[test]
fn no_command_passes_on_what_steers_a_terminal() {
    let mut field = field();
    let sandbox = &field.sandbox;
    let evil_project = sandbox.projects.join(EVIL);
    let (evil_path, evil_key) = (evil_project.to_str().expect("text"), format!("skill:{EVIL}"));
    let projects = sandbox.projects.to_str().expect("text").to_owned();
    let commands: Vec<Vec<&str>> = vec![
        vec!["status", "--all"],
        vec!["status", "--all", "--verbose"],
        vec!["status", "--all", "--available"],
        vec!["status", "--project", evil_path],
        vec!["status", "--project", EVIL],
        vec!["status", "--all", "--collection", EVIL],
        vec!["status", EVIL],
        vec!["list"],
        vec!["show", "skill:told"],
        vec!["show", "skill:cod\u{202e}gpj"],
        vec!["show", &evil_key],
        vec!["show", EVIL],
        vec!["show", "skill:told", "--collection", EVIL],
        vec!["collection", "list"],
        vec!["collection", "show", "default"],
        vec!["collection", "show", TOLD_TEXT],
        vec!["collection", "show", EVIL],
        vec!["project", "list"],
        vec!["project", "discover", &projects],
        vec!["project", "discover", evil_path],
        vec!["project", "add", evil_path],
        vec!["project", "add", EVIL],
        vec!["project", "remove", EVIL, evil_path],
        vec!["project", "add", evil_path],
        vec!["prompt"],
        vec!["prompt", "--project", evil_path],
        vec!["doctor"],
        vec!["daemon", "status"],
        vec!["daemon", "logs", "-n", "100000"],
        vec![EVIL],
        vec!["--", EVIL],
        vec!["list", "--type", EVIL],
        vec!["completions", EVIL],
        vec!["init"],
        vec!["socket"],
    ];
    for args in &commands {
        harmless(&sandbox.cli(args), "");
        harmless(&sandbox.cli_in(&evil_project, args, ""), "");
    }
    harmless(&sandbox.cli(&["status", "--all", "--porcelain"]), "\t");
    for bytes in TOLD {
        let bytes = OsStr::from_bytes(bytes);
        for before in [&["project", "add"][..], &["show"], &["status", "--project"], &["collection", "show"], &[]] {
            let args: Vec<&OsStr> = before.iter().map(OsStr::new).chain([bytes]).collect();
            harmless(&sandbox.cli(&args), "");
        }
    }
    println!("{} commands, twice; {} with bytes", commands.len() + 1, TOLD.len() * 5);
    field.good_holds("names that steer terminals");
}

/// One of the told names, which is text.
const TOLD_TEXT: &str = "\u{1b}]0;title\u{7}";

#[test]
fn machine_formats_carry_names_exactly() {
    let field = field();
    let root = field.project.claude().join("skills");
    let nul = field.sandbox.cli(&["status", "--all", "--porcelain", "-z", "--state", "modified"]);
    let records: Vec<_> = nul.ok().split_terminator('\0').collect();
    let json = field.sandbox.cli(&["status", "--all", "--json", "--state", "modified"]).data();
    let items: Vec<_> = json["projects"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|p| p["items"].as_array().into_iter().flatten())
        .collect();
    for name in taken() {
        let record = format!("M  skill:{name}\tclaude_code\t{}", root.join(&name).display());
        assert!(records.contains(&record.as_str()), "{record:?}");
        let path = root.join(&name).display().to_string();
        assert!(items.iter().any(|item| item["name"] == *name && item["path"] == *path), "{name:?}");
    }
    let projects = field.sandbox.cli(&["project", "list", "--json"]).data();
    let paths: Vec<_> = projects["projects"].as_array().into_iter().flatten().map(|p| p["path"].clone()).collect();
    assert!(paths.iter().any(|path| *path == *field.sandbox.projects.join(EVIL).to_str().expect("text")), "{paths:?}");
    println!("{} names, exactly", taken().len());
}

#[test]
fn watch_and_the_log_are_harmless_too() {
    let mut field = field();
    let mut command = field.sandbox.command(&field.sandbox.binaries.client);
    command.args(["watch", "--all"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the client is there");
    let out = child.stdout.take().expect("piped");
    let (line_tx, lines) = mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| line_tx.send(line))
    });
    let mut seen = vec![lines.recv_timeout(PATIENCE).expect("what is watched")];
    let names = taken();
    for name in &names {
        write(&field.project.claude().join("skills").join(name).join("SKILL.md"), format!("as deployed: {name}\n"));
        field.client.sync();
        write(&field.project.claude().join("skills").join(name).join("SKILL.md"), "edited again\n");
        field.told(&format!("skill:{name}"), Modified);
    }
    write(&field.project.file(super::GOOD), "edited\n");
    while !seen.last().is_some_and(|line| line.contains(super::GOOD)) {
        seen.push(lines.recv_timeout(PATIENCE).expect("the last edit is told"));
    }
    child.kill().expect("it runs");
    child.wait().expect("it was ours");
    for line in &seen {
        assert!(!line.chars().any(harms), "{line:?}");
    }
    // The daemon's own lines, as a person in the foreground would see them.
    let log = field.daemon.log();
    assert!(!log.is_empty() && !log.chars().any(harms_in_log), "{log:?}");
    println!("{} lines of watch, {} of the log", seen.len(), log.lines().count());
}

/// The log is not searched for what nobody sees: it steers nothing.
fn harms_in_log(c: char) -> bool {
    (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)
}
