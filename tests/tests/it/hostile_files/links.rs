//! Links that lead back, out, to everything, or in circles.

use std::fs;
use std::os::unix::fs::symlink;

use skillmeat_protocol::drift::DriftState::{InSync, Modified, Unreadable, Untracked};
use skillmeat_tests::sandbox::{remove, write};

use super::{Field, GOOD};

#[test]
fn a_skill_that_is_a_link_to_everything_is_refused() {
    let targets = |field: &Field| {
        vec![
            ("root", "/".into()),
            ("home", field.sandbox.user.clone()),
            ("above", field.sandbox.root.clone()),
            ("skillmeat", field.sandbox.home.clone()),
            ("state", field.sandbox.home.join("daemon")),
            ("project", field.project.root.clone()),
            ("profile", field.project.claude()),
            ("parent", "..".into()),
        ]
    };
    let mut field = Field::new(|_, _, _| {});
    let watches = field.client.metrics().watches;
    for (name, target) in targets(&field) {
        symlink(target, field.project.claude().join("skills").join(name)).expect("free");
        let message = field.unreadable(&format!("skill:{name}"));
        assert!(message.contains(&format!("skills/{name} leads to ")), "{message}");
    }
    let more = field.client.metrics().watches - watches;
    assert!(more < 10, "{more} more directories are watched");
    println!("{} links to everything", targets(&field).len());
    field.good_holds("links to everything");
    // A recorded artifact that becomes one is no deletion.
    remove(&field.project.path(GOOD));
    symlink("/", field.project.path(GOOD)).expect("free");
    field.told(GOOD, Unreadable);
    remove(&field.project.path(GOOD));
    symlink(field.collection.path(GOOD), field.project.path(GOOD)).expect("free");
    field.told(GOOD, InSync);
}

#[test]
fn an_entry_whose_path_is_everything_is_refused() {
    let mut field = Field::new(|sandbox, collection, _| {
        for (name, path) in [("root", "/"), ("home", sandbox.user.to_str().expect("text"))] {
            let entry = format!("\n[[artifacts]]\nname = \"{name}\"\ntype = \"skill\"\npath = \"{path}\"\n");
            super::append(&collection.manifest(), &entry);
        }
    });
    let list = field.client.list();
    for name in ["root", "home"] {
        let artifact = list.artifacts.iter().find(|a| a.name == name).expect("listed");
        let message = artifact.message.as_deref().unwrap_or_default();
        assert!(artifact.content_hash.is_none() && message.contains(" leads to "), "{artifact:?}");
    }
    field.good_holds("a manifest that lists everything");
}

#[test]
fn circles_end_and_what_links_lead_to_is_heard() {
    let mut field = Field::new(|sandbox, collection, project| {
        let skill = project.path(GOOD);
        symlink(".", skill.join("itself")).expect("free");
        symlink("..", skill.join("above")).expect("free");
        symlink("b", skill.join("a")).expect("free");
        symlink("a", skill.join("b")).expect("free");
        symlink("/", skill.join("everything")).expect("free");
        let commands = project.claude().join("commands");
        write(&commands.join("c.md"), "c");
        symlink(".", commands.join("loop")).expect("free");
        symlink("/", commands.join("all")).expect("free");
        symlink("../..", collection.root.join("agents")).expect("free");
        symlink("/", project.claude().join("hooks")).expect("free");
        let outside = sandbox.write("outside/shared/SKILL.md", "shared\n");
        symlink(outside.parent().expect("a directory"), project.claude().join("skills/out")).expect("free");
    });
    let status = field.status();
    let mut keys: Vec<_> = status.items.iter().map(|item| format!("{}:{}", item.kind, item.name)).collect();
    keys.sort();
    assert_eq!(keys, ["command:c", GOOD, "skill:out"]);
    assert_eq!(status.problems.len(), 3, "{:#?}", status.problems);
    assert_eq!(status.items.iter().find(|item| item.name == "out").map(|item| item.state), Some(Untracked));
    field.good_holds("circles");
    // A link out of the root is read through, and what happens there is heard.
    let shared = field.sandbox.root.join("outside/shared");
    remove(&field.project.path(GOOD));
    fs::create_dir_all(shared.join("good")).expect("free");
    fs::copy(field.collection.file(GOOD), shared.join("good/SKILL.md")).expect("copied");
    symlink(shared.join("good"), field.project.path(GOOD)).expect("free");
    assert_eq!(field.client.state(&field.project.text(), GOOD), Some(InSync));
    write(&shared.join("good/SKILL.md"), "edited elsewhere\n");
    field.told(GOOD, Modified);
}
