//! The thread that writes `projects.toml` and `collections.toml`: an fsync must not hold up the engine.
//!
//! Only the newest list is written when several wait. A registry file that could not be read completely is kept beside
//! the new one before it is replaced for the first time: what could not be read is not lost.

use crate::library::atomic::{remove_leftovers, write_atomically};
use crate::library::registry::{CollectionEntry, ProjectEntry, Registered, render_collections, render_projects};
use crate::library::registry::{parse_collections, parse_projects};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::Problem;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

/// Called with the result of a save.
pub type Done = Box<dyn FnOnce(Result<(), WireError>) + Send>;

enum Order {
    Projects(Vec<ProjectEntry>, Done),
    Collections(Vec<CollectionEntry>),
}

/// The thread and the way to it. Dropping it writes what is queued.
pub struct Registrar {
    orders: Option<mpsc::Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

/// The two files, read at start.
#[derive(Debug, Default)]
pub struct Files {
    /// Registered projects.
    pub projects: Vec<ProjectEntry>,
    /// Identities of collections.
    pub collections: Vec<CollectionEntry>,
    /// What is wrong with either.
    pub problems: Vec<Problem>,
}

/// Path of the registered projects.
pub fn projects_file(state: &Path) -> PathBuf {
    state.join("projects.toml")
}

/// Path of the identities of collections.
pub fn collections_file(state: &Path) -> PathBuf {
    state.join("collections.toml")
}

/// Reads both files, for the holder of the instance lock. A damaged one is copied aside, so that writing it anew loses
/// nothing; what a kill left of writing them is removed.
///
/// # Errors
/// When a file is there and cannot be read: going on would register nothing and later overwrite it.
pub fn read(state: &Path) -> io::Result<Files> {
    for file in [projects_file(state), collections_file(state)] {
        if let Err(error) = remove_leftovers(&file) {
            tracing::warn!(%error, "a temporary file stays");
        }
    }
    let mut files = Files::default();
    if let Some(read) = read_one(&projects_file(state), parse_projects)? {
        files.projects = read.entries;
        files.problems.extend(read.problems.into_iter().map(|problem| {
            let kept = problem.hint.map(|hint| format!("{hint}; ")).unwrap_or_default();
            let repair = "what 'skillmeat project list' does not show can be registered with 'skillmeat project add'";
            Problem { hint: Some(format!("{kept}{repair}")), ..problem }
        }));
    }
    if let Some(read) = read_one(&collections_file(state), parse_collections)? {
        files.collections = read.entries;
        files.problems.extend(read.problems);
    }
    Ok(files)
}

fn read_one<T>(path: &Path, parse: fn(&[u8], &Path) -> Registered<T>) -> io::Result<Option<Registered<T>>> {
    let bytes = match crate::os::files::read_whole(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io::Error::new(e.kind(), format!("cannot read {}: {e}", path.display()))),
    };
    let mut read = parse(&bytes, path);
    if !read.problems.is_empty() && path.is_symlink() {
        // A person may keep the file elsewhere. What is no registry is somebody's file, and would be replaced.
        let what = "it is a symbolic link to a file that is no registry; move it away";
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("cannot read {}: {what}", path.display())));
    }
    // What this program writes has a heading at least: somebody emptied it, or a file system lost it.
    if bytes.trim_ascii().is_empty() {
        read.problems.push(Problem {
            file: path.display().to_string(),
            line: None,
            key: None,
            message: "it is empty; what it held is not known".to_owned(),
            hint: None,
        });
    } else if !read.problems.is_empty() {
        let aside = path.with_extension("toml.damaged");
        keep_copy(&aside, &bytes)
            .map_err(|e| io::Error::new(e.kind(), format!("cannot keep a copy of {}: {e}", path.display())))?;
        for problem in &mut read.problems {
            problem.hint = Some(format!("the file as it was is kept in {}", aside.display()));
        }
    }
    Ok(Some(read))
}

/// Replaces what is at `path`: a link there is removed, not followed.
fn keep_copy(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    io::Write::write_all(&mut std::fs::File::create_new(path)?, bytes)
}

impl Registrar {
    /// Starts the thread for the files in `state`.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(state: PathBuf) -> io::Result<Self> {
        let (tx, rx) = mpsc::channel();
        let thread = std::thread::Builder::new().name("registry".into()).spawn(move || run(&state, &rx))?;
        Ok(Self { orders: Some(tx), thread: Some(thread) })
    }

    /// Writes the registered projects, then calls `done`.
    pub fn save_projects(&self, projects: Vec<ProjectEntry>, done: Done) {
        self.order(Order::Projects(projects, done));
    }

    /// Writes the identities of collections.
    pub fn save_collections(&self, collections: Vec<CollectionEntry>) {
        self.order(Order::Collections(collections));
    }

    fn order(&self, order: Order) {
        let unsent = match &self.orders {
            Some(orders) => orders.send(order).err().map(|e| e.0),
            None => Some(order),
        };
        if let Some(Order::Projects(_, done)) = unsent {
            done(Err(WireError::new(ErrorCode::Internal, "the registry's thread has ended")));
        }
    }
}

impl Drop for Registrar {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was logged; there is nothing left to save.
            let _ = thread.join();
        }
    }
}

fn run(state: &Path, orders: &mpsc::Receiver<Order>) {
    while let Ok(first) = orders.recv() {
        let (mut projects, mut collections, mut waiting) = (None, None, Vec::new());
        for order in std::iter::once(first).chain(orders.try_iter()) {
            match order {
                Order::Projects(list, done) => {
                    projects = Some(list);
                    waiting.push(done);
                }
                Order::Collections(list) => collections = Some(list),
            }
        }
        if let Some(list) = collections
            && let Err(error) = write(&collections_file(state), render_collections(&list).map_err(|e| e.to_string()))
        {
            tracing::error!(%error, "cannot save the identities of collections");
        }
        let result = match projects {
            Some(list) => write(&projects_file(state), render_projects(&list).map_err(|e| e.to_string())),
            None => Ok(()),
        };
        if let Err(error) = &result {
            tracing::error!(%error, "cannot save the registered projects");
        }
        for done in waiting {
            done(result.clone());
        }
    }
}

fn write(path: &Path, text: Result<String, String>) -> Result<(), WireError> {
    let written = text.and_then(|text| write_atomically(path, &text).map_err(|e| e.to_string()));
    written.map_err(|why| {
        WireError::new(ErrorCode::Io, format!("cannot save {}: {why}", path.display()))
            .path(path.display().to_string())
            .hint("it holds until the daemon stops; free space or fix permissions and run the command again")
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A device stands for a FIFO too: reading that would hang a failing test instead of failing it.
    #[test]
    fn what_is_no_file_is_not_read() {
        let state = tempfile::tempdir().expect("temporary directory");
        assert!(read(state.path()).expect("nothing there").projects.is_empty());
        std::os::unix::fs::symlink("/dev/null", projects_file(state.path())).expect("linked");
        let error = read(state.path()).expect_err("refused").to_string();
        assert!(error.contains("projects.toml: it is not a file"), "{error}");
    }
}
