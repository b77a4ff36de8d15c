//! The threads that look at the disk: a queue with a fast lane, and nothing shared but the watch set and counters.

use super::job::{Finding, Job, JobKind, Outcome};
use super::link::Fence;
use super::{collection, home, project, tree};
use crate::metrics::Metrics;
use crate::watch::Watches;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Which lane a job takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits, or something just changed.
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
    around: Surroundings,
}

#[derive(Default)]
struct Queue {
    now: VecDeque<Job>,
    when_idle: VecDeque<Job>,
    stopping: bool,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Pool {
    /// Starts `threads` threads that pass each outcome to `sink`.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(
        threads: usize,
        around: Surroundings,
        sink: impl Fn(Outcome) + Send + Clone + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), wake: Condvar::new(), around });
        let mut pool = Self { shared: Arc::clone(&shared), threads: Vec::new() };
        for n in 0..threads {
            let (shared, sink) = (Arc::clone(&shared), sink.clone());
            let thread = std::thread::Builder::new().name(format!("scan-{n}")).spawn(move || work(&shared, &sink))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Queues a job.
    pub fn submit(&self, job: Job, urgency: Urgency) {
        self.shared.around.metrics.scan_queue.fetch_add(1, Ordering::Relaxed);
        let mut queue = lock(&self.shared.queue);
        match urgency {
            Urgency::Now => queue.now.push_back(job),
            Urgency::WhenIdle => queue.when_idle.push_back(job),
        }
        drop(queue);
        self.shared.wake.notify_one();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        lock(&self.shared.queue).stopping = true;
        self.shared.wake.notify_all();
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

fn work(shared: &Shared, sink: &impl Fn(Outcome)) {
    loop {
        let mut queue = lock(&shared.queue);
        let job = loop {
            if queue.stopping {
                return;
            }
            let next = queue.now.pop_front().or_else(|| queue.when_idle.pop_front());
            match next {
                Some(job) => break job,
                None => queue = shared.wake.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(queue);
        let unit = job.unit;
        // A defect in a scan must not end the thread: the unit would be outstanding for ever.
        let outcome = catch_unwind(AssertUnwindSafe(|| perform(job, &shared.around))).unwrap_or_else(|_| Outcome {
            unit,
            finding: Finding::Failed("a scan ended in a panic; the log has it".into()),
            unwatched: None,
        });
        shared.around.metrics.scan_queue.fetch_sub(1, Ordering::Relaxed);
        shared.around.metrics.scans.fetch_add(1, Ordering::Relaxed);
        sink(outcome);
    }
}

fn perform(job: Job, around: &Surroundings) -> Outcome {
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
        JobKind::Project { root } => {
            let (scan, unwatched) = project::scan(root, &around.zone, watches);
            (Finding::Project(Box::new(scan)), unwatched.or_else(|| crate::os::files::delivers_no_events(root)))
        }
        JobKind::Tree { path, guard, artifact, look, known, wants } => {
            let request = tree::TreeRequest {
                path,
                guard,
                artifact: *artifact,
                look: *look,
                known: *known,
                wants: *wants,
                fence: &around.fence,
            };
            tree::scan(&request, watches, &around.metrics)
        }
    };
    Outcome { unit: job.unit, finding, unwatched }
}
