//! Projects whose directory was moved away: told as missing, left out, and in nobody's way.

use super::*;

/// Somewhere else, where no daemon looks.
fn aside(project: &ProjectDir) -> std::path::PathBuf {
    project.root.with_file_name(format!("{}-moved", project.root.file_name().expect("a name").display()))
}

fn take_away(project: &ProjectDir) {
    fs::rename(&project.root, aside(project)).expect("moved");
}

fn bring_back(project: &ProjectDir) {
    fs::rename(aside(project), &project.root).expect("moved");
}

#[test]
fn they_are_told_and_block_nobody() {
    let (mut site, projects) = spread(&["away", "clean", "here"]);
    let [away, clean, here] = projects.as_slice() else { panic!("three") };
    edit(&away.path(KEY), "one");
    site.is_in(away, S::Modified);
    [away, clean].into_iter().for_each(take_away);
    let answer = site.json.result("blast_radius", json!({"artifact": KEY}));
    let copies = answer["copies"].as_array().expect("a list");
    let told: Vec<Value> = copies
        .iter()
        .map(|copy| json!([copy["project_name"], copy["standing"], copy["hash"].is_null(), copy["ways"][0].is_null()]))
        .collect();
    let want = [
        json!(["app", "clean", false, true]),
        json!(["away", "missing", true, false]),
        json!(["clean", "missing", true, false]),
        json!(["here", "clean", false, true]),
    ];
    assert_eq!(told, want, "{answer}");
    assert_eq!((&answer["statistics"]["clean"], &answer["statistics"]["unreadable"]), (&json!(2), &json!(2)));
    let line = site.sandbox.cli(&["blast-radius", KEY, "--exit-code"]);
    assert!(line.stdout.contains("4 copies: 2 clean, 2 missing"), "{}", line.stdout);
    assert_eq!(line.code, Some(0), "nothing of what is there has drifted");

    // What was edited there stops no push.
    edit(&site.project.path(KEY), "two");
    let pushed = site.run("push", json!({"artifacts": [KEY]}));
    assert_eq!(first(&pushed)["outcome"], "updated", "{pushed}");
    let message = first(&pushed)["message"].as_str().expect("text");
    assert!(message.starts_with("1 other deployments are outdated by this"), "{message}");
    let want = listed(&[("app", "unchanged"), ("away", "skipped"), ("clean", "skipped"), ("here", "updated")]);
    let done = site.json.result("fan_out", json!({"artifacts": [KEY]}));
    assert_eq!((outcomes(&done), &done["complete"]), (want, &json!(true)), "{done}");
    assert!(done["items"][1]["message"].as_str().expect("text").starts_with("its project is missing"), "{done}");
    site.is_in(here, S::InSync);
    edit(&site.project.path(KEY), "three");
    let done = site.json.result("promote", json!({"project": "app", "artifact": KEY, "fan_out": true}));
    let want = listed(&[("app", "updated"), ("here", "updated"), ("away", "skipped"), ("clean", "skipped")]);
    assert_eq!((outcomes(&done), &done["complete"]), (want, &json!(true)), "{done}");
    let again = site.json.result("promote", json!({"project": "app", "artifact": KEY, "fan_out": true}));
    let want = listed(&[("app", "unchanged"), ("here", "unchanged"), ("away", "skipped"), ("clean", "skipped")]);
    assert_eq!(outcomes(&again), want, "{again}");

    // One comes back as it was, the other is forgotten by the command that was told.
    bring_back(away);
    site.is_in(away, S::Conflict);
    let way = copies[2]["ways"][0].as_str().and_then(|way| way.split('#').next()).expect("a command");
    let words: Vec<&str> = way.split_whitespace().skip(1).collect();
    site.sandbox.cli(&words).ok();
    let answer = site.json.result("blast_radius", json!({"artifact": KEY}));
    let names: Vec<&str> =
        answer["copies"].as_array().expect("a list").iter().filter_map(|copy| copy["project_name"].as_str()).collect();
    assert_eq!(names, ["app", "away", "here"]);
}

#[test]
fn an_operation_that_reached_one_is_undone_once_it_is_back() {
    let (mut site, projects) = spread(&["away", "here"]);
    edit(&site.collection.path(KEY), "one");
    let before = site.files();
    let done = site.json.result("fan_out", json!({"artifacts": [KEY]}));
    assert_eq!(done["complete"], true, "{done}");
    take_away(&projects[0]);
    let error = site.json.error("undo", json!({}));
    let want = format!("{} is missing, and the operation reached it too", projects[0].text());
    assert_eq!((&error["message"], &error["data"]["code"]), (&json!(want), &json!("refused")), "{error}");
    let hint = error["data"]["hint"].as_str().expect("a hint").to_owned();
    let (_, command) = hint.split_once(": ").expect("a command");
    bring_back(&projects[0]);
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    site.sandbox.cli(&words).ok();
    site.is_as(&before, "undone");
}
