//! What `project add` is given.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use skillmeat_tests::sandbox::write;

use super::Field;

#[test]
fn places_that_are_no_project_are_refused_with_a_reason() {
    let mut field = Field::new(|sandbox, collection, _| {
        fs::create_dir_all(collection.root.join("skills/good/.claude")).expect("a directory of the sandbox");
        write(&sandbox.projects.join("file"), "x");
        symlink(&collection.root, sandbox.projects.join("link")).expect("free");
        symlink("loop", sandbox.projects.join("loop")).expect("free");
    });
    let Field { sandbox, collection, .. } = &field;
    let refused: [(PathBuf, &str); 12] = [
        ("/".into(), "root directory"),
        (sandbox.user.clone(), "home directory"),
        (sandbox.home.clone(), "SkillMeat's own directory"),
        (sandbox.home.join("daemon"), "SkillMeat's own directory"),
        (sandbox.home.join("daemon/cache"), "SkillMeat's own directory"),
        (sandbox.home.join("collections"), "belongs to a collection"),
        (collection.root.clone(), "belongs to a collection"),
        (collection.root.join("skills/good"), "belongs to a collection"),
        (sandbox.projects.join("link"), "belongs to a collection"),
        (sandbox.projects.join("file"), "no directory"),
        (sandbox.projects.join("nowhere"), "cannot find it"),
        (sandbox.projects.join("loop"), "cannot find it"),
    ];
    for (path, why) in &refused {
        let output = sandbox.cli(&["project".as_ref(), "add".as_ref(), path.as_os_str()]);
        assert_eq!(output.code, Some(3), "{output:?}");
        assert!(output.stderr.contains(why), "{}: {output:?}", path.display());
    }
    println!("{} places refused", refused.len());
    assert_eq!(field.client.projects().projects.len(), 1);
    field.good_holds("refused places");
}

#[test]
fn one_project_has_one_name_however_it_is_spelled() {
    let mut field = Field::new(|sandbox, _, project| {
        symlink(&project.root, sandbox.projects.join("alias")).expect("free");
    });
    let (projects, app) = (field.sandbox.projects.display().to_string(), field.project.text());
    let spellings = ["app/", "app/.", "./app", "app//", "app/../app", "alias", "alias/", "app/.claude/.."];
    for spelling in spellings {
        let path = format!("{projects}/{spelling}");
        let output = field.sandbox.cli(&["project", "add", &path]);
        assert_eq!(output.code, Some(3), "{spelling}: {output:?}");
        assert!(output.stderr.contains("already registered"), "{spelling}: {output:?}");
        let status = field.sandbox.cli(&["status", "--json", "--project", &path]).data();
        assert_eq!(status["projects"][0]["path"], app, "{spelling}");
    }
    println!("{} spellings", spellings.len());
    let removed = field.sandbox.cli(&["project", "remove", &format!("{projects}/alias/")]);
    assert!(removed.ok().contains(&app), "{removed:?}");
    assert!(field.client.projects().projects.is_empty());
    field.client.add(&field.project.root);
    field.good_holds("many spellings");
}

#[test]
fn a_project_in_a_project_is_one_of_its_own() {
    let mut field = Field::new(|_, collection, project| {
        let inner = skillmeat_tests::library::ProjectDir { root: project.root.join("packages/inner") };
        fs::create_dir_all(inner.claude()).expect("a directory of the sandbox");
        inner.deploy(collection, &[super::GOOD]);
    });
    let inner = field.project.root.join("packages/inner");
    field.client.add(&inner);
    // Its own profile root can be registered too; all are told apart.
    field.client.add(&field.project.claude());
    assert_eq!(field.client.projects().projects.len(), 3);
    write(&inner.join(".claude/skills/good/SKILL.md"), "edited\n");
    let path = inner.to_str().expect("text");
    assert_eq!(field.client.state(path, super::GOOD), Some(skillmeat_protocol::drift::DriftState::Modified));
    let inside = field.sandbox.cli_in(&inner.join(".claude/skills"), &["status", "--json"], "").data();
    assert_eq!(inside["projects"][0]["path"], path, "the nearest one");
    field.good_holds("a nested project");
}
