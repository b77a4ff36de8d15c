//! Answers about the daemon itself.

use super::Problem;
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A root that is polled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DegradedRoot {
    /// Absolute path.
    pub path: String,
    /// Why, and what would help.
    pub reason: String,
}

/// Answer to `health`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct HealthReply {
    /// The history reached.
    pub clock: Clock,
    /// Version of the daemon.
    pub version: String,
    /// Its protocol.
    pub protocol: u16,
    /// Its process.
    pub pid: u32,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// Whether everything known has been verified since it started.
    pub verified: bool,
    /// Work outstanding.
    pub pending: u64,
    /// The SkillMeat home.
    pub home: String,
    /// Where it listens.
    pub endpoint: String,
    /// Path of `cache.db`.
    pub cache: String,
    /// Directory of the log files.
    pub logs: String,
    /// Their bytes.
    pub logs_size: u64,
    /// Registered projects.
    pub projects: u32,
    /// Those that are missing.
    pub missing: u32,
    /// Roots that are polled.
    pub degraded: Vec<DegradedRoot>,
    /// Everything that is not as it should be, across all files.
    pub problems: Vec<Problem>,
    /// What happened to the cache at start, when it was not simply opened.
    pub notes: Vec<String>,
}

/// A latency distribution, in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Latency {
    /// Samples.
    pub count: u64,
    /// Median.
    pub p50_us: u64,
    /// 99th percentile.
    pub p99_us: u64,
    /// Largest.
    pub max_us: u64,
}

/// Answer to `metrics`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct MetricsReply {
    /// The history reached.
    pub clock: Clock,
    /// Kernel events taken in.
    pub fs_events: u64,
    /// Times the kernel dropped events.
    pub overflows: u64,
    /// Directories watched.
    pub watches: u64,
    /// Messages waiting for the engine.
    pub engine_queue: u64,
    /// Scans waiting or running.
    pub scan_queue: u64,
    /// Scans done.
    pub scans: u64,
    /// Files read.
    pub files_read: u64,
    /// Bytes hashed.
    pub bytes_hashed: u64,
    /// Files looked at by `stat` only.
    pub files_stated: u64,
    /// Batches waiting for the cache's writer.
    pub store_queue: u64,
    /// Rows of the cache inserted, changed and deleted.
    pub rows_written: u64,
    /// Connections open.
    pub connections: u64,
    /// Subscribers among them.
    pub subscribers: u64,
    /// Requests answered.
    pub requests: u64,
    /// Resident memory, in bytes; 0 where the platform does not say.
    pub resident_bytes: u64,
    /// From a request read to its reply written, cached ones.
    pub request_latency: Latency,
    /// The barrier, from asked to passed.
    pub barrier_latency: Latency,
    /// From a kernel event to its announcement.
    pub announce_latency: Latency,
}

/// Answer to `init`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct InitReply {
    /// The SkillMeat home.
    pub home: String,
    /// What was created; empty when all was there.
    pub created: Vec<String>,
}

/// Answer to `shutdown`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct StoppingReply {
    /// Process that ends; wait for its lock, not for its number.
    pub pid: u32,
}
