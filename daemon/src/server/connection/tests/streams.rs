//! Pages, subscriptions, searches: what takes more than one message.

use super::*;

#[tokio::test]
async fn json_pages_join_to_the_whole_answer() {
    let world = World::of((0..4100).map(|n| project(&format!("/w/{n:04}"))).collect());
    let mut client = Client::connect(&world);
    let mut query = StatusQuery { detail: Detail::Counts, ..StatusQuery::default() };
    client.send(preamble(PROTOCOL)).await;
    client.welcome().await;
    let mut text = String::new();
    for page in 0.. {
        client.send(framed(&Call { format: Format::Json, ..call(Request::Status(query.clone())) })).await;
        let Reply::JsonPage(JsonPage { head, body, tail, next }) = client.reply().await else { panic!("a page") };
        text.push_str(if page == 0 { &head } else { "," });
        text.push_str(&body);
        query.cursor = next;
        if query.cursor.is_none() {
            text.push_str(&tail);
            assert_eq!(page, 2);
            break;
        }
    }
    let whole: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(whole["projects"].as_array().expect("a list").len(), 4100);
    assert!(whole["next"].is_null() && whole["clock"].is_string());
}

#[tokio::test]
async fn a_subscriber_gets_a_snapshot_then_live_then_the_events_of_its_scope() {
    let world = world();
    let mut client = Client::connect(&world);
    let ask = json!({"id": 1, "method": "subscribe", "params": {"scope": {"project": "app"}}});
    client.send(format!("{ask}\n")).await;
    let first = client.line().await["result"].take();
    assert_eq!((&first["fresh_instance"], first["snapshot"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    assert_eq!(first["snapshot"][0]["items"].as_array().map(Vec::len), Some(1), "in-sync items are left out");
    assert_eq!(client.line().await["method"], "live");
    assert_eq!(world.context.engine.metrics().subscribers.load(Ordering::Relaxed), 1);

    world.engine.events.send(event("/w/lib", 8)).expect("subscribed");
    world.engine.events.send(event("/w/app", 9)).expect("subscribed");
    let told = client.line().await;
    assert_eq!((&told["method"], &told["params"]["project"]), (&json!("event"), &json!("/w/app")));
    client.send("{\"id\":2,\"method\":\"sync\"}\n").await;
    assert_eq!(client.line().await["id"], 2, "requests go on beside the subscription");

    client.stream.shutdown().await.expect("half closed");
    client.rest().await.1.expect("a normal end");
    assert_eq!(world.context.engine.metrics().subscribers.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_known_clock_gets_a_delta_and_a_slow_reader_one_resync() {
    let world = world();
    let mut client = Client::connect(&world);
    let since = Some(world.context.engine.snapshot().clock);
    client.send(opened(Request::Subscribe(SubscribeQuery { since, ..SubscribeQuery::default() }))).await;
    client.welcome().await;
    let Reply::Subscribed(first) = client.reply().await else { panic!("subscribed") };
    assert!(!first.fresh_instance && first.snapshot.is_empty());
    assert!(matches!(client.reply().await, Reply::Live(_)));
    // The channel of the test engine holds four, and the connection does not run between these sends.
    for generation in 8..14 {
        world.engine.events.send(event("/w/app", generation)).expect("subscribed");
    }
    assert!(matches!(client.reply().await, Reply::Resync(live) if Some(live.clock) == since));
    world.engine.events.send(event("/w/app", 14)).expect("subscribed again");
    assert!(matches!(client.reply().await, Reply::Event(event) if event.clock.generation == 14));
}

#[tokio::test]
async fn a_panic_costs_one_request() {
    let world = world();
    world.files.panics.store(true, Ordering::Relaxed);
    let mut client = Client::connect(&world);
    let discover = json!({"id": 1, "method": "projects.discover", "params": {"root": "/"}});
    client.send(format!("{discover}\n{{\"id\":2,\"method\":\"metrics\"}}\n")).await;
    assert_eq!(client.line().await["error"]["data"]["code"], "internal");
    assert_eq!(client.line().await["result"]["store_queue"], 3);
}

#[tokio::test]
async fn a_search_tells_how_far_it_is_and_ends_with_its_connection() {
    let world = world();
    world.files.endless.store(true, Ordering::Relaxed);
    let query = DiscoverQuery { root: "/".into(), depth: 1, add: false };
    let mut client = Client::connect(&world);
    client.send(opened(Request::Discover(query))).await;
    client.welcome().await;
    assert!(matches!(client.reply().await, Reply::Progress(progress) if progress.directories > 0));
    client.rest_closed().await;
    // The flag is set by the search itself, after it saw its cancellation.
    while !world.files.was_cancelled.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_search_finds_can_be_registered() {
    let temp = tempfile::tempdir().expect("temporary directory");
    let root = temp.path().canonicalize().expect("real");
    let found = [root.join("new"), root.join("gone"), PathBuf::from("/w/app")];
    std::fs::create_dir(&found[0]).expect("made");
    let world = world();
    found.iter().for_each(|path| world.files.found.lock().expect("not poisoned").push(path.clone()));
    let mut client = Client::connect(&world);
    let query = DiscoverQuery { root: root.to_str().expect("UTF-8").into(), depth: 1, add: true };
    client.send(opened(Request::Discover(query))).await;
    client.welcome().await;
    let Reply::Discovered(reply) = client.reply().await else { panic!("discovered") };
    let rows: Vec<_> = reply.projects.iter().map(|found| (found.registered, found.added)).collect();
    assert_eq!(rows, [(false, true), (false, false), (true, false)]);
    assert_eq!(reply.problems.len(), 1, "{:?}", reply.problems);
    assert!(world.context.engine.snapshot().projects.get(found[0].to_str().expect("UTF-8")).is_some());
}

#[tokio::test]
async fn a_silent_engine_delays_nobody_beyond_the_deadline() {
    let world = world();
    *world.engine.rule.lock().expect("not poisoned") = crate::engine::handle::TestRule::Silent;
    let mut client = Client::connect(&world);
    client.send("{\"id\":1,\"method\":\"status\",\"params\":{\"deadline_ms\":1}}\n").await;
    let answer = client.line().await["result"].take();
    assert_eq!((&answer["fresh"], &answer["stale"]), (&json!(false), &json!("the engine did not answer within 1 ms")));
    assert_eq!(answer["projects"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn requests_are_counted_and_cached_ones_timed() {
    let world = world();
    let mut client = Client::connect(&world);
    client.send(opened(status(Detail::Counts))).await;
    client.welcome().await;
    client.reply().await;
    client.send(framed(&Call { freshness: Freshness::Synced, ..call(status(Detail::Counts)) })).await;
    client.reply().await;
    client.send(framed(&call(Request::ProjectRemove(ProjectPath { path: "/nowhere".into() })))).await;
    assert!(matches!(client.reply().await, Reply::Error(_)));
    client.rest_closed().await;
    let metrics = world.context.engine.metrics();
    assert_eq!((metrics.requests.load(Ordering::Relaxed), metrics.request_latency.read().count), (3, 2));
}
