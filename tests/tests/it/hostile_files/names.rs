//! Names of artifacts, of files in them, of projects and of collections.

use std::fs;

use skillmeat_protocol::drift::DriftState::{InSync, Modified};
use skillmeat_tests::sandbox::write;

use super::{Field, below, deploy_named};

/// Names that an artifact can have: they are kept to the byte.
pub(super) fn taken() -> Vec<String> {
    let fixed = [
        "-rf",
        "--help",
        "a b",
        " lead and trail ",
        "*",
        "?[a-z]",
        "$(touch owned)",
        "`id`;&|<>",
        "it's \"quoted\"",
        "CON",
        "NUL",
        "dot.",
        "colon:name",
        "#hash=1",
        "%2e%2e%2f",
        "case",
        "CASE",
        "Case",
        "caf\u{e9}",
        "cafe\u{301}",
        "\u{301}leads",
        "z\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "cod\u{202e}gpj",
        "\u{2066}isolated\u{2069}",
        "zero\u{200b}width",
        "\u{feff}bom",
        "tag\u{e0041}\u{e0042}",
        "\u{1f469}\u{200d}\u{1f4bb}",
        "\u{65e5}\u{672c}",
        "line\u{2028}separator",
        "new line\u{a0}nbsp",
    ];
    let mut names: Vec<_> = fixed.map(str::to_owned).into();
    names.push("n".repeat(255));
    names.push("\u{e9}".repeat(127));
    names
}

/// Names that no record or manifest may have, or that are no text: the file system takes them, so people are told.
pub(super) const TOLD: [&[u8]; 16] = [
    b"new\nline",
    b"tab\there",
    b"return\r",
    b"\x1b]0;title\x07",
    b"\x1b[2J\x1b[31m",
    b"\x01nul-like",
    b"del\x7f",
    b"\xc2\x9b31m",
    b"\xc2\x85next-line",
    b"a..b",
    b"back\\slash",
    b"up\\..\\..\\up",
    b"caf\xe9",
    b"\xc0\x80overlong",
    b"\xed\xa0\x80surrogate",
    b"\xff\xfe",
];

#[test]
fn artifacts_of_any_name_are_taken_exactly_or_told() {
    let taken = taken();
    let mut field = Field::new(|_, collection, project| {
        for name in &taken {
            deploy_named(collection, project, name);
        }
        for name in TOLD {
            for root in [collection.root.clone(), project.claude()] {
                write(&below(&root.join("skills"), name).join("SKILL.md"), "x");
                write(&below(&root.join("commands"), &[name, b".md"].concat()), "x");
            }
        }
    });
    println!("{} names taken, {} told", taken.len(), TOLD.len());
    let state = |field: &mut Field, name: &str| {
        let items = field.status().items;
        let item = items.into_iter().find(|item| item.name == name).unwrap_or_else(|| panic!("{name:?} is not listed"));
        let path = item.path.expect("a copy has a path");
        assert!(path.ends_with(&format!("/skills/{name}")), "{path:?} for {name:?}");
        item.state
    };
    for name in &taken {
        assert_eq!(state(&mut field, name), InSync, "{name:?}");
    }
    // One problem for each: no more, no less, and none looks like another.
    let status = field.status();
    let mut files: Vec<_> = status.problems.iter().map(|problem| problem.file.clone()).collect();
    files.sort();
    files.dedup();
    assert_eq!((status.problems.len(), files.len()), (2 * TOLD.len(), 2 * TOLD.len()), "{:#?}", status.problems);
    assert!(files.iter().any(|file| file.ends_with("skills/caf\\xE9")), "{files:#?}");
    let collection = field.client.collections();
    assert_eq!(collection.problems.len(), 2 * TOLD.len(), "{:#?}", collection.problems);
    assert_eq!(status.items.len(), taken.len() + 1, "nothing else is listed");
    for name in ["-rf", "cod\u{202e}gpj", "cafe\u{301}", &"n".repeat(255)] {
        write(&field.project.claude().join("skills").join(name).join("SKILL.md"), "edited\n");
        field.told(&format!("skill:{name}"), Modified);
        assert_eq!(state(&mut field, name), Modified, "{name:?}");
    }
    assert_eq!(state(&mut field, "caf\u{e9}"), InSync, "the other normalisation is another artifact");
    field.good_holds("hostile names");
}

#[test]
fn files_in_an_artifact_may_have_any_name() {
    let mut names: Vec<Vec<u8>> = taken().into_iter().map(String::into_bytes).collect();
    names.extend(TOLD.map(<[u8]>::to_vec));
    let mut field = Field::new(|_, collection, project| {
        for name in &names {
            write(&below(&collection.path("skill:pack"), name), "x");
            write(&below(&collection.path("skill:pack").join("deep"), name), "y");
        }
        collection.put("skill:pack", "pack\n");
        project.deploy(collection, &["skill:pack"]);
        collection.list(&[super::GOOD, "skill:pack"]);
    });
    println!("{} file names", names.len());
    let app = field.project.text();
    let item = field.client.item(&app, "skill:pack").expect("it is deployed");
    assert_eq!((item.state, item.project_hash), (InSync, item.baseline_hash), "{item:?}");
    for name in &names {
        let file = below(&field.project.path("skill:pack").join("deep"), name);
        write(&file, "edited");
        assert_eq!(field.client.state(&app, "skill:pack"), Some(Modified), "{name:?}");
        write(&file, "y");
        assert_eq!(field.client.state(&app, "skill:pack"), Some(InSync), "{name:?}");
    }
    assert!(field.status().problems.is_empty());
    field.good_holds("hostile file names");
}

#[test]
fn projects_and_collections_of_any_name_are_taken_exactly_or_told() {
    let mut field = Field::new(|sandbox, _, _| {
        for name in taken() {
            sandbox.collection("x").put("skill:a", "a\n");
            fs::rename(sandbox.home.join("collections/x"), sandbox.home.join("collections").join(&name)).expect("free");
        }
        for name in TOLD {
            fs::create_dir(below(&sandbox.home.join("collections"), name)).expect("free");
        }
    });
    let text: Vec<_> = TOLD.iter().filter_map(|name| std::str::from_utf8(name).ok()).map(str::to_owned).collect();
    let reply = field.client.collections();
    for name in taken().iter().chain(&text) {
        assert!(reply.collections.iter().any(|collection| collection.name == *name), "{name:?}");
    }
    assert_eq!(reply.collections.len(), taken().len() + text.len() + 1);
    let health = field.client.health();
    let told = health.problems.iter().filter(|problem| problem.message.contains("UTF-8")).count();
    assert_eq!(told, TOLD.len() - text.len(), "{:#?}", health.problems);
    for name in taken().iter().chain(&text) {
        let root = field.sandbox.projects.join("p").join(name);
        fs::create_dir_all(root.join(".claude/skills/mine")).expect("free");
        let info = field.client.add(&root);
        assert_eq!((info.name.as_str(), info.path.as_str()), (name.as_str(), root.to_str().expect("text")));
        assert!(field.client.state(root.to_str().expect("text"), "skill:mine").is_some(), "{name:?}");
    }
    println!("{} names of projects, {} of collections", taken().len() + text.len(), taken().len() + TOLD.len());
    // They survive the registry's file, and are found again.
    let before = field.client.projects().projects;
    let Field { daemon, sandbox, .. } = field;
    assert!(daemon.terminate().success());
    let daemon = skillmeat_tests::process::Daemon::start(&sandbox);
    assert_eq!(daemon.client().projects().projects, before);
}
