//! One pass of reading and SHA-256 over the files of a tree: the least that any program must do that wants to know
//! their content without having seen them before.
//!
//! As in the daemon, several threads share the work and files stream through a buffer that is used again. Otherwise it
//! is as plain as can be: directories are listed and files opened as they come, nothing is sorted, kept or watched.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

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

/// Reads and hashes every regular file below each of `roots`, which are what the threads share among them.
///
/// # Panics
/// When something cannot be read.
pub fn pass(roots: &[PathBuf], threads: usize) -> Pass {
    let began = Instant::now();
    let (next, files, bytes) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut buffer = vec![0; CHUNK];
                while let Some(root) = roots.get(next.fetch_add(1, Ordering::Relaxed)) {
                    below(root, &mut |file| {
                        files.fetch_add(1, Ordering::Relaxed);
                        bytes.fetch_add(hash(file, &mut buffer), Ordering::Relaxed);
                    });
                }
            });
        }
    });
    Pass { files: files.into_inner(), bytes: bytes.into_inner(), took: began.elapsed() }
}

fn below(dir: &Path, visit: &mut impl FnMut(&Path)) {
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("cannot list {}: {e}", dir.display()));
    for entry in entries {
        let entry = entry.expect("a readable entry");
        let kind = entry.file_type().expect("the listing says it");
        if kind.is_dir() {
            below(&entry.path(), visit);
        } else if kind.is_file() {
            visit(&entry.path());
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
        let done = pass(&roots, 2);
        assert_eq!((done.files, done.bytes), (3, 2 * CHUNK as u64 + 6));
    }
}
