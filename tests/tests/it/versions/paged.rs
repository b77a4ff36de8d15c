//! A list of versions that comes in several answers.

use serde_json::json;
use skillmeat_protocol::reply::{Reply, VersionInfo, VersionsReply};
use skillmeat_protocol::request::{Freshness, Request, VersionPages, VersionsQuery};
use skillmeat_tests::client::Client;
use skillmeat_tests::sandbox::write;

use crate::operations::Site;

const SKILL: &str = "skill:a";

fn page(reply: Reply) -> VersionsReply {
    match reply {
        Reply::Versions(page) => page,
        other => panic!("no versions: {other:?}"),
    }
}

/// How many versions the answers have, and all of them; read up to the one that the protocol says is the last.
fn in_pages(client: &mut Client, query: VersionPages) -> (Vec<usize>, Vec<VersionInfo>, Option<u64>) {
    let limit = query.limit as usize;
    let (mut sizes, mut all) = (Vec::new(), Vec::new());
    let mut next = page(client.ask(Request::VersionPages(query)));
    loop {
        sizes.push(next.versions.len());
        all.append(&mut next.versions);
        if next.next.is_none() || all.len() == limit {
            return (sizes, all, next.next);
        }
        next = page(client.receive());
    }
}

#[test]
fn all_answers_together_are_the_list() {
    let mut site = Site::new(&[SKILL], |_, _, _| {});
    site.run("deploy", json!({"artifacts": [SKILL]}));
    for n in 0..6 {
        write(&site.project.file(SKILL), format!("edit {n}\n"));
        site.run("push", json!({"artifacts": [SKILL]}));
    }
    let mut client = site.daemon.client();
    let query = VersionsQuery { artifact: SKILL.into(), limit: 100, before: None };
    let whole = page(client.ask(Request::Versions(query)));
    assert_eq!((whole.versions.len(), whole.next), (7, None));
    let before = whole.versions[1].version;
    let ask = |page, limit, before| VersionPages { artifact: "a".into(), limit, before, page };
    for (query, sizes, from) in [
        (ask(3, 0, None), vec![3, 3, 1], 0),
        (ask(7, 0, None), vec![7], 0),
        (ask(0, 0, None), vec![7], 0),
        (ask(2, 7, None), vec![2, 2, 2, 1], 0),
        (ask(2, 3, None), vec![2, 1], 0),
        (ask(1, 2, Some(before)), vec![1, 1], 2),
        (ask(9, 9, Some(0)), vec![0], 7),
    ] {
        let (found, all, next) = in_pages(&mut client, query.clone());
        let to = from + all.len();
        assert_eq!((found, &all[..]), (sizes, &whole.versions[from..to]), "{query:?}");
        let last = all.last().filter(|_| to < whole.versions.len()).map(|last| last.version);
        assert_eq!(next, last, "{query:?}");
    }
    // As many as there are is not more than there are.
    let exactly = VersionsQuery { artifact: SKILL.into(), limit: 7, before: None };
    assert_eq!(page(client.ask(Request::Versions(exactly))).next, None);
    // What cannot be answered ends it, and the connection goes on.
    let unknown = VersionPages { artifact: "nothing".into(), ..VersionPages::default() };
    assert!(client.call(Request::VersionPages(unknown), Freshness::Synced).is_err());
    assert_eq!(in_pages(&mut client, ask(4, 0, None)).0, [4, 3]);
}

#[test]
fn whoever_leaves_in_the_middle_holds_up_nobody() {
    let mut site = Site::new(&[SKILL], |_, _, _| {});
    site.run("deploy", json!({"artifacts": [SKILL]}));
    write(&site.project.file(SKILL), "edited\n");
    site.run("push", json!({"artifacts": [SKILL]}));
    for _ in 0..5 {
        let mut client = site.daemon.client();
        let query = VersionPages { artifact: SKILL.into(), page: 1, ..VersionPages::default() };
        assert_eq!(page(client.ask(Request::VersionPages(query))).versions.len(), 1);
    }
    assert_eq!(
        site.json.result("versions.list", json!({"artifact": SKILL}))["versions"].as_array().map(Vec::len),
        Some(2)
    );
    let listed = site.sandbox.cli(&["versions", SKILL, "-n", "1"]).ok().to_owned();
    assert!(
        listed.contains("\n1 version of skill:a\nearlier ones: skillmeat versions skill:a --before 2\n"),
        "{listed}"
    );
}
