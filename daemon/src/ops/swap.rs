//! Putting one path in the place of another, so that whoever looks sees the old or the new and nothing else.
//!
//! Everything is a rename within one file system: content is staged completely before, and what is taken away lies in the
//! staging directory until the operation is over. Where the kernel can exchange two names, there is no moment without
//! either; elsewhere the old one is moved away first, which the journal covers.

use std::io;
use std::path::{Path, PathBuf};

/// A rename that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {}: {source}", path.display())]
pub struct SwapError {
    verb: &'static str,
    /// Where it happened.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Which of the two places is filled, before a swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// The staged content goes where nothing is.
    Place,
    /// Both change places.
    Exchange,
    /// The target goes into the staging directory.
    Take,
}

impl Swap {
    /// The swap that leads from `before` to `after`, by whether there is anything; none when neither is.
    pub fn between(before: bool, after: bool) -> Option<Self> {
        match (before, after) {
            (false, true) => Some(Self::Place),
            (true, true) => Some(Self::Exchange),
            (true, false) => Some(Self::Take),
            (false, false) => None,
        }
    }

    /// The swap that takes this one back.
    pub fn inverse(self) -> Self {
        match self {
            Self::Place => Self::Take,
            Self::Exchange => Self::Exchange,
            Self::Take => Self::Place,
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// Nothing was changed, but for an exchange on a file system that cannot: then the target may be gone, and lies at
    /// `staged` with [`ASIDE`] appended.
    pub fn perform(self, staged: &Path, target: &Path) -> Result<(), SwapError> {
        match self {
            Self::Place => place(staged, target),
            // People know the target; where it would go is of no interest to them.
            Self::Take => {
                place(target, staged).map_err(|error| SwapError { verb: "take away", path: target.to_owned(), ..error })
            }
            Self::Exchange => exchange(staged, target),
        }
    }
}

/// Ends the name of what is moved away where names cannot be exchanged.
pub const ASIDE: &str = ".aside";

/// Where the target of an exchange is for a moment, on such a file system.
pub fn aside(staged: &Path) -> PathBuf {
    let mut name = staged.as_os_str().to_owned();
    name.push(ASIDE);
    name.into()
}

fn failed(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SwapError {
    let path = path.to_owned();
    move |source| SwapError { verb, path, source }
}

#[cfg(unix)]
fn place(from: &Path, to: &Path) -> Result<(), SwapError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => place_checked(from, to),
        other => other.map_err(io::Error::from).map_err(failed("move into place", to)),
    }
}

#[cfg(not(unix))]
fn place(from: &Path, to: &Path) -> Result<(), SwapError> {
    place_checked(from, to)
}

/// Where the kernel cannot refuse to replace: asked first, which leaves a moment that nothing covers.
fn place_checked(from: &Path, to: &Path) -> Result<(), SwapError> {
    if to.symlink_metadata().is_ok() {
        return Err(failed("move into place", to)(io::ErrorKind::AlreadyExists.into()));
    }
    std::fs::rename(from, to).map_err(failed("move into place", to))
}

#[cfg(unix)]
fn exchange(staged: &Path, target: &Path) -> Result<(), SwapError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, staged, CWD, target, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => exchange_by_three(staged, target),
        other => other.map_err(io::Error::from).map_err(failed("replace", target)),
    }
}

#[cfg(not(unix))]
fn exchange(staged: &Path, target: &Path) -> Result<(), SwapError> {
    exchange_by_three(staged, target)
}

fn exchange_by_three(staged: &Path, target: &Path) -> Result<(), SwapError> {
    let aside = aside(staged);
    std::fs::rename(target, &aside).map_err(failed("move away", target))?;
    if let Err(error) = std::fs::rename(staged, target) {
        // As it was, if that much still works; the journal knows if not.
        let _ = std::fs::rename(&aside, target);
        return Err(failed("replace", target)(error));
    }
    std::fs::rename(&aside, staged).map_err(failed("keep what was at", target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_swap_and_its_inverse() {
        let dir = tempfile::tempdir().expect("a directory");
        let (staged, target) = (dir.path().join("staged"), dir.path().join("target"));
        let state = || (fs::read_to_string(&staged).ok(), fs::read_to_string(&target).ok());
        let some = |text: &str| Some(text.to_owned());
        fs::write(&staged, "new").expect("written");
        for (swap, want) in [
            (Swap::Place, (None, some("new"))),
            (Swap::Place.inverse(), (some("new"), None)),
            (Swap::Place, (None, some("new"))),
        ] {
            swap.perform(&staged, &target).expect("done");
            assert_eq!(state(), want);
        }
        fs::write(&staged, "newer").expect("written");
        for exchange in [exchange, exchange_by_three] {
            exchange(&staged, &target).expect("done");
            assert_eq!(state(), (some("new"), some("newer")));
            exchange(&staged, &target).expect("done");
            assert_eq!(state(), (some("newer"), some("new")));
        }
        for place in [place, place_checked] {
            let error = place(&staged, &target).expect_err("something is there");
            assert_eq!(error.source.kind(), io::ErrorKind::AlreadyExists);
        }
        assert_eq!(state(), (some("newer"), some("new")), "refused, nothing changed");
    }

    #[test]
    fn directories_change_places_too() {
        let dir = tempfile::tempdir().expect("a directory");
        let (staged, target) = (dir.path().join("staged"), dir.path().join("target"));
        fs::create_dir_all(staged.join("a")).expect("made");
        fs::create_dir_all(target.join("b")).expect("made");
        Swap::Exchange.perform(&staged, &target).expect("done");
        assert!(target.join("a").is_dir() && staged.join("b").is_dir());
        let error = Swap::Take.perform(&dir.path().join("x"), &dir.path().join("nothing")).expect_err("nothing there");
        assert!(error.to_string().contains("/nothing: "), "{error}");
    }
}
