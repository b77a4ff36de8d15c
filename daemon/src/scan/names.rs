//! What directories were found to hold, kept so that a restart need not list them again.
//!
//! The kernel sorts a directory anew each time it is listed; in a start that compares 100,000 files, a quarter of all
//! processor time went into that. A directory's own stamp changes when a name comes, goes or gets another inode, so one
//! `fstat` says whether the names that are remembered still hold (git's untracked cache rests on the same).
//!
//! # Invariants
//!
//! * The stamp is taken before the names are read, after the directory is watched: a later name has either an event, or a
//!   stamp that is another one.
//! * What was remembered is believed as a file's stamp is: equal in every part, and not *racy* when it was taken.
//! * Only file systems that are known to keep these times are believed, and nothing is remembered on others: FAT, for one,
//!   does not touch a directory for what another system writes into it.
//! * Bytes that say nothing sensible are nothing remembered.

use super::stamp;
use crate::model::{Names, Stamp};
use crate::os::directory::{Directory, Entry, EntryKind, Room};
use std::io;

/// Bytes of names beyond which an artifact's are not kept: a `node_modules` would be most of the cache.
const MOST: usize = 16 * 1024;

/// The names in the directories of one artifact: those of an earlier look, and those that this one found.
pub struct Listings<'a> {
    remembered: Vec<(Stamp, &'a [u8])>,
    found: Vec<u8>,
    started_ns: i64,
    /// Something was listed that was not remembered.
    is_news: bool,
    /// Not all of it can be kept.
    is_partial: bool,
}

impl<'a> Listings<'a> {
    /// With what an earlier look found; `started_ns` is when this one began.
    pub fn new(remembered: Option<&'a Names>, started_ns: i64) -> Self {
        let room = remembered.map_or(0, |names| names.bytes().len());
        let remembered = remembered.and_then(|names| blocks(names.bytes())).unwrap_or_default();
        Self { remembered, found: Vec::with_capacity(room), started_ns, is_news: false, is_partial: false }
    }

    /// The entries of a directory that is watched already, by name.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn of(&mut self, directory: &Directory, room: &mut Room) -> io::Result<Vec<Entry>> {
        let Some(stamp) = directory.stamp_of_names(room)? else {
            self.is_partial = true;
            return directory.entries(room);
        };
        // The inode tells the directories of an artifact apart, wherever they were moved.
        let known = self.remembered.iter().find(|(known, _)| *known == stamp).and_then(|(_, block)| entries(block));
        self.is_news |= known.is_none();
        let entries = match known {
            Some(entries) => entries,
            None => directory.entries(room)?,
        };
        self.keep(&stamp, &entries);
        Ok(entries)
    }

    /// What can be believed later, of all directories or none.
    pub fn all(self) -> Option<Names> {
        (!self.is_partial).then(|| self.found.into())
    }

    /// The same, where it is not what was remembered.
    pub fn news(self) -> Option<Names> {
        if self.is_news { self.all() } else { None }
    }

    fn keep(&mut self, stamp: &Stamp, entries: &[Entry]) {
        self.is_partial |= stamp::is_racy(stamp, self.started_ns);
        if self.is_partial {
            return;
        }
        self.found.extend_from_slice(&stamp.to_bytes());
        let length = entries.iter().map(|entry| entry.name.len() + 2).sum::<usize>();
        let (Ok(length), true) = (u32::try_from(length), self.found.len() + length <= MOST) else {
            self.is_partial = true;
            return;
        };
        self.found.extend_from_slice(&length.to_le_bytes());
        for Entry { name, kind } in entries {
            let Ok(length) = u8::try_from(name.len()) else {
                self.is_partial = true;
                return;
            };
            self.found.extend_from_slice(&[letter(*kind), length]);
            self.found.extend_from_slice(name.as_encoded_bytes());
        }
    }
}

/// Directories one after the other: stamp, length of what follows, entries.
fn blocks(mut bytes: &[u8]) -> Option<Vec<(Stamp, &[u8])>> {
    let mut blocks = Vec::new();
    while !bytes.is_empty() {
        let (stamp, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (block, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        blocks.push((Stamp::from_bytes(stamp), block));
        bytes = rest;
    }
    Some(blocks)
}

/// Entries one after the other: kind, length of the name, name.
fn entries(mut block: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    while let Some(([letter, length], rest)) = block.split_first_chunk() {
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        entries.push(Entry { name: Entry::name_of(name)?, kind: kind_of(*letter)? });
        block = rest;
    }
    block.is_empty().then_some(entries)
}

fn letter(kind: EntryKind) -> u8 {
    match kind {
        EntryKind::File => b'f',
        EntryKind::Directory => b'd',
        EntryKind::Link => b'l',
        EntryKind::Other => b'o',
    }
}

fn kind_of(letter: u8) -> Option<EntryKind> {
    [EntryKind::File, EntryKind::Directory, EntryKind::Link, EntryKind::Other]
        .into_iter()
        .find(|kind| self::letter(*kind) == letter)
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
