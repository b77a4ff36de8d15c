//! Clients that are too slow, too fast, or do only half of what a client does.

use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use skillmeat_protocol::codec;
use skillmeat_protocol::frame;
use skillmeat_protocol::preamble::Welcome;
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Detail, Freshness, Request, StatusQuery, SubscribeQuery};
use skillmeat_tests::raw::{Raw, framed, opened, until};
use skillmeat_tests::sandbox::write;

use super::Scene;

/// Between two bytes of a client that drips; below it, the test would wait for the daemon's patience instead.
const DRIP: Duration = Duration::from_millis(150);

/// Sends one byte at a time until the daemon has enough, and returns how many it took.
fn drip(stream: &mut UnixStream, bytes: &[u8]) -> usize {
    let taken = bytes.iter().take_while(|byte| {
        thread::sleep(DRIP);
        stream.write_all(&[**byte]).is_ok()
    });
    taken.count()
}

#[test]
fn a_handshake_that_drips_is_cut_off_while_others_are_served() {
    let scene = Scene::new();
    let files = scene.files();
    let opening = opened(Request::Metrics, Freshness::Cached);
    thread::scope(|scope| {
        let dripping: Vec<_> = (0..16)
            .map(|_| {
                let mut raw = Raw::connect(scene.daemon.socket());
                let preamble = &opening[..8];
                scope.spawn(move || {
                    // Seven bytes take as long as the daemon gives for eight.
                    let taken = drip(&mut raw.stream, preamble);
                    (taken, raw.rest())
                })
            })
            .collect();
        for _ in 0..20 {
            scene.others_are_served();
        }
        for thread in dripping {
            let (taken, rest) = thread.join().expect("it does not panic");
            assert!(taken < 8 && rest.is_empty(), "{taken} bytes were taken, {} came back", rest.len());
        }
    });
    scene.nothing_is_left(files);
}

#[test]
fn half_a_client_gets_what_it_asked_for() {
    let scene = Scene::new();
    let files = scene.files();
    // Its writing half closed: the answers to what it sent, then the end.
    let mut raw = Raw::connect(scene.daemon.socket());
    raw.send("{\"id\":1,\"method\":\"sync\"}\n{\"id\":2,\"method\":\"projects.list\"}\n{\"id\":3,\"meth");
    raw.finish();
    let rest = String::from_utf8(raw.rest()).expect("text");
    let ids: Vec<Value> =
        rest.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].clone()).collect();
    assert_eq!(ids, [1, 2]);
    // Its reading half closed: the daemon notices at its first answer.
    let mut raw = Raw::connect(scene.daemon.socket());
    raw.stream.shutdown(Shutdown::Read).expect("our own socket");
    raw.send("{\"id\":1,\"method\":\"status\"}\n");
    scene.others_are_served();
    until("the daemon closed", || !raw.send("{\"id\":1,\"method\":\"status\"}\n"));
    // Nothing sent at all, and closed.
    Raw::connect(scene.daemon.socket()).finish();
    scene.nothing_is_left(files);
}

#[test]
fn ten_thousand_requests_at_once_are_answered_in_order() {
    const COUNT: usize = 10_000;
    let scene = Scene::new();
    let mut raw = Raw::connect(scene.daemon.socket());
    let mut writer = raw.stream.try_clone().expect("our own socket");
    let lines: String = (0..COUNT)
        .map(|id| format!("{{\"id\":{id},\"method\":\"projects.list\",\"params\":{{\"freshness\":\"cached\"}}}}\n"))
        .collect();
    let writing = thread::spawn(move || {
        writer.write_all(lines.as_bytes()).expect("the daemon reads");
        writer.shutdown(Shutdown::Write).expect("our own socket");
    });
    let text = String::from_utf8(raw.rest()).expect("text");
    writing.join().expect("it does not panic");
    assert_eq!(text.lines().count(), COUNT);
    for (at, line) in text.lines().enumerate() {
        let answer: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!((&answer["id"], answer["result"].is_object()), (&Value::from(at), true), "{line}");
    }

    let mut raw = Raw::connect(scene.daemon.socket());
    let mut writer = raw.stream.try_clone().expect("our own socket");
    let frame = framed(Request::Projects, Freshness::Cached);
    let mut bytes = opened(Request::Metrics, Freshness::Cached);
    bytes.extend(frame.repeat(COUNT));
    let writing = thread::spawn(move || writer.write_all(&bytes).expect("the daemon reads"));
    Welcome::read(&mut raw.stream).expect("a welcome");
    for at in 0..=COUNT {
        let body = frame::read(&mut raw.stream, frame::MAX_REPLY).expect("an answer");
        let reply = codec::decode_reply(&body).expect("a reply");
        assert!(matches!((at, &reply), (0, Reply::Metrics(_)) | (1.., Reply::Projects(_))), "{at}: {reply:?}");
    }
    writing.join().expect("it does not panic");
}

