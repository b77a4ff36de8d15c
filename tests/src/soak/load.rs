//! What is done to the daemon while it is soaked. Each part works in short steps and can be held between two of them.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Duration;

use serde_json::json;
use skillmeat_protocol::preamble::{PROTOCOL, preamble};
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Detail, Freshness, ListQuery, ProjectPath, Request, StatusQuery, SubscribeQuery};

use crate::client::Client;
use crate::json::JsonClient;
use crate::library::ProjectDir;
use crate::model::Counts;
use crate::model::disk::{AWAY, allow_everything};
use crate::model::field::{COLLECTIONS, Field};
use crate::model::oracle::Oracle;
use crate::model::plan::Plan;
use crate::model::rng::Rng;
use crate::process::run;

use super::PROJECTS;

/// Writers, each with lists of its own.
const WRITERS: usize = 3;
/// Operations of one step of a writer at most.
const STEP: u64 = 12;
/// Projects that come and go.
const EXTRAS: u64 = 4;
/// Files of a storm.
const STORM: usize = 1_500;
/// Between two steps of the same part: the load is to be mixed, not to be the machine's limit.
const PAUSE: Duration = Duration::from_millis(8);
/// Between two processes, which cost a hundred times what a request costs.
const PROCESS_PAUSE: Duration = Duration::from_millis(250);
/// One step of the writers in so many is a storm.
const STORM_EVERY: u64 = 1_500;

/// How often each part did its step.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Tally {
    pub binary: AtomicU64,
    pub json: AtomicU64,
    pub processes: AtomicU64,
    pub subscribers: AtomicU64,
    pub added: AtomicU64,
    pub removed: AtomicU64,
    pub garbage: AtomicU64,
    pub storms: AtomicU64,
    pub stale: AtomicU64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        write!(
            f,
            "binary requests {}, JSON requests {}, client processes {}, subscribers {}, projects added {}, removed {}, \
             garbage connections {}, storms of {STORM} files {}, stale answers {}",
            of(&self.binary),
            of(&self.json),
            of(&self.processes),
            of(&self.subscribers),
            of(&self.added),
            of(&self.removed),
            of(&self.garbage),
            of(&self.storms),
            of(&self.stale)
        )
    }
}

/// One step of a part.
type Step<'a> = fn(&Load<'a>, &mut Rng);

/// What all parts share.
#[derive(Clone, Debug)]
pub(super) struct Load<'a> {
    pub(super) field: &'a Field,
    pub(super) socket: PathBuf,
    /// Held for writing while the daemon is measured.
    pub(super) gate: &'a RwLock<()>,
    pub(super) over: &'a AtomicBool,
    pub(super) tally: &'a Arc<Tally>,
}

