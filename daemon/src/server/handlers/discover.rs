//! `projects.discover`: a search that may take long, tells how far it is, and stops when nobody waits any more.

use super::super::dispatch::ProgressSink;
use super::super::{ServerContext, limits};
use super::projects;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{DiscoverReply, Problem, Progress};
use skillmeat_protocol::request::DiscoverQuery;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Answers `projects.discover`.
pub(in crate::server) async fn answer(
    context: &Arc<ServerContext>,
    query: DiscoverQuery,
    progress: &ProgressSink,
) -> Result<DiscoverReply, WireError> {
    if !Path::new(&query.root).is_absolute() {
        return Err(WireError::new(ErrorCode::BadPath, "the directory to search is not absolute").path(query.root));
    }
    let register = query.add;
    let cancelled = CancelOnDrop(Arc::default());
    let (files, snapshot) = (context.files.clone(), context.engine.snapshot());
    let (flag, sink) = (cancelled.0.clone(), progress.clone());
    let searched = super::blocking(move || {
        if !Path::new(&query.root).is_dir() {
            return Err(WireError::new(ErrorCode::BadPath, "this is no directory").path(query.root));
        }
        let registered = |path: &Path| path.to_str().is_some_and(|path| snapshot.projects.get(path).is_some());
        Ok(files.discover(&query, &registered, &mut at_intervals(&sink), &flag))
    });
    let mut reply = searched.await??;
    if register {
        register_found(context, &mut reply).await;
    }
    Ok(reply)
}

/// Sets its flag when the handler's future is dropped: the connection closed, or the deadline passed.
pub(super) struct CancelOnDrop(pub(super) Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Passes on what is far enough from the last; the first only after one interval, so that short searches are silent.
pub(super) fn at_intervals(sink: &ProgressSink) -> impl FnMut(Progress) {
    let mut last = Instant::now();
    move |progress| {
        if last.elapsed() >= limits::PROGRESS {
            last = Instant::now();
            sink.send_replace(Some(progress));
        }
    }
}

/// One that cannot be registered does not keep the others from it.
async fn register_found(context: &Arc<ServerContext>, reply: &mut DiscoverReply) {
    for found in reply.projects.iter_mut().filter(|found| !found.registered) {
        let before = context.engine.snapshot();
        let registered = match projects::register(context, &found.path).await {
            Ok(path) => projects::carry_followings(context, &path, before).await,
            Err(error) => Err(error),
        };
        match registered {
            Ok(()) => found.added = true,
            Err(error) if error.code == ErrorCode::AlreadyExists => found.registered = true,
            Err(error) => reply.problems.push(Problem {
                file: found.path.clone(),
                line: None,
                key: None,
                message: error.message,
                hint: error.hint,
            }),
        }
    }
}
