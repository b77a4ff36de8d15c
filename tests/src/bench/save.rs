//! From a save to a connected subscriber who knows the result.
//!
//! The clock starts before the operation, so its own time counts; it stops when an event arrives that holds the hash of
//! what is now on disk, not when the first event does. A checkout is timed from its start to the last of its events.
//!
//! watchman is subscribed to the same projects, with its default settle period, and hears the very same operations: both
//! wait side by side. It tells the names of changed files; that is what it is for, and all that is waited for.

mod ears;
mod operation;

use std::path::{Path, PathBuf};
use std::time::Instant;

use skillmeat_protocol::request::SubscribeQuery;

use self::ears::{Ears, Expected, Heard};
use self::operation::{Operation, Save};
use super::Context;
use super::git::git;
use super::row::{Row, Target, Unit};
use super::running::{self, settled};
use super::sample::Times;
use super::watchman::{MISSING, Watchman};
use super::worlds::{COLLECTION, Shape, Sizes, World};
use crate::library::{ProjectDir, record, recorded_hash};
use crate::sandbox::{Sandbox, write};

const GROUP: &str = "save";

/// What both took.
#[derive(Default)]
struct Both {
    ours: Times,
    watchman: Times,
}

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let sizes: &[usize] = ctx.pick(&[2], &[10, 100], &[10, 1_000]);
    sizes.iter().flat_map(|projects| with(ctx, *projects)).collect()
}

fn with(ctx: &Context, projects: usize) -> Vec<Row> {
    let saves = ctx.pick(2, 40, 200);
    let checkouts = ctx.pick(2, 6, 30);
    let (skills, files) = ctx.pick((3, 2), (50, 10), (50, 10));
    let world = World::build(ctx, Shape { projects, artifacts: 10, files: 3, sizes: Sizes::Small });
    let repository = Repository::make(&world.sandbox, skills, files);
    let daemon = running::start(ctx, &world).daemon;
    let mut client = daemon.client();
    client.add(&repository.project.root);
    settled(ctx, &mut client);
    client.subscribe(SubscribeQuery::default());
    let watchman = Watchman::start(&world.sandbox);
    let connection = watchman.as_ref().map(|server| {
        let mut connection = server.connect();
        connection.watch(&world.sandbox.projects);
        let since = connection.clock(&world.sandbox.projects);
        connection.subscribe(&world.sandbox.projects, &since);
        connection
    });
    let mut ears = Ears::new(client, connection);

    ctx.progress(format_args!("  {saves} saves of each kind, {checkouts} checkouts"));
    let mut rows = Vec::new();
    for operation in Operation::ALL {
        let mut times = Both::default();
        for number in 0..saves {
            ctx.check();
            // Every time another artifact: what follows on the same one within a moment is announced with a delay.
            let (project, keys) = (&world.projects[number % projects], &world.keys[number % projects]);
            let key = &keys[number / projects % keys.len()];
            let save = Save { operation, sandbox: &world.sandbox, project, key, number };
            save.prepare();
            let began = Instant::now();
            let file = save.perform();
            let named = file.strip_prefix(&world.sandbox.projects).expect("it lies there").to_owned();
            let expected = || vec![Expected::new(project, key, recorded_hash(&project.path(key)))];
            times.add(began, ears.hear(vec![named], expected));
        }
        let name = format!("{}, {} projects", operation.name(), Unit::Count.text(projects as f64));
        rows.push(times.row(name).target(Target::P50P99AtMost(3_000.0, 10_000.0)));
    }
    let (mut times, mut git) = (Both::default(), Times::default());
    for number in 0..checkouts {
        ctx.check();
        let branch = &repository.branches[(number + 1) % 2];
        let began = Instant::now();
        let checkout = || git.time(|| repository.checkout(branch.name));
        times.add(began, ears.hear_during(repository.names(), branch.expected.clone(), checkout));
    }
    let name = format!("checkout of {} files, {} projects", skills * files, Unit::Count.text(projects as f64));
    rows.push(times.row(name));
    let name = format!("git's own share of the checkout, {} projects", Unit::Count.text(projects as f64));
    rows.push(Row::new(GROUP, name, Unit::Us, git.figure()));
    rows
}

impl Both {
    fn add(&mut self, since: Instant, heard: Heard) {
        self.ours.push(heard.ours.saturating_duration_since(since));
        if let Some(at) = heard.watchman {
            self.watchman.push(at.saturating_duration_since(since));
        }
    }

    fn row(&self, name: String) -> Row {
        let row = Row::new(GROUP, name, Unit::Us, self.ours.figure());
        if self.watchman.is_empty() { row.note(MISSING) } else { row.beside("watchman", self.watchman.figure()) }
    }
}

/// A project that is a repository, with two branches that differ in every file of every skill.
struct Repository<'a> {
    sandbox: &'a Sandbox,
    project: ProjectDir,
    branches: [Branch; 2],
    files: Vec<PathBuf>,
}

struct Branch {
    name: &'static str,
    expected: Vec<Expected>,
}

impl<'a> Repository<'a> {
    fn make(sandbox: &'a Sandbox, skills: usize, files: usize) -> Self {
        let project = sandbox.project("repository");
        let keys: Vec<String> = (0..skills).map(|n| format!("skill:tracked-{n:02}")).collect();
        let mut repository = Self {
            sandbox,
            project,
            branches: ["one", "two"].map(|name| Branch { name, expected: Vec::new() }),
            files: Vec::new(),
        };
        repository.git(&["init", "--quiet", "--initial-branch", "one"]);
        for at in 0..2 {
            let name = repository.branches[at].name;
            if at == 1 {
                repository.git(&["checkout", "--quiet", "-b", name]);
            }
            let mut records = String::new();
            repository.files.clear();
            for key in &keys {
                let root = repository.project.path(key);
                for file in 0..files {
                    let path = root.join(if file == 0 { "SKILL.md".to_owned() } else { format!("part-{file}.md") });
                    write(&path, format!("{key}, file {file}, as on branch {name}\n"));
                    repository.files.push(path);
                }
                let hash = recorded_hash(&root);
                records.push_str(&record(key, COLLECTION, &hash));
                records.push('\n');
                repository.branches[at].expected.push(Expected::new(&repository.project, key, hash));
            }
            // The records are not part of the repository: deploying is not what is measured.
            if at == 0 {
                write(&repository.project.records(), records);
            }
            repository.git(&["add", ".claude/skills"]);
            repository.git(&["commit", "--quiet", "--message", name]);
        }
        repository.checkout("one");
        repository
    }

    /// The files as watchman names them.
    fn names(&self) -> Vec<PathBuf> {
        let relative = |file: &PathBuf| file.strip_prefix(&self.sandbox.projects).map(Path::to_owned);
        self.files.iter().map(|file| relative(file).expect("it lies there")).collect()
    }

    fn checkout(&self, branch: &str) {
        self.git(&["checkout", "--quiet", branch]);
    }

    fn git(&self, args: &[&str]) {
        git(self.sandbox, &self.project.root, args);
    }
}