impl<'a> Load<'a> {
    /// Starts all parts; they end when it is over.
    pub(super) fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        seed: u64,
    ) -> Vec<ScopedJoinHandle<'scope, Counts>> {
        let mut parts = Vec::new();
        for writer in 0..WRITERS {
            parts.push(scope.spawn(move || self.write(seed, writer)));
        }
        let steps: [(Duration, Step<'a>); 6] = [
            (PAUSE, Self::ask_binary),
            (PAUSE, Self::ask_json),
            (PROCESS_PAUSE, Self::run_client),
            (PAUSE * 4, Self::listen),
            (PAUSE * 8, Self::add_or_remove),
            (PAUSE * 4, Self::send_garbage),
        ];
        for (number, (pause, step)) in steps.into_iter().enumerate() {
            parts.push(scope.spawn(move || {
                let mut rng = Rng::new(seed).fork(1_000 + number as u64);
                self.repeat(pause, || step(self, &mut rng));
                Counts::default()
            }));
        }
        parts
    }

    fn repeat(&self, pause: Duration, mut step: impl FnMut()) {
        while !self.over.load(Ordering::Relaxed) {
            {
                let Ok(_free) = self.gate.read() else { return };
                if self.over.load(Ordering::Relaxed) {
                    return;
                }
                step();
            }
            thread::sleep(pause);
        }
    }

    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn write(&self, seed: u64, writer: usize) -> Counts {
        let plan = Plan { seed, writers: WRITERS, projects: PROJECTS, largest: STEP };
        let mut rng = Rng::new(seed).fork(2_000 + writer as u64);
        let (mut counts, mut number) = (Counts::default(), 0);
        self.repeat(PAUSE, || {
            if rng.once_in(STORM_EVERY) {
                self.storm(writer);
            }
            // A batch may be for one writer only.
            if let Some(operations) = plan.batch(number).into_iter().nth(writer) {
                counts.add(&self.field.work(&vec![operations]));
            }
            number += 1;
        });
        counts
    }

    fn storm(&self, writer: usize) {
        let dir = self.field.projects[writer].claude().join("skills/s0/storm");
        // Another writer may be at the same place.
        for file in 0..STORM {
            let path = dir.join(format!("d{}", file % 20));
            let _ = fs::create_dir_all(&path).and_then(|()| fs::write(path.join(format!("f{file}.md")), "storm\n"));
        }
        let _ = fs::remove_dir_all(&dir);
        Self::count(&self.tally.storms);
    }

    fn ask_binary(&self, rng: &mut Rng) {
        let mut client = Client::connect(&self.socket);
        for _ in 0..=rng.below(6) {
            let freshness = if rng.once_in(3) { Freshness::Cached } else { Freshness::Synced };
            let request = match rng.below(6) {
                0 => Request::List(ListQuery::default()),
                1 => Request::Collections,
                2 => Request::Health,
                3 => Request::Projects,
                _ => Request::Status(StatusQuery { detail: Detail::All, ..StatusQuery::default() }),
            };
            match client.call(request, freshness) {
                Ok(Reply::Status(reply)) if freshness == Freshness::Synced && !reply.fresh => {
                    Self::count(&self.tally.stale);
                }
                Ok(_) => {}
                Err(error) => panic!("a request failed: {error:?}"),
            }
            Self::count(&self.tally.binary);
        }
    }

    fn ask_json(&self, rng: &mut Rng) {
        let mut client = JsonClient::connect(&self.socket);
        for _ in 0..=rng.below(3) {
            let project = self.field.projects[rng.below(PROJECTS as u64) as usize].text();
            match rng.below(3) {
                0 => client.result("status", json!({ "scope": { "project": project } })),
                1 => client.result("list", json!({})),
                _ => client.result("hello", json!({})),
            };
            Self::count(&self.tally.json);
        }
    }

    fn run_client(&self, rng: &mut Rng) {
        let sandbox = &self.field.sandbox;
        let mut command = sandbox.command(&sandbox.binaries.client);
        command.current_dir(&sandbox.projects);
        command.args(rng.pick(&[&["status", "--all", "--json"][..], &["prompt"], &["status", "--cached", "--all"]]));
        let output = run(command, "");
        assert_eq!(output.code, Some(0), "{}: {}", output.line, output.stderr);
        Self::count(&self.tally.processes);
    }

    /// Subscribers that leave at once, or read a little, or never read.
    fn listen(&self, rng: &mut Rng) {
        let mut client = Client::connect(&self.socket);
        client.subscribe(SubscribeQuery::default());
        if rng.once_in(2) {
            let wanted = rng.below(4);
            let path = self.field.projects[0].claude().join("commands/c0.md");
            for change in 0..wanted {
                // What the writers do to it meanwhile makes events, too; without the project there is none.
                if fs::write(&path, format!("for a subscriber {change}\n")).is_err() {
                    break;
                }
            }
        }
        Self::count(&self.tally.subscribers);
    }

    fn extra(&self, number: u64) -> PathBuf {
        self.field.sandbox.projects.join(format!("extra{number}"))
    }

    fn add_or_remove(&self, rng: &mut Rng) {
        let root = self.extra(rng.below(EXTRAS));
        let mut client = Client::connect(&self.socket);
        let path = ProjectPath { path: root.to_string_lossy().into_owned() };
        let project = ProjectDir { root };
        if client.call(Request::ProjectRemove(path.clone()), Freshness::Synced).is_ok() {
            Self::count(&self.tally.removed);
            if rng.once_in(2) {
                // Nobody else writes there.
                fs::remove_dir_all(&project.root).expect("it is ours");
            }
            return;
        }
        crate::sandbox::write(&project.path("skill:s0").join("SKILL.md"), "extra\n");
        crate::sandbox::write(&project.path("command:c0"), "extra\n");
        if let Err(error) = client.call(Request::ProjectAdd(path), Freshness::Synced) {
            panic!("cannot add {}: {error:?}", project.root.display());
        }
        Self::count(&self.tally.added);
    }

    fn send_garbage(&self, rng: &mut Rng) {
        let Ok(mut stream) = UnixStream::connect(&self.socket) else { panic!("nobody listens") };
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a valid timeout");
        let bytes: Vec<u8> = match rng.below(5) {
            0 => (0..rng.below(300)).map(|_| rng.below(256) as u8).collect(),
            1 => b"{\"jsonrpc\": \"2.0\", \"id\": ".to_vec(),
            2 => [&preamble(PROTOCOL)[..], &[0xff; 9]].concat(),
            3 => preamble(PROTOCOL)[..3].to_vec(),
            _ => Vec::new(),
        };
        // It may close at the first byte.
        let _ = stream.write_all(&bytes);
        if rng.once_in(2) {
            let _ = stream.read(&mut [0; 64]);
        }
        Self::count(&self.tally.garbage);
    }

    /// The files and projects of the start, byte for byte.
    pub(super) fn put_back(&self, oracle: &mut Oracle) -> Result<(), String> {
        let sandbox = &self.field.sandbox;
        for number in 0..EXTRAS {
            let path = ProjectPath { path: self.extra(number).to_string_lossy().into_owned() };
            // It may not be registered just now.
            let _ = oracle.client().call(Request::ProjectRemove(path), Freshness::Synced);
        }
        allow_everything(&sandbox.root);
        let collections = sandbox.home.join("collections");
        for dir in [&collections, &sandbox.projects, &sandbox.root.join(AWAY), &sandbox.root.join("shared")] {
            fs::remove_dir_all(dir)
                .or_else(|e| if e.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
                .map_err(|e| format!("cannot empty {}: {e}", dir.display()))?;
        }
        sandbox.config(&format!("[settings]\ndefault-collection = \"{}\"\n", COLLECTIONS[0]));
        for dir in [&sandbox.projects, &sandbox.root.join(AWAY)] {
            fs::create_dir(dir).map_err(|e| format!("cannot make {}: {e}", dir.display()))?;
        }
        self.field.fill();
        Ok(())
    }
}
