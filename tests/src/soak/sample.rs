//! What is measured of the daemon, at rest.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use skillmeat_protocol::reply::MetricsReply;

use crate::model::oracle::Oracle;
use crate::process::PATIENCE;

/// One measurement.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Since the start of the load.
    pub at: Duration,
    /// Resident memory, bytes (`VmRSS`).
    pub resident: u64,
    /// Open file descriptors (`/proc/PID/fd`).
    pub descriptors: u64,
    /// Threads (`/proc/PID/task`) without those of the pool below.
    pub threads: u64,
    /// Threads that tokio keeps for blocking calls: they end after ten idle seconds, so their number says when somebody
    /// asked last.
    pub pooled: u64,
    /// Watches that the kernel holds for it (`inotify` lines of `/proc/PID/fdinfo`).
    pub watches: u64,
    /// Bytes of all log files.
    pub log: u64,
    /// Bytes of `cache.db` and what SQLite keeps beside it.
    pub cache: u64,
    /// Requests answered since the daemon started.
    pub requests: u64,
    /// Kernel events taken in since the daemon started.
    pub events: u64,
    /// Times that the kernel's queue overflowed.
    pub overflows: u64,
}

/// Waits until the daemon has nothing to do and nobody is connected but us, then measures.
pub(super) fn take(oracle: &mut Oracle, at: Duration) -> Result<Sample, String> {
    let metrics = rest(oracle)?;
    let health = oracle.client().health();
    let process = Path::new("/proc").join(health.pid.to_string());
    let status = read(&process.join("status"))?;
    let number = |name: &str| -> Result<u64, String> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        number.ok_or_else(|| format!("/proc/PID/status has no {name}"))
    };
    let (threads, pooled) = threads(&process)?;
    let cache = Path::new(&health.cache);
    let beside = ["", "-wal", "-shm"].map(|end| format!("{}{end}", cache.display()));
    Ok(Sample {
        at,
        resident: number("VmRSS:")? * 1024,
        descriptors: entries(&process.join("fd"))?.len() as u64,
        threads,
        pooled,
        watches: watches(&process)?,
        log: health.logs_size,
        cache: beside.iter().filter_map(|path| fs::metadata(path).ok()).map(|metadata| metadata.len()).sum(),
        requests: metrics.requests,
        events: metrics.fs_events,
        overflows: metrics.overflows,
    })
}

fn rest(oracle: &mut Oracle) -> Result<MetricsReply, String> {
    let asked = Instant::now();
    loop {
        oracle.client().sync();
        let metrics = oracle.client().metrics();
        let busy = metrics.engine_queue + metrics.scan_queue + metrics.store_queue + metrics.subscribers;
        if busy == 0 && metrics.connections == 1 {
            return Ok(metrics);
        }
        if asked.elapsed() > PATIENCE {
            return Err(format!("the daemon does not come to rest: {metrics:?}"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn threads(process: &Path) -> Result<(u64, u64), String> {
    let tasks = entries(&process.join("task"))?;
    let is_pooled =
        |task: &&std::path::PathBuf| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("tokio-"));
    let pooled = tasks.iter().filter(is_pooled).count();
    Ok(((tasks.len() - pooled) as u64, pooled as u64))
}

fn watches(process: &Path) -> Result<u64, String> {
    let infos = entries(&process.join("fdinfo"))?;
    // A descriptor may be gone by now; then it watches nothing.
    let texts = infos.iter().filter_map(|path| fs::read_to_string(path).ok());
    Ok(texts.map(|text| text.lines().filter(|line| line.starts_with("inotify ")).count() as u64).sum())
}

fn entries(dir: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let entries = fs::read_dir(dir).map_err(|e| format!("cannot list {}: {e}", dir.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}
