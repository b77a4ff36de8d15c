//! What operations cost beside copying: everything that is deployed is kept in the history, journalled, flushed and looked at
//! again before the answer.
//!
//! The references are what people would type: `cp -r`, and `sync -f` of the same directory where the copy is to survive a
//! power failure, as an operation does. Both take turns with the daemon.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use skillmeat_protocol::reply::{OperationReply, Outcome, Reply};
use skillmeat_protocol::request::{
    Call, Deploy, Format, Freshness, Operate, Operation, Request, Transfer, Undeploy, Which,
};

use super::Context;
use super::row::{Figure, Row, Target, Unit};
use super::sample::Times;
use crate::client::Client;
use crate::library::{CollectionDir, ProjectDir};
use crate::process::Daemon;
use crate::sandbox::{Sandbox, write};

const GROUP: &str = "operations";
/// Files of the skill that is deployed alone, and bytes of each.
const FILES: usize = 10;
const BYTES: usize = 4096;
/// Files of the artifact of which one changes.
const MANY: usize = 500;
/// Files of each skill of the batch.
const EACH: usize = 3;

struct Site {
    client: Client,
    collection: CollectionDir,
    projects: Vec<ProjectDir>,
    _daemon: Daemon,
    sandbox: Sandbox,
}

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let (projects, skills) = ctx.pick((2, 3), (5, 40), (20, 50));
    let mut site = Site::new(ctx, projects, skills);
    let mut rows = site.alone(ctx.pick(2, 15, 60), ctx);
    rows.extend(site.batch(skills));
    rows.extend(site.one_of_many(ctx.pick(2, 10, 40)));
    rows
}

