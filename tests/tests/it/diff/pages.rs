//! Differences longer than a message.

use std::fmt::Write as _;

use serde_json::{Value, json};
use skillmeat_tests::patches::apply;
use skillmeat_tests::sandbox::write;

use super::{SKILL, Scene, paths, read};

/// Lines of which every third differs between two seeds; with a control character each, which takes six bytes in JSON.
fn long(lines: usize, seed: usize) -> String {
    (0..lines).fold(String::new(), |mut text, n| {
        let which = if n % 3 == 0 { seed } else { 0 };
        // Writing into a string cannot fail.
        let _ = writeln!(text, "line {n} \x01 of {which} {}", "x".repeat(n % 100));
        text
    })
}

#[test]
fn a_long_difference_comes_whole_in_pages() {
    let scene = Scene::new();
    let (ours, theirs) = (scene.project.path(SKILL), scene.collection.path(SKILL));
    for (at, lines) in [("a.txt", 60_000), ("b/b.txt", 10), ("c.txt", 20_000)] {
        write(&theirs.join(at), long(lines, 1));
        write(&ours.join(at), long(lines, 2));
    }
    write(&ours.join("d.txt"), long(50_000, 3));
    let printed = scene.inside(&["diff", SKILL]);
    assert!(apply::apply(printed.ok().as_bytes(), &read(&theirs, "pdf")) == Ok(read(&ours, "pdf")));
    // As JSON: a file that goes on says so, and nothing is there twice.
    let data = scene.data(&["--from", "collection"]);
    let files = data["files"].as_array().expect("a list");
    let whole: Vec<&str> =
        files.iter().filter(|f| f["continued"] == false).map(|f| f["path"].as_str().expect("text")).collect();
    assert_eq!(whole, ["pdf/a.txt", "pdf/b/b.txt", "pdf/c.txt", "pdf/d.txt"]);
    assert_eq!((files.len() > whole.len(), &data["files_changed"], &data["next"]), (true, &json!(4), &Value::Null));
    for path in whole {
        let parts: Vec<&Value> = files.iter().filter(|file| file["path"] == path).collect();
        let lines = parts.iter().flat_map(|file| file["hunks"].as_array().expect("a list"));
        let lines = lines.flat_map(|hunk| hunk["lines"].as_array().expect("a list"));
        let added = lines.filter(|line| line["op"] == "added").count();
        assert!(parts.iter().all(|file| file["added"] == added), "{path}: {added}");
    }
    let counts = scene.data(&["--stat"]);
    assert_eq!(paths(&counts), ["pdf/a.txt", "pdf/b/b.txt", "pdf/c.txt", "pdf/d.txt"], "numbers take one page");
}

#[test]
fn what_changes_between_two_pages_is_an_error_and_not_a_mixture() {
    let scene = Scene::new();
    let ours = scene.project.path(SKILL);
    for at in ["a.txt", "b.txt"] {
        write(&ours.join(at), long(60_000, 1));
    }
    let mut connection = scene.daemon.json();
    let params = json!({"artifact": SKILL, "scope": {"project": "app"}});
    let first = connection.result("diff", params.clone());
    let cursor = first["next"].as_str().expect("there is more").to_owned();
    // A page can be asked for again.
    let next = |connection: &mut skillmeat_tests::json::JsonClient| connection.call("diff", json!({"cursor": cursor}));
    assert_eq!(next(&mut connection)["result"]["files"][0]["continued"], true);
    write(&ours.join("a.txt"), long(60_000, 2));
    let wrong = next(&mut connection);
    assert_eq!(
        (&wrong["error"]["data"]["code"], &wrong["error"]["data"]["hint"]),
        (&json!("io"), &json!("run the command again"))
    );
    let elsewhere = scene.daemon.json().error("diff", json!({"cursor": cursor}));
    assert_eq!(elsewhere["data"]["code"], "invalid_params", "a cursor belongs to its connection");
    connection.result("diff", params);
    assert_eq!(next(&mut connection)["error"]["data"]["code"], "invalid_params", "and to its comparison");
}

#[test]
fn what_is_too_large_to_compare_by_line_is_named() {
    let scene = Scene::new();
    let ours = scene.project.path(SKILL);
    write(&ours.join("line"), "x".repeat(1024 * 1024 + 1));
    write(&ours.join("text"), "x\n".repeat(8 * 1024 * 1024 + 1));
    write(&ours.join("wide"), "\x01".repeat(1024 * 1024));
    let data = scene.data(&[]);
    let kinds: Vec<_> = data["files"].as_array().expect("a list").iter().map(|file| file["kind"].clone()).collect();
    assert_eq!(
        (paths(&data), kinds),
        (vec!["pdf/line", "pdf/text", "pdf/wide"], vec![json!("large"), json!("large"), json!("text")])
    );
    let printed = scene.inside(&["diff", SKILL]);
    assert!(printed.ok().contains("Binary files /dev/null and b/pdf/text differ\n"));
}
