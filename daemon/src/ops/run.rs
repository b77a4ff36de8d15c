//! One request from its locks to its answer.

use super::answer::{Answer, answer, is_fine, named_projects};
use super::error::{OpError, wire};
use super::fault::{Faults, Point};
use super::locks::RootLocks;
use super::plan::{self, Planned};
use super::planning::Planning;
use super::restore::{self, Intent};
use super::rollback::{self, Outline, audit};
use super::snapshots::automatic::Latest;
use super::texts::{self, Surroundings};
use super::told::{Told, Watcher, info_of, label};
use super::transaction::{Fate, Item, Workshop};
use super::transfer::Way;
use super::{
    across, branches, conflicts, deploy, following, import, lineage, lookup, manage, push_branch, transfer, undeploy,
    undo, version_restore,
};
use crate::clock::Clock;
use crate::engine::handle::{EngineHandle, SyncScope, Synced};
use crate::engine::snapshot::{ProjectView, Snapshot};
use crate::history::{self, History, HistoryError, OperationId};
use crate::model::Timestamp;
use jiff::tz::TimeZone;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{OperationInfo, OperationItem, OperationReply, Outcome};
use skillmeat_protocol::request::{Operate, Operation};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Longest wait for a picture that reflects everything before the request.
const BARRIER: Duration = Duration::from_secs(30);

/// Everything that changes files.
#[derive(Debug)]
pub struct Operations {
    pub(super) engine: EngineHandle,
    /// Why there is none, when it cannot be used: nothing may be replaced then.
    pub(super) history: Result<Arc<History>, HistoryError>,
    pub(super) home: PathBuf,
    pub(super) zone: TimeZone,
    pub(super) clock: Clock,
    faults: Faults,
    pub(super) locks: Arc<RootLocks>,
    pub(super) latest: Arc<Latest>,
    /// Held by whoever tells the engine of followings.
    pub(super) telling: Mutex<()>,
    /// Held for reading by whoever reads files into the history, alone by whoever removes from it.
    pub(super) reading: RwLock<()>,
    /// Operations, backups and snapshots under way.
    running: Arc<AtomicUsize>,
    pub(super) stopping: AtomicBool,
    /// What nobody waits for is given up, too.
    pub(super) hurry: Arc<AtomicBool>,
}

/// Counts as under way until it is dropped.
pub(super) struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What a request would do.
struct Plan {
    planned: Vec<Planned>,
    undoes: Option<OperationId>,
    rollback: Option<Outline>,
}

impl Operations {
    /// Nothing is under way. With a history that cannot be used every operation fails, with that reason; drift goes on.
    pub fn new(
        engine: EngineHandle,
        history: Result<History, HistoryError>,
        home: PathBuf,
        clock: Clock,
        faults: Faults,
    ) -> Self {
        Self {
            engine,
            history: history.map(Arc::new),
            home,
            zone: TimeZone::system(),
            clock,
            faults,
            locks: Arc::default(),
            latest: Arc::default(),
            telling: Mutex::default(),
            reading: RwLock::default(),
            running: Arc::default(),
            stopping: AtomicBool::new(false),
            hurry: Arc::default(),
        }
    }

