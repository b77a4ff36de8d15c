//! Connections over in-memory pipes: both encodings, limits, deadlines.

mod streams;

use super::super::testing::{World, project};
use super::*;
use serde_json::{Value, json};
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::DriftState::{InSync, Modified};
use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::event::{Cause, CauseKind, DriftEvent};
use skillmeat_protocol::preamble::preamble;
use skillmeat_protocol::reply::{JsonPage, Reply};
use skillmeat_protocol::request::{Detail, DiscoverQuery, Format, ProjectPath, Request, StatusQuery, SubscribeQuery};
use skillmeat_protocol::{codec, frame};
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

/// The other end of a served connection.
struct Client {
    stream: DuplexStream,
    served: JoinHandle<Result<(), Closed>>,
    _alive: watch::Sender<()>,
}

impl Client {
    fn connect(world: &World) -> Self {
        Self::connect_with_room(world, 1 << 20)
    }

    fn connect_with_room(world: &World, room: usize) -> Self {
        let (stream, theirs) = tokio::io::duplex(room);
        let (alive, stopping) = watch::channel(());
        let served = tokio::spawn(serve(theirs, world.context.clone(), stopping));
        Self { stream, served, _alive: alive }
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("written");
    }

    async fn line(&mut self) -> Value {
        let mut line = Vec::new();
        loop {
            match self.stream.read_u8().await.expect("a line") {
                b'\n' => return serde_json::from_slice(&line).expect("JSON"),
                byte => line.push(byte),
            }
        }
    }

    async fn welcome(&mut self) -> Welcome {
        let mut bytes = vec![0; 16];
        self.stream.read_exact(&mut bytes).await.expect("a welcome");
        let mut version = vec![0; usize::from(bytes[6])];
        self.stream.read_exact(&mut version).await.expect("a version");
        bytes.extend(version);
        Welcome::read(&mut bytes.as_slice()).expect("a welcome")
    }

    async fn reply(&mut self) -> Reply {
        let len = self.stream.read_u32_le().await.expect("a length") as usize;
        let mut body = vec![0; len];
        self.stream.read_exact(&mut body).await.expect("a body");
        codec::decode_reply(&body).expect("a reply")
    }

    /// Everything that is still sent, and why the connection ended.
    async fn rest(mut self) -> (Vec<u8>, Result<(), Closed>) {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.expect("the end");
        (rest, self.served.await.expect("no panic"))
    }

    /// Closes both halves and waits until the daemon noticed.
    async fn rest_closed(self) {
        drop(self.stream);
        self.served.await.expect("no panic").ok();
    }
}

fn call(request: Request) -> Call {
    Call { freshness: Freshness::Cached, deadline_ms: 0, format: Format::Typed, request }
}

fn framed(call: &Call) -> Vec<u8> {
    let mut out = Vec::new();
    frame::push(&mut out, &codec::encode(call).expect("encodes")).expect("short");
    out
}

fn opened(request: Request) -> Vec<u8> {
    [preamble(PROTOCOL).as_slice(), &framed(&call(request))].concat()
}

fn world() -> World {
    World::of(vec![
        project("/w/app").with("skill:pdf", Modified, "default").with("command:review", InSync, "default"),
        project("/w/lib"),
    ])
}

fn status(detail: Detail) -> Request {
    Request::Status(StatusQuery { detail, ..StatusQuery::default() })
}

fn event(project: &str, generation: u64) -> Arc<DriftEvent> {
    Arc::new(DriftEvent {
        clock: Clock { instance: 1, generation },
        cause: Cause { kind: CauseKind::Project, path: None, operation: None },
        project: project.into(),
        project_name: "app".into(),
        available: true,
        items: Vec::new(),
        gone: Vec::new(),
    })
}

