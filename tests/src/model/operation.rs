//! What people and programs do to files, as data: an operation is generated without looking at the disk, so a list of
//! them can be printed, shortened and run again.
//!
//! All paths are relative to the sandbox. An operation that the files do not allow (below a file, in a project that is
//! away) fails and that is no failure of the test: the daemon must agree with what is there whatever happened.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk;

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Operation {
    /// Writes in place; makes the directories that lead there.
    Write { path: String, text: String },
    /// Empties a file, then writes in two parts.
    TruncateThenWrite { path: String, text: String },
    /// A temporary beside it, renamed over it.
    SaveAtomically { path: String, text: String },
    /// As vim with a backup does: probe file, the old one renamed, the new one written, the backup removed.
    SaveLikeVim { path: String, text: String },
    /// As emacs does: a dangling lock link, an autosave file, the save, both removed.
    SaveLikeEmacs { path: String, text: String },
    /// As many bytes as before, and the time of before.
    WriteBackdated { path: String, text: String },
    /// A file to another name or artifact.
    RenameFile { from: String, to: String },
    /// A directory to another name, artifact, project or collection.
    RenameDirectory { from: String, to: String },
    /// To the same name in the other case.
    RenameCase { from: String, to: String },
    /// Removes a file or link.
    DeleteFile { path: String },
    /// Removes whatever is there.
    DeleteTree { path: String },
    /// A file where a directory was.
    FileForDirectory { path: String, text: String },
    /// A directory where a file was.
    DirectoryForFile { path: String, text: String },
    /// A link where anything was; the target is relative to the sandbox, or dangling.
    Link { path: String, target: String },
    /// A link that is there points elsewhere from one moment to the next.
    Retarget { path: String, target: String },
    /// A second name for a file, which the next save of the first one leaves alone. (Writing through one name says
    /// nothing about the other: inotify tells of names, so nobody who watches directories can see that.)
    HardLink { from: String, to: String },
    /// Takes all permissions away, or gives them back.
    Mode { path: String, mode: u32 },
    /// `mkdir -p` with files, in one go.
    Burst { path: String, count: u32 },
    /// A valid manifest.
    Manifest { collection: String, keys: Vec<String> },
    /// Valid records.
    Records { project: String, records: Vec<Recorded> },
    /// A file cut off in the middle, as a crashing writer leaves it.
    Cut { path: String },
    /// A collection under another name.
    RenameCollection { from: String, to: String },
    /// A project, collection or part of one out of all roots.
    MoveAway { path: String },
    /// What was moved away from there.
    MoveBack { path: String },
    /// The user's default collection.
    Default { collection: String },
    /// Everything that is away comes back, and all modes.
    Repair,
}

/// One deployment record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) key: String,
    pub(crate) collection: String,
    pub(crate) baseline: Baseline,
}

/// What a record says was deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Baseline {
    /// What lies there when the record is written.
    Present,
    /// Something else.
    Other,
    /// Nothing usable.
    Unusable,
}

