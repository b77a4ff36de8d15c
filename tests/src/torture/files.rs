//! Trees and files of sizes that nobody means, beside a good artifact that must be told of as if they were not there.
//!
//! Bounded: about 4 GiB of sparse files, 60,000 small ones and 10,000 records, all in one sandbox. The suite has smaller
//! ones. Times are printed and never judged: what fails a run is a wrong answer, or memory that is not flat.

use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::reply::Item;
use skillmeat_protocol::request::{Detail, Freshness, Scope, StatusQuery, SubscribeQuery};

use crate::client::Client;
use crate::library::{CollectionDir, ProjectDir, record};
use crate::process::Daemon;
use crate::sandbox::{Binaries, Sandbox, write};

const GOOD: &str = "skill:good";
/// How long something large may take before it counts as never.
const NEVER: Duration = Duration::from_secs(300);

/// How large.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Huge files, each in a project of its own: more than the daemon has threads is the point.
    pub huge: usize,
    /// MiB of each, sparse.
    pub mebibytes: u64,
    /// Records, entries and locks.
    pub records: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { huge: 6, mebibytes: 1024, records: 10_000 }
    }
}

/// What a run measured: lines for people.
#[derive(Debug, Default)]
pub struct Report(Vec<String>);

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

struct Run {
    sandbox: Sandbox,
    daemon: Daemon,
    client: Client,
    events: Client,
    good: ProjectDir,
    collection: CollectionDir,
    report: Report,
}

/// Runs everything.
///
/// # Errors
/// What was wrong.
pub fn run(binaries: &Binaries, options: Options) -> Result<Report, String> {
    let sandbox = Sandbox::new(binaries);
    let collection = sandbox.collection("default");
    collection.fill(&[GOOD]);
    let good = sandbox.project("good");
    good.deploy(&collection, &[GOOD]);
    let daemon = Daemon::start(&sandbox);
    let mut client = daemon.client();
    client.add(&good.root);
    let mut events = daemon.client();
    events.subscribe(SubscribeQuery { scope: Scope::Project(good.text()), since: None });
    let mut run = Run { sandbox, daemon, client, events, good, collection, report: Report::default() };
    run.many_files()?;
    run.huge_files(options)?;
    run.records(options.records)?;
    Ok(run.report)
}

impl Run {
    /// 20,000 files in one artifact, then 60,000.
    fn many_files(&mut self) -> Result<(), String> {
        let project = self.sandbox.project("many");
        let dir = project.claude().join("skills/many");
        let fill = |from: usize, to: usize| {
            for n in from..to {
                write(&dir.join(format!("{:03}/{n}", n % 200)), n.to_le_bytes());
            }
        };
        fill(0, 20_000);
        let started = Instant::now();
        self.client.add(&project.root);
        let item = self.until(&project, "skill:many", |item| item.project_hash.is_some())?;
        self.note(format!("20,000 files: {:?}, {}", started.elapsed(), item.state));
        fill(20_000, 60_000);
        let started = Instant::now();
        let item = self.until(&project, "skill:many", |item| item.state == DriftState::Unreadable)?;
        let message = item.message.unwrap_or_default();
        if !message.contains("50000 files") {
            return Err(format!("60,000 files: {message}"));
        }
        self.note(format!("60,000 files: {:?}, {message}", started.elapsed()));
        Ok(())
    }

