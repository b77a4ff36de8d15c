//! `metrics`: counters. Never waits for anything, so that it answers when the engine does not.

use super::super::ServerContext;
use crate::os::process;
use skillmeat_protocol::reply::MetricsReply;
use std::sync::atomic::{AtomicU64, Ordering};

/// Answers `metrics`.
pub(in crate::server) fn answer(context: &ServerContext) -> MetricsReply {
    let metrics = context.engine.metrics();
    let store = (context.store)();
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    MetricsReply {
        clock: context.engine.snapshot().clock,
        fs_events: read(&metrics.fs_events),
        overflows: read(&metrics.overflows),
        watches: read(&metrics.watches),
        engine_queue: read(&metrics.engine_queue),
        scan_queue: read(&metrics.scan_queue),
        scans: read(&metrics.scans),
        files_read: read(&metrics.files_read),
        bytes_hashed: read(&metrics.bytes_hashed),
        files_stated: read(&metrics.files_stated),
        store_queue: store.queue,
        rows_written: store.rows,
        connections: read(&metrics.connections),
        subscribers: read(&metrics.subscribers),
        requests: read(&metrics.requests),
        resident_bytes: process::resident_bytes(),
        request_latency: metrics.request_latency.read(),
        barrier_latency: metrics.barrier_latency.read(),
        announce_latency: metrics.announce_latency.read(),
    }
}
