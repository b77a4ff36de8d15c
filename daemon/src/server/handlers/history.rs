//! The history as a whole: what happened in one line of time, what of it is kept, and whether it is what was stored.

use super::super::ServerContext;
use super::super::dispatch::ProgressSink;
use super::super::limits;
use super::operate::long;
use super::versions::{origin, place};
use crate::engine::snapshot::Snapshot;
use crate::history::{Asked, ConflictFound, History, Mark, Moment, Sighting, Spot, merged};
use crate::model::Timestamp;
use crate::ops::conflicts::telling::Telling;
use crate::ops::error::wire;
use crate::ops::{self, Operations, lookup, past};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{
    self, ConflictState, FoundVersion, HistoryEntry, HistoryGcReply, HistoryKind, HistoryReply, HistoryVerifyReply,
    VersionOrigin,
};
use skillmeat_protocol::request::{HistoryGc, HistoryQuery};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// Entries of a page, when the request does not say.
const USUAL: u32 = 50;
/// Entries of a page at most.
const MOST: u32 = 1000;

/// Answers `history.list`.
pub(in crate::server) async fn list(
    context: &Arc<ServerContext>,
    query: HistoryQuery,
) -> Result<HistoryReply, WireError> {
    let (operations, snapshot) = (context.operations.clone(), context.engine.snapshot());
    super::blocking(move || {
        let history = operations.history()?;
        let asked = asked(&operations, history, &snapshot, &query)?;
        let collection = query.collection.as_deref().map(|named| lookup::collection(&snapshot, Some(named)));
        let beside =
            operations.beside_the_journal(history, &asked, collection.transpose()?.as_deref()).map_err(wire)?;
        let journal = history.timeline(&asked).map_err(wire)?.into_iter();
        let journal = journal.map(|(mark, moment)| (mark, Told::Moment(Box::new(moment)))).collect();
        let beside = beside.into_iter().map(|(mark, entry)| (mark, Told::Entry(Box::new(entry)))).collect();
        let found = merged(vec![journal, beside], asked.limit);
        let next = found.last().filter(|_| found.len() == asked.limit as usize).map(|(mark, _)| mark.to_string());
        let entries = found.into_iter().map(|(_, told)| match told {
            Told::Moment(moment) => entry(history, &snapshot, &moment),
            Told::Entry(entry) => Ok(*entry),
        });
        Ok(HistoryReply { clock: snapshot.clock, entries: entries.collect::<Result<_, _>>()?, next })
    })
    .await?
}

/// What is told when it is on the page, or is already.
enum Told {
    Moment(Box<Moment>),
    Entry(Box<HistoryEntry>),
}

fn asked(
    operations: &Operations,
    history: &History,
    snapshot: &Snapshot,
    query: &HistoryQuery,
) -> Result<Asked, WireError> {
    let invalid = |message: String| WireError::new(ErrorCode::InvalidParams, message);
    let artifact = query.artifact.as_deref().map(|text| past::artifact(snapshot, history, text)).transpose()?;
    let root = match (&query.project, &query.collection) {
        (Some(_), Some(_)) => return Err(invalid("name either a project or a collection".to_owned())),
        (Some(named), None) => {
            let path = PathBuf::from(&*lookup::project(snapshot, named)?.path);
            let spot = Spot::Project { path: path.clone(), profile: String::new() };
            Some((path, spot))
        }
        (None, Some(named)) => {
            let collection = lookup::collection(snapshot, Some(named))?;
            Some((PathBuf::from(&*collection.path), Spot::Collection { id: collection.id.to_string() }))
        }
        (None, None) => None,
    };
    let since = query.since.as_deref().map(|text| {
        since(text, operations.now()).ok_or_else(|| {
            invalid(format!("'{}' is no time", text.escape_debug()))
                .hint("write 2026-01-31, 2026-01-31T12:00:00Z, or 30m, 12h, 7d, 2w")
        })
    });
    let before = query.before.as_deref().map(|text| {
        text.parse::<Mark>().map_err(|_| invalid(format!("'{}' is no end of a page", text.escape_debug())))
    });
    let limit = limits::entries(query.limit, USUAL, MOST);
    Ok(Asked { artifact, root, since: since.transpose()?, before: before.transpose()?, limit })
}

