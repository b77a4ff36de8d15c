//! How conflicts are told of: what of them there is to decide, and the commands that do.

use super::super::command::Subject;
use super::super::error::OpError;
use super::{find, is_only_given_back, marks, named};
use crate::engine::snapshot::{ItemView, Snapshot};
use crate::history::{
    Choice, Conflict, ConflictFile, ConflictKind, ConflictReason, ContentId, EntryKind, History, HistoryError,
};
use skillmeat_merge::three_way::Style;
use skillmeat_protocol::bytes::Bytes;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::{self, ConflictInfo, ConflictLeaf, ConflictResolution, ConflictState};
use skillmeat_protocol::request::ConflictSide;
use std::path::Path;
use std::sync::Arc;

/// Files of a conflict in a list of conflicts.
const IN_LIST: usize = 20;
/// Files of one that is shown by itself.
const IN_ONE: usize = 2_000;
/// Files whose own commands are shown.
const COMMANDED: usize = 5;
/// A text that is shown whole.
const SHOWN_TEXT: usize = 1 << 20;

/// What is needed to tell of conflicts.
#[derive(Clone, Copy)]
pub struct Telling<'a> {
    /// Where they are kept.
    pub history: &'a History,
    /// What the files are.
    pub snapshot: &'a Snapshot,
}

