//! Hook commands: which rule fires on what, and in which bounds.
//!
//! A program of the user's runs once per changed artifact and matching rule, with the change as JSON on its input:
//!
//! ```json
//! {"schema":1,"event":{"clock":"…","cause":{…},"project":"/p","project_name":"p","item":{…},"previous":"in_sync"}}
//! ```
//!
//! A storm of changes, or commands that hang, cost a bounded number of processes and a bounded queue. A rule that fails is
//! logged once until the rules change, by the name of its program: arguments may hold secrets.

use super::changes;
use super::command::{self, Ended, Invocation};
use crate::library::config::HookRule;
use serde::Serialize;
use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::event::{Cause, DriftEvent, ItemChange};
use skillmeat_protocol::reply::Item;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Commands that run at once.
pub(super) const RUNNING: usize = 4;
/// Runs that wait; beyond, the oldest are dropped: what changed last is what matters.
pub(super) const QUEUE: usize = 256;
/// How long the end of the daemon waits for killed commands.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why a run was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    TimedOut,
    Stopping,
}

struct Entry {
    rule: Arc<HookRule>,
    complained: bool,
}

struct Run {
    rule: Arc<HookRule>,
    invocation: Invocation,
}

/// The rules, what waits and what runs.
pub(super) struct Hooks {
    rules: Vec<Entry>,
    queue: VecDeque<Run>,
    running: JoinSet<(Arc<HookRule>, Ended<Reason>)>,
    /// Every run ends when this is dropped.
    alive: watch::Sender<()>,
    overflowing: bool,
}

impl Hooks {
    /// No rules. Everything else must be called inside a runtime.
    pub(super) fn new() -> Self {
        Self {
            rules: Vec::new(),
            queue: VecDeque::new(),
            running: JoinSet::new(),
            alive: watch::Sender::new(()),
            overflowing: false,
        }
    }

    /// Replaces the rules. Those that stay are not logged again; what waits for others is forgotten.
    pub(super) fn configure(&mut self, rules: &[HookRule]) {
        let before = std::mem::take(&mut self.rules);
        let entry = |rule: &HookRule| match before.iter().find(|entry| *entry.rule == *rule) {
            Some(Entry { rule, complained }) => Entry { rule: Arc::clone(rule), complained: *complained },
            None => Entry { rule: Arc::new(rule.clone()), complained: false },
        };
        self.rules = rules.iter().map(entry).collect();
        self.queue.retain(|run| self.rules.iter().any(|entry| Arc::ptr_eq(&entry.rule, &run.rule)));
    }

    /// Runs, or keeps for later, what the rules say about `event`.
    pub(super) fn offer(&mut self, event: &DriftEvent) {
        for change in changes(event) {
            let fires = |entry: &&Entry| entry.rule.on.contains(&change.item.state);
            let rules: Vec<_> = self.rules.iter().filter(fires).map(|entry| Arc::clone(&entry.rule)).collect();
            for rule in rules {
                if let Some(invocation) = invocation(&rule, event, change) {
                    self.enqueue(Run { rule, invocation });
                }
            }
        }
    }

    fn enqueue(&mut self, run: Run) {
        self.queue.push_back(run);
        self.start();
        if self.queue.len() > QUEUE {
            self.queue.pop_front();
            if !std::mem::replace(&mut self.overflowing, true) {
                tracing::warn!("hook commands are slower than changes; the oldest of {QUEUE} waiting ones are dropped");
            }
        }
    }

    fn start(&mut self) {
        while self.running.len() < RUNNING {
            let Some(Run { rule, invocation }) = self.queue.pop_front() else {
                self.overflowing = false;
                break;
            };
            let mut alive = self.alive.subscribe();
            self.running.spawn(async move {
                let give_up = async {
                    tokio::select! {
                        () = tokio::time::sleep(rule.timeout) => Reason::TimedOut,
                        // Nothing is ever sent: this is the end of the sender.
                        _ = alive.changed() => Reason::Stopping,
                    }
                };
                let ended = command::run(&invocation, give_up).await;
                (rule, ended)
            });
        }
    }

    /// Whether a command runs.
    pub(super) fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// Waits until a command ends, and starts the next. Giving up the wait loses nothing.
    pub(super) async fn finish_one(&mut self) {
        if let Some(joined) = self.running.join_next().await {
            match joined {
                Ok((rule, ended)) => self.report(&rule, &ended),
                Err(error) => tracing::error!(%error, "running a hook command ended by a defect"),
            }
            self.start();
        }
    }

    fn report(&mut self, rule: &Arc<HookRule>, ended: &Ended<Reason>) {
        let program = rule.command.first().map_or("", String::as_str);
        let failure = match ended {
            Ended::Exited(status) if status.success() => None,
            Ended::GivenUp(Reason::Stopping) => None,
            Ended::Exited(status) => Some(status.to_string()),
            Ended::GivenUp(Reason::TimedOut) => Some(format!("killed after {:?}", rule.timeout)),
            Ended::Failed(error) => Some(format!("cannot run it: {error}")),
        };
        // A rule that is gone has nobody to tell.
        let entry = self.rules.iter_mut().find(|entry| Arc::ptr_eq(&entry.rule, rule));
        match (failure, entry) {
            (Some(failure), Some(entry)) if !entry.complained => {
                entry.complained = true;
                tracing::warn!(program, "a hook command failed: {failure}; further failures of it are not logged");
            }
            (failure, _) => tracing::debug!(program, failure, "a hook command ended"),
        }
    }

    /// Kills what runs, forgets what waits, and returns when nothing is left of it, or after half a second.
    pub(super) async fn stop(self) {
        let Self { alive, mut running, .. } = self;
        drop(alive);
        let all = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all).await.is_err() {
            tracing::warn!("a hook command could not be killed in time");
        }
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    schema: u32,
    event: Announced<'a>,
}

/// One change; the fields are public contract.
#[derive(Serialize)]
struct Announced<'a> {
    clock: Clock,
    cause: &'a Cause,
    project: &'a str,
    project_name: &'a str,
    item: &'a Item,
    previous: Option<DriftState>,
}

fn invocation(rule: &HookRule, event: &DriftEvent, change: &ItemChange) -> Option<Invocation> {
    let DriftEvent { clock, cause, project, project_name, .. } = event;
    let ItemChange { previous, item } = change;
    let event = Announced { clock: *clock, cause, project, project_name, item, previous: *previous };
    let mut input = serde_json::to_vec(&Envelope { schema: 1, event })
        .inspect_err(|error| tracing::error!(%error, "a change cannot be written as JSON"))
        .ok()?;
    input.push(b'\n');
    Some(Invocation { command: rule.command.clone(), input, directory: project.into() })
}

#[cfg(all(test, unix))]
mod tests;