#[test]
fn clients_that_never_read_cost_one_answer_of_memory_each() {
    const CLIENTS: usize = 8;
    /// What one answer may take in the daemon: its rows, its bytes, and what the allocator keeps.
    const EACH: u64 = 16 << 20;
    let scene = Scene::new();
    scene.with_many("large", 1500);
    let query = StatusQuery { detail: Detail::All, ..StatusQuery::default() };
    let before = scene.daemon.client().metrics();
    let mut asked = 0;
    let greedy: Vec<Raw> = (0..CLIENTS)
        .map(|at| {
            let mut raw = Raw::connect(scene.daemon.socket());
            if at % 2 == 0 {
                raw.send(opened(Request::Metrics, Freshness::Cached));
                asked += raw.send_without_reading(&framed(Request::Status(query.clone()), Freshness::Cached));
            } else {
                asked +=
                    raw.send_without_reading(b"{\"id\":1,\"method\":\"status\",\"params\":{\"detail\":\"all\"}}\n");
            }
            raw
        })
        .collect();
    for _ in 0..10 {
        scene.others_are_served();
    }
    let after = scene.daemon.client().metrics();
    let grown = after.resident_bytes.saturating_sub(before.resident_bytes);
    println!("{asked} bytes of requests unanswered; memory grew by {grown} bytes");
    assert!(grown < CLIENTS as u64 * EACH, "{grown} bytes");
    assert!(after.requests - before.requests < 500, "answers were made that nobody took: {after:?}");
    drop(greedy);
    scene.others_are_served();
    scene.nothing_failed();
}

#[test]
fn a_subscriber_that_lags_is_told_once_and_goes_on() {
    let scene = Scene::new();
    let collection = scene.sandbox.collection("shared");
    collection.fill(&["skill:csv"]);
    let mut client = scene.daemon.client();
    for at in 0..150 {
        let project = scene.sandbox.project(&format!("p{at}"));
        project.deploy(&collection, &["skill:csv"]);
        client.add(&project.root);
    }
    let mut subscriber = scene.daemon.client();
    subscriber.subscribe(SubscribeQuery::default());
    // Each edit is an event of every project that has the skill. Told one after the other, so that none is folded away.
    let mut witness = scene.daemon.client();
    witness.subscribe(SubscribeQuery::default());
    for round in 0..24 {
        write(&collection.path("skill:csv").join("SKILL.md"), format!("round {}\n", round % 3));
        for _ in 0..150 {
            if let Reply::Resync(_) = witness.receive() {
                break;
            }
        }
    }
    let last = client.sync().clock;
    let mut events = 0;
    let resync = loop {
        match subscriber.receive() {
            Reply::Event(_) => events += 1,
            Reply::Resync(live) => break live,
            other => panic!("{other:?}"),
        }
    };
    println!("{events} events were read before the resync");
    assert!(resync.clock.generation <= last.generation, "{resync:?} {last:?}");
    // What happens from now on arrives.
    write(&collection.path("skill:csv").join("SKILL.md"), "the end\n");
    let after = client.sync().clock;
    loop {
        match subscriber.receive() {
            Reply::Event(event) if event.clock.generation >= after.generation => break,
            Reply::Event(_) => {}
            other => panic!("told twice: {other:?}"),
        }
    }
    scene.nothing_failed();
}
