//! Bytes that are no request, requests that stop anywhere, and requests at the edge of what is allowed.

use std::io::{Read, Write};
use std::process::Stdio;

use serde_json::{Value, json};
use skillmeat_protocol::codec;
use skillmeat_protocol::frame;
use skillmeat_protocol::preamble::{PROTOCOL, Welcome, preamble};
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Freshness, Request, StatusQuery};
use skillmeat_tests::raw::{Raw, opened, until};

use super::Scene;

#[test]
fn openings_of_other_protocols_are_closed_without_a_word() {
    let scene = Scene::new();
    let files = scene.files();
    let mut openings: Vec<Vec<u8>> = [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "\u{feff}{\"id\":1,\"method\":\"hello\"}\n",
        " {\"id\":1,\"method\":\"hello\"}\n",
        "\r\n{\"id\":1,\"method\":\"hello\"}\n",
        "[{\"id\":1,\"method\":\"hello\"}]\n",
        "\"text\"\n",
        "SKMX\x01\0\0\0",
        "skmt\x01\0\0\0",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    openings.extend([vec![0; 4096], vec![0xff; 4096], vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]]);
    openings.extend((0..=255).filter(|byte| !matches!(byte, b'{' | b'S')).map(|byte| vec![byte]));
    for opening in openings {
        let mut raw = Raw::connect(scene.daemon.socket());
        raw.send(&opening);
        assert_eq!(raw.rest(), b"", "{:?}", String::from_utf8_lossy(&opening));
    }
    scene.others_are_served();
    scene.nothing_is_left(files);
}

#[test]
fn frames_that_lie_about_themselves_end_with_an_error() {
    let scene = Scene::new();
    let files = scene.files();
    let frames: [Vec<u8>; 6] = [
        (17_u32 << 20).to_le_bytes().to_vec(),
        u32::MAX.to_le_bytes().to_vec(),
        (frame::MAX_REQUEST as u32 + 1).to_le_bytes().to_vec(),
        0_u32.to_le_bytes().to_vec(),
        [&64_u32.to_le_bytes()[..], &[0xff; 64]].concat(),
        // A list of 2^60 elements in a frame of nine bytes.
        [&9_u32.to_le_bytes()[..], &[0, 0, 253, 0, 0, 0, 0, 0, 16]].concat(),
    ];
    for frame in frames {
        let mut raw = Raw::connect(scene.daemon.socket());
        raw.send([&preamble(PROTOCOL), frame.as_slice()].concat());
        let rest = raw.rest();
        let mut rest = rest.as_slice();
        Welcome::read(&mut rest).expect("a welcome");
        let body = frame::read(&mut rest, frame::MAX_REPLY).expect("an error before the end");
        assert!(matches!(codec::decode_reply(&body), Ok(Reply::Error(_))), "{frame:?}");
        assert_eq!(rest, b"");
    }
    scene.others_are_served();
    scene.nothing_is_left(files);
}

#[test]
fn lines_that_are_no_request_are_answered_and_the_next_one_counts() {
    let scene = Scene::new();
    let files = scene.files();
    let deep = |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
    let lines: Vec<Vec<u8>> = vec![
        b"{\"id\":1,\"method\":\"hel".to_vec(),
        b"\xef\xbb\xbf{\"id\":1,\"method\":\"hello\"}".to_vec(),
        b"{\"id\":1,\"method\":\"\xff\xfe\"}".to_vec(),
        b"{\"id\":1,\"method\":\"\xed\xa0\x80\"}".to_vec(),
        b"{\"id\":1,\"method\":\"\\ud800\"}".to_vec(),
        b"{\"id\":1,\"method\":\"hello\"}\0".to_vec(),
        b"{\"id\":1e999,\"method\":\"hello\"}".to_vec(),
        b"{\"id\":1,\"method\":\"hello\"}{\"id\":2,\"method\":\"hello\"}".to_vec(),
        deep("[", "]", 30_000).into_bytes(),
        format!("{{\"id\":1,\"method\":\"hello\",\"params\":{}}}", deep("{\"a\":", "}", 5_000).replace(":}", ":0}"))
            .into(),
        b"[]".to_vec(),
        b"[{\"id\":1,\"method\":\"hello\"},{\"id\":2,\"method\":\"hello\"}]".to_vec(),
        b"null".to_vec(),
        b"{\"id\":{},\"method\":\"hello\"}".to_vec(),
        b"{\"id\":true,\"method\":\"hello\"}".to_vec(),
        b"{}".to_vec(),
    ];
    let mut raw = Raw::connect(scene.daemon.socket());
    raw.send("{\"id\":0,\"method\":\"hello\"}\r\n");
    assert!(raw.line().contains("\"result\""));
    for line in lines {
        raw.send([line.as_slice(), b"\r\n"].concat());
        let answer: Value = serde_json::from_str(&raw.line()).expect("one line of JSON");
        let shown = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
        assert!(answer["error"]["data"]["code"].is_string() && answer["id"].is_null(), "{shown}: {answer}");
        raw.send("{\"id\":\"next\",\"method\":\"hello\"}\n");
        let answer: Value = serde_json::from_str(&raw.line()).expect("one line of JSON");
        assert_eq!(answer["id"], "next", "{shown}: {answer}");
    }
    drop(raw);
    // One that is too long ends the connection, after it was told so.
    for line in [deep("[", "]", 100_000), deep("{\"a\":", "}", 100_000)] {
        let mut raw = Raw::connect(scene.daemon.socket());
        raw.send(format!("{{\"id\":1,\"method\":\"hello\",\"params\":{line}}}\n"));
        let answer: Value = serde_json::from_str(&raw.line()).expect("one line of JSON");
        assert_eq!(answer["error"]["data"]["code"], "parse_error", "{answer}");
        assert_eq!(raw.rest(), b"");
    }
    scene.others_are_served();
    scene.nothing_is_left(files);
}