    /// No new ones; those under way are asked to stop, and waited for. What is done while nobody waits may go on for most of
    /// that time.
    pub fn stop(&self, within: Duration) {
        self.stopping.store(true, Ordering::SeqCst);
        let began = Instant::now();
        while self.running.load(Ordering::SeqCst) > 0 && began.elapsed() < within {
            if began.elapsed() > within * 3 / 4 {
                self.hurry.store(true, Ordering::SeqCst);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The history.
    ///
    /// # Errors
    /// `Io`, with the file and what to do.
    pub fn history(&self) -> Result<&History, WireError> {
        self.history.as_deref().map_err(|error| WireError::new(ErrorCode::Io, error.to_string()))
    }

    /// The time, as operations are dated.
    pub fn now(&self) -> Timestamp {
        self.clock.wall()
    }

    /// The root that a project or collection is, by path, name or id.
    ///
    /// # Errors
    /// `NotFound`, `NotRegistered`, `Ambiguous`.
    pub fn root_of(&self, project: Option<&str>, collection: Option<&str>) -> Result<Option<PathBuf>, WireError> {
        lookup::root(&self.engine.snapshot(), project, collection)
    }

    /// One more is under way.
    pub(super) fn counted(&self) -> Counted {
        self.running.fetch_add(1, Ordering::SeqCst);
        Counted(Arc::clone(&self.running))
    }

    /// Plans `request`, and does it unless only the plan is asked for. Blocks.
    ///
    /// # Errors
    /// Nothing was done.
    pub fn operate(&self, request: &Operate, watcher: &mut Watcher<'_>) -> Result<Answer, WireError> {
        let counted = self.counted();
        let answer = self.operate_counted(request, watcher)?;
        let reply = match &answer {
            Answer::Operated(reply) => reply,
            Answer::RolledBack(reply) => &reply.operated,
        };
        if reply.operation.is_some() {
            self.back_up();
            self.snapshot_after(&request.operation, reply);
        }
        drop(counted);
        Ok(answer)
    }

    fn operate_counted(&self, request: &Operate, watcher: &mut Watcher<'_>) -> Result<Answer, WireError> {
        if self.stopping.load(Ordering::SeqCst) {
            return Err(WireError::new(ErrorCode::ShuttingDown, "the daemon is stopping").hint("run the command again"));
        }
        let history = self.history()?;
        let known = match request.operation {
            // Who follows is asked of the files, not of the request.
            Operation::Promote(_) | Operation::FanOut(_) => self.current()?,
            _ => self.engine.snapshot(),
        };
        let projects = named_projects(&known, &request.operation)?;
        let roots = self.roots(history, &request.operation, &projects)?;
        let Some(_taken) = self.locks.take(roots, watcher.cancelled) else { return Err(OpError::Cancelled.to_wire()) };
        let _reading = self.reading.read().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.current()?;
        let paths: Vec<&str> = projects.iter().map(|project| &*project.path).collect();
        let projects: Vec<_> = paths.iter().map(|path| lookup::project(&snapshot, path)).collect::<Result<_, _>>()?;
        let mut planning = Planning::new(history, &snapshot, &self.zone, self.clock.wall(), &self.home);
        planning.cancelled = watcher.cancelled;
        let plan = self.plan(&mut planning, request, &projects, watcher.cancelled)?;
        let Plan { mut planned, undoes, rollback } = plan;
        lineage::tell(&planning, &mut planned)?;
        following::tie(&planning, &mut planned)?;
        let (now, gathered) = (planning.now, planning.into_gathered());
        let effective = planned.iter().any(Planned::is_effective);
        if request.dry_run || !effective {
            if !request.dry_run && !gathered.conflicts.is_empty() {
                history.batch(|batch| gathered.store(batch)).map_err(|error| OpError::from(error).to_wire())?;
            }
            let reply = self.reply(planned.into_iter().map(|p| p.item).collect(), None, request.dry_run);
            return Ok(answer(reply, rollback, None));
        }
        let (mut problems, mut safety) = (Vec::new(), None);
        if let Some(outline) = &rollback {
            problems.extend(audit::prepare(&self.home, outline, now).map_err(wire)?);
            let taken = self.safety(&snapshot, &outline.view, now, watcher.cancelled).map_err(wire)?;
            let entry = audit::entry(outline, &taken, now, None);
            planned[0].edits.push(audit::edit(&self.home, outline, entry));
            safety = Some(taken);
        } else {
            problems = self.snapshot_before(&snapshot, &request.operation, &planned, now, watcher.cancelled);
        }
        self.faults.reach(Point::Planned).map_err(|e| WireError::new(ErrorCode::Io, e.to_string()))?;
        let operation = history::Operation {
            verb: request.operation.verb().to_owned(),
            at: now,
            undoes,
            request: serde_json::to_string(&request.operation).map_err(|error| {
                WireError::new(ErrorCode::Internal, format!("a request cannot be written down: {error}"))
            })?,
            roots: plan::changed_roots(&planned, &snapshot, &self.home),
            steps: Vec::new(),
            staging: Vec::new(),
        };
        let came = restore::coming(&planned);
        let around = Surroundings { snapshot: &snapshot, zone: &self.zone, now };
        let carried = self.carry_out(history, operation, planned, gathered, around, watcher);
        if let (Some(outline), Some(safety)) = (&rollback, &safety) {
            let failed = match &carried {
                Err(error) => Some(error.message.clone()),
                Ok((items, _)) => {
                    items.iter().find(|item| !is_fine(item)).map(|item| item.message.clone().unwrap_or_default())
                }
            };
            if let Some(why) = failed {
                let entry = audit::entry(outline, safety, now, Some(why));
                audit::note_failure(&self.home, outline, &entry, &self.zone);
            }
        }
        let (items, number) = carried?;
        let info = number.map(|id| history.show(id)).transpose().map_err(|e| OpError::from(e).to_wire())?;
        let mut reply = self.reply(items, info.as_ref().map(info_of), false);
        reply.problems = problems;
        if let Some(number) = number {
            restore::came(history, &self.engine.snapshot(), (number, now), &came, &mut reply);
        }
        Ok(answer(reply, rollback, safety))
    }

    fn carry_out(
        &self,
        history: &History,
        operation: history::Operation,
        planned: Vec<Planned>,
        gathered: super::planning::Gathered,
        around: Surroundings<'_>,
        watcher: &mut Watcher<'_>,
    ) -> Result<(Vec<OperationItem>, Option<OperationId>), WireError> {
        let projects: Vec<PathBuf> = operation.roots.iter().map(|root| root.path.clone()).collect();
        let verb = operation.verb.clone();
        let workshop = Workshop { history, faults: &self.faults };
        let (mut items, mut pieces, mut edits) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = Vec::new();
        for (n, planned) in planned.into_iter().enumerate() {
            let effective = planned.is_effective();
            items.push(planned.item);
            if effective {
                at.push(n);
                let (account, needs) = (planned.account, planned.needs);
                pieces.push(Item { pieces: planned.pieces, account, needs });
                edits.push(planned.edits);
            }
        }
        let texts = |fates: &[Fate]| {
            let done = edits.into_iter().zip(fates).filter(|(_, fate)| matches!(fate, Fate::Done));
            texts::texts(done.flat_map(|(edits, _)| edits).collect(), around)
        };
        let labels = match operation.undoes {
            Some(id) => {
                let undone = history.show(id).map_err(|error| OpError::from(error).to_wire())?;
                vec![format!("{id}: {}", undone.summary.unwrap_or(undone.operation.verb))]
            }
            None => at.iter().map(|n| label(&items[*n])).collect(),
        };
        let mut told = Told { watcher, labels, verb: &verb, stopping: &self.stopping };
        self.begin_in(history, &projects);
        let ran = workshop.run(operation, gathered, pieces, texts, &mut told);
        let number = ran.as_ref().ok().and_then(|ran| ran.operation);
        self.tell_engine(history);
        // What the files are now is known to everybody before the answer is.
        let synced = self.engine.sync_blocking(SyncScope::All, BARRIER);
        self.note_imprints(history, &synced.snapshot, &projects);
        self.engine.operation_ended(projects, number.map(|number| number.0.cast_unsigned()));
        let ran = ran.map_err(|error| error.to_wire())?;
        for (n, fate) in at.into_iter().zip(ran.fates) {
            let item = &mut items[n];
            match fate {
                Fate::Done => {}
                Fate::Failed(error) => {
                    *item = Planned::again(item.clone()).failed(&error).item;
                }
                Fate::Cancelled => item.outcome = Outcome::Cancelled,
            }
        }
        Ok((items, number))
    }

    fn plan(
        &self,
        planning: &mut Planning<'_>,
        request: &Operate,
        projects: &[Arc<ProjectView>],
        cancelled: &AtomicBool,
    ) -> Result<Plan, WireError> {
        let one = || projects.first().ok_or_else(|| WireError::new(ErrorCode::InvalidParams, "no project is named"));
        let (mut undoes, mut rollback) = (None, None);
        let planned = match &request.operation {
            Operation::Deploy(query) => {
                one()?;
                deploy::plan(planning, query, &deploy::Wanted::new(), projects)?
            }
            Operation::DeployBranch(query) => branches::deploy(planning, query, projects)?,
            Operation::Undeploy(query) => undeploy::plan(planning, query, one()?)?,
            Operation::Pull(query) => transfer::plan(planning, query, Way::Pull, one()?)?,
            Operation::Push(query) => transfer::plan(planning, query, Way::Push, one()?)?,
            Operation::SyncProject(query) => transfer::plan(planning, query, Way::Both, one()?)?,
            Operation::Adopt(query) => undeploy::adopt(planning, query, one()?)?,
            Operation::Forget(query) => undeploy::forget(planning, query, one()?)?,
            Operation::Import(query) => import::plan(planning, query, one()?)?,
            Operation::Undo(query) => {
                let root = lookup::root(planning.snapshot, query.project.as_deref(), query.collection.as_deref())?;
                let undone = undo::which(planning.history, query, root.as_deref())?;
                undoes = Some(undone.id);
                undo::plan(planning, &undone)?
            }
            Operation::SnapshotRestore(query) => {
                let intent = if request.dry_run { Intent::Tell } else { Intent::Do };
                restore::plan(planning, query, intent, cancelled)?
            }
            Operation::Rollback(query) => {
                let (planned, outline) = rollback::plan(planning, query, cancelled)?;
                rollback = Some(outline);
                planned
            }
            Operation::Promote(_) | Operation::FanOut(_) => {
                across::plan(planning, &request.operation, projects, cancelled)?
            }
            Operation::Restore(query) => version_restore::plan(planning, query, projects.first().map(AsRef::as_ref))?,
            Operation::ConflictContinue(query) => vec![conflicts::finish(planning, query, one()?)?],
            Operation::ConflictAbort(query) => vec![conflicts::abort(planning, query, one()?)?],
            Operation::PushBranch(query) => push_branch::plan(planning, query, one()?)?,
            other => manage::plan(planning, other)?,
        };
        Ok(Plan { planned, undoes, rollback })
    }

    /// What the operation must have to itself.
    fn roots(
        &self,
        history: &History,
        operation: &Operation,
        projects: &[Arc<ProjectView>],
    ) -> Result<BTreeSet<PathBuf>, WireError> {
        let collections = self.home.join("collections");
        let mut roots: BTreeSet<PathBuf> = projects.iter().map(|project| PathBuf::from(&*project.path)).collect();
        match operation {
            Operation::Deploy(_)
            | Operation::DeployBranch(_)
            | Operation::Undeploy(_)
            | Operation::Pull(_)
            | Operation::Adopt(_)
            | Operation::Forget(_)
            | Operation::FanOut(_) => {}
            Operation::ConflictAbort(_) => {}
            Operation::Undo(query) => {
                let root = self.root_of(query.project.as_deref(), query.collection.as_deref())?;
                let undone = undo::which(history, query, root.as_deref())?;
                roots.extend(undone.operation.roots.into_iter().map(|root| root.path));
                roots.insert(collections);
            }
            Operation::Restore(query) if query.collection.is_none() => {}
            _ => drop(roots.insert(collections)),
        }
        Ok(roots)
    }

    pub(super) fn current(&self) -> Result<Arc<Snapshot>, WireError> {
        let Synced { snapshot, stale } = self.engine.sync_blocking(SyncScope::All, BARRIER);
        match stale {
            None => Ok(snapshot),
            Some(why) => {
                Err(WireError::new(ErrorCode::DeadlineExceeded, format!("what is on the disk is not known yet: {why}"))
                    .hint("run the command again"))
            }
        }
    }

    fn reply(&self, items: Vec<OperationItem>, operation: Option<OperationInfo>, dry_run: bool) -> OperationReply {
        OperationReply {
            clock: self.engine.snapshot().clock,
            dry_run,
            complete: items.iter().all(is_fine),
            operation,
            items,
            problems: Vec::new(),
        }
    }
}
