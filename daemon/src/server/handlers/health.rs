//! `health`: is the daemon well, and what is not as it should be, across all files.

use super::super::ServerContext;
use super::super::picture::{Picture, Terms};
use crate::engine::handle::SyncScope;
use skillmeat_protocol::preamble::PROTOCOL;
use skillmeat_protocol::reply::{HealthReply, Problem, ProjectState};
use std::path::Path;

/// Answers `health`. An engine that does not answer is itself a problem, not a reason to fail.
pub(in crate::server) async fn answer(context: &ServerContext, terms: &Terms) -> HealthReply {
    let picture = Picture::taken(context, terms, SyncScope::All).await;
    let store = (context.store)();
    let logs = context.logs_dir.clone();
    let look = move || (size_of_files(&logs), store.file.filter(|file| !file.exists()));
    let (logs_size, cache_gone) = super::blocking(look).await.unwrap_or_default();
    let snapshot = &picture.snapshot;
    let mut problems = snapshot.problems.to_vec();
    problems.extend(snapshot.collections.iter().flat_map(|collection| collection.problems.iter().cloned()));
    problems.extend(snapshot.projects.sorted().iter().flat_map(|project| project.problems.iter().cloned()));
    let cache_problem = |message, hint: &str| Problem {
        file: context.cache_path.display().to_string(),
        line: None,
        key: None,
        message,
        hint: Some(hint.to_owned()),
    };
    let slower = "answers stay right; a restart will be slower";
    problems.extend(store.error.map(|message| cache_problem(message, slower)));
    let gone = "it is gone while the daemon uses it; what is written to it is lost".to_owned();
    let renew = "answers stay right; `skillmeat daemon restart` makes a new one";
    problems.extend(cache_gone.map(|_| cache_problem(gone, renew)));
    let missing = snapshot.projects.iter().filter(|project| project.state == ProjectState::Missing).count();
    HealthReply {
        clock: snapshot.clock,
        version: context.version.to_owned(),
        protocol: PROTOCOL,
        pid: std::process::id(),
        uptime_s: context.started.elapsed().as_secs(),
        verified: snapshot.verified,
        pending: snapshot.pending,
        home: context.places.home.display().to_string(),
        endpoint: context.places.endpoint.to_string(),
        cache: context.cache_path.display().to_string(),
        logs: context.logs_dir.display().to_string(),
        logs_size,
        projects: u32::try_from(snapshot.projects.len()).unwrap_or(u32::MAX),
        missing: u32::try_from(missing).unwrap_or(u32::MAX),
        degraded: snapshot.degraded.to_vec(),
        problems,
        notes: context.notes.clone(),
    }
}

/// Bytes of the files directly in `directory`; what cannot be looked at counts as nothing.
fn size_of_files(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
}
