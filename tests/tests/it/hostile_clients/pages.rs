//! Answers longer than a frame: pages that fit, add up, and show one moment whatever happens between them.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;
use skillmeat_protocol::reply::{Reply, StatusReply};
use skillmeat_protocol::request::{Detail, Freshness, Request, StatusQuery};
use skillmeat_tests::client::Client;

use super::Scene;

fn page(client: &mut Client, cursor: Option<String>) -> StatusReply {
    let query = StatusQuery { detail: Detail::All, cursor, ..StatusQuery::default() };
    match client.call(Request::Status(query), Freshness::Synced) {
        Ok(Reply::Status(page)) => page,
        other => panic!("{other:?}"),
    }
}

fn names(pages: &[StatusReply]) -> Vec<(String, String)> {
    let projects = pages.iter().flat_map(|page| &page.projects);
    projects.flat_map(|p| p.items.iter().map(|item| (p.path.clone(), item.name.clone()))).collect()
}

#[test]
fn pages_show_one_moment_and_add_up_whatever_changes_between_them() {
    let scene = Scene::new();
    let many: Vec<String> = (0..3).map(|at| scene.with_many(&format!("large{at}"), 1000)).collect();
    let mut client = scene.daemon.client();
    let whole = names(&[client.status()]);
    let mut pages = vec![page(&mut client, None)];
    while let Some(cursor) = pages.last().expect("the first").next.clone() {
        // Between two pages: an artifact goes, one comes, and a project of the next page is forgotten.
        let commands = |project: &str| std::path::Path::new(project).join(".claude/commands");
        fs::remove_file(commands(&many[2]).join(format!("command-{:05}.md", pages.len()))).expect("it was there");
        fs::write(commands(&many[0]).join(format!("new-{}.md", pages.len())), "x").expect("our own directory");
        if pages.len() == 1 {
            scene.daemon.json().result("projects.remove", json!({"path": many[2]}));
        }
        assert!(scene.daemon.client().sync().fresh);
        pages.push(page(&mut client, Some(cursor)));
    }
    assert!(pages.len() > 1, "{} pages", pages.len());
    assert!(pages.iter().all(|page| page.clock == pages[0].clock), "pages of several moments");
    let paged = names(&pages);
    assert_eq!(paged.len(), paged.iter().collect::<BTreeSet<_>>().len(), "a row came twice");
    assert_eq!(paged, whole);
    // The next first page shows what happened meanwhile.
    let now = names(&[client.status()]);
    assert!(now.len() < whole.len() - 900 && now.iter().any(|(_, name)| name == "new-1"));
    // A cursor belongs to its connection and its moment.
    let cursor = pages[0].next.clone();
    for mut asking in [scene.daemon.client(), client] {
        let query = StatusQuery { cursor: cursor.clone(), ..StatusQuery::default() };
        let error = asking.call(Request::Status(query), Freshness::Synced).expect_err("it has expired");
        assert!(error.message.contains("expired") && error.hint.is_some(), "{error:?}");
    }
}