impl Operation {
    /// What is counted under.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Write { .. } => "write",
            Self::TruncateThenWrite { .. } => "truncate, then write",
            Self::SaveAtomically { .. } => "atomic save",
            Self::SaveLikeVim { .. } | Self::SaveLikeEmacs { .. } => "editor save",
            Self::WriteBackdated { .. } => "write, mtime set back",
            Self::RenameFile { .. } => "rename file",
            Self::RenameDirectory { .. } => "rename directory",
            Self::RenameCase { .. } => "rename case",
            Self::DeleteFile { .. } => "delete file",
            Self::DeleteTree { .. } => "delete tree",
            Self::FileForDirectory { .. } => "file for directory",
            Self::DirectoryForFile { .. } => "directory for file",
            Self::Link { .. } => "symlink",
            Self::Retarget { .. } => "retarget symlink",
            Self::HardLink { .. } => "hard link",
            Self::Mode { .. } => "chmod",
            Self::Burst { .. } => "mkdir -p burst",
            Self::Manifest { .. } => "manifest edit",
            Self::Records { .. } => "records edit",
            Self::Cut { .. } => "broken file",
            Self::RenameCollection { .. } => "rename collection",
            Self::MoveAway { .. } => "move away",
            Self::MoveBack { .. } => "move back",
            Self::Default { .. } => "default collection",
            Self::Repair => "repair",
        }
    }

    /// Whether it may change the records of the project at this path, directly or with a directory around them.
    pub(crate) fn may_change_records_of(&self, project: &str) -> bool {
        let around = |path: &str| {
            let records = format!("{project}/.claude/.skillmeat-deployed.toml");
            Path::new(&records).starts_with(path)
        };
        match self {
            Self::Records { project: of, .. } => of == project,
            Self::Repair => true,
            Self::RenameFile { from, to }
            | Self::RenameDirectory { from, to }
            | Self::RenameCase { from, to }
            | Self::HardLink { from, to } => around(from) || around(to),
            Self::DeleteTree { path }
            | Self::FileForDirectory { path, .. }
            | Self::DirectoryForFile { path, .. }
            | Self::Link { path, .. }
            | Self::Mode { path, .. }
            | Self::Cut { path }
            | Self::MoveAway { path }
            | Self::MoveBack { path } => around(path),
            _ => false,
        }
    }

    /// Whether it may change anything of the project at this path.
    pub(crate) fn concerns(&self, project: &str) -> bool {
        let inside =
            |path: &str| path.strip_prefix(project).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match self {
            Self::Repair => true,
            Self::RenameFile { from, to }
            | Self::RenameDirectory { from, to }
            | Self::RenameCase { from, to }
            | Self::HardLink { from, to } => inside(from) || inside(to),
            Self::Records { project, .. } => inside(project),
            Self::Manifest { .. } | Self::RenameCollection { .. } | Self::Default { .. } => false,
            Self::Write { path, .. }
            | Self::TruncateThenWrite { path, .. }
            | Self::SaveAtomically { path, .. }
            | Self::SaveLikeVim { path, .. }
            | Self::SaveLikeEmacs { path, .. }
            | Self::WriteBackdated { path, .. }
            | Self::DeleteFile { path }
            | Self::DeleteTree { path }
            | Self::FileForDirectory { path, .. }
            | Self::DirectoryForFile { path, .. }
            | Self::Link { path, .. }
            | Self::Retarget { path, .. }
            | Self::Mode { path, .. }
            | Self::Burst { path, .. }
            | Self::Cut { path }
            | Self::MoveAway { path }
            | Self::MoveBack { path } => inside(path),
        }
    }

    /// Does it below `root`.
    ///
    /// # Errors
    /// When the files do not allow it.
    pub(crate) fn apply(&self, root: &Path) -> io::Result<()> {
        let at = |path: &String| root.join(path);
        match self {
            Self::Write { path, text } => disk::put(&at(path), text),
            Self::TruncateThenWrite { path, text } => disk::truncate_then_write(&at(path), text),
            Self::SaveAtomically { path, text } => disk::save_atomically(&at(path), text),
            Self::SaveLikeVim { path, text } => disk::save_like_vim(&at(path), text),
            Self::SaveLikeEmacs { path, text } => disk::save_like_emacs(&at(path), text),
            Self::WriteBackdated { path, text } => disk::write_backdated(&at(path), text),
            Self::RenameFile { from, to } => disk::rename(&at(from), &at(to)),
            Self::RenameDirectory { from, to } | Self::RenameCollection { from, to } => {
                disk::rename(&at(from), &at(to))
            }
            Self::RenameCase { from, to } => std::fs::rename(at(from), at(to)),
            Self::DeleteFile { path } => std::fs::remove_file(at(path)),
            Self::DeleteTree { path } => disk::clear(&at(path)),
            Self::FileForDirectory { path, text } => disk::replace(&at(path), |path| std::fs::write(path, text)),
            Self::DirectoryForFile { path, text } => {
                disk::replace(&at(path), |path| disk::put(&path.join("SKILL.md"), text))
            }
            Self::Link { path, target } => {
                disk::replace(&at(path), |path| std::os::unix::fs::symlink(root.join(target), path))
            }
            Self::Retarget { path, target } => disk::retarget(&at(path), &root.join(target)),
            Self::HardLink { from, to } => disk::hard_link(&at(from), &at(to)),
            Self::Mode { path, mode } => disk::set_mode(&at(path), *mode),
            Self::Burst { path, count } => disk::burst(&at(path), *count),
            Self::Manifest { collection, keys } => disk::manifest(&at(collection), keys),
            Self::Records { project, records } => disk::records(&at(project), records),
            Self::Cut { path } => disk::cut(&at(path)),
            Self::MoveAway { path } => disk::move_away(root, path),
            Self::MoveBack { path } => disk::move_back(root, path),
            Self::Default { collection } => disk::replace_text(
                &root.join("h/.skillmeat/config.toml"),
                &format!("[settings]\ndefault-collection = \"{collection}\"\n"),
            ),
            Self::Repair => disk::repair(root),
        }
    }
}
