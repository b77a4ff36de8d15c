//! The snapshots of one collection on the disk: their archives, and the list of them.
//!
//! A shelf is called as the collection is, as in the original. An archive is where its id says, whatever the list says: what a
//! file names is read at most, and never removed.

use super::archive::is_plausible;
use super::walk::Listing;
use super::{SnapshotError, Watch, pack};
use crate::library::atomic::{remove_leftovers, remove_temporaries, write_atomically};
use crate::library::edit::{Before, snapshots as edit};
use crate::library::portable::name_flaw;
use crate::library::snapshots::{self, SnapshotEntry};
use crate::model::Timestamp;
use crate::os::{create, files};
use skillmeat_protocol::reply::Problem;
use std::cmp::Reverse;
use std::io;
use std::path::{Path, PathBuf};

/// The list.
const LIST: &str = "snapshots.toml";
/// How the names of archives end.
const ENDING: &str = ".tar.gz";

/// Where the snapshots of one collection are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    directory: PathBuf,
    name: String,
}

/// What is on a shelf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The latest first; of equal age, the earlier in the file first.
    pub entries: Vec<SnapshotEntry>,
    /// What is wrong with single entries.
    pub problems: Vec<Problem>,
}

/// A snapshot that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// How it is listed.
    pub entry: SnapshotEntry,
    /// The one before, when it holds the same; its archive has two names then.
    pub same_as: Option<String>,
    /// What is neither file, directory nor link, and is not in it.
    pub left_out: Vec<PathBuf>,
}

/// The names of all shelves of a home.
///
/// # Errors
/// The directory cannot be read.
pub fn shelves(home: &Path) -> Result<Vec<String>, SnapshotError> {
    let directory = home.join("snapshots");
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(SnapshotError::Io { verb: "read", path: directory, source }),
    };
    let named = |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
    let mut names: Vec<String> = entries.filter_map(named).filter(|name| name_flaw(name).is_none()).collect();
    names.sort_unstable();
    Ok(names)
}

impl Shelf {
    /// That of the collection `name`, whether it is there or not.
    ///
    /// # Errors
    /// [`SnapshotError::Name`].
    pub fn of(home: &Path, name: &str) -> Result<Self, SnapshotError> {
        match name_flaw(name) {
            Some(flaw) => Err(SnapshotError::Name { name: name.to_owned(), flaw }),
            None => Ok(Self { directory: home.join("snapshots").join(name), name: name.to_owned() }),
        }
    }

    /// The collection's name, which is also that of the directory in every archive.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether anything was ever put on it.
    pub fn exists(&self) -> bool {
        self.directory.is_dir()
    }

