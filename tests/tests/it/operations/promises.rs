//! What else operations promise: a plan is what is done, undoing can be undone, who is affected is asked first, and the
//! command line says the same.

use std::fs;

use serde_json::json;
use skillmeat_tests::sandbox::write;

use super::*;

fn edited(site: &Site, project: &ProjectDir, key: &str, text: &str) {
    write(&project.file(key), text);
    site.daemon.client().status();
}

#[test]
fn a_dry_run_is_the_run_without_the_doing() {
    let mut site = Site::new(&["skill:a", "skill:b", "command:c"], |_, _, project| {
        write(&project.path("skill:mine").join("SKILL.md"), "mine\n");
        write(&project.path("command:c"), "foreign\n");
    });
    for (method, params) in [
        ("deploy", json!({"all": true})),
        ("adopt", json!({"all": true})),
        ("import", json!({"all": true})),
        ("push", json!({})),
        ("sync_project", json!({})),
        ("undeploy", json!({"all": true, "force": true})),
        ("undo", json!({})),
    ] {
        let before = site.files();
        let mut dry = params.clone();
        dry["dry_run"] = json!(true);
        let planned = site.run(method, dry);
        assert!(planned["dry_run"] == true && planned["operation"].is_null(), "{planned}");
        site.is_as(&before, &format!("{method} --dry-run"));
        let done = site.run(method, params);
        assert_eq!((&planned["items"], &planned["complete"]), (&done["items"], &done["complete"]), "{method}");
    }
}

#[test]
fn undoing_is_an_operation_and_goes_from_the_last_one_back() {
    let mut site = Site::new(&["skill:a", "skill:b"], |_, _, _| {});
    site.run("deploy", json!({"artifacts": ["a"]}));
    let one = site.files();
    site.run("deploy", json!({"artifacts": ["b"]}));
    let two = site.files();
    // The first one is under the second: its records are in the same file.
    let error = site.refusal("undo", json!({"operation": 1}));
    assert!(error.to_string().contains("op list"), "{error}");
    site.is_as(&two, "refused");
    let undone = site.run("undo", json!({"operation": 2}));
    site.is_as(&one, "undone");
    let error = site.refusal("undo", json!({"operation": 2}));
    assert_eq!(error["data"]["code"], "refused", "{error}");
    let number = undone["operation"]["operation"].as_u64().expect("a number");
    let again = site.run("undo", json!({"operation": number}));
    assert_eq!(again["complete"], true, "{again}");
    site.is_as(&two, "the undoing, undone");
    assert_eq!(site.state("skill:b"), Some(DriftState::InSync));
    let show = site.json.result("operations.show", json!({"operation": number}));
    assert_eq!((&show["info"]["state"], &show["info"]["undoes"]), (&json!("undone"), &json!(2)), "{show}");
    // Done again, it is the last one, as often as anybody likes.
    for _ in 0..3 {
        let undone = site.run("undo", json!({}));
        assert_eq!((&undone["complete"], &undone["operation"]["undoes"]), (&json!(true), &json!(2)), "{undone}");
        site.is_as(&one, "undone once more");
        let number = undone["operation"]["operation"].as_u64().expect("a number");
        site.run("undo", json!({"operation": number}));
        site.is_as(&two, "and done once more");
    }
    // An edit since is in the way, and stays.
    write(&site.project.file("skill:b"), "edited\n");
    let before = site.files();
    let params = site.with_project("undo", json!({}));
    let answer = site.json.call("undo", params);
    assert!(answer.to_string().contains("skills/b"), "{answer}");
    site.is_as(&before, "refused");
}