/// A moment as people write one: so long ago, a day of the local calendar, or RFC 3339.
fn since(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(at.as_microsecond()));
    }
    if let Ok(date) = text.parse::<Date>() {
        let midnight = date.to_zoned(TimeZone::system()).ok()?;
        return Some(Timestamp(midnight.timestamp().as_microsecond()));
    }
    let unit = text.chars().next_back()?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
    Some(Timestamp(now.0.saturating_sub(i64::from(count).saturating_mul(seconds).saturating_mul(1_000_000))))
}

fn entry(history: &History, snapshot: &Snapshot, moment: &Moment) -> Result<HistoryEntry, WireError> {
    match moment {
        Moment::Operation(id) => {
            let journalled = history.show(*id).map_err(wire)?;
            let info = ops::info_of(&journalled);
            let summary = if info.summary.is_empty() { info.verb.clone() } else { info.summary.clone() };
            let at = info.at.clone();
            Ok(HistoryEntry { kind: HistoryKind::Operation, at, summary, operation: Some(info), found: None })
        }
        Moment::Found(sighting) => found(history, snapshot, sighting),
        Moment::Conflict(found) => conflict(history, snapshot, found),
    }
}

fn conflict(history: &History, snapshot: &Snapshot, found: &ConflictFound) -> Result<HistoryEntry, WireError> {
    let kept = history.conflict_at(&found.place).map_err(wire)?.filter(|kept| kept.id == found.conflict);
    let state = match kept {
        Some(kept) => Telling { history, snapshot }.state(&kept).map_err(wire)?,
        None => ConflictState::Closed,
    };
    let artifact = found.place.key.to_string();
    let files = if found.files == 1 { "one file".to_owned() } else { format!("{} files", found.files) };
    let summary = format!("conflict of {artifact} in {files}");
    let collection = snapshot.collection(&found.collection).map(|collection| collection.name.to_string());
    let kind = HistoryKind::Conflict(reply::ConflictFound {
        conflict: found.conflict.cast_unsigned(),
        artifact,
        place: place(snapshot, &found.place.spot()),
        collection: collection.unwrap_or_else(|| found.collection.clone()),
        files: found.files,
        base: found.baseline,
        ours: found.our_hash,
        theirs: found.their_hash,
        state,
    });
    Ok(HistoryEntry { kind, at: found.at.to_string(), summary, operation: None, found: None })
}

fn found(history: &History, snapshot: &Snapshot, sighting: &Sighting) -> Result<HistoryEntry, WireError> {
    let version = match sighting.version {
        Some(id) => history.versions_by_id(&BTreeSet::from([id])).map_err(wire)?.pop(),
        None => None,
    };
    let (artifact, origin) = (sighting.key.to_string(), origin(sighting.origin));
    let what = match origin {
        VersionOrigin::LocalModification => "edited",
        VersionOrigin::Deployment => "found deployed",
        _ => "found",
    };
    let found = FoundVersion {
        artifact: artifact.clone(),
        version: sighting.version.map(|id| id.0.cast_unsigned()),
        hash: version.map(|version| version.hash),
        origin,
        place: place(snapshot, &sighting.spot),
    };
    let (kind, at) = (HistoryKind::Found, sighting.at.to_string());
    Ok(HistoryEntry { kind, at, summary: format!("{what} {artifact}"), operation: None, found: Some(found) })
}

/// Answers `history.gc`.
pub(in crate::server) async fn collect(
    context: &Arc<ServerContext>,
    query: HistoryGc,
    progress: &ProgressSink,
) -> Result<HistoryGcReply, WireError> {
    long(context, progress, move |operations, watcher| operations.collect(&query, watcher)).await
}

/// Answers `history.verify`.
pub(in crate::server) async fn verify(
    context: &Arc<ServerContext>,
    progress: &ProgressSink,
) -> Result<HistoryVerifyReply, WireError> {
    long(context, progress, Operations::verify_history).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_several_ways() {
        let now = Timestamp(1_000_000_000_000_000);
        for (text, want) in [
            ("0s", Some(now.0)),
            ("90s", Some(now.0 - 90_000_000)),
            ("2h", Some(now.0 - 7_200_000_000)),
            ("1w", Some(now.0 - 604_800_000_000)),
            ("4294967295w", Some(now.0 - i64::MAX)),
            ("1970-01-01T00:00:01Z", Some(1_000_000)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("", None),
            ("h", None),
            ("-2h", None),
            ("2 h", None),
            ("2y", None),
            ("yesterday", None),
            ("2026-13-01", None),
        ] {
            assert_eq!(since(text, now).map(|at| at.0), want, "{text}");
        }
        assert!(since("2026-11-21", now).is_some());
    }
}
