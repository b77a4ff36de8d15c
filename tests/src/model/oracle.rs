//! What must hold after a barrier, and the two daemons that are asked.
//!
//! The oracle is a second daemon, started on the same files without any memory of them: no cache, nothing watched
//! before. It is given the registry (which projects, which identities of collections), because that is truth in files
//! too. Everything that both answer must be equal, except what a daemon keeps on purpose:
//!
//! * A **missing** project keeps its last answer. Both must call it missing with the same problems; what is kept of the
//!   project's side must not change while nothing touches the project.
//! * A project with **unreadable records** keeps what they said. Both must have the same problems; each recorded item
//!   must be `unreadable`, and they must be those of the last answer when nothing else wrote the records.
//!
//! What is kept shows in deployments of artifacts, too; those of the projects concerned are left out there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use skillmeat_protocol::reply::{ProjectState, ProjectStatus, Reply, StatusReply};
use skillmeat_protocol::request::{Detail, Freshness, Request, StatusQuery};
use skillmeatd::library::registry::parse_collections;
use skillmeatd::registry::{collections_file, projects_file};

use super::count::Counts;
use super::field::Field;
use super::operation::Operation;
use super::plan::Batch;
use crate::client::Client;
use crate::compare;
use crate::process::{Daemon, PATIENCE};
use crate::sandbox::Sandbox;

/// Stale answers in a row after which the run ends.
const MOST_STALE: u64 = 10;

/// The daemon under test and what it answered last.
#[derive(Debug)]
pub(crate) struct Oracle {
    client: Client,
    daemon: Daemon,
    history: History,
}

/// What was answered before.
#[derive(Debug, Default)]
struct History {
    /// By path.
    last: BTreeMap<String, Value>,
    /// Operations since the last comparison.
    since: Vec<Operation>,
}

/// Compares without a history: what must be kept is not known.
pub(crate) fn compare_with_fresh(field: &Field, client: &mut Client) -> Result<(), String> {
    History::default().compare(field, client, &mut Counts::default())
}

/// Everything a daemon answers.
struct Answers {
    projects: BTreeMap<String, Value>,
    list: Value,
    collections: Value,
}

impl Oracle {
    /// Starts the daemon under test.
    pub(crate) fn start(field: &Field) -> Self {
        let daemon = Daemon::start(&field.sandbox);
        let mut client = daemon.client();
        for project in &field.projects {
            client.add(&project.root);
        }
        Self { client, daemon, history: History::default() }
    }

    /// The daemon under test.
    pub(crate) fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    /// The connection to it.
    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// What it answered last no longer says what it must keep: somebody else did something.
    pub(crate) fn forget(&mut self) {
        self.history.last.clear();
    }

    /// Waits for the barrier without comparing, as a user who asks now and then.
    pub(crate) fn barrier(&mut self, batch: &Batch, counts: &mut Counts) -> Result<(), String> {
        self.history.since.extend(batch.iter().flatten().cloned());
        current(&mut self.client, counts).map(drop)
    }

    /// Compares after the batch that was just worked off.
    pub(crate) fn compare(&mut self, field: &Field, batch: &Batch, counts: &mut Counts) -> Result<(), String> {
        self.history.since.extend(batch.iter().flatten().cloned());
        self.history.compare(field, &mut self.client, counts)
    }
}

impl History {
    fn compare(&mut self, field: &Field, client: &mut Client, counts: &mut Counts) -> Result<(), String> {
        let ours = answers(client, counts)?;
        let theirs = from_scratch(field, client)?;
        counts.comparisons += 1;
        let mut keeps = BTreeSet::new();
        for (path, ours) in &ours.projects {
            let theirs = theirs.projects.get(path).ok_or_else(|| format!("{path} is not known from scratch"))?;
            let differs = |what: String| format!("{path}: incremental and from scratch differ at {what}");
            let members = |names: &[&str]| {
                names
                    .iter()
                    .find_map(|name| Some(format!(".{name}{}", compare::difference(&ours[name], &theirs[name])?)))
            };
            if theirs["available"] == false || ours["available"] == false {
                keeps.insert(path.clone());
                counts.missing += 1;
                members(&["available", "state", "problems"]).map(differs).map_or(Ok(()), Err)?;
                self.check_missing(field, path, ours)?;
            } else if has_unreadable_records(theirs) {
                keeps.insert(path.clone());
                counts.unread += 1;
                members(&["available", "state", "problems", "name"]).map(differs).map_or(Ok(()), Err)?;
                self.check_unread(field, path, ours)?;
            } else {
                counts.projects += 1;
                compare::difference(ours, theirs).map(differs).map_or(Ok(()), Err)?;
            }
        }
        for (what, ours, theirs) in
            [("list", ours.list, theirs.list), ("collections", ours.collections, theirs.collections)]
        {
            let (ours, theirs) = (without_deployments(ours, &keeps), without_deployments(theirs, &keeps));
            if let Some(difference) = compare::difference(&ours, &theirs) {
                return Err(format!("{what}: incremental and from scratch differ at {difference}"));
            }
        }
        self.last = ours.projects;
        self.since.clear();
        Ok(())
    }

