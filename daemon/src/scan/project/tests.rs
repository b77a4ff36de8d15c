//! Looks at real projects in a temporary directory.

use super::*;
use crate::scan::testing::{Disk, fifo, link};

fn look(disk: &Disk) -> ProjectScan {
    let (scan, unwatched) = scan(&disk.root, &jiff::tz::TimeZone::UTC, &disk.watches);
    assert_eq!(unwatched, None);
    scan
}

fn deployed(kind: &str, name: &str, more: &str) -> String {
    format!("[[deployed]]\nartifact_name = \"{name}\"\nartifact_type = \"{kind}\"\n{more}\n")
}

fn records(scan: &ProjectScan) -> Vec<(String, &str, &Path)> {
    scan.records.iter().map(|r| (r.key.to_string(), &*r.profile, &*r.path)).collect()
}

fn on_disk(scan: &ProjectScan) -> Vec<String> {
    scan.on_disk.iter().map(|d| format!("{} {}", d.profile, d.key)).collect()
}

#[test]
fn records_of_every_generation_are_found_with_their_copies() {
    let cases = [
        (
            ".skillmeat-deployed.toml",
            deployed("command", "x", "artifact_path = \"commands/x.md\""),
            RecordSchema::Deployed,
        ),
        (".skillmeat-deployed.toml", "[[artifacts]]\nname = \"x\"\ntype = \"command\"\n".into(), RecordSchema::Sync),
        ("deployment.toml", "[[artifacts]]\nname = \"x\"\ntype = \"command\"\n".into(), RecordSchema::Plan),
    ];
    for (file, text, schema) in cases {
        let disk = Disk::new();
        disk.write(&format!(".claude/{file}"), text);
        let copy = disk.write(".claude/commands/x.md", "x");
        let scan = look(&disk);
        assert_eq!(records(&scan), [("command:x".into(), "claude_code", &*copy)]);
        assert_eq!((scan.records[0].schema, &scan.on_disk[..]), (schema, &[][..]));
        assert!(scan.present && scan.problems.is_empty(), "{:?}", scan.problems);
        assert!(scan.profiles[0].has_records);
    }
}

#[test]
fn any_directory_with_records_is_a_profile_and_the_known_ones_without() {
    let disk = Disk::new();
    for root in [".claude", ".codex", ".gemini", ".cursor"] {
        disk.write(&format!("{root}/skills/s/SKILL.md"), "x");
    }
    disk.write(".windsurf/.skillmeat-deployed.toml", deployed("skill", "w", ""));
    disk.write(".github/.skillmeat-deployed.toml", deployed("skill", "g", ""));
    disk.write(".idea/.skillmeat-deployed.toml", deployed("skill", "i", ""));
    disk.write(".other/skills/s/SKILL.md", "x");
    disk.write("src/.skillmeat-deployed.toml", deployed("skill", "n", ""));
    let scan = look(&disk);
    let profiles: Vec<_> = scan.profiles.iter().map(|p| (&*p.id, p.has_records)).collect();
    let want = [("claude_code", false), ("codex", false), ("cursor", false), ("gemini", false), ("github", true)];
    assert_eq!(profiles, [&want[..], &[("windsurf", true)]].concat());
    assert_eq!(on_disk(&scan), ["claude_code", "codex", "cursor", "gemini"].map(|p| format!("{p} skill:s")));
    // Records may come to any of them.
    assert!(disk.is_watched(&disk.at(".other")) && !disk.is_watched(&disk.at("src")));
}

#[test]
fn what_no_record_names_is_on_disk_by_its_place() {
    let disk = Disk::new();
    disk.write(".claude/.skillmeat-deployed.toml", deployed("skill", "known", "artifact_path = \"skills/elsewhere\""));
    for file in ["skills/elsewhere/SKILL.md", "skills/known/SKILL.md", "skills/s/SKILL.md", "commands/a/b/c.md"] {
        disk.write(&format!(".claude/{file}"), "x");
    }
    disk.write(".claude/commands/c/COMMAND.md", "x");
    disk.write(".claude/agents/a.md~", "x");
    disk.write(".claude/notes/n.md", "x");
    link("nowhere.md", &disk.at(".claude/agents/dangling.md"));
    fifo(&disk.at(".claude/agents/fifo.md"));
    let scan = look(&disk);
    let names = ["agent:fifo", "command:a/b/c", "command:c", "skill:s"];
    let mut found = on_disk(&scan);
    found.sort();
    assert_eq!(found, names.map(|n| format!("claude_code {n}")), "a recorded key or path is none of them");
    for dir in [".claude", ".claude/skills", ".claude/commands", ".claude/commands/a/b", ".claude/commands/c"] {
        assert!(scan.directories.contains(&disk.at(dir)), "{dir} decides what is listed");
        assert!(disk.is_watched(&disk.at(dir)), "{dir}");
    }
}

#[test]
fn while_records_cannot_be_read_nothing_is_called_untracked() {
    for file in [".skillmeat-deployed.toml", "deployment.toml"] {
        for damage in ["[[deployed]\n", "is a directory"] {
            let disk = Disk::new();
            let file = format!(".claude/{file}");
            if damage.starts_with('[') {
                disk.write(&file, damage)
            } else {
                disk.mkdir(&file)
            };
            disk.write(".claude/skills/s/SKILL.md", "x");
            disk.write(".codex/skills/s/SKILL.md", "x");
            let scan = look(&disk);
            assert_eq!(on_disk(&scan), ["codex skill:s"], "{file} {damage}: other roots are not affected");
            assert_eq!(scan.problems.len(), 1);
            assert_eq!(scan.problems[0].file, disk.at(&file).display().to_string());
        }
    }
}

