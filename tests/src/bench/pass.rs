//! One pass over the files of a tree: the least that any program must do that wants to know something of them.
//!
//! As in the daemon, several threads share the work and files stream through a buffer that is used again. Otherwise it
//! is as plain as can be: directories are listed and files looked at as they come, nothing is sorted or kept.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

/// What is done with each directory and file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Read and hashed: their content, for somebody who has not seen them before.
    Hash,
    /// Watched and stated: whether they changed, for somebody who will also hear of later changes. What no daemon can do
    /// without at a warm start.
    WatchAndStat,
    /// Both; stated once more when read, because a hash counts only if the file held still. The same for a cold start.
    Everything,
}

/// What one pass went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Files read.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// From the first listing to the last hash.
    pub took: Duration,
}

/// Goes through every regular file below each of `roots`, which are what the threads share among them.
///
/// # Panics
/// When something cannot be read or watched.
pub fn pass(roots: &[PathBuf], threads: usize, work: Work) -> Pass {
    let began = Instant::now();
    let watch = (work != Work::Hash).then(Watch::new);
    let (next, files, bytes) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut buffer = vec![0; CHUNK];
                while let Some(root) = roots.get(next.fetch_add(1, Ordering::Relaxed)) {
                    below(root, watch.as_ref(), &mut |file| {
                        files.fetch_add(1, Ordering::Relaxed);
                        bytes.fetch_add(look(file, work, &mut buffer), Ordering::Relaxed);
                    });
                }
            });
        }
    });
    Pass { files: files.into_inner(), bytes: bytes.into_inner(), took: began.elapsed() }
}

/// An inotify instance, for what it costs.
struct Watch {
    #[cfg(target_os = "linux")]
    instance: rustix::fd::OwnedFd,
}

impl Watch {
    #[cfg(target_os = "linux")]
    fn new() -> Self {
        use rustix::fs::inotify::{CreateFlags, init};
        Self { instance: init(CreateFlags::CLOEXEC).expect("an inotify instance") }
    }

    #[cfg(not(target_os = "linux"))]
    fn new() -> Self {
        Self {}
    }

    /// With the events that the daemon asks for.
    #[cfg(target_os = "linux")]
    fn add(&self, dir: &Path) {
        use rustix::fs::inotify::{WatchFlags, add_watch};
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::MODIFY
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::ATTRIB
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        add_watch(&self.instance, dir, flags).unwrap_or_else(|e| panic!("cannot watch {}: {e}", dir.display()));
    }

    #[cfg(not(target_os = "linux"))]
    fn add(&self, _: &Path) {}
}

fn below(dir: &Path, watch: Option<&Watch>, visit: &mut impl FnMut(&Path)) {
    if let Some(watch) = watch {
        watch.add(dir);
    }
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("cannot list {}: {e}", dir.display()));
    for entry in entries {
        let entry = entry.expect("a readable entry");
        let kind = entry.file_type().expect("the listing says it");
        if kind.is_dir() {
            below(&entry.path(), watch, visit);
        } else if kind.is_file() {
            visit(&entry.path());
        }
    }
}

/// Looks at one file and gives its size.
fn look(path: &Path, work: Work, buffer: &mut [u8]) -> u64 {
    let stated = || fs::metadata(path).unwrap_or_else(|e| panic!("cannot stat {}: {e}", path.display())).len();
    match work {
        Work::Hash => hash(path, buffer),
        Work::WatchAndStat => stated(),
        Work::Everything => {
            std::hint::black_box(stated());
            let size = hash(path, buffer);
            assert_eq!(size, stated(), "{} holds still", path.display());
            size
        }
    }
}

/// Hashes one file and gives its size.
fn hash(path: &Path, buffer: &mut [u8]) -> u64 {
    let mut file = File::open(path).unwrap_or_else(|e| panic!("cannot open {}: {e}", path.display()));
    let (mut hasher, mut size) = (Sha256::new(), 0);
    loop {
        match file.read(buffer).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display())) {
            0 => break,
            n => {
                size += n as u64;
                hasher.update(&buffer[..n]);
            }
        }
    }
    // The work must not be optimised away for want of a reader.
    std::hint::black_box(hasher.finalize());
    size
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::write;

    #[test]
    fn every_file_is_read_once() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let roots: Vec<PathBuf> = ["a", "b", "c"].map(|name| dir.path().join(name)).into();
        write(&roots[0].join("x/y/1"), "1");
        write(&roots[0].join("2"), "22");
        write(&roots[1].join("3"), vec![3; 2 * CHUNK + 3]);
        fs::create_dir(&roots[2]).expect("a fresh directory");
        for work in [Work::Hash, Work::WatchAndStat, Work::Everything] {
            let done = pass(&roots, 2, work);
            assert_eq!((done.files, done.bytes), (3, 2 * CHUNK as u64 + 6), "{work:?}");
        }
    }
}
