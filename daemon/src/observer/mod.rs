//! Edits that nobody asked an operation for are kept as versions, once they have settled; and what is followed goes along with a
//! project that is found again.
//!
//! The engine announces what changed, and knows nothing of this room. One thread here notes which copies and originals are
//! edited, waits until each has been quiet for a while, and then reads it into the history.
//!
//! * `pending` – what is edited, and when it is due; pure
//! * `keep` – reading one and writing it down
//!
//! # Invariants
//!
//! * Nobody waits for this room: not the engine, not a request. An announcement that it misses costs a look at the picture.
//! * What an operation is at work on is left for later; what an operation did, it writes down itself.
//! * Nothing is read from a root that is compared by polling, or lies on a file system of another machine.
//! * A history that cannot be used costs versions and nothing else.

mod keep;
mod pending;

use crate::clock::Clock;
use crate::engine::handle::EngineHandle;
use crate::history::Spot;
use crate::library::config::Config;
use crate::library::observing::Observe;
use crate::ops::Operations;
use keep::{Kept, Watching};
use pending::{Pending, Target};
use skillmeat_protocol::event::{CauseKind, DriftEvent};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, oneshot, watch};

/// Between two looks whether a daily copy of the history is due, when nothing but edits is written to it.
const BACKUP_CHECK: Duration = Duration::from_secs(3600);

/// The first of them: not while everything else of a start is still under way.
const BACKUP_FIRST: Duration = Duration::from_secs(300);
/// Least wait for an operation to end.
const AGAIN: Duration = Duration::from_millis(100);

/// What is observed, and with what.
pub struct Parts {
    /// What the engine announces.
    pub announcements: broadcast::Receiver<Arc<DriftEvent>>,
    /// The settings, as they change.
    pub settings: watch::Receiver<Arc<Config>>,
    /// The picture.
    pub engine: EngineHandle,
    /// The history, and what is being operated on.
    pub operations: Arc<Operations>,
    /// Time.
    pub clock: Clock,
}

/// The running thread. Dropping it ends it, after the artifact that it is at.
#[derive(Debug)]
#[must_use = "dropping it ends observing"]
pub struct Observer {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Observer {
    /// Starts observing.
    ///
    /// # Errors
    /// The thread or its runtime cannot be started.
    pub fn start(parts: Parts) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            crate::os::process::stand_back();
            runtime.block_on(run(parts, stopped));
        };
        let thread = std::thread::Builder::new().name("observer".into()).spawn(run)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that observes edits had ended by a defect");
        }
    }
}

async fn run(parts: Parts, mut stop: oneshot::Receiver<()>) {
    let Parts { mut announcements, mut settings, engine, operations, clock } = parts;
    let mut pending = Pending::default();
    let mut look_at_backup = clock.elapsed() + BACKUP_FIRST;
    loop {
        let due = pending.deadline().map(|at| at.saturating_sub(clock.elapsed()));
        tokio::select! {
            biased;
            _ = &mut stop => return,
            Ok(()) = settings.changed() => {}
            event = announcements.recv() => {
                let now = clock.elapsed();
                let after = settings.borrow().observing.after;
                match event {
                    Ok(event) => {
                        if event.available && event.cause.kind == CauseKind::Availability {
                            operations.carry_followings_back(Path::new(&event.project));
                        }
                        targets(&event).for_each(|target| pending.touch(target, now, after));
                    }
                    Err(RecvError::Lagged(_)) => {
                        edited(&engine).into_iter().for_each(|target| pending.touch(target, now, after));
                    }
                    Err(RecvError::Closed) => return,
                }
            }
            () = tokio::time::sleep(due.unwrap_or_default()), if due.is_some() => {
                let Some(target) = pending.take(clock.elapsed()) else { continue };
                let observing = settings.borrow().observing.clone();
                if observing.edits == Observe::Off {
                    continue;
                }
                let watching = Watching { engine: &engine, operations: &operations, observing: &observing };
                match watching.keep(&target) {
                    Ok(Kept::Busy) => pending.touch(target, clock.elapsed(), observing.after.max(AGAIN)),
                    Ok(Kept::Nothing) => {}
                    Ok(Kept::Version) => {
                        if clock.elapsed() >= look_at_backup {
                            look_at_backup = clock.elapsed() + BACKUP_CHECK;
                            operations.back_up();
                        }
                    }
                    Err(error) => tracing::debug!(%error, "an edit was not kept as a version"),
                }
            }
        }
    }
}

/// What an announcement says may have been edited. What an operation did is none of it.
fn targets(event: &DriftEvent) -> impl Iterator<Item = Target> {
    let is_edit = event.available && event.cause.kind != CauseKind::Operation;
    let items = event.items.iter().filter(move |_| is_edit).map(|change| &change.item);
    items.filter(|item| item.baseline_hash.is_some()).flat_map(|item| {
        let key = skillmeat_protocol::ids::ArtifactKey::new(item.kind, &item.name);
        let copy = item.profile.clone().filter(|_| item.project_hash.is_some()).map(|profile| {
            let spot = Spot::Project { path: event.project.as_str().into(), profile };
            Target { key: key.clone(), spot }
        });
        let is_changed = item.collection_hash.is_some() && item.collection_hash != item.baseline_hash;
        let original = item.collection_id.clone().filter(|_| is_changed);
        let original = original.map(|id| Target { key, spot: Spot::Collection { id } });
        copy.into_iter().chain(original)
    })
}

/// Everything that is not as it was deployed, by the picture.
fn edited(engine: &EngineHandle) -> Vec<Target> {
    let snapshot = engine.snapshot();
    let drifted = snapshot.projects.iter().flat_map(|project| project.drift.iter().map(move |item| (project, item)));
    let drifted = drifted.filter(|(_, item)| item.baseline().is_some() && item.project_hash.is_some());
    let target = |(project, item): (&Arc<crate::engine::snapshot::ProjectView>, &Arc<_>)| {
        let item: &crate::engine::snapshot::ItemView = item;
        let spot = Spot::Project { path: (&*project.path).into(), profile: item.profile.to_string() };
        Target { key: item.key.clone(), spot }
    };
    drifted.map(target).collect()
}

#[cfg(test)]
mod tests;
