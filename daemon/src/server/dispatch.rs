//! From a request to its handler, with what every handler is owed: terms, a deadline, and isolation of panics.

use super::handlers::subscribe::Feed;
use super::handlers::{
    across, branches, collections, conflicts, diff, discover, health, history, init, list, metrics, operate, projects,
    shutdown, snapshots, status, subscribe, sync, versions,
};
use super::paging::Pages;
use super::picture::Terms;
use super::{ServerContext, limits};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{Progress, Reply, SubscribedReply};
use skillmeat_protocol::request::{Call, Request};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

/// What a handler's work led to.
pub(super) enum Answer {
    /// The reply.
    Reply(Reply),
    /// The first reply of a subscription, and where its events come from.
    Subscribed(SubscribedReply, Feed),
    /// Several replies.
    Several(Several),
}

/// Replies to one request, in their order.
pub(super) type Several = mpsc::Receiver<Result<Reply, WireError>>;

/// Where a handler says how far it has come. Only the latest value matters, so a slow client delays nobody.
pub(super) type ProgressSink = watch::Sender<Option<Progress>>;

/// Beyond the deadline, for an answer that is late by the barrier but can still say so.
const GRACE: Duration = Duration::from_secs(1);

/// Answers one request within its deadline.
///
/// # Errors
/// Those of the handler; `DeadlineExceeded`; `Internal` when the handler panicked.
pub(super) async fn answer(
    context: &Arc<ServerContext>,
    pages: &mut Pages,
    call: Call,
    progress: &ProgressSink,
) -> Result<Answer, WireError> {
    let terms = Terms::of(&call);
    let limit = match call.request {
        Request::Discover(_) => terms.asked_deadline.unwrap_or(Duration::MAX),
        Request::Operate(_)
        | Request::Snapshots(_)
        | Request::HistoryGc(_)
        | Request::HistoryVerify
        | Request::Resolve(_) => Duration::MAX,
        // What is compared may be as large as what is searched.
        Request::Diff(_) | Request::BlastRadius(_) => terms.asked_deadline.unwrap_or(limits::DEADLINE_MAX),
        _ => terms.deadline + limits::ENGINE_GRACE + GRACE,
    };
    match timeout(limit, isolated(handle(context, pages, &terms, call.request, progress))).await {
        Ok(Some(result)) => result,
        Ok(None) => {
            Err(WireError::new(ErrorCode::Internal, "the daemon failed on this request").hint("skillmeat daemon logs"))
        }
        Err(_) => {
            Err(WireError::new(ErrorCode::DeadlineExceeded, format!("no answer within {} ms", limit.as_millis())))
        }
    }
}

async fn handle(
    context: &Arc<ServerContext>,
    pages: &mut Pages,
    terms: &Terms,
    request: Request,
    progress: &ProgressSink,
) -> Result<Answer, WireError> {
    Ok(Answer::Reply(match request {
        Request::Status(query) => Reply::Status(status::answer(context, pages, terms, &query).await?),
        Request::List(query) => Reply::List(list::answer(context, pages, terms, &query).await?),
        Request::Show(query) => Reply::Show(list::show(context, terms, &query).await?),
        Request::Projects => Reply::Projects(projects::list(context, terms).await),
        Request::ProjectAdd(query) => Reply::ProjectAdded(projects::add(context, terms, &query.path).await?),
        Request::ProjectRemove(query) => Reply::ProjectRemoved(projects::remove(context, &query.path).await?),
        Request::Discover(query) => Reply::Discovered(discover::answer(context, query, progress).await?),
        Request::Collections => Reply::Collections(collections::list(context, terms).await),
        Request::CollectionShow(query) => {
            Reply::Collection(collections::show(context, terms, &query.collection).await?)
        }
        Request::Subscribe(query) => {
            let (first, feed) = subscribe::answer(context, &query).await?;
            return Ok(Answer::Subscribed(first, feed));
        }
        Request::Sync(query) => Reply::Synced(sync::answer(context, terms, &query).await?),
        Request::Verify(query) => Reply::Synced(sync::verify(context, terms, &query).await?),
        Request::Health => Reply::Health(health::answer(context, terms).await),
        Request::Metrics => Reply::Metrics(metrics::answer(context)),
        Request::Init => Reply::Initialised(init::answer(context).await?),
        Request::Operate(query) => operate::answer(context, query, progress).await?,
        Request::Snapshots(query) => Reply::Snapshots(snapshots::answer(context, query, progress).await?),
        Request::Operations(query) => Reply::Operations(operate::list(context, query).await?),
        Request::OperationShow(query) => Reply::Operation(operate::show(context, query).await?),
        Request::Diff(query) => Reply::Diff(diff::answer(context, pages, terms, query).await?),
        Request::Versions(query) => versions::list(context, terms, query).await?,
        Request::VersionPages(query) => return Ok(Answer::Several(versions::pages(context, terms, query).await)),
        Request::VersionGraph(query) => versions::graph(context, terms, query).await?,
        Request::VersionShow(query) => Reply::Version(versions::show(context, terms, query).await?),
        Request::VersionTag(query) => Reply::Version(versions::tag(context, terms, query).await?),
        Request::History(query) => Reply::History(history::list(context, query).await?),
        Request::HistoryGc(query) => Reply::HistoryCollected(history::collect(context, query, progress).await?),
        Request::HistoryVerify => Reply::HistoryVerified(history::verify(context, progress).await?),
        Request::Branches(query) => branches::answer(context, terms, query).await?,
        Request::BlastRadius(query) => Reply::BlastRadius(across::answer(context, terms, query).await?),
        Request::Conflicts(query) => Reply::Conflicts(conflicts::first(context, terms, query).await?),
        Request::ConflictList(query) => Reply::ConflictList(conflicts::list(context, terms, query).await?),
        Request::ConflictShow(query) => Reply::Conflict(conflicts::show(context, terms, query).await?),
        Request::ConflictRead(query) => Reply::ConflictBytes(conflicts::read(context, terms, query).await?),
        Request::Resolve(query) => Reply::Conflict(conflicts::resolve(context, query).await?),
        Request::Shutdown(query) => Reply::Stopping(shutdown::answer(context, &query)?),
    }))
}

/// Runs `work`; `None` when it panicked. What the panic left behind is dropped with the future, and no state outside
/// the connection is written by handlers, so going on is sound.
async fn isolated<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    std::future::poll_fn(|task| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(task))) {
        Ok(poll) => poll.map(Some),
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().copied();
            let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
            tracing::error!(panic = said, "a request handler panicked");
            Poll::Ready(None)
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let quiet = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| ()));
        let panicked = isolated(async {
            tokio::task::yield_now().await;
            panic!("on purpose")
        });
        assert_eq!(panicked.await, None::<()>);
        std::panic::set_hook(quiet);
        assert_eq!(isolated(async { 7 }).await, Some(7));
    }
}
