//! More conflicts than an answer takes: pages.

use serde_json::{Value, json};
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Call, ConflictListQuery, Format, Freshness, Request};
use skillmeat_tests::sandbox::write;

use crate::operations::Site;

/// Seven artifacts in conflict; one of them merges.
fn site() -> Site {
    let keys: Vec<String> = (0..8).map(|n| format!("skill:s{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut site = Site::new(&keys, |_, collection, _| {
        keys.iter().for_each(|key| write(&collection.path(key).join("poem.md"), "one\ntwo\nthree\nfour\nfive\n"));
    });
    site.run("deploy", json!({"artifacts": keys}));
    for key in &keys {
        write(&site.project.path(key).join("poem.md"), "one\ntwo\nhere\nfour\nfive\n");
        let there = if *key == "skill:s7" { "one\ntwo\nthree\nfour\nFIVE\n" } else { "one\ntwo\nthere\nfour\nfive\n" };
        write(&site.collection.path(key).join("poem.md"), there);
    }
    site
}

fn names(page: &Value) -> Vec<&str> {
    page["conflicts"].as_array().expect("a list").iter().map(|info| info["name"].as_str().expect("text")).collect()
}

#[test]
fn pages_join_to_all_of_them_on_any_connection() {
    let mut site = site();
    for limit in [1, 2, 3, 7, 8, 0] {
        let (mut all, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let mut json = site.daemon.json();
            let page = json.result("conflicts.list", json!({"limit": limit, "cursor": cursor}));
            assert_eq!(page["more"], json!(!page["next"].is_null()), "{page}");
            assert!(limit == 0 || names(&page).len() <= limit, "{page}");
            all.extend(names(&page).into_iter().map(str::to_owned));
            cursor = page["next"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!(all, ["s0", "s1", "s2", "s3", "s4", "s5", "s6"], "{limit}");
    }
    // What is ended between two pages is left out, and what is left is not.
    let first = site.json.result("conflicts.list", json!({"limit": 3}));
    let project = site.project.text();
    for key in ["skill:s1", "skill:s4"] {
        site.run("pull", json!({"artifacts": [key], "strategy": "overwrite"}));
    }
    let rest = site.json.result("conflicts.list", json!({"cursor": first["next"], "project": project}));
    assert_eq!((names(&first), names(&rest)), (vec!["s0", "s1", "s2"], vec!["s3", "s5", "s6"]));
    let wrong = site.json.error("conflicts.list", json!({"cursor": "x"}));
    assert_eq!(wrong["data"]["code"], "invalid_params", "{wrong}");
}

#[test]
fn json_pages_of_a_client_join_to_one_object() {
    let site = site();
    let mut client = site.daemon.client();
    let (mut text, mut cursor, mut pages) = (String::new(), None, 0);
    loop {
        let query = ConflictListQuery { limit: 3, cursor, ..ConflictListQuery::default() };
        let (freshness, request) = (Freshness::Synced, Request::ConflictList(query));
        client.send(&Call { freshness, deadline_ms: 10_000, format: Format::Json, request });
        let Reply::JsonPage(page) = client.receive() else { panic!("no page") };
        text = if pages == 0 { page.head } else { text + "," } + &page.body;
        (cursor, pages) = (page.next, pages + 1);
        if cursor.is_none() {
            text += &page.tail;
            break;
        }
    }
    let whole: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!((pages, names(&whole).len(), &whole["more"], &whole["next"]), (3, 7, &json!(false), &Value::Null));
    let listed = site.sandbox.cli(&["conflicts", "list", "--all", "--json"]);
    assert_eq!(names(&listed.data()).len(), 7);
}
