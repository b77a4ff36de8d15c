//! How the operations are done.
//!
//! Nothing here follows a final symlink on purpose except the plain writes, as programs do.

use std::fs::{self, File, FileTimes};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use super::operation::{Baseline, Recorded};
use crate::library::{CollectionDir, ProjectDir, record, try_recorded_hash};

/// Where things are that were moved away: outside all roots, named after where they were.
pub(crate) const AWAY: &str = "away";

fn parents(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// The same path with `before` and `after` around its last name.
fn beside(path: &Path, before: &str, after: &str) -> std::path::PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{before}{name}{after}"))
}

pub(super) fn put(path: &Path, text: &str) -> io::Result<()> {
    parents(path)?;
    fs::write(path, text)
}

pub(super) fn truncate_then_write(path: &Path, text: &str) -> io::Result<()> {
    parents(path)?;
    let mut file = File::create(path)?;
    let (first, rest) = text.split_at(text.len() / 2);
    file.write_all(first.as_bytes())?;
    file.write_all(rest.as_bytes())
}

pub(super) fn save_atomically(path: &Path, text: &str) -> io::Result<()> {
    let temporary = beside(path, "", ".tmp.1a2b");
    put(&temporary, text)?;
    fs::rename(&temporary, path)
}

/// Whole or not at all, also when others do the same at the same time: the oracle adds to this file, and what it adds to
/// half of two texts is no configuration.
pub(super) fn replace_text(path: &Path, text: &str) -> io::Result<()> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let temporary = beside(path, "", &format!(".{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
    put(&temporary, text)?;
    fs::rename(&temporary, path)
}

pub(super) fn save_like_vim(path: &Path, text: &str) -> io::Result<()> {
    let (probe, backup) = (path.with_file_name("4913"), beside(path, "", "~"));
    put(&probe, "")?;
    fs::remove_file(&probe)?;
    // A new file has no backup.
    let had_one = fs::rename(path, &backup).is_ok();
    fs::write(path, text)?;
    if had_one { fs::remove_file(&backup) } else { Ok(()) }
}

pub(super) fn save_like_emacs(path: &Path, text: &str) -> io::Result<()> {
    let (lock, autosave) = (beside(path, ".#", ""), beside(path, "#", "#"));
    parents(path)?;
    symlink("someone@host.1234:5678", &lock)?;
    let result = fs::write(&autosave, text).and_then(|()| fs::write(path, text));
    let _ = fs::remove_file(&autosave);
    fs::remove_file(&lock)?;
    result
}

pub(super) fn write_backdated(path: &Path, text: &str) -> io::Result<()> {
    let before = fs::metadata(path)?;
    let size = usize::try_from(before.len()).unwrap_or(usize::MAX).min(1 << 20);
    let bytes: Vec<u8> = text.bytes().cycle().take(size).collect();
    fs::write(path, bytes)?;
    let times = FileTimes::new().set_modified(before.modified()?).set_accessed(before.accessed()?);
    File::options().append(true).open(path)?.set_times(times)
}

pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    parents(to)?;
    fs::rename(from, to)
}

pub(super) fn clear(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

pub(super) fn replace(path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    match clear(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => parents(path)?,
        other => other?,
    }
    make(path)
}

pub(super) fn retarget(path: &Path, target: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let temporary = beside(path, ".", ".new");
    symlink(target, &temporary)?;
    fs::rename(&temporary, path)
}

pub(super) fn hard_link(from: &Path, to: &Path) -> io::Result<()> {
    parents(to)?;
    let bytes = fs::read(from)?;
    fs::hard_link(from, to)?;
    let temporary = beside(from, "", ".tmp.1a2b");
    fs::write(&temporary, bytes)?;
    fs::rename(&temporary, from)
}

pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

pub(super) fn burst(path: &Path, count: u32) -> io::Result<()> {
    for i in 0..count {
        put(&path.join(format!("d{}/e{}/f{i}.md", i % 3, i % 2)), &format!("burst {i}\n"))?;
    }
    Ok(())
}

pub(super) fn manifest(root: &Path, keys: &[String]) -> io::Result<()> {
    let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let collection = CollectionDir { root: root.to_owned(), name };
    // Without the directory there is nothing to list in: a program would have to make a collection first.
    fs::write(collection.manifest(), collection.manifest_text(&keys))
}

pub(super) fn records(root: &Path, records: &[Recorded]) -> io::Result<()> {
    let project = ProjectDir { root: root.to_owned() };
    let mut text = String::new();
    for Recorded { key, collection, baseline } in records {
        let hash = match baseline {
            Baseline::Present => try_recorded_hash(&project.path(key)).unwrap_or_else(|_| "ab".repeat(32)),
            Baseline::Other => "ab".repeat(32),
            Baseline::Unusable => "not a hash".to_owned(),
        };
        text.push_str(&record(key, collection, &hash));
        text.push('\n');
    }
    fs::write(project.records(), text)
}

/// From one moment to the next: written anew, it would be empty in between, which is valid.
pub(super) fn cut(path: &Path) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    let length = file.metadata()?.len();
    file.set_len(length * 2 / 3)
}

/// The name under [`AWAY`]; `+` occurs in no path of the model.
fn place(path: &str) -> String {
    path.replace('/', "+")
}

pub(super) fn move_away(root: &Path, path: &str) -> io::Result<()> {
    let place = root.join(AWAY).join(place(path));
    if fs::symlink_metadata(&place).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(root.join(path), place)
}

pub(super) fn move_back(root: &Path, path: &str) -> io::Result<()> {
    rename(&root.join(AWAY).join(place(path)), &root.join(path))
}

pub(super) fn repair(root: &Path) -> io::Result<()> {
    allow_everything(root);
    let away = root.join(AWAY);
    let mut names: Vec<_> = fs::read_dir(&away)?.flatten().map(|entry| entry.file_name()).collect();
    // What contains comes before what it contains.
    names.sort();
    for name in names {
        let to = root.join(name.to_string_lossy().replace('+', "/"));
        // Something else may be there by now; then what was away is lost.
        if rename(&away.join(&name), &to).is_err() {
            clear(&away.join(&name))?;
        }
    }
    Ok(())
}

/// Gives all permissions back below a directory, also so that it can be removed.
pub(crate) fn allow_everything(path: &Path) {
    let Ok(metadata) = fs::symlink_metadata(path) else { return };
    if metadata.is_symlink() {
        return;
    }
    let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
    if metadata.permissions().mode() & wanted != wanted {
        // Another writer may have removed it.
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(wanted | 0o044));
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            allow_everything(&entry.path());
        }
    }
}