#[test]
fn a_record_that_is_there_twice_counts_once_and_says_where() {
    let disk = Disk::new();
    let twice = deployed("skill", "s", "") + &deployed("skill", "s", "artifact_path = \"skills/other\"");
    let file = disk.write(".claude/.skillmeat-deployed.toml", twice);
    disk.write(".codex/skills/c/SKILL.md", "x");
    disk.write(".gemini/.skillmeat-deployed.toml", deployed("skill", "c", "deployment_profile_id = \"codex\""));
    let scan = look(&disk);
    assert_eq!(scan.records.len(), 2);
    let [problem] = &scan.problems[..] else { panic!("{:?}", scan.problems) };
    assert_eq!((&*problem.file, problem.line), (&*file.display().to_string(), Some(5)));
    assert_eq!(on_disk(&scan), [""; 0], "codex skill:c is recorded, if in another root");
}

#[test]
fn a_profile_root_may_be_a_link() {
    let disk = Disk::new();
    disk.write("real/.skillmeat-deployed.toml", deployed("context_file", "c", "artifact_path = \"deep/er/c.md\""));
    disk.write("real/skills/s/SKILL.md", "x");
    let copy = disk.write("real/deep/er/c.md", "x");
    let outside = Disk::new();
    outside.write("skills/o/SKILL.md", "x");
    link(disk.at("real"), &disk.at(".claude"));
    link(&outside.root, &disk.at(".codex"));
    let scan = look(&disk);
    assert_eq!(records(&scan), [("context_file:c".into(), "claude_code", &*copy)], "by its real path");
    assert_eq!(*scan.on_disk[0].path, *disk.at("real/skills/s"));
    assert_eq!(*scan.on_disk[1].path, *outside.at("skills/o"));
    assert!(disk.is_watched(&disk.at("real/deep")) && disk.is_watched(&disk.at("real/deep/er")));
    // The project may be its own profile root.
    std::fs::remove_file(disk.at(".claude")).expect("a link");
    link(".", &disk.at(".claude"));
    disk.write("skills/own/SKILL.md", "x");
    let scan = look(&disk);
    assert_eq!(*scan.on_disk[0].path, *disk.at("skills/own"));
    assert_eq!(scan.directories.iter().filter(|dir| **dir == disk.root).count(), 2);
}

#[test]
fn a_copy_below_the_project_is_watched_from_the_top_down() {
    let disk = Disk::new();
    let place = "artifact_path = \"docs/agents/c.md\"";
    disk.write(".claude/.skillmeat-deployed.toml", deployed("context_file", "c", place));
    disk.write("docs/agents/c.md", "x");
    let scan = look(&disk);
    assert_eq!(*scan.records[0].path, *disk.at("docs/agents/c.md"));
    let at = |path: &str| scan.ancestors.iter().position(|dir| *dir == disk.at(path)).expect("on the way");
    assert!(at("docs") < at("docs/agents"), "what is made between two watches is found by the lower one");
    assert!(scan.ancestors.contains(&disk.root.parent().expect("not the top").to_owned()));
    assert!(disk.is_watched(&disk.at("docs/agents")));
}

#[test]
fn a_project_without_a_root_or_profile_is_missing_and_says_so() {
    let disk = Disk::new();
    let scan = look(&disk);
    assert!(!scan.present && scan.problems.len() == 1);
    std::fs::remove_dir(&disk.root).expect("empty");
    // Before that is heard, the directory counts as watched and so as there.
    disk.touched();
    let scan = look(&disk);
    assert!(!scan.present && scan.problems[0].message.contains("not there"));
    // Its return is seen from above.
    disk.touched();
    disk.mkdir(".claude");
    assert!(disk.touched().contains(&disk.root));
}

#[test]
fn its_name_is_declared_or_that_of_its_directory() {
    let disk = Disk::new();
    disk.mkdir(".claude");
    assert_eq!(look(&disk).name, "root");
}

#[test]
fn a_place_that_would_be_preferred_is_listened_to() {
    let disk = Disk::new();
    let place = "artifact_path = \"docs/c.md\"";
    disk.write(".claude/.skillmeat-deployed.toml", deployed("context_file", "c", place));
    let copy = disk.write("docs/c.md", "x");
    let scan = look(&disk);
    assert_eq!(*scan.records[0].path, *copy);
    assert!(
        scan.ancestors.contains(&disk.at(".claude/docs/c.md")) && scan.ancestors.contains(&disk.at(".claude/docs"))
    );
    std::fs::remove_file(&copy).expect("there");
    let scan = look(&disk);
    assert_eq!(*scan.records[0].path, *disk.at(".claude/docs/c.md"));
    assert!(scan.ancestors.contains(&copy), "without either, each");
}

#[test]
fn records_that_are_a_link_are_listened_to_where_they_are() {
    let disk = Disk::new();
    let records = disk.write("w/records", deployed("skill", "s", ""));
    link(&records, &disk.at(".claude/.skillmeat-deployed.toml"));
    let scan = look(&disk);
    assert!(scan.records.len() == 1 && scan.ancestors.contains(&records));
    assert!(disk.is_watched(&disk.at("w")));
}