impl Site {
    fn new(ctx: &Context, projects: usize, skills: usize) -> Self {
        let mut sandbox = Sandbox::new(&ctx.programs.shipped);
        sandbox.unset("SKILLMEAT_LOG");
        let collection = sandbox.collection("default");
        let mut keys = vec!["skill:ten".to_owned(), "skill:many".to_owned()];
        put(&collection.path(&keys[0]), FILES);
        put(&collection.path(&keys[1]), MANY);
        for n in 0..skills {
            let key = format!("skill:s{n}");
            put(&collection.path(&key), EACH);
            keys.push(key);
        }
        collection.list(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        let projects: Vec<ProjectDir> = (0..projects).map(|n| sandbox.project(&format!("p{n}"))).collect();
        let daemon = Daemon::start(&sandbox);
        let mut client = daemon.client();
        for project in &projects {
            client.add(&project.root);
        }
        client.sync();
        Self { client, collection, projects, _daemon: daemon, sandbox }
    }

    fn operate(&mut self, operation: Operation) -> OperationReply {
        let request = Request::Operate(Operate { dry_run: false, operation });
        self.client.send(&Call { freshness: Freshness::Synced, deadline_ms: 0, format: Format::Typed, request });
        loop {
            match self.client.receive() {
                Reply::Operated(reply) if reply.complete => return reply,
                Reply::Progress(_) => {}
                other => panic!("an operation was not done: {other:?}"),
            }
        }
    }

    fn deploy(&mut self, artifacts: &[String], projects: Vec<String>) -> OperationReply {
        let which = Which { artifacts: artifacts.to_vec(), ..Which::default() };
        self.operate(Operation::Deploy(Deploy { which, projects, ..Deploy::default() }))
    }

    fn undeploy(&mut self, artifacts: &[String], project: String) {
        let which = Which { artifacts: artifacts.to_vec(), ..Which::default() };
        self.operate(Operation::Undeploy(Undeploy { which, project, ..Undeploy::default() }));
    }

    fn alone(&mut self, turns: usize, ctx: &Context) -> Vec<Row> {
        let key = ["skill:ten".to_owned()];
        let project = self.projects[0].text();
        let (source, copy) = (self.collection.path(&key[0]), self.sandbox.projects.join("copy"));
        let (mut ours, mut synced, mut plain) = (Times::default(), Times::default(), Times::default());
        for _ in 0..turns {
            ctx.check();
            ours.time(|| self.deploy(&key, vec![project.clone()]));
            self.undeploy(&key, project.clone());
            synced.time(|| {
                shell(Command::new("cp").arg("-r").arg(&source).arg(&copy));
                shell(Command::new("sync").arg("-f").arg(&copy));
            });
            fs::remove_dir_all(&copy).expect("it was made");
            plain.time(|| shell(Command::new("cp").arg("-r").arg(&source).arg(&copy)));
            fs::remove_dir_all(&copy).expect("it was made");
        }
        let row = |name: &str| Row::new(GROUP, name, Unit::Us, ours.figure());
        let what = format!("deploy of a skill of {FILES} files");
        vec![
            row(&what).beside("cp -r and sync -f", synced.figure()).target(Target::RatioAtMost(3.0)),
            row(&format!("{what} (the same)")).beside("cp -r alone", plain.figure()),
        ]
    }

    fn batch(&mut self, skills: usize) -> Vec<Row> {
        let keys: Vec<String> = (0..skills).map(|n| format!("skill:s{n}")).collect();
        let projects: Vec<String> = self.projects.iter().map(ProjectDir::text).collect();
        let mut ours = Times::default();
        let reply = ours.time(|| self.deploy(&keys, projects.clone()));
        let created = reply.items.iter().filter(|item| item.outcome == Outcome::Created).count();
        assert_eq!(created, keys.len() * projects.len(), "all of them");
        let mut theirs = Times::default();
        theirs.time(|| {
            for project in &self.projects {
                let target = project.root.join("copy");
                fs::create_dir(&target).expect("a directory of the sandbox");
                let sources = keys.iter().map(|key| self.collection.path(key));
                shell(Command::new("cp").arg("-r").args(sources).arg(&target));
            }
        });
        let files = (created * EACH) as f64;
        let rate = |times: &Times| Figure::of(files / (times.figure().value / 1e6));
        let name = format!("{created} deploys of {EACH} files in one batch: files");
        vec![Row::new(GROUP, name, Unit::PerSecond, rate(&ours)).beside("cp -r", rate(&theirs))]
    }

    fn one_of_many(&mut self, turns: usize) -> Vec<Row> {
        let key = "skill:many".to_owned();
        let project = self.projects[0].text();
        self.deploy(std::slice::from_ref(&key), vec![project.clone()]);
        let changed = self.collection.path(&key).join("f007.md");
        let mut times = Times::default();
        let mut written = 0;
        for turn in 0..turns {
            write(&changed, format!("turn {turn}\n"));
            let which = Which { artifacts: vec![key.clone()], ..Which::default() };
            let pull = Transfer { which, project: project.clone(), ..Transfer::default() };
            let reply = times.time(|| self.operate(Operation::Pull(pull)));
            written += reply.items.iter().map(|item| item.files_written).sum::<u32>();
        }
        let name = format!("pull of one changed file of {MANY}");
        vec![
            Row::new(GROUP, name.as_str(), Unit::Us, times.figure()),
            Row::new(GROUP, format!("{name}: files written"), Unit::Count, Figure::of(f64::from(written)))
                .beside("files changed", Figure::of(turns as f64))
                .target(Target::Equal),
        ]
    }
}

/// A skill of so many files, each different.
fn put(skill: &Path, files: usize) {
    write(&skill.join("SKILL.md"), "---\ndescription: a skill\n---\n");
    for n in 1..files {
        let line = format!("file {n} of {}\n", skill.display());
        write(&skill.join(format!("f{n:03}.md")), line.repeat(BYTES / line.len()));
    }
}

fn shell(command: &mut Command) {
    let status = command.stdin(Stdio::null()).status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{command:?}: {status:?}");
}