    /// More huge files than there are threads, and edits elsewhere while they are read.
    fn huge_files(&mut self, options: Options) -> Result<(), String> {
        let before = peak_kib(self.daemon.pid());
        let projects: Vec<_> = (0..options.huge).map(|n| self.sandbox.project(&format!("huge{n}"))).collect();
        projects.iter().for_each(|project| drop(self.client.add(&project.root)));
        self.client.sync();
        let hashed = self.client.metrics().bytes_hashed;
        let started = Instant::now();
        for project in &projects {
            let file = project.claude().join("skills/huge/SKILL.md");
            fs::create_dir_all(file.parent().expect("below the sandbox")).expect("a directory of the sandbox");
            File::create(&file).and_then(|file| file.set_len(options.mebibytes << 20)).expect("a sparse file");
        }
        let wanted = hashed + options.huge as u64 * (options.mebibytes << 20);
        let (mut told, mut synced) = (Vec::new(), Vec::new());
        let mut edits = 0u64;
        while self.client.metrics().bytes_hashed < wanted {
            edits += 1;
            let asked = Instant::now();
            write(&self.good.file(GOOD), format!("edit {edits}\n"));
            self.told()?;
            told.push(asked.elapsed());
            let asked = Instant::now();
            let state = self.client.state(&self.good.text(), GOOD);
            if state != Some(DriftState::Modified) {
                return Err(format!("beside huge files: {state:?}"));
            }
            synced.push(asked.elapsed());
            write(&self.good.file(GOOD), fs::read(self.collection.file(GOOD)).expect("it is there"));
            self.told()?;
            if started.elapsed() > NEVER {
                return Err("the huge files are never hashed".to_owned());
            }
        }
        let took = started.elapsed();
        let more = peak_kib(self.daemon.pid()) - before;
        self.note(format!("{} files of {} MiB: {took:?}, {more} KiB more", options.huge, options.mebibytes));
        self.note(format!("meanwhile {edits} edits elsewhere: told {}, synced {}", spread(told), spread(synced)));
        if more > 32 * 1024 { Err(format!("{more} KiB more for huge files")) } else { Ok(()) }
    }

    /// Thousands of records in one file, of entries in one manifest, of both in one lock.
    fn records(&mut self, count: usize) -> Result<(), String> {
        let (project, team) = (self.sandbox.project("records"), self.sandbox.collection("team"));
        let hash = "0".repeat(64);
        let (mut manifest, mut records) = ("[collection]\nname = \"team\"\n".to_owned(), String::new());
        let mut lock = "[lock]\nversion = \"1.0.0\"\n".to_owned();
        for n in 0..count {
            manifest.push_str(&format!("[[artifacts]]\nname = \"s{n}\"\ntype = \"skill\"\npath = \"skills/s{n}\"\n"));
            records.push_str(&record(&format!("skill:s{n}"), "team", &hash));
            lock.push_str(&format!("[lock.entries.\"s{n}::skill\"]\ncontent_hash = \"{hash}\"\n"));
        }
        let started = Instant::now();
        write(&team.manifest(), manifest);
        write(&team.root.join("collection.lock"), lock);
        write(&project.records(), records);
        self.client.add(&project.root);
        let last = format!("skill:s{}", count - 1);
        self.until(&project, &last, |item| item.collection_id.is_some())?;
        self.note(format!("{count} records, entries and locks: {:?}", started.elapsed()));
        Ok(())
    }

    /// Asks until an item is as wanted, in an answer that is current.
    fn until(&mut self, project: &ProjectDir, key: &str, is: impl Fn(&Item) -> bool) -> Result<Item, String> {
        let query =
            StatusQuery { scope: Scope::Project(project.text()), detail: Detail::All, ..StatusQuery::default() };
        let started = Instant::now();
        loop {
            let reply = self.client.status_of(query.clone(), Freshness::Synced);
            let items = reply.projects.into_iter().flat_map(|project| project.items);
            let item = items.into_iter().find(|item| format!("{}:{}", item.kind, item.name) == key);
            match item {
                Some(item) if reply.fresh && is(&item) => return Ok(item),
                other if reply.fresh || started.elapsed() > NEVER => {
                    return Err(format!("{key}: {other:?}, stale: {:?}", reply.stale));
                }
                _ => {}
            }
        }
    }

    /// Waits for the next event of the good project.
    fn told(&mut self) -> Result<(), String> {
        let event = self.events.event();
        if Path::new(&event.project) == self.good.root { Ok(()) } else { Err(format!("{event:?}")) }
    }

    fn note(&mut self, line: String) {
        self.report.0.push(format!("{line}; peak {} KiB", peak_kib(self.daemon.pid())));
        eprintln!("{}", self.report.0.last().map_or("", String::as_str));
    }
}

/// Median and longest.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    match (times.get(times.len() / 2), times.last()) {
        (Some(median), Some(longest)) => format!("{median:?} (at most {longest:?})"),
        _ => "never".to_owned(),
    }
}

/// Highest resident memory of a process so far, in KiB.
///
/// # Panics
/// When it does not run any more.
pub fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says so");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
