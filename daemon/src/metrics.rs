//! Counters of the whole daemon: written from every thread without locks, read by `metrics` and by tests that must not
//! depend on a clock.

use skillmeat_protocol::reply::Latency;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Everything that is counted. Gauges go up and down, counters only up.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the names are those of the `metrics` reply, which documents them")]
pub struct Metrics {
    pub fs_events: AtomicU64,
    pub overflows: AtomicU64,
    pub watches: AtomicU64,
    pub engine_queue: AtomicU64,
    pub scan_queue: AtomicU64,
    pub scans: AtomicU64,
    pub files_read: AtomicU64,
    pub bytes_hashed: AtomicU64,
    pub files_stated: AtomicU64,
    pub connections: AtomicU64,
    pub subscribers: AtomicU64,
    pub requests: AtomicU64,
    pub request_latency: Histogram,
    pub barrier_latency: Histogram,
    pub announce_latency: Histogram,
}

/// A latency histogram of fixed size: four buckets per power of two of microseconds, so a quantile is within 25 %.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    max_us: AtomicU64,
}

/// 32 powers of two reach 71 minutes.
const BUCKETS: usize = 128;

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: std::array::from_fn(|_| AtomicU64::new(0)), max_us: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Counts one sample.
    pub fn record(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket_of(us)].fetch_add(1, Ordering::Relaxed);
        self.max_us.fetch_max(us, Ordering::Relaxed);
    }

    /// The distribution so far; quantiles are the upper bounds of their buckets.
    pub fn read(&self) -> Latency {
        let counts: Vec<u64> = self.buckets.iter().map(|b| b.load(Ordering::Relaxed)).collect();
        let count: u64 = counts.iter().sum();
        let max_us = self.max_us.load(Ordering::Relaxed);
        let quantile = |per_cent: u64| {
            let rank = (count * per_cent).div_ceil(100);
            let mut seen = 0;
            let at = counts.iter().position(|n| {
                seen += n;
                seen >= rank && rank > 0
            });
            at.map_or(0, |bucket| upper_bound(bucket).min(max_us))
        };
        Latency { count, p50_us: quantile(50), p99_us: quantile(99), max_us }
    }
}

fn bucket_of(us: u64) -> usize {
    if us < 4 {
        return us as usize;
    }
    let power = us.ilog2() as usize;
    let quarter = (us >> (power - 2)) as usize & 3;
    (4 * (power - 1) + quarter).min(BUCKETS - 1)
}

fn upper_bound(bucket: usize) -> u64 {
    if bucket < 4 {
        return bucket as u64;
    }
    let (power, quarter) = (bucket / 4 + 1, bucket % 4);
    ((4 + quarter as u64 + 1) << (power - 2)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_within_a_quarter_of_its_bucket_s_bound() {
        for us in (0..5000).chain([1 << 20, (1 << 20) + 12345, 3_000_000]) {
            let bound = upper_bound(bucket_of(us));
            assert!(bound >= us && bound <= us + us / 4 + 1, "{us} -> {bound}");
        }
    }

    #[test]
    fn quantiles_of_a_known_distribution() {
        let histogram = Histogram::default();
        assert_eq!(histogram.read(), Latency::default());
        for us in 1..=100 {
            histogram.record(Duration::from_micros(us));
        }
        let read = histogram.read();
        assert_eq!((read.count, read.max_us), (100, 100));
        assert!((50..=63).contains(&read.p50_us) && (99..=100).contains(&read.p99_us), "{read:?}");
    }
}
