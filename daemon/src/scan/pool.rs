//! The threads that look at the disk: a queue with a fast lane, and nothing shared but the watch set and counters.
//!
//! An artifact of more than `LARGE` is left to a thread of its own, one after the other: a few files of a gigabyte would
//! keep every thread busy for seconds, and with them every other unit and every barrier. One that somebody waits for has
//! another thread: it does not wait behind large ones that nobody waits for.

use super::job::{Finding, Job, JobKind, Outcome};
use super::link::Fence;
use super::read::Buffer;
use super::unchanged::Taking;
use super::{collection, home, project, stamp, tree, unchanged};
use crate::engine::Unit;
use crate::metrics::Metrics;
use crate::model::ProjectScan;
use crate::watch::Watches;
use std::collections::{HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Bytes of one artifact that any thread reads; some 20 ms of hashing.
const LARGE: u64 = 32 * 1024 * 1024;

/// Which lane a job takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits for this and not for everything.
    Awaited,
    /// Something just changed.
    Now,
    /// First look, slow verification.
    WhenIdle,
}

/// The threads and their queue. Dropping it stops them after the jobs they are at.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// What jobs need beside their description.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where directories are watched.
    pub watches: Arc<Watches>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// The user's home, for `~` in config.
    pub user_home: Option<PathBuf>,
    /// Where no artifact may be.
    pub fence: Fence,
    /// The zone that the original wrote naive local times in.
    pub zone: jiff::tz::TimeZone,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    wake_large: Condvar,
    wake_awaited: Condvar,
    around: Surroundings,
}

#[derive(Default)]
struct Queue {
    now: VecDeque<Job>,
    when_idle: VecDeque<Job>,
    /// Turned out to be large.
    large: VecDeque<Job>,
    /// The same, and somebody waits for it.
    large_awaited: VecDeque<Job>,
    /// What is queued or under way, and somebody waits for it: that it is large is found out on the way.
    awaited: HashSet<Unit>,
    under_way: HashSet<Unit>,
    /// Threads for anything that have nothing to do. Telling a condition variable is a system call, also when nobody hears.
    idle: usize,
    stopping: bool,
}

impl Queue {
    fn submit(&mut self, job: Job, urgency: Urgency) {
        self.under_way.insert(job.unit);
        if urgency == Urgency::Awaited {
            self.awaited.insert(job.unit);
        }
        match urgency {
            Urgency::Awaited | Urgency::Now => self.now.push_back(job),
            Urgency::WhenIdle => self.when_idle.push_back(job),
        }
    }

    /// Moves these from the slow lane to the end of the fast one, and those that are large to the lane of their own.
    fn promote(&mut self, units: &HashSet<Unit>) {
        // What has ended meanwhile has been answered for; its next look is another one.
        self.awaited.extend(units.intersection(&self.under_way));
        move_matching(&mut self.when_idle, &mut self.now, units);
        move_matching(&mut self.large, &mut self.large_awaited, units);
    }

    fn is_large(&mut self, job: Job) {
        let lane = if self.awaited.contains(&job.unit) { &mut self.large_awaited } else { &mut self.large };
        lane.push_back(job);
    }

    fn ended(&mut self, unit: Unit) {
        self.under_way.remove(&unit);
        self.awaited.remove(&unit);
    }
}

fn move_matching(from: &mut VecDeque<Job>, to: &mut VecDeque<Job>, units: &HashSet<Unit>) {
    let (matching, rest): (VecDeque<_>, VecDeque<_>) =
        std::mem::take(from).into_iter().partition(|job| units.contains(&job.unit));
    to.extend(matching);
    *from = rest;
}

/// What a thread is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Whatever comes, as long as it is not large.
    Any,
    /// What turned out to be large.
    Large,
    /// Of that, what somebody waits for.
    LargeAwaited,
}

impl Role {
    fn next(self, queue: &mut Queue) -> Option<Job> {
        match self {
            _ if queue.stopping => None,
            Self::Any => queue.now.pop_front().or_else(|| queue.when_idle.pop_front()),
            Self::Large => queue.large_awaited.pop_front().or_else(|| queue.large.pop_front()),
            Self::LargeAwaited => queue.large_awaited.pop_front(),
        }
    }

    fn bell(self, shared: &Shared) -> &Condvar {
        match self {
            Self::Any => &shared.wake,
            Self::Large => &shared.wake_large,
            Self::LargeAwaited => &shared.wake_awaited,
        }
    }

