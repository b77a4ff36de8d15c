//! `status` over a made-up snapshot: filters, counts, pages.

use super::super::super::testing::{World, collection, project};
use super::*;
use crate::engine::handle::TestRule;
use skillmeat_protocol::drift::DriftState::{Added, Conflict, Converged, InSync, Modified, Outdated};
use skillmeat_protocol::request::{Freshness, Scope};

fn world() -> World {
    let app = project("/w/app")
        .with("skill:pdf", Modified, "default")
        .with("command:review", InSync, "default")
        .with("agent:a", Conflict, "?lost")
        .with("agent:b", Converged, "team")
        .with_added("skill:zip", "team");
    let other = project("/w/other").with("skill:pdf", Outdated, "default");
    World::new(vec![other, app], vec![collection("default", &["skill:pdf"]), collection("team", &["skill:zip"])])
}

async fn ask(world: &World, query: StatusQuery) -> Result<StatusReply, WireError> {
    answer(&world.context, &mut Pages::default(), &World::terms(Freshness::Cached), &query).await
}

fn names(project: &ProjectStatus) -> Vec<String> {
    project.items.iter().map(|item| format!("{}:{}", item.kind, item.name)).collect()
}

#[tokio::test]
async fn filters_choose_items_and_never_change_counts() {
    let world = world();
    let base = || StatusQuery { scope: Scope::Project("app".into()), ..StatusQuery::default() };
    let cases: [(&str, StatusQuery, &[&str]); 10] = [
        ("default", base(), &["skill:pdf", "agent:a", "agent:b"]),
        ("all", StatusQuery { detail: Detail::All, ..base() }, &["skill:pdf", "command:review", "agent:a", "agent:b"]),
        ("counts", StatusQuery { detail: Detail::Counts, available: true, ..base() }, &[]),
        ("available", StatusQuery { available: true, ..base() }, &["skill:pdf", "skill:zip", "agent:a", "agent:b"]),
        (
            "types",
            StatusQuery { types: vec![ArtifactType::Skill], available: true, ..base() },
            &["skill:pdf", "skill:zip"],
        ),
        ("states", StatusQuery { states: vec![InSync, Added], ..base() }, &["skill:zip", "command:review"]),
        (
            "name",
            StatusQuery { collections: vec!["team".into()], available: true, ..base() },
            &["skill:zip", "agent:b"],
        ),
        ("id", StatusQuery { collections: vec!["id-team".into()], ..base() }, &["agent:b"]),
        ("recorded name", StatusQuery { collections: vec!["?lost".into()], ..base() }, &["agent:a"]),
        (
            "several",
            StatusQuery { collections: vec!["id-default".into(), "?lost".into()], ..base() },
            &["skill:pdf", "agent:a"],
        ),
    ];
    for (what, query, want) in cases {
        let reply = ask(&world, query).await.expect(what);
        assert_eq!(names(&reply.projects[0]), want, "{what}");
        let counts = reply.projects[0].counts;
        assert_eq!((counts.modified, counts.in_sync, counts.added, counts.conflict), (1, 1, 1, 1), "{what}");
    }
    let unknown = ask(&world, StatusQuery { collections: vec!["taem".into()], ..base() }).await.expect_err("unknown");
    assert_eq!(unknown.code, skillmeat_protocol::error::ErrorCode::NotFound);
}

#[tokio::test]
async fn equal_names_are_ordered_by_collection_whatever_the_order_inside() {
    for order in [["default", "team"], ["team", "default"]] {
        let app = order.iter().fold(project("/w/app"), |app, collection| app.with_added("skill:zip", collection));
        let collections = order.iter().map(|name| collection(name, &["skill:zip"])).collect();
        let world = World::new(vec![app], collections);
        let reply = ask(&world, StatusQuery { available: true, ..StatusQuery::default() }).await.expect("answers");
        let from: Vec<_> = reply.projects[0].items.iter().filter_map(|item| item.collection.as_deref()).collect();
        assert_eq!(from, ["default", "team"], "{order:?}");
    }
}

#[tokio::test]
async fn an_answer_says_how_far_it_can_be_trusted() {
    let world = world();
    let fresh = async |freshness| {
        let terms = World::terms(freshness);
        let query = StatusQuery::default();
        let reply = answer(&world.context, &mut Pages::default(), &terms, &query).await.expect("answers");
        (reply.fresh, reply.stale)
    };
    assert_eq!(fresh(Freshness::Cached).await, (false, None));
    assert_eq!(fresh(Freshness::Synced).await, (true, None));
    *world.engine.rule.lock().expect("not poisoned") = TestRule::Stale("polled".into());
    assert_eq!(fresh(Freshness::Synced).await, (false, Some("polled".into())));
    world.engine.publish.send_modify(|snapshot| Arc::make_mut(snapshot).verified = false);
    assert_eq!(fresh(Freshness::Cached).await, (false, Some("not verified since the daemon started".into())));
}

#[tokio::test]
async fn pages_show_one_moment() {
    let many = (0..4500).map(|n| project(&format!("/w/{n:04}"))).collect();
    let world = World::of(many);
    let mut pages = Pages::default();
    let terms = World::terms(Freshness::Cached);
    let mut query = StatusQuery { detail: Detail::Counts, ..StatusQuery::default() };
    let (mut seen, mut clocks) = (Vec::new(), Vec::new());
    loop {
        let reply = answer(&world.context, &mut pages, &terms, &query).await.expect("a page");
        seen.extend(reply.projects.into_iter().map(|project| project.path));
        clocks.push(reply.clock);
        // A change between two pages is not seen by the second.
        world.engine.publish.send_modify(|snapshot| Arc::make_mut(snapshot).clock.generation += 1);
        query.cursor = reply.next;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 4500);
    assert!(seen.is_sorted() && clocks.len() == 3 && clocks.iter().all(|clock| *clock == clocks[0]));
}
