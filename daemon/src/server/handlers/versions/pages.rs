//! A list of versions in several answers: the next one is made while the last is written and read.
//!
//! All of them tell of one picture. What is written down meanwhile is newer than where the list has come to.

use super::Telling;
use crate::engine::handle::SyncScope;
use crate::history::{History, Page, VersionId};
use crate::ops::past;
use crate::server::dispatch::Several;
use crate::server::picture::{Picture, Terms};
use crate::server::{ServerContext, handlers, limits};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::reply::{Reply, VersionsReply};
use skillmeat_protocol::request::VersionPages;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Versions of an answer, when the request does not say: few enough that memory is used again, many enough that an answer costs
/// nothing beside them.
const USUAL: u32 = 1000;
/// Answers that wait for the reader of a connection.
const AHEAD: usize = 1;

/// Answers a `VersionPages`.
pub(in crate::server) async fn pages(context: &Arc<ServerContext>, terms: &Terms, query: VersionPages) -> Several {
    let (to, replies) = mpsc::channel(AHEAD);
    let picture = Picture::taken(context, terms, SyncScope::All).await;
    let operations = context.operations.clone();
    tokio::spawn(async move {
        let pages = to.clone();
        let told = handlers::blocking(move || tell(operations.history()?, picture, &query, &pages)).await;
        if let Err(error) = told.and_then(|told| told) {
            // Whoever does not listen any more needs no error.
            let _ = to.send(Err(error)).await;
        }
    });
    replies
}

fn tell(
    history: &History,
    picture: Picture,
    query: &VersionPages,
    to: &mpsc::Sender<Result<Reply, WireError>>,
) -> Result<(), WireError> {
    let Picture { snapshot, fresh, stale } = picture;
    let key = past::artifact(&snapshot, history, &query.artifact)?;
    let telling = Telling::new(history, &snapshot, &key)?;
    let mut left = if query.limit == 0 { u32::MAX } else { query.limit };
    let mut before = query.before.map(VersionId::numbered);
    loop {
        let limit = limits::entries(query.page, USUAL, super::MOST).min(left);
        let (versions, more) = telling.page(Page { before, limit })?;
        left -= (versions.len() as u32).min(left);
        let next = versions.last().filter(|_| more).map(|last| last.version);
        before = next.map(VersionId::numbered);
        let (clock, stale) = (snapshot.clock, stale.clone());
        let reply = VersionsReply { clock, fresh, stale, artifact: key.to_string(), versions, next };
        let is_read = to.blocking_send(Ok(Reply::Versions(reply))).is_ok();
        if !is_read || next.is_none() || left == 0 {
            return Ok(());
        }
    }
}