    /// What is on it.
    ///
    /// # Errors
    /// [`SnapshotError::List`], with the line.
    pub fn list(&self) -> Result<Listed, SnapshotError> {
        let file = self.directory.join(LIST);
        let bytes = match files::read_whole(&file) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Listed::default()),
            Err(source) => return Err(SnapshotError::Io { verb: "read", path: file, source }),
        };
        let (mut entries, problems) =
            snapshots::parse(&bytes, &file).map_err(|problem| SnapshotError::List(Box::new(problem)))?;
        entries.sort_by_key(|entry| Reverse(entry.at));
        Ok(Listed { entries, problems })
    }

    /// The archive of a snapshot: where its id says, else where the list says, if it is there.
    pub fn archive(&self, entry: &SnapshotEntry) -> PathBuf {
        let own = self.own_archive(&entry.id);
        let told = Path::new(&entry.tarball_path);
        if !own.is_file() && told.is_absolute() && told.is_file() { told.to_owned() } else { own }
    }

    fn own_archive(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}{ENDING}"))
    }

    /// The latest snapshot, when it holds what is listed. `known` is a snapshot and the digest of what it was taken of, which
    /// spares reading its archive.
    ///
    /// # Errors
    /// The list or the collection cannot be read.
    pub fn same(
        &self,
        listing: &Listing,
        known: Option<&(String, [u8; 32])>,
        watch: &mut Watch<'_>,
    ) -> Result<Option<String>, SnapshotError> {
        let Some(latest) = self.list()?.entries.into_iter().next() else { return Ok(None) };
        let archive = self.archive(&latest);
        let same = match known {
            Some((id, digest)) if *id == latest.id => *digest == listing.digest() && archive.is_file(),
            _ => pack::is_same(listing, &self.name, &archive, watch)?,
        };
        Ok(same.then_some(latest.id))
    }

    /// Takes a snapshot of what is listed. `same` is the latest one, when it holds the same. Whoever calls has the shelf to
    /// himself.
    ///
    /// # Errors
    /// Nothing is listed that was not; the list cannot be read or written, or the collection does not hold still.
    pub fn create(
        &self,
        listing: &Listing,
        message: &str,
        now: Timestamp,
        same: Option<String>,
        watch: &mut Watch<'_>,
    ) -> Result<Created, SnapshotError> {
        // First: with a list that cannot be written there is nothing to pack for.
        let listed = self.list()?;
        std::fs::create_dir_all(&self.directory).map_err(SnapshotError::io("make", &self.directory))?;
        // Of packing that was cut off; ids begin with the year.
        remove_temporaries(&self.directory, ".20")?;
        remove_leftovers(&self.directory.join(LIST))?;
        let entry = self.new_entry(&listed, listing, message, now);
        let archive = self.own_archive(&entry.id);
        let latest = listed.entries.first().filter(|latest| same.as_deref() == Some(&*latest.id));
        let linked = latest.is_some_and(|latest| std::fs::hard_link(self.archive(latest), &archive).is_ok());
        if !linked {
            self.pack(listing, &entry.id, &archive, watch)?;
        }
        if let Err(error) = self.rewrite(|before| Ok(edit::add(before, &entry)?)) {
            // Nobody knows of it.
            let _ = std::fs::remove_file(&archive);
            return Err(error);
        }
        let same_as = latest.map(|latest| latest.id.clone());
        Ok(Created { entry, same_as, left_out: listing.left_out.clone() })
    }

    fn new_entry(&self, listed: &Listed, listing: &Listing, message: &str, now: Timestamp) -> SnapshotEntry {
        let taken = |id: &str| {
            listed.entries.iter().any(|entry| entry.id == *id) || self.own_archive(id).symlink_metadata().is_ok()
        };
        let mut at = now;
        while taken(&snapshots::id_at(at)) {
            at.0 += 1;
        }
        let id = snapshots::id_at(at);
        let tarball_path = self.own_archive(&id).to_string_lossy().into_owned();
        let artifact_count = Some(listing.artifact_count());
        SnapshotEntry { id, at, message: message.to_owned(), artifact_count, tarball_path }
    }

    /// Under a name that nobody lists until it is whole and on the disk.
    fn pack(&self, listing: &Listing, id: &str, archive: &Path, watch: &mut Watch<'_>) -> Result<(), SnapshotError> {
        let temporary = self.directory.join(format!(".{id}{ENDING}.tmp"));
        let packed = (|| {
            let file = create::file(&temporary).map_err(SnapshotError::io("create", &temporary))?;
            pack::write(listing, &self.name, &file, &format!("{id}.tar"), watch)?;
            let packed = file.metadata().map_err(SnapshotError::io("look at", &temporary))?.len();
            if !is_plausible(packed, listing.unpacked()) {
                let why = "it packs so well that nobody would unpack it again".to_owned();
                return Err(SnapshotError::Unusable { path: archive.to_owned(), why });
            }
            if Listing::of(&listing.root)? != *listing {
                return Err(SnapshotError::Changed { path: listing.root.clone() });
            }
            file.sync_all().map_err(SnapshotError::io("write to the disk", &temporary))?;
            std::fs::rename(&temporary, archive).map_err(SnapshotError::io("put into place", archive))
        })();
        if packed.is_err() {
            // The first error says more than one of tidying up.
            let _ = std::fs::remove_file(&temporary);
        }
        packed
    }

    /// Takes snapshots off the list, and then removes their archives. Gives what could not be removed.
    ///
    /// # Errors
    /// The list cannot be read or written; nothing was removed then.
    pub fn delete(&self, ids: &[&str]) -> Result<Vec<Problem>, SnapshotError> {
        self.rewrite(|before| Ok(edit::remove(before, ids)?))?;
        let mut left = Vec::new();
        for archive in ids.iter().filter(|id| name_flaw(id).is_none()).map(|id| self.own_archive(id)) {
            match std::fs::remove_file(&archive) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => left.push(Problem {
                    file: archive.display().to_string(),
                    line: None,
                    key: None,
                    message: format!("cannot be removed, and is not listed any more: {e}"),
                    hint: None,
                }),
                _ => {}
            }
        }
        Ok(left)
    }

    fn rewrite(&self, edit: impl Fn(&Before<'_>) -> Result<String, SnapshotError>) -> Result<(), SnapshotError> {
        let file = self.directory.join(LIST);
        let text = match files::read_whole(&file) {
            Ok(bytes) => {
                // Checked as it was listed: bytes that are no text are no list.
                snapshots::parse(&bytes, &file).map_err(|problem| SnapshotError::List(Box::new(problem)))?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(SnapshotError::Io { verb: "read", path: file, source }),
        };
        let after = edit(&Before { file: &file, text: text.as_deref() })?;
        if text.as_deref() != Some(&*after) {
            write_atomically(&file, &after)?;
        }
        Ok(())
    }
}
