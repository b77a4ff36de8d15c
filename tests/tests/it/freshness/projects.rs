//! Projects and profile roots that come and go.

use std::fs;

use skillmeat_protocol::drift::DriftState::*;
use skillmeat_protocol::reply::ProjectState;
use skillmeat_protocol::request::{ProjectPath, Request};
use skillmeat_tests::library::{ProjectDir, record, recorded_hash};
use skillmeat_tests::sandbox::{remove, save_atomically, write};

use super::Stage;

#[test]
fn projects_that_go_and_come_back() {
    let mut stage = Stage::new();
    let (root, away) = (stage.project.root.clone(), stage.sandbox.root.join("away"));
    for _ in 0..3 {
        fs::rename(&root, &away).expect("it is there");
        stage.project_is(ProjectState::Missing);
        stage.expect("skill:pdf", InSync);
        write(&away.join(".claude/skills/pdf/SKILL.md"), "edited while it was away\n");
        fs::rename(&away, &root).expect("it is there");
        stage.project_is(ProjectState::Watched);
        stage.expect("skill:pdf", Modified);
        save_atomically(
            &stage.project.file("skill:pdf"),
            fs::read(stage.collection.file("skill:pdf")).expect("it is there"),
        );
        stage.expect("skill:pdf", InSync);
    }
    // A directory above it.
    let (parent, aside) = (stage.sandbox.projects.clone(), stage.sandbox.root.join("parent"));
    fs::rename(&parent, &aside).expect("it is there");
    stage.project_is(ProjectState::Missing);
    fs::rename(&aside, &parent).expect("it is there");
    stage.project_is(ProjectState::Watched);
    write(&stage.project.file("skill:pdf"), "edited\n");
    stage.expect("skill:pdf", Modified);
    // Deleted, and made anew.
    remove(&root);
    stage.project_is(ProjectState::Missing);
    stage.project.deploy(&stage.collection.clone(), &["skill:csv"]);
    stage.project_is(ProjectState::Watched);
    stage.expect("skill:csv", InSync);
    stage.expect("skill:pdf", Added);
}

#[test]
fn profile_roots_that_go_and_come_back() {
    let mut stage = Stage::new();
    let (claude, away) = (stage.project.claude(), stage.project.root.join("away"));
    fs::rename(&claude, &away).expect("it is there");
    stage.project_is(ProjectState::Missing);
    fs::rename(&away, &claude).expect("it is there");
    stage.project_is(ProjectState::Watched);
    stage.expect("skill:pdf", InSync);
    write(&stage.project.file("skill:pdf"), "edited\n");
    stage.expect("skill:pdf", Modified);

    // A second profile comes, and another dot-directory that holds records.
    for (root, profile) in [(".codex", "codex"), (".house", "house")] {
        let path = stage.project.root.join(root);
        write(&path.join("skills/pdf/SKILL.md"), fs::read(stage.collection.file("skill:pdf")).expect("it is there"));
        let text = record("skill:pdf", "default", &recorded_hash(&stage.collection.path("skill:pdf")));
        let text = text.replace("\"claude_code\"", &format!("{profile:?}")).replace(".claude", root);
        write(&path.join(".skillmeat-deployed.toml"), text);
        let items = stage.client.project("app").items;
        let item = items.iter().find(|item| item.name == "pdf" && item.profile.as_deref() == Some(profile));
        assert_eq!(item.map(|item| item.state), Some(InSync), "{items:#?}");
    }
    remove(&stage.project.root.join(".house"));
    let items = stage.client.project("app").items;
    assert!(items.iter().all(|item| item.profile.as_deref() != Some("house")), "{items:#?}");
}

#[test]
fn two_projects_share_what_they_share() {
    let mut stage = Stage::new();
    let second = stage.sandbox.project("second");
    second.deploy(&stage.collection, &["skill:pdf"]);
    let inside = ProjectDir { root: stage.project.root.join("packages/inner") };
    inside.deploy(&stage.collection, &["skill:pdf"]);
    stage.client.add(&second.root);
    stage.client.add(&inside.root);
    write(&stage.collection.file("skill:pdf"), "newer\n");
    for project in ["app", "second", "inner"] {
        assert_eq!(stage.client.state(project, "skill:pdf"), Some(Outdated), "{project}");
    }
    write(&inside.file("skill:pdf"), "edited\n");
    assert_eq!(stage.client.state("inner", "skill:pdf"), Some(Conflict));
    assert_eq!(stage.client.state("app", "skill:pdf"), Some(Outdated));
    // The outer one is forgotten; the inner one is still watched.
    let path = ProjectPath { path: stage.project.text() };
    stage.client.ask(Request::ProjectRemove(path));
    write(&inside.file("skill:pdf"), "newer\n");
    assert_eq!(stage.client.state("inner", "skill:pdf"), Some(Converged));
}