    fn check_missing(&self, field: &Field, path: &str, ours: &Value) -> Result<(), String> {
        let Some(last) = self.last.get(path) else { return Ok(()) };
        let relative = relative(field, path);
        let only_went = self
            .since
            .iter()
            .filter(|operation| operation.concerns(&relative))
            .all(|operation| matches!(operation, Operation::MoveAway { path } if *path == relative));
        let (kept, was) = (project_side(ours), project_side(last));
        match compare::difference(&kept, &was) {
            Some(difference) if only_went => {
                Err(format!("{path} is missing and its last answer changed at {difference}"))
            }
            _ => Ok(()),
        }
    }

    fn check_unread(&self, field: &Field, path: &str, ours: &Value) -> Result<(), String> {
        let recorded = |project: &Value| -> BTreeSet<(String, String)> {
            let items = project["items"].as_array().into_iter().flatten();
            let recorded = items.filter(|item| !item["deployed_at"].is_null());
            recorded.map(|item| (item["type"].to_string(), item["name"].to_string())).collect()
        };
        for item in ours["items"].as_array().into_iter().flatten() {
            if !item["deployed_at"].is_null() && item["state"] != "unreadable" {
                return Err(format!("{path}: its records cannot be read and this is not called unreadable: {item}"));
            }
        }
        let Some(last) = self.last.get(path) else { return Ok(()) };
        let relative = relative(field, path);
        let writes: Vec<_> = self.since.iter().filter(|o| o.may_change_records_of(&relative)).collect();
        let only_unread = match &writes[..] {
            [Operation::Cut { .. }] => true,
            writes => writes.iter().all(|o| matches!(o, Operation::Mode { .. })),
        };
        if only_unread && last["available"] == true && recorded(ours) != recorded(last) {
            let (ours, last) = (recorded(ours), recorded(last));
            return Err(format!("{path}: its records cannot be read, and {ours:?} is kept of {last:?}"));
        }
        Ok(())
    }
}

fn relative(field: &Field, path: &str) -> String {
    let root = field.sandbox.root.to_str().expect("test paths are text");
    path.strip_prefix(root).expect("it is in the sandbox").trim_start_matches('/').to_owned()
}

/// What a project's answer says of its own files; the rest changes with the collections.
fn project_side(project: &Value) -> Value {
    let members =
        ["type", "name", "profile", "path", "baseline_hash", "project_hash", "project_version", "deployed_at"];
    let items = project["items"].as_array().into_iter().flatten().filter(|item| item["state"] != "added");
    let items = items.map(|item| members.iter().map(|name| ((*name).to_owned(), item[name].clone())).collect());
    Value::Array(items.map(Value::Object).collect())
}

fn has_unreadable_records(project: &Value) -> bool {
    let problems = project["problems"].as_array().into_iter().flatten();
    // Two writers of one file may also leave the records of both, which can be read.
    let is_whole = |problem: &&Value| problem["key"].is_null() && !is_repetition(problem);
    let mut whole_files = problems.filter(is_whole).filter_map(|problem| problem["file"].as_str());
    whole_files.any(|file| file.ends_with(".skillmeat-deployed.toml"))
}

fn is_repetition(problem: &Value) -> bool {
    problem["message"].as_str().is_some_and(|message| message.contains(" is recorded twice for profile "))
}

/// Without the deployments of these projects, and without numbers that count them.
fn without_deployments(mut list: Value, of: &BTreeSet<String>) -> Value {
    if let Some(collections) = list.as_object_mut().filter(|_| !of.is_empty()) {
        for collection in collections.values_mut().filter_map(Value::as_object_mut) {
            collection.remove("deployments");
        }
    }
    for artifact in list["artifacts"].as_array_mut().into_iter().flatten() {
        if let Some(deployments) = artifact["deployments"].as_array_mut() {
            deployments.retain(|deployment| deployment["project_path"].as_str().is_none_or(|path| !of.contains(path)));
        }
    }
    list
}