impl Telling<'_> {
    /// The item that a conflict is of, if there is one still.
    pub fn item(&self, conflict: &Conflict) -> Option<Arc<ItemView>> {
        let project = self.snapshot.projects.get(conflict.place.project.to_str()?)?;
        let is = |item: &&Arc<ItemView>| item.key == conflict.place.key && *item.profile == *conflict.place.profile;
        project.items().find(is).cloned()
    }

    /// Whether a conflict is one still.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn state(&self, conflict: &Conflict) -> Result<ConflictState, HistoryError> {
        match self.item(conflict) {
            Some(item) => find::state(self.history, &item, conflict),
            None => Ok(ConflictState::Closed),
        }
    }

    /// A conflict in a list.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn listed(&self, conflict: &Conflict, state: ConflictState) -> Result<ConflictInfo, OpError> {
        self.info(conflict, state, IN_LIST)
    }

    /// A conflict by itself, with the commands for single files.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn shown(&self, item: &ItemView, conflict: &Conflict) -> Result<ConflictInfo, OpError> {
        let state = find::state(self.history, item, conflict)?;
        let mut info = self.info(conflict, state, IN_ONE)?;
        if state != ConflictState::Closed {
            let open = conflict.files.iter().filter(|file| file.resolution.is_none());
            let on = self.subject(conflict);
            let ways = open
                .filter(|file| !file.path.is_empty())
                .take(COMMANDED)
                .map(|file| decide(&on, conflict, file, &item.path));
            info.ways.extend(ways);
        }
        Ok(info)
    }

    /// The text of a file with its conflicts between markers, and what they come from.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn text(&self, file: &ConflictFile) -> Result<Option<Bytes>, OpError> {
        let text = marks::texts(self.history, file)?.map(|texts| texts.marked(Style::Diff3));
        Ok(text.filter(|text| text.len() <= SHOWN_TEXT).map(Bytes))
    }

    /// The bytes of one side of a file; none where nothing is, or a link.
    ///
    /// # Errors
    /// The history cannot be read.
    pub fn side(&self, file: &ConflictFile, side: ConflictSide) -> Result<Option<Vec<u8>>, OpError> {
        let [base, ours, theirs] = marks::leaves(self.history, file.sides)?;
        let leaf = match side {
            ConflictSide::Base => base,
            ConflictSide::Ours => ours,
            ConflictSide::Theirs => theirs,
            ConflictSide::Marked => {
                return Ok(marks::texts(self.history, file)?.map(|texts| texts.marked(Style::Merge)));
            }
        };
        match leaf {
            Some(EntryKind::File { hash, .. }) => marks::bytes(self.history, hash).map(Some),
            _ => Ok(None),
        }
    }

    fn info(&self, conflict: &Conflict, state: ConflictState, most: usize) -> Result<ConflictInfo, OpError> {
        let open = conflict.files.iter().filter(|file| file.resolution.is_none()).count();
        let name = self.snapshot.collection(&conflict.collection).map(|collection| collection.name.to_string());
        Ok(ConflictInfo {
            conflict: conflict.id.cast_unsigned(),
            kind: conflict.place.key.kind,
            name: conflict.place.key.name.clone(),
            project: conflict.place.project.to_string_lossy().into_owned(),
            profile: conflict.place.profile.clone(),
            collection: name.unwrap_or_else(|| conflict.collection.clone()),
            at: conflict.at.to_string(),
            state,
            base: conflict.baseline,
            ours: conflict.our_hash,
            theirs: conflict.their_hash,
            files_total: u32::try_from(conflict.files.len()).unwrap_or(u32::MAX),
            files_open: u32::try_from(open).unwrap_or(u32::MAX),
            files: conflict.files.iter().take(most).map(|file| self.file(file)).collect::<Result<_, _>>()?,
            ways: self.ways(conflict, state, open > 0)?,
        })
    }

    fn subject(&self, conflict: &Conflict) -> Subject {
        let place = &conflict.place;
        Subject::new(self.snapshot, &place.project, &place.key, &place.profile)
    }

    fn ways(&self, conflict: &Conflict, state: ConflictState, is_open: bool) -> Result<Vec<String>, OpError> {
        let on = self.subject(conflict);
        let resolve = |how: &str| on.on("resolve", how);
        Ok(match (state, is_open) {
            (ConflictState::Closed, _) => Vec::new(),
            (ConflictState::Marked, _) => {
                let is_gone = self.item(conflict).is_some_and(|item| is_only_given_back(&item));
                let continued = (!is_gone).then(|| resolve("--continue"));
                continued.into_iter().chain([resolve("--abort")]).collect()
            }
            (_, false) => vec![resolve("--continue")],
            (_, true) => vec![resolve("--ours --continue"), resolve("--theirs --continue"), on.on("mergetool", "")]
                .into_iter()
                .chain(self.has_text(conflict)?.then(|| on.on("sync", "--markers")))
                .collect(),
        })
    }

    /// Whether there is anything to put markers into.
    fn has_text(&self, conflict: &Conflict) -> Result<bool, OpError> {
        for file in conflict.files.iter().filter(|file| file.resolution.is_none() && marks::has_lines(file)) {
            if marks::texts(self.history, file)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn file(&self, file: &ConflictFile) -> Result<reply::ConflictFile, OpError> {
        let leaf = |id: Option<ContentId>| id.map(|id| self.leaf(id)).transpose();
        Ok(reply::ConflictFile {
            path: Bytes::from(file.path.as_os_str().as_encoded_bytes()),
            kind: match file.kind {
                ConflictKind::BothModified => reply::ConflictKind::BothModified,
                ConflictKind::AddAdd => reply::ConflictKind::AddAdd,
                ConflictKind::Deletion => reply::ConflictKind::Deletion,
            },
            reason: reason(file.reason),
            text: match file.reason {
                ConflictReason::Lines => true,
                ConflictReason::NoBase => marks::texts(self.history, file)?.is_some(),
                _ => false,
            },
            base: leaf(file.sides.base)?,
            ours: leaf(file.sides.ours)?,
            theirs: leaf(file.sides.theirs)?,
            resolution: file.resolution.map(|resolution| match resolution.choice {
                Choice::Ours => ConflictResolution::Ours,
                Choice::Theirs => ConflictResolution::Theirs,
                Choice::Base => ConflictResolution::Base,
                Choice::Both => ConflictResolution::Both,
                Choice::Content => ConflictResolution::Content,
            }),
        })
    }

    fn leaf(&self, id: ContentId) -> Result<ConflictLeaf, HistoryError> {
        let content = self.history.content(id)?;
        let own = content.entries.iter().find(|entry| entry.path.is_empty()).map(|entry| &entry.kind);
        Ok(match own {
            Some(EntryKind::File { hash, size, mode }) => {
                ConflictLeaf { hash: Some(ContentHash(*hash)), size: *size, mode: Some(*mode), target: None }
            }
            Some(EntryKind::Symlink { target }) => {
                let target = Some(Path::new(target).to_string_lossy().into_owned());
                ConflictLeaf { hash: None, size: 0, mode: None, target }
            }
            _ => ConflictLeaf { hash: Some(ContentHash(id.0)), size: content.size(), mode: None, target: None },
        })
    }
}

/// The command that decides a file, and how else it can be.
pub(super) fn decide(on: &Subject, conflict: &Conflict, file: &ConflictFile, artifact: &Path) -> String {
    let others = match (file.reason, conflict.base.is_some()) {
        (ConflictReason::Lines, true) => "--theirs, --base, --both, --edit, --tool, --content FILE",
        (ConflictReason::Broken, true) => "--theirs, --base, --edit, --tool, --content FILE",
        (_, true) => "--theirs, --base, --tool, --content FILE",
        (_, false) => "--theirs, --tool, --content FILE",
    };
    format!("{}   # or {others}", on.resolve(&named(file, artifact), "--ours"))
}

fn reason(reason: ConflictReason) -> reply::ConflictReason {
    match reason {
        ConflictReason::Lines => reply::ConflictReason::Lines,
        ConflictReason::Broken => reply::ConflictReason::Broken,
        ConflictReason::Gone => reply::ConflictReason::Gone,
        ConflictReason::Binary => reply::ConflictReason::Binary,
        ConflictReason::Large => reply::ConflictReason::Large,
        ConflictReason::Link => reply::ConflictReason::Link,
        ConflictReason::NoBase => reply::ConflictReason::NoBase,
        ConflictReason::Clash => reply::ConflictReason::Clash,
    }
}
