//! Conflict markers: put into texts for people, and looked for in what they give back.
//!
//! Markers are only ever put into a project's copy, and only when somebody asks for them. What a person made of a text is
//! taken when no line of it is a marker, unless a side has that line, too: a text about merging may hold one.

use super::super::error::OpError;
use super::super::merging::{Dispute, Side, bytes_of};
use super::super::planning::Planning;
use crate::history::{ConflictFile, ConflictReason, ConflictSides, ContentId, EntryKind, History};
use sha2::{Digest, Sha256};
use skillmeat_merge::binary::is_binary;
use skillmeat_merge::three_way::{LARGEST_TEXT, Labels, Style, TextMerge};
use skillmeat_protocol::hash::ContentHash;
use std::path::PathBuf;

/// The texts of base, ours and theirs.
pub struct Texts {
    base: Vec<u8>,
    ours: Vec<u8>,
    theirs: Vec<u8>,
}

impl Texts {
    /// None where a side is no text that is merged by line, or is not there.
    fn of(
        [base, ours, theirs]: &[Option<EntryKind>; 3],
        read: impl Fn([u8; 32]) -> Result<Vec<u8>, OpError>,
    ) -> Result<Option<Self>, OpError> {
        let text = |kind: &EntryKind| match kind {
            EntryKind::File { hash, size, .. } if *size <= LARGEST_TEXT as u64 => {
                read(*hash).map(|bytes| Some(bytes).filter(|bytes| !is_binary(bytes)))
            }
            _ => Ok(None),
        };
        let (Some(ours), Some(theirs)) = (ours, theirs) else { return Ok(None) };
        let base = base.as_ref().map_or(Ok(Some(Vec::new())), text)?;
        let (Some(base), Some(ours), Some(theirs)) = (base, text(ours)?, text(theirs)?) else { return Ok(None) };
        Ok(Some(Self { base, ours, theirs }))
    }

    fn merge(&self) -> TextMerge<'_> {
        TextMerge::new(&self.base, &self.ours, &self.theirs)
    }

    /// With markers around what is in conflict.
    pub fn marked(&self, style: Style) -> Vec<u8> {
        self.merge().marked(style, &Labels::default())
    }

    /// With the lines of both where they are in conflict.
    pub fn union(&self) -> Vec<u8> {
        self.merge().union()
    }
}

/// Puts markers into the texts of a conflict that are not decided; their names.
pub(in crate::ops) fn put_in(
    planning: &mut Planning<'_>,
    dispute: &mut Dispute,
    sides: &[Side<'_>],
) -> Result<Vec<String>, OpError> {
    let mut names = Vec::new();
    for (file, leaves) in dispute.files.iter().zip(&dispute.leaves) {
        if file.resolution.is_some() || !has_lines(file) {
            continue;
        }
        let Some(texts) = Texts::of(leaves, |hash| bytes_of(planning, hash, sides))? else { continue };
        let bytes = texts.marked(Style::Merge);
        let kind = planning.keep_bytes(&bytes, file.mode)?;
        dispute.rest.insert(PathBuf::from(file.path.as_os_str()), kind);
        dispute.written.insert(Sha256::digest(&bytes).into(), bytes);
        names.push(super::shown(file, sides[0].path));
    }
    Ok(names)
}

/// Whether lines are what a file is in conflict about. What is only not whole any more has nothing to put markers around.
pub fn has_lines(file: &ConflictFile) -> bool {
    matches!(file.reason, ConflictReason::Lines | ConflictReason::NoBase)
}

/// The texts of a file whose sides are stored.
///
/// # Errors
/// The history cannot be read.
pub fn texts(history: &History, file: &ConflictFile) -> Result<Option<Texts>, OpError> {
    if !has_lines(file) && file.reason != ConflictReason::Broken {
        return Ok(None);
    }
    Texts::of(&leaves(history, file.sides)?, |hash| bytes(history, hash))
}

/// What a file is on each side. Nothing for what is a directory.
///
/// # Errors
/// The history cannot be read.
pub fn leaves(history: &History, sides: ConflictSides) -> Result<[Option<EntryKind>; 3], OpError> {
    let leaf = |id: Option<ContentId>| -> Result<Option<EntryKind>, OpError> {
        let Some(id) = id else { return Ok(None) };
        let content = history.content(id)?;
        Ok(content.entries.into_iter().find(|entry| entry.path.is_empty()).map(|entry| entry.kind))
    };
    Ok([leaf(sides.base)?, leaf(sides.ours)?, leaf(sides.theirs)?])
}

/// The bytes of a stored file.
///
/// # Errors
/// The history cannot be read.
pub fn bytes(history: &History, hash: [u8; 32]) -> Result<Vec<u8>, OpError> {
    let mut bytes = Vec::new();
    history.read_blob(ContentHash(hash), &mut bytes)?;
    Ok(bytes)
}

/// Whether a text that is to take the place of a file still holds markers.
///
/// # Errors
/// The history cannot be read.
pub fn are_left(history: &History, file: &ConflictFile, text: &[u8]) -> Result<bool, OpError> {
    let mut markers: Vec<&[u8]> = lines(text).filter(|line| is_marker(line)).collect();
    if markers.is_empty() || is_binary(text) {
        return Ok(false);
    }
    for leaf in leaves(history, file.sides)?.into_iter().flatten() {
        let EntryKind::File { hash, size, .. } = leaf else { continue };
        if size <= LARGEST_TEXT as u64 {
            let side = bytes(history, hash)?;
            markers.retain(|marker| !lines(&side).any(|line| line == *marker));
        }
    }
    Ok(!markers.is_empty())
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// A line of seven signs, alone or before a label. `=======` alone underlines a heading, too, and never stands without one
/// of the others.
fn is_marker(line: &[u8]) -> bool {
    let is = |sign: u8| line.len() >= 7 && line[..7].iter().all(|byte| *byte == sign);
    [b'<', b'|', b'>'].into_iter().any(is) && matches!(line.get(7), None | Some(b' '))
}

#[cfg(test)]
mod tests {
    use super::is_marker;

    #[test]
    fn a_marker_is_a_line_of_seven_signs_and_a_label() {
        for (line, want) in [
            ("<<<<<<< LOCAL (current)", true),
            (">>>>>>> REMOTE (incoming)", true),
            ("||||||| BASE", true),
            ("<<<<<<<", true),
            ("=======", false),
            ("<<<<<<<<", false),
            ("<<<<<<", false),
            (" <<<<<<< x", false),
            ("|||||||x", false),
            ("", false),
        ] {
            assert_eq!(is_marker(line.as_bytes()), want, "{line}");
        }
    }
}