/// Everything about every project, after the barrier.
fn current(client: &mut Client, counts: &mut Counts) -> Result<StatusReply, String> {
    let query = StatusQuery { detail: Detail::All, available: true, ..StatusQuery::default() };
    for _ in 0..MOST_STALE {
        counts.barriers += 1;
        let reply = client.status_of(query.clone(), Freshness::Synced);
        if reply.fresh && reply.stale.is_none() {
            return Ok(reply);
        }
        counts.stale += 1;
    }
    Err(format!("{MOST_STALE} answers in a row are stale"))
}

fn answers(client: &mut Client, counts: &mut Counts) -> Result<Answers, String> {
    let status = current(client, counts)?;
    let projects = status.projects.iter().map(|project| (project.path.clone(), comparable(project))).collect();
    let list = compare::list(&client.list());
    let mut collections = json!({});
    for mut collection in collections_of(client)? {
        compare::strip(&mut collection);
        collections[collection["path"].as_str().unwrap_or_default()] = collection.clone();
    }
    Ok(Answers { projects, list, collections })
}

/// A directory that nobody may read can be watched only by who began when they might: no difference in what is known.
fn comparable(project: &ProjectStatus) -> Value {
    let mut value = compare::project(project);
    if project.state == ProjectState::Degraded {
        value["state"] = json!(ProjectState::Watched);
    }
    value
}

fn collections_of(client: &mut Client) -> Result<Vec<Value>, String> {
    match client.call(Request::Collections, Freshness::Synced) {
        Ok(Reply::Collections(reply)) => match serde_json::to_value(reply.collections) {
            Ok(Value::Array(collections)) => Ok(collections),
            other => Err(format!("collections: {other:?}")),
        },
        other => Err(format!("collections: {other:?}")),
    }
}

/// What a daemon answers that has never seen these files.
fn from_scratch(field: &Field, known_by: &mut Client) -> Result<Answers, String> {
    let mut sandbox = Sandbox::new(&field.sandbox.binaries);
    sandbox.set("SKILLMEAT_LOG", "warn");
    let (from, to) = (field.sandbox.places().state, sandbox.places().state);
    wait_for_registry(field, known_by)?;
    fs::create_dir_all(&to).map_err(|e| format!("cannot make {}: {e}", to.display()))?;
    for file in [projects_file, collections_file] {
        fs::copy(file(&from), file(&to)).map_err(|e| format!("cannot copy {}: {e}", file(&from).display()))?;
    }
    sandbox.config(&config_for_another_home(field));
    let daemon = Daemon::start(&sandbox);
    let answers = answers(&mut daemon.client(), &mut Counts::default());
    // Nothing of it is needed again, so it need not end in order.
    daemon.kill();
    answers
}

/// The registry is written by a thread of its own; the answers are ahead of it.
fn wait_for_registry(field: &Field, client: &mut Client) -> Result<(), String> {
    let wanted: BTreeSet<String> =
        collections_of(client)?.iter().map(|c| format!("{} {}", c["id"], c["path"])).collect();
    let file = collections_file(&field.sandbox.places().state);
    let asked = Instant::now();
    loop {
        let bytes = fs::read(&file).unwrap_or_default();
        let written = parse_collections(&bytes, &file).entries;
        let written: BTreeSet<String> =
            written.iter().map(|c| format!("{} {}", json!(c.id.to_string()), json!(c.path))).collect();
        if written.is_superset(&wanted) {
            return Ok(());
        }
        if asked.elapsed() > PATIENCE {
            return Err(format!("{}: {written:?} is written and {wanted:?} is known", file.display()));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// `config.toml` of a home elsewhere that has the same collections.
fn config_for_another_home(field: &Field) -> String {
    let config = fs::read_to_string(field.sandbox.home.join("config.toml")).unwrap_or_default();
    let collections = fs::read_dir(field.sandbox.home.join("collections")).into_iter().flatten().flatten();
    let mut paths: Vec<_> = collections.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    paths.sort();
    let paths: Vec<String> = paths.iter().map(|path| format!("{path:?}")).collect();
    format!("{config}[daemon]\ncollections = [{}]\n", paths.join(", "))
}
