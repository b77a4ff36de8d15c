//! Contents back on disk, at a place where nothing is yet.
//!
//! Nothing is ever overwritten, and a content that cannot be written completely and rightly is not left there in part.
//! Nothing is synced either: whoever renames the result into place knows when that is worth waiting for.

use super::content::{Content, ContentEntry, ContentId, EntryKind};
use super::{History, HistoryError};
use crate::model::TreeKind;
use crate::os::create;
use skillmeat_protocol::hash::ContentHash;
use std::io::Write;
use std::path::Path;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files and links.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

impl History {
    /// Writes the content at `to`, where nothing may be; the directory above must be there. Files, links and empty
    /// directories get what they had; other directories get what the process gives new ones.
    ///
    /// # Errors
    /// [`HistoryError::NoContent`], damage, or that something cannot be written. Then nothing is at `to` that was not.
    pub fn materialise(&self, id: ContentId, to: &Path) -> Result<Written, HistoryError> {
        let content = self.content(id)?;
        if content.kind == TreeKind::Directory {
            std::fs::create_dir(to).map_err(HistoryError::io("make directory", to))?;
        }
        let written = self.fill(&content, to);
        if written.is_err() && content.kind == TreeKind::Directory {
            // All of it is ours. The first error says more than one of tidying up.
            let _ = std::fs::remove_dir_all(to);
        }
        written
    }

    fn fill(&self, content: &Content, to: &Path) -> Result<Written, HistoryError> {
        let mut written = Written::default();
        let mut made = to.to_owned();
        for ContentEntry { path, kind } in &content.entries {
            let at = path.below(to);
            if let Some(above) = at.parent()
                && content.kind == TreeKind::Directory
                && above != made
            {
                std::fs::create_dir_all(above).map_err(HistoryError::io("make directory", above))?;
                made = above.to_owned();
            }
            match kind {
                EntryKind::File { hash, mode, .. } => {
                    written.bytes += self.write_file(ContentHash(*hash), &at, *mode)?;
                    written.files += 1;
                }
                EntryKind::Symlink { target } => {
                    create::link(target, &at).map_err(HistoryError::io("make link", &at))?;
                    written.files += 1;
                }
                EntryKind::EmptyDirectory { mode } => {
                    std::fs::create_dir(&at).map_err(HistoryError::io("make directory", &at))?;
                    create::set_mode(&at, *mode).map_err(HistoryError::io("set the mode of", &at))?;
                }
            }
        }
        Ok(written)
    }

    /// Writes one file at `to`, where nothing may be; returns its bytes.
    ///
    /// # Errors
    /// [`HistoryError::NoBlob`], damage, or that it cannot be written. Then nothing is at `to` that was not.
    pub fn write_file(&self, hash: ContentHash, to: &Path, mode: u32) -> Result<u64, HistoryError> {
        let mut file = create::file(to).map_err(HistoryError::io("create", to))?;
        let written = self
            .each_chunk(hash, |bytes| file.write_all(bytes).map_err(HistoryError::io("write", to)))
            // Last, since the mode may forbid writing.
            .and_then(|size| {
                create::set_mode(to, mode).map_err(HistoryError::io("set the mode of", to)).map(|()| size)
            });
        if written.is_err() {
            // It was created above. The first error says more than one of tidying up.
            let _ = std::fs::remove_file(to);
        }
        written
    }
}
