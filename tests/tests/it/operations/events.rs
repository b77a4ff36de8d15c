//! What everybody else sees of an operation: one event a project, with its cause; and what it did in every answer after it.

use serde_json::json;
use skillmeat_protocol::event::CauseKind;
use skillmeat_protocol::request::SubscribeQuery;
use skillmeat_tests::sandbox::write;

use super::*;

#[test]
fn subscribers_hear_of_an_operation_once_for_each_project_and_of_its_number() {
    let keys: Vec<String> = (0..20).map(|n| format!("skill:s{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut site = Site::new(&keys, |sandbox, _, _| drop(sandbox.project("two")));
    let two = site.sandbox.projects.join("two");
    let mut client = site.daemon.client();
    client.add(&two);
    client.status();
    let mut events = site.daemon.client();
    events.subscribe(SubscribeQuery::default());
    let projects = [site.project.text(), two.to_str().expect("text").to_owned()];
    let answer = site.run("deploy", json!({"artifacts": keys, "projects": projects}));
    let number = answer["operation"]["operation"].as_u64();
    let mut heard = [events.event(), events.event()];
    heard.sort_by(|a, b| a.project.cmp(&b.project));
    for (event, project) in heard.iter().zip(&projects) {
        assert_eq!((&event.project, event.items.len()), (project, 20), "{event:?}");
        assert_eq!((event.cause.kind, event.cause.operation), (CauseKind::Operation, number), "{event:?}");
    }
    write(&site.project.file("skill:s0"), "edited\n");
    client.status();
    // The edit is heard as what it is; then the push, which concerns the other project too.
    let edit = events.event();
    assert_ne!(edit.cause.kind, CauseKind::Operation, "{edit:?}");
    let answer = site.run("push", json!({"artifacts": ["skill:s0"]}));
    let number = answer["operation"]["operation"].as_u64();
    let (a, b) = (events.event(), events.event());
    assert_eq!((a.items.len(), b.items.len()), (1, 1), "records of others moved down, and say the same: {a:?} {b:?}");
    let own = if a.project == projects[0] { &a } else { &b };
    assert_eq!((own.cause.kind, own.cause.operation), (CauseKind::Operation, number));
    let answer = site.run("undeploy", json!({"all": true}));
    let number = answer["operation"]["operation"].as_u64();
    let event = events.event();
    assert_eq!((event.cause.kind, event.cause.operation), (CauseKind::Operation, number), "{event:?}");
    assert_eq!(event.items.len() + event.gone.len(), 20, "{event:?}");
    site.undo();
    let event = events.event();
    assert_eq!(event.cause.kind, CauseKind::Operation, "{event:?}");
}

#[test]
fn lists_tell_deployments_right_after_the_answer() {
    let mut site = Site::new(&["skill:a", "skill:b"], |_, _, project| {
        write(&project.path("skill:mine").join("SKILL.md"), "mine\n");
    });
    let deployments = |site: &Site, name: &str| -> Vec<Value> {
        let data = site.sandbox.cli(&["list", "--json"]).data();
        let artifacts = data["artifacts"].as_array().cloned().unwrap_or_default();
        let found = artifacts.iter().find(|a| a["name"] == name).unwrap_or_else(|| panic!("{name}: {data}"));
        found["deployments"].as_array().cloned().unwrap_or_else(|| panic!("{found}"))
    };
    assert!(deployments(&site, "a").is_empty());
    for (method, params, name, count) in [
        ("deploy", json!({"artifacts": ["a"]}), "a", 1),
        ("deploy", json!({"artifacts": ["a"], "profiles": ["codex"]}), "a", 2),
        ("undeploy", json!({"artifacts": ["a"], "profiles": ["codex"]}), "a", 1),
        ("forget", json!({"artifacts": ["a"]}), "a", 0),
        ("adopt", json!({"artifacts": ["a"]}), "a", 1),
        ("undo", json!({}), "a", 0),
        ("import", json!({"artifacts": ["mine"]}), "mine", 1),
    ] {
        let answer = site.run(method, params);
        assert_eq!(answer["complete"], true, "{answer}");
        let found = deployments(&site, name);
        assert_eq!(found.len(), count, "{method}: {found:?}");
        if count > 0 {
            assert_eq!(found[0]["project_path"], site.project.text().as_str(), "{method}: {found:?}");
        }
    }
}