    const fn most(self) -> u64 {
        match self {
            Self::Any => LARGE,
            Self::Large | Self::LargeAwaited => u64::MAX,
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Pool {
    /// Starts `threads` threads, and two for what is large, that pass each outcome to `sink`.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(
        threads: usize,
        around: Surroundings,
        sink: impl Fn(Outcome) + Send + Clone + 'static,
    ) -> std::io::Result<Self> {
        let (wake, wake_large, wake_awaited) = (Condvar::new(), Condvar::new(), Condvar::new());
        let shared = Arc::new(Shared { queue: Mutex::default(), wake, wake_large, wake_awaited, around });
        let mut pool = Self { shared: Arc::clone(&shared), threads: Vec::new() };
        let any = (0..threads).map(|n| (format!("scan-{n}"), Role::Any));
        let large = [("scan-large", Role::Large), ("scan-awaited", Role::LargeAwaited)];
        for (name, role) in any.chain(large.map(|(name, role)| (name.to_owned(), role))) {
            let (shared, sink) = (Arc::clone(&shared), sink.clone());
            let thread = std::thread::Builder::new().name(name).spawn(move || work(&shared, role, &sink))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Queues jobs, all at once: a start has tens of thousands.
    pub fn submit(&self, jobs: Vec<(Job, Urgency)>) {
        let count = jobs.len();
        self.shared.around.metrics.scan_queue.fetch_add(count as u64, Ordering::Relaxed);
        let mut queue = lock(&self.shared.queue);
        for (job, urgency) in jobs {
            queue.submit(job, urgency);
        }
        let waking = queue.idle.min(count);
        drop(queue);
        for _ in 0..waking {
            self.shared.wake.notify_one();
        }
    }

    /// Takes what is queued for these units before what is less urgent.
    pub fn promote(&self, units: &HashSet<Unit>) {
        let mut queue = lock(&self.shared.queue);
        queue.promote(units);
        let waking = !queue.large_awaited.is_empty();
        drop(queue);
        if waking {
            self.shared.wake_awaited.notify_one();
        }
    }

    /// Gives back the room that the first look at everything took: there is never a longer queue.
    pub fn shrink(&self) {
        let mut queue = lock(&self.shared.queue);
        queue.when_idle.shrink_to_fit();
        queue.under_way.shrink_to_fit();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        lock(&self.shared.queue).stopping = true;
        self.shared.wake.notify_all();
        self.shared.wake_large.notify_all();
        self.shared.wake_awaited.notify_all();
        for thread in self.threads.drain(..) {
            // A thread that panicked has already said so in the log.
            let _ = thread.join();
        }
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    // Jobs are done outside the lock, so a panic leaves the queue whole.
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(shared: &Shared, role: Role, sink: &impl Fn(Outcome)) {
    let mut buffer = Buffer::default();
    let mut ended = None;
    while let Some(job) = next(shared, role, ended.take(), sink) {
        let unit = job.unit;
        // A defect in a scan must not end the thread: the unit would be outstanding for ever.
        let done = catch_unwind(AssertUnwindSafe(|| perform(&job, role, &shared.around, &mut buffer)));
        if matches!(&done, Ok(Outcome { finding: Finding::Large, .. })) {
            lock(&shared.queue).is_large(job);
            shared.wake_large.notify_one();
            shared.wake_awaited.notify_one();
            continue;
        }
        shared.around.metrics.scan_queue.fetch_sub(1, Ordering::Relaxed);
        shared.around.metrics.scans.fetch_add(1, Ordering::Relaxed);
        ended = Some(done.unwrap_or_else(|_| Outcome {
            unit,
            finding: Finding::Failed("a scan ended in a panic; the log has it".into()),
            unwatched: None,
        }));
    }
}

/// Hands over what `ended` and takes the next job, with one look at the queue: a start has tens of thousands of jobs, and
/// the threads wait for each other there. None when the thread is to end.
fn next(shared: &Shared, role: Role, ended: Option<Outcome>, sink: &impl Fn(Outcome)) -> Option<Job> {
    let mut queue = lock(&shared.queue);
    if let Some(outcome) = ended {
        // Before the engine hears of it: it may submit the next look at once.
        queue.ended(outcome.unit);
        let job = role.next(&mut queue);
        drop(queue);
        sink(outcome);
        if job.is_some() {
            return job;
        }
        queue = lock(&shared.queue);
    }
    loop {
        if let Some(job) = role.next(&mut queue) {
            return Some(job);
        }
        if queue.stopping {
            return None;
        }
        queue.idle += usize::from(role == Role::Any);
        queue = role.bell(shared).wait(queue).unwrap_or_else(PoisonError::into_inner);
        queue.idle -= usize::from(role == Role::Any);
    }
}

fn perform(job: &Job, role: Role, around: &Surroundings, buffer: &mut Buffer) -> Outcome {
    let watches = &*around.watches;
    let (finding, unwatched) = match &job.kind {
        JobKind::Home { home } => {
            let (scan, unwatched) = home::scan(home, around.user_home.as_deref(), watches);
            (Finding::Home(Box::new(scan)), unwatched)
        }
        JobKind::Collection { root } => {
            let (scan, unwatched) = collection::scan(root, watches);
            (Finding::Collection(Box::new(scan)), unwatched.or_else(|| crate::os::files::delivers_no_events(root)))
        }
        JobKind::Project { root, known } => {
            let (finding, unwatched) = project_finding(root, known.as_deref(), around, buffer);
            (finding, unwatched.or_else(|| crate::os::files::delivers_no_events(root)))
        }
        JobKind::Tree { path, guard, artifact, look, known, names, wants } => {
            let request = tree::TreeRequest {
                path,
                guard,
                artifact: *artifact,
                look: *look,
                known: *known,
                names: names.as_ref(),
                wants: *wants,
                fence: &around.fence,
                most: role.most(),
            };
            tree::scan(&request, watches, &around.metrics, buffer)
        }
    };
    Outcome { unit: job.unit, finding, unwatched }
}

fn project_finding(
    root: &Path,
    known: Option<&ProjectScan>,
    around: &Surroundings,
    buffer: &mut Buffer,
) -> (Finding, Option<String>) {
    let Surroundings { watches, zone, .. } = around;
    let started_ns = stamp::wall_ns();
    let taking = Taking { started_ns, zone, room: &mut buffer.names };
    if known.is_some_and(|known| unchanged::holds(root, known, watches, taking)) {
        return (Finding::Unchanged { metadata: None, names: None }, None);
    }
    let (mut scan, unwatched) = project::scan(root, zone, watches);
    if unwatched.is_none() {
        scan.stamps = unchanged::stamps(root, &scan, Taking { started_ns, zone, room: &mut buffer.names });
    }
    (Finding::Project(Box::new(scan)), unwatched)
}

#[cfg(test)]
mod tests;