#[test]
fn a_push_that_others_would_pay_for_is_asked_first() {
    let mut site = Site::new(&["skill:a"], |sandbox, _, _| drop((sandbox.project("two"), sandbox.project("three"))));
    let project = |name: &str| ProjectDir { root: site.sandbox.projects.join(name) };
    let (two, three) = (project("two"), project("three"));
    for other in [&two, &three] {
        site.daemon.client().add(&other.root);
    }
    let all = [site.project.text(), two.text(), three.text()];
    site.run("deploy", json!({"artifacts": ["a"], "projects": all}));
    edited(&site, &site.project, "skill:a", "mine\n");
    edited(&site, &two, "skill:a", "theirs\n");
    let before = site.files();
    let answer = site.run("push", json!({}));
    assert_eq!(first(&answer)["outcome"], "refused", "{answer}");
    let message = first(&answer)["message"].as_str().expect("text");
    assert!(message.contains(&two.text()) && !message.contains(&three.text()), "{message}");
    site.is_as(&before, "refused");
    let answer = site.run("push", json!({"strategy": "overwrite"}));
    assert_eq!(answer["complete"], true, "{answer}");
    let state = |path: &str| site.daemon.client().state(path, "skill:a");
    assert_eq!(
        all.each_ref().map(|path| state(path)),
        [Some(DriftState::InSync), Some(DriftState::Conflict), Some(DriftState::Outdated)]
    );
    assert_eq!(fs::read_to_string(two.file("skill:a")).expect("kept"), "theirs\n");
    site.undo();
    site.is_as(&before, "undone");
}

#[test]
fn every_way_on_that_is_offered_is_a_command_that_is_understood() {
    let mut site = Site::new(&["skill:edited", "skill:foreign", "skill:both", "skill:deleted"], |_, _, project| {
        write(&project.file("skill:foreign"), "foreign\n");
        write(&project.file("skill:twin"), "---\ndescription: about skill:edited\n---\nas in default\n");
    });
    site.run("deploy", json!({"artifacts": ["skill:edited", "skill:both", "skill:deleted"]}));
    for key in ["skill:edited", "skill:both"] {
        write(&site.project.file(key), "edited\n");
    }
    write(&site.collection.file("skill:both"), "edited there\n");
    skillmeat_tests::sandbox::remove(&site.project.path("skill:deleted"));
    let mut ways = BTreeSet::new();
    for (method, params) in [
        ("deploy", json!({"all": true})),
        ("undeploy", json!({"artifacts": ["skill:edited", "skill:foreign"]})),
        ("push", json!({"artifacts": ["skill:both", "skill:deleted", "skill:foreign"]})),
        ("import", json!({"all": true})),
        ("import", json!({"artifacts": ["skill:foreign"]})),
        ("adopt", json!({"artifacts": ["skill:both"]})),
    ] {
        let mut params = params;
        params["dry_run"] = json!(true);
        for item in site.run(method, params)["items"].as_array().expect("a list") {
            ways.extend(
                item["ways"].as_array().expect("a list").iter().map(|way| way.as_str().expect("text").to_owned()),
            );
        }
    }
    assert!(ways.len() > 8, "{ways:?}");
    let before = site.files();
    for way in &ways {
        for command in way.split('#').next().unwrap_or_default().split("&&") {
            let mut arguments: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(arguments.remove(0), "skillmeat", "{way}");
            arguments.push("--dry-run");
            let output = site.sandbox.cli_in(&site.project.root, &arguments, "");
            assert_ne!(output.code, Some(2), "{way}: {output:?}");
        }
    }
    println!("{} ways on", ways.len());
    site.is_as(&before, "dry runs");
}

#[test]
fn different_projects_do_not_wait_for_each_other() {
    let mut site = Site::new(&["skill:a", "skill:slow"], |sandbox, collection, _| {
        sandbox.project("two");
        for n in 0..500 {
            write(&collection.path("skill:slow").join(format!("f{n}")), vec![n as u8; 4_000]);
        }
    });
    let two = site.sandbox.projects.join("two");
    site.daemon.client().add(&two);
    site.daemon.client().status();
    let mut slow = site.daemon.json();
    let params = json!({"artifacts": ["skill:slow"], "projects": [two]});
    slow.send_line(&json!({"jsonrpc": "2.0", "id": 1, "method": "deploy", "params": params}).to_string());
    let mut meanwhile = 0;
    let stream = std::thread::spawn(move || {
        loop {
            let message = slow.receive();
            if message.get("method").is_none() {
                return message;
            }
        }
    });
    while !stream.is_finished() {
        let method = if meanwhile % 2 == 0 { "deploy" } else { "undeploy" };
        let answer = site.run(method, json!({"artifacts": ["skill:a"]}));
        assert_eq!(answer["complete"], true, "{answer}");
        meanwhile += 1;
    }
    let answer = stream.join().expect("it answered");
    assert_eq!(answer["result"]["complete"], true, "{answer}");
    println!("{meanwhile} operations beside a large one");
    assert!(meanwhile > 2, "{meanwhile}");
}