#[tokio::test]
async fn both_encodings_give_the_same_data() {
    let world = world();
    for request in [status(Detail::All), Request::List(Default::default()), Request::Collections, Request::Projects] {
        let mut client = Client::connect(&world);
        client.send(opened(request.clone())).await;
        assert_eq!(client.welcome().await, Welcome { protocol: PROTOCOL, instance: 0xabc, version: "1.2.3".into() });
        let typed = super::super::encoding::payload_json(&client.reply().await).expect("encodes");
        client.send(framed(&Call { format: Format::Json, ..call(request.clone()) })).await;
        assert_eq!(client.reply().await, Reply::Json(typed.clone()));

        let method = match request {
            Request::Status(_) => "status",
            Request::List(_) => "list",
            Request::Collections => "collections.list",
            _ => "projects.list",
        };
        let mut client = Client::connect(&world);
        let params = json!({"freshness": "cached", "detail": "all"});
        client.send(format!("{}\n", json!({"id": 1, "method": method, "params": params}))).await;
        assert_eq!(client.line().await["result"], serde_json::from_str::<Value>(&typed).expect("JSON"), "{method}");
    }
}

#[tokio::test]
async fn requests_arrive_in_pieces_or_together() {
    let world = world();
    let mut client = Client::connect(&world);
    let bytes = [opened(Request::Metrics), framed(&call(Request::Projects))].concat();
    for byte in bytes {
        client.send([byte]).await;
        tokio::task::yield_now().await;
    }
    client.welcome().await;
    assert!(matches!(client.reply().await, Reply::Metrics(_)));
    assert!(matches!(client.reply().await, Reply::Projects(_)));
}

#[tokio::test]
async fn another_protocol_gets_the_welcome_and_nothing_else() {
    let mut client = Client::connect(&world());
    client.send(preamble(PROTOCOL + 1)).await;
    assert_eq!(client.welcome().await.protocol, PROTOCOL);
    let (rest, ended) = client.rest().await;
    assert!(rest.is_empty() && matches!(ended, Err(Closed::OtherProtocol(_))), "{ended:?}");
}

#[tokio::test]
async fn foreign_openings_are_closed_without_a_word() {
    for opening in [&b"GET / HTTP/1.1\r\n"[..], b"[1]\n", b"SKMXxxxx", b" {", b"\0"] {
        let mut client = Client::connect(&world());
        client.send(opening).await;
        let (rest, ended) = client.rest().await;
        assert!(rest.is_empty() && matches!(ended, Err(Closed::Foreign)), "{ended:?}");
    }
}

#[tokio::test]
async fn frames_that_break_a_rule_end_the_connection_with_an_error() {
    let trailing = [codec::encode(&call(Request::Health)).expect("encodes"), vec![0]].concat();
    let mut trailing_frame = Vec::new();
    frame::push(&mut trailing_frame, &trailing).expect("short");
    for bytes in [&u32::MAX.to_le_bytes()[..], &65_537_u32.to_le_bytes(), b"\x03\0\0\0\xff\xff\xff", &trailing_frame] {
        let mut client = Client::connect(&world());
        client.send([&preamble(PROTOCOL), bytes].concat()).await;
        client.welcome().await;
        let Reply::Error(error) = client.reply().await else { panic!("an error") };
        assert_eq!(error.code, ErrorCode::ParseError);
        let (rest, ended) = client.rest().await;
        assert!(rest.is_empty() && matches!(ended, Err(Closed::Broken)), "{ended:?}");
    }
}

