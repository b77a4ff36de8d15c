//! Many at once: operations on one project come one after the other, on several side by side, and who leaves stops what he
//! began between two artifacts.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use super::*;

const CLIENTS: usize = 8;

/// The records of a file: names, each once.
fn recorded(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| line.strip_prefix("artifact_name = "));
    names.map(|name| name.trim_matches('"').to_owned()).collect()
}

/// What records, files and states of a project say agrees.
#[track_caller]
fn is_consistent(site: &Site, project: &ProjectDir) {
    let text = fs::read_to_string(project.records()).unwrap_or_default();
    let mut names = recorded(&text);
    names.sort();
    let mut there: Vec<String> = fs::read_dir(project.claude().join("skills"))
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("readable").file_name().into_string().expect("text"))
        .collect();
    there.sort();
    assert_eq!(names, there, "{}", project.text());
    for item in site.daemon.client().project(project.text()).items {
        if there.contains(&item.name) {
            assert_eq!(item.state, DriftState::InSync, "{item:?}");
        }
    }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("skill:s{n}")).collect()
}

fn site(count: usize, projects: usize) -> (Site, Vec<ProjectDir>) {
    let names = names(count);
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    let site = Site::new(&keys, |_, _, _| {});
    let others = (1..projects).map(|n| site.sandbox.project(&format!("p{n}")));
    let all: Vec<ProjectDir> = std::iter::once(site.project.clone()).chain(others).collect();
    for project in &all[1..] {
        site.daemon.client().add(&project.root);
    }
    site.daemon.client().status();
    (site, all)
}

#[test]
fn eight_clients_in_one_project_and_in_several() {
    let (site, projects) = site(6, 3);
    let outcomes = std::sync::Mutex::new(BTreeMap::<String, u32>::new());
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (site, projects, outcomes) = (&site, &projects, &outcomes);
            scope.spawn(move || {
                let mut json = site.daemon.json();
                for round in 0..12 {
                    // Half of them in one project, the others each in its own.
                    let project = &projects[if client < CLIENTS / 2 { 0 } else { client % projects.len() }];
                    let key = format!("skill:s{}", (client + round) % 6);
                    let (method, mut params) = match (client + round) % 4 {
                        0 | 1 => ("deploy", json!({"projects": [project.text()]})),
                        2 => ("undeploy", json!({"project": project.text()})),
                        _ => ("pull", json!({"project": project.text()})),
                    };
                    params["artifacts"] = json!([key]);
                    let answer = json.call(method, params);
                    let outcome = match answer.get("error") {
                        Some(error) => format!("error {}", error["data"]["code"].as_str().unwrap_or("?")),
                        None => first(&answer["result"])["outcome"].as_str().unwrap_or("?").to_owned(),
                    };
                    let fine =
                        ["created", "unchanged", "removed", "error not_found", "refused"].contains(&outcome.as_str());
                    assert!(fine, "{method} {key}: {answer}");
                    if outcome == "refused" {
                        // Somebody else was first: it is there, but nobody's any more, or not recorded yet.
                        assert!(method == "undeploy" || method == "pull", "{method} {key}: {answer}");
                    }
                    *outcomes.lock().expect("whole").entry(format!("{method} {outcome}")).or_default() += 1;
                }
            });
        }
        scope.spawn(|| {
            // The records are whole whenever anybody looks.
            for _ in 0..2_000 {
                if let Ok(text) = fs::read_to_string(site.project.records()) {
                    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
                    let names = recorded(&text);
                    assert_eq!(text.matches("[[deployed]]").count(), names.len(), "{text}");
                    assert_eq!(text.matches("collection_sha = ").count(), names.len(), "{text}");
                }
            }
        });
    });
    println!("{:?}", outcomes.lock().expect("whole"));
    for project in &projects {
        is_consistent(&site, project);
    }
    // What was done is in the journal, each by itself; undone from the last one back, nothing is left.
    let mut json = site.daemon.json();
    let mut undone = 0;
    while json.call("undo", json!({})).get("result").is_some_and(|result| result["complete"] == true) {
        undone += 1;
    }
    println!("{undone} undone");
    for project in &projects {
        assert_eq!(fs::read_to_string(project.records()).unwrap_or_default(), "", "{}", project.text());
        is_consistent(&site, project);
    }
}

#[test]
fn who_leaves_stops_what_he_began_between_two_artifacts() {
    const COUNT: usize = 60;
    const TIMES: u32 = 5;
    let (mut site, projects) = site(COUNT, 3);
    let paths: Vec<String> = projects.iter().map(ProjectDir::text).collect();
    let all = json!({"all": true, "projects": paths});
    let before = site.files();
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "deploy", "params": all}).to_string();
    // Once to the end, to know how long that takes.
    let began = Instant::now();
    let mut whole = site.daemon.json();
    whole.send_line(&request);
    let mut told = 0;
    let answer = loop {
        let message = whole.receive();
        if message.get("result").is_some() {
            break message;
        }
        assert_eq!(message["params"]["total"], COUNT * 3, "{message}");
        told += 1;
    };
    let time = began.elapsed();
    // What ends within an interval of telling is silent: how quick this is, is the machine's affair.
    assert!(told > 0 || time < Duration::from_secs(1), "told nothing in {time:?}");
    assert_eq!(answer["result"]["complete"], true, "{answer}");
    assert_eq!(answer["result"]["items"].as_array().map(Vec::len), Some(COUNT * 3));
    site.json = site.daemon.json();
    site.undo();
    site.is_as(&before, "undone");
    for n in 1..=TIMES {
        let mut leaving = site.daemon.json();
        leaving.send_line(&request);
        // No barrier: the instant is what is varied.
        std::thread::sleep(time * n / TIMES);
        drop(leaving);
        // Waits for it, because it is the same project. (A connection that says nothing for long is closed.)
        site.json = site.daemon.json();
        let answer = site.run("deploy", json!({"artifacts": ["skill:s0"]}));
        assert_eq!(answer["complete"], true, "{answer}");
        let mut done = Vec::new();
        for project in &projects {
            is_consistent(&site, project);
            done.push(recorded(&fs::read_to_string(project.records()).unwrap_or_default()).len());
        }
        println!("left after {:?}: {done:?}", time * n / TIMES);
        while site.json.call("undo", json!({})).get("result").is_some_and(|result| result["complete"] == true) {}
        site.is_as(&before, "left, and undone");
    }
}