#[test]
fn an_id_comes_back_as_it_came_or_is_refused() {
    let scene = Scene::new();
    let mut raw = Raw::connect(scene.daemon.socket());
    let exact = [
        "0",
        "-1",
        "1.5",
        "9007199254740993",
        "18446744073709551615",
        "-9223372036854775808",
        "\"\"",
        "\"a\\u0000b\"",
        "\"9007199254740993\"",
        "null",
        "\"\u{202e}x\"",
    ];
    for id in exact.into_iter().chain(["7", "7", "7"]) {
        raw.send(format!("{{\"id\":{id},\"method\":\"hello\"}}\n"));
        let answer: Value = serde_json::from_str(&raw.line()).expect("one line of JSON");
        let id: Value = serde_json::from_str(id).expect("the test's own JSON");
        assert_eq!((&answer["id"], answer["error"].is_null()), (&id, true), "{answer}");
    }
    for id in ["18446744073709551616", "-9223372036854775809", "1e300", "123456789012345678901234567890"] {
        raw.send(format!("{{\"id\":{id},\"method\":\"hello\"}}\n"));
        let answer: Value = serde_json::from_str(&raw.line()).expect("one line of JSON");
        assert_eq!((&answer["id"], answer["error"]["code"].as_i64()), (&Value::Null, Some(-32600)), "{id}: {answer}");
    }
    // Of a member that stands twice the last one counts, as in every JSON reader.
    raw.send("{\"id\":1,\"id\":2,\"method\":\"nothing\",\"method\":\"hello\"}\n");
    let answer: Value = serde_json::from_str(&raw.line()).expect("one line of JSON");
    assert_eq!((&answer["id"], answer["result"].is_object()), (&json!(2), true), "{answer}");
}

#[test]
fn the_longest_request_is_answered_and_one_byte_more_is_not() {
    let scene = Scene::new();
    for (more, want) in [(0, "\"result\""), (1, "parse_error")] {
        let frame = "{\"id\":1,\"method\":\"hello\",\"x\":\"\"}".len();
        let filling = "x".repeat(frame::MAX_REQUEST + more - frame);
        let mut raw = Raw::connect(scene.daemon.socket());
        raw.send(format!("{{\"id\":1,\"method\":\"hello\",\"x\":\"{filling}\"}}\n"));
        let line = raw.line();
        assert!(line.contains(want), "{line}");
    }
}

#[test]
fn a_client_may_vanish_at_every_byte_of_its_request() {
    let scene = Scene::new();
    let files = scene.files();
    let requests = [
        opened(Request::Status(StatusQuery::default()), Freshness::Synced),
        opened(Request::Subscribe(Default::default()), Freshness::Cached),
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\",\"params\":{\"detail\":\"all\"}}\n".to_vec(),
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\"}\n".to_vec(),
    ];
    let mut vanished = 0;
    for request in &requests {
        for len in 0..=request.len() {
            // Closed at once, which resets when an answer lies unread; and closed after half-closing.
            let mut raw = Raw::connect(scene.daemon.socket());
            raw.send(&request[..len]);
            drop(raw);
            let mut raw = Raw::connect(scene.daemon.socket());
            raw.send(&request[..len]);
            raw.finish();
            drop(raw);
            vanished += 2;
        }
    }
    println!("{vanished} connections vanished");
    // A daemon that got no time meanwhile has more of them before it than it has places; they pass in their order.
    until("a place after them", || {
        let mut raw = Raw::connect(scene.daemon.socket());
        raw.send("{\"id\":1,\"method\":\"hello\"}\n") && raw.line().contains("\"result\"")
    });
    scene.others_are_served();
    scene.nothing_is_left(files);
}

#[test]
fn a_client_killed_in_the_middle_of_a_request_leaves_nothing() {
    let scene = Scene::new();
    let files = scene.files();
    for half in
        ["{\"id\":2,\"method\":\"sta", "{\"id\":2,\"method\":\"subscribe\"}\n", "{\"id\":2,\"method\":\"sync\"}\n{"]
    {
        let mut command = scene.sandbox.command(&scene.sandbox.binaries.client);
        let mut child =
            command.arg("rpc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the client is there");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(format!("{{\"id\":1,\"method\":\"hello\"}}\n{half}").as_bytes()).expect("it reads");
        let mut first = [0; 64];
        child.stdout.as_mut().expect("piped").read_exact(&mut first).expect("an answer");
        child.kill().expect("it runs");
        child.wait().expect("it was killed");
        scene.others_are_served();
    }
    scene.nothing_is_left(files);
}