#[tokio::test]
async fn lines_that_are_no_request_cost_nothing_more() {
    let mut client = Client::connect(&world());
    for (line, id, number, code) in [
        ("{\"id\":1", json!(null), -32700, "parse_error"),
        ("[{\"id\":1,\"method\":\"health\"}]", json!(null), -32600, "invalid_params"),
        ("7", json!(null), -32600, "invalid_params"),
        (r#"{"id":[1],"method":"health"}"#, json!(null), -32600, "invalid_params"),
        (r#"{"id":18446744073709551617,"method":"health"}"#, json!(null), -32600, "invalid_params"),
        (r#"{"jsonrpc":"1.0","id":2,"method":"health"}"#, json!(2), -32600, "invalid_params"),
        (r#"{"id":"a"}"#, json!("a"), -32600, "invalid_params"),
        (r#"{"id":3,"method":"health","params":[1]}"#, json!(3), -32602, "invalid_params"),
        (r#"{"id":4,"method":"statsu"}"#, json!(4), -32601, "unknown_method"),
        (&format!(r#"{{"id":{},"method":"statsu"}}"#, "1".repeat(103)), json!(null), -32600, "invalid_params"),
        (r#"{"id":5,"method":"status","params":{"types":["spell"]}}"#, json!(5), -32602, "invalid_params"),
        (r#"{"id":6,"method":"show","params":{"artifact":"skill:zzz"}}"#, json!(6), -32000, "not_found"),
        ("\u{feff}", json!(null), -32700, "parse_error"),
    ] {
        client.send(format!("{line}\r\n\r\n")).await;
        let answer = client.line().await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &json!(number)), "{line} {answer}");
        assert_eq!(answer["error"]["data"]["code"], code, "{line}");
    }
    client.send("{\"method\":\"nothing\"}\n{\"method\":\"health\"}\n{\"id\":9,\"method\":\"hello\"}\n").await;
    let hello = client.line().await;
    assert_eq!(hello["id"], 9, "notifications are not answered: {hello}");
    assert_eq!(hello["result"]["instance"], "0000000000000abc");
    assert!(hello["result"]["capabilities"].as_array().expect("a list").contains(&json!("projects.add")));
}

#[tokio::test]
async fn an_over_long_line_ends_the_connection() {
    for ending in ["", "\n"] {
        let mut client = Client::connect(&world());
        client.send(format!("{{{}{ending}", "x".repeat(limits::REQUEST))).await;
        assert_eq!(client.line().await["error"]["data"]["code"], "parse_error");
        assert!(matches!(client.rest().await.1, Err(Closed::Broken)));
    }
}

#[tokio::test]
async fn a_half_closed_client_gets_the_answers_to_what_it_sent() {
    let mut client = Client::connect(&world());
    client.send("{\"id\":1,\"method\":\"projects.list\"}\n{\"id\":2,\"method\":\"sync\"}\n{\"id\":3").await;
    client.stream.shutdown().await.expect("half closed");
    let (rest, ended) = client.rest().await;
    let ids: Vec<_> = rest.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    assert_eq!(ids.len(), 2, "{}", String::from_utf8_lossy(&rest));
    ended.expect("a normal end");
}

#[tokio::test(start_paused = true)]
async fn clients_that_stand_still_are_closed() {
    type Judge = fn(&Closed) -> bool;
    let hello = "{\"id\":1,\"method\":\"hello\"}\n";
    let cases: [(&str, &str, Judge); 5] = [
        ("silent", "", |why| matches!(why, Closed::Handshake)),
        ("half a preamble", "SKMT", |why| matches!(why, Closed::Handshake)),
        ("half a line", "{\"id\"", |why| matches!(why, Closed::SlowRequest)),
        ("half a line after a whole one", &format!("{hello}{{"), |why| matches!(why, Closed::SlowRequest)),
        ("idle", hello, |why| matches!(why, Closed::Idle)),
    ];
    for (what, sent, judge) in cases {
        let world = world();
        let mut client = Client::connect(&world);
        client.send(sent).await;
        let ended = client.rest().await.1.expect_err(what);
        assert!(judge(&ended), "{what}: {ended:?}");
        assert_eq!(world.context.engine.metrics().connections.load(Ordering::Relaxed), 0, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_closed() {
    let mut client = Client::connect_with_room(&world(), 64);
    client.send("{\"id\":1,\"method\":\"hello\"}\n").await;
    let ended = (&mut client.served).await.expect("no panic").expect_err("closed");
    assert!(matches!(&ended, Closed::Io(error) if error.kind() == io::ErrorKind::TimedOut), "{ended:?}");
}
