//! The sides that are nowhere now: a version of the artifact, and the artifact as a snapshot holds it.
//!
//! A word that is not said to be the one or the other may be either. A tag is a word that somebody chose, so it is never
//! taken for the beginning of an id; a row of digits may begin a hash and an id, and then it is asked which.

use super::archived::{self, Held};
use super::choose::Subject;
use super::side::{Origin, Reading, Side, files, stored, wire};
use crate::history::Sought;
use crate::ops::command::word;
use crate::ops::past;
use crate::ops::snapshots::finding::{self, Kept};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::SideInfo;
use skillmeat_protocol::request::DiffSide;

impl Reading<'_> {
    /// Reads a side that is of the past.
    pub(super) fn past(&self, subject: &Subject, side: &DiffSide) -> Result<Side, WireError> {
        match side {
            DiffSide::Version(text) => self.version(subject, text),
            DiffSide::Snapshot(text) => {
                let kept = finding::find(self.home, self.snapshot, text, self.collection)?;
                self.kept(subject, &kept)
            }
            DiffSide::Named(text) => self.named(subject, text),
            DiffSide::Baseline | DiffSide::Collection | DiffSide::Project | DiffSide::Path(_) => {
                self.side(subject, side)
            }
        }
    }

    fn named(&self, subject: &Subject, text: &str) -> Result<Side, WireError> {
        let history = self.history.as_ref().map_err(Clone::clone)?;
        let sought = past::sought(history, self.snapshot, &subject.key, text)?;
        // Ids are made of digits and dashes; a name that looks like one was still chosen by somebody.
        let may_be_id = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let is_sure = match &sought {
            Sought::Nothing => false,
            Sought::One(version) => !may_be_id || !version.hash.to_string().starts_with(text),
            Sought::Several(_) => !may_be_id,
        };
        if is_sure {
            return self.version(subject, text);
        }
        let snapshot = finding::find(self.home, self.snapshot, text, self.collection);
        match (&sought, snapshot) {
            (Sought::Nothing, Ok(kept)) => self.kept(subject, &kept),
            (Sought::Nothing, Err(error)) if error.code != ErrorCode::NotFound => Err(error),
            (Sought::Nothing, Err(_)) => {
                let what = word(&subject.key.to_string());
                let message = format!("'{text}' is neither a version of {} nor a snapshot", subject.key);
                let hint = format!(
                    "skillmeat versions {what}; skillmeat snapshot list; the other sides are baseline, collection and project"
                );
                Err(WireError::new(ErrorCode::NotFound, message).hint(hint))
            }
            (_, Err(error)) if error.code == ErrorCode::NotFound => self.version(subject, text),
            // One that cannot be looked for may be meant no less than one that is there.
            (_, _) => {
                let message = format!("'{text}' may be a version of {} and a snapshot", subject.key);
                let hint = format!("write version:{text} or snapshot:{text}");
                Err(WireError::new(ErrorCode::Ambiguous, message).hint(hint))
            }
        }
    }

    /// A version: what the history keeps of it, else a side that is the same now.
    fn version(&self, subject: &Subject, text: &str) -> Result<Side, WireError> {
        let history = self.history.as_ref().map_err(Clone::clone)?;
        let version = past::version(history, self.snapshot, &subject.key, text)?;
        let info = SideInfo {
            side: DiffSide::Version(version.hash.to_string()),
            label: format!("version {}", version.hash.short()),
            present: true,
            path: None,
            content_hash: Some(version.hash),
        };
        let content = match history.content_of_version(&version).map_err(wire)? {
            Some(id) => Some(history.content(id).map_err(wire)?),
            None => stored(history, version.hash).map_err(wire)?,
        };
        if let Some(content) = content {
            return Ok(Side { info, files: files(&content, |_| Origin::Stored) });
        }
        if let Some(read) = self.here(subject, version.hash)? {
            return Ok(Side { info, ..read });
        }
        let message = format!("the files of version {} of {} are not kept", version.hash.short(), subject.key);
        Err(WireError::new(ErrorCode::NotFound, message)
            .hint(format!("skillmeat versions {}", word(&subject.key.to_string()))))
    }

    /// The artifact as a snapshot holds it; nothing where it does not.
    fn kept(&self, subject: &Subject, kept: &Kept) -> Result<Side, WireError> {
        let archive = kept.shelf.archive(&kept.entry);
        let held = archived::held(&archive, kept.shelf.name(), &subject.key, self.cancelled)?;
        let info = SideInfo {
            side: DiffSide::Snapshot(kept.entry.id.clone()),
            label: format!("snapshot {} of {}", kept.entry.id, kept.shelf.name()),
            present: matches!(held, Held::Files(_)),
            path: None,
            content_hash: None,
        };
        let files = match held {
            Held::Files(files) => files,
            Held::Nothing => Vec::new(),
        };
        Ok(Side { info, files })
    }
}
