//! Answering from memory: the time inside the daemon, the time a connected client sees, and queries per second.
//!
//! The time inside is the daemon's own histogram of cached requests, from read to written. It counts from the start of
//! the process, so each kind of load gets a daemon of its own on the same world.

use std::time::{Duration, Instant};

use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Call, Format, Freshness, ListQuery, Request, Scope, StatusQuery};

use serde_json::json;

use super::Context;
use super::row::{Figure, Row, Target, Unit};
use super::sample::Times;
use super::worlds::{Shape, Sizes, World};
use crate::process::Daemon;

const GROUP: &str = "query";
const TARGET: Target = Target::P50P99AtMost(50.0, 500.0);

/// What is asked over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// What differs in one project, each in turn.
    Project,
    /// The first page of what differs anywhere.
    Everything,
    /// The first page of the artifacts.
    List,
}

/// How it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Binary,
    Json,
}

struct Load {
    question: Question,
    encoding: Encoding,
    clients: usize,
}

const LOADS: [Load; 8] = [
    Load { question: Question::Project, encoding: Encoding::Binary, clients: 1 },
    Load { question: Question::Project, encoding: Encoding::Json, clients: 1 },
    Load { question: Question::Project, encoding: Encoding::Binary, clients: 32 },
    Load { question: Question::Project, encoding: Encoding::Json, clients: 32 },
    Load { question: Question::Everything, encoding: Encoding::Binary, clients: 1 },
    Load { question: Question::Everything, encoding: Encoding::Json, clients: 1 },
    Load { question: Question::List, encoding: Encoding::Binary, clients: 1 },
    Load { question: Question::List, encoding: Encoding::Json, clients: 1 },
];

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let projects = ctx.pick(2, 100, 1_000);
    let shape = Shape { projects, artifacts: ctx.pick(3, 50, 50), files: 3, sizes: Sizes::Small };
    let world = World::build(ctx, shape);
    let mut rows: Vec<Row> = LOADS.iter().flat_map(|load| measured(ctx, &world, load)).collect();
    if let Some(row) = rows.first_mut() {
        row.note = Some(format!("{projects} × {} artifacts; the figure inside is within 25 %", shape.artifacts));
    }
    rows
}

fn measured(ctx: &Context, world: &World, load: &Load) -> Vec<Row> {
    let name = load.name();
    ctx.progress(format_args!("  {name}"));
    let daemon = world.start();
    let share = ctx.pick(64, 3_200, 19_200) / load.clients / load.question.weight();
    let began = Instant::now();
    let mut times = Times::default();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..load.clients)
            .map(|number| {
                let daemon = &daemon;
                scope.spawn(move || asked(daemon, world, load, number * world.projects.len() / load.clients, share))
            })
            .collect();
        for client in clients {
            times.extend(client.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    let took = began.elapsed();
    let inside = daemon.client().metrics().request_latency;
    assert_eq!(inside.count, times.len() as u64, "only these requests are counted");
    let inside = Figure { value: inside.p50_us as f64, p99: Some(inside.p99_us as f64) };
    let inside = Row::new(GROUP, format!("{name}: in the daemon"), Unit::Us, inside);
    vec![
        if load.question == Question::Project { inside.target(TARGET) } else { inside },
        Row::new(GROUP, format!("{name}: seen by a client"), Unit::Us, times.figure()),
        Row::new(GROUP, format!("{name}: rate"), Unit::PerSecond, rate(times.len(), took)),
    ]
}

fn rate(count: usize, took: Duration) -> Figure {
    Figure::of(count as f64 / took.as_secs_f64())
}

/// Asks `count` times on one connection.
fn asked(daemon: &Daemon, world: &World, load: &Load, from: usize, count: usize) -> Times {
    let mut times = Times::default();
    let projects = world.projects.iter().cycle().skip(from).take(count).map(|project| project.text());
    match load.encoding {
        Encoding::Binary => {
            let mut client = daemon.client();
            for project in projects {
                let request = load.question.request(project);
                let call = Call { freshness: Freshness::Cached, deadline_ms: 0, format: Format::Typed, request };
                let reply = times.time(|| {
                    client.send(&call);
                    client.receive()
                });
                assert!(matches!(reply, Reply::Status(_) | Reply::List(_)), "{reply:?}");
            }
        }
        Encoding::Json => {
            let mut client = daemon.json();
            for project in projects {
                let line = load.question.line(&project);
                let answer = times.time(|| {
                    client.send_line(&line);
                    client.receive_line()
                });
                assert!(answer.contains("\"result\""), "{answer}");
            }
        }
    }
    times
}

impl Load {
    fn name(&self) -> String {
        let question = match self.question {
            Question::Project => "status of a project",
            Question::Everything => "page of the status of all",
            Question::List => "page of the list",
        };
        let encoding = match self.encoding {
            Encoding::Binary => "binary",
            Encoding::Json => "JSON",
        };
        let clients = if self.clients == 1 { String::new() } else { format!(", {} clients", self.clients) };
        format!("{question}, {encoding}{clients}")
    }
}

impl Question {
    /// How much more one costs than the smallest: so that all loads take about as long.
    const fn weight(self) -> usize {
        match self {
            Self::Project => 1,
            Self::Everything => 8,
            Self::List => 32,
        }
    }

    fn request(self, project: String) -> Request {
        match self {
            Self::Project => Request::Status(StatusQuery { scope: Scope::Project(project), ..StatusQuery::default() }),
            Self::Everything => Request::Status(StatusQuery::default()),
            Self::List => Request::List(ListQuery::default()),
        }
    }

    fn line(self, project: &str) -> String {
        let (method, params) = match self {
            Self::Project => ("status", json!({ "scope": { "project": project }, "freshness": "cached" })),
            Self::Everything => ("status", json!({ "freshness": "cached" })),
            Self::List => ("list", json!({ "freshness": "cached" })),
        };
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
    }
}
