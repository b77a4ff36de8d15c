//! What a command takes from its process: environment, directory, terminal. Read once, so that tests can replace it.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Component, Path, PathBuf};

use skillmeat_protocol::endpoint::{Env, Places};
use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::request::Scope;

use crate::args::Which;
use crate::failure::Failure;
use crate::os;

/// The process around a command.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// What decides where the daemon lives.
    pub env: Env,
    /// The working directory, when it still exists.
    pub cwd: Option<PathBuf>,
    /// `SKILLMEATD`: the daemon to start instead of the one found.
    pub daemon_exe: Option<PathBuf>,
    /// `PATH`.
    pub search_path: Option<OsString>,
    /// `SKILLMEAT_NO_START`: never start a daemon.
    pub no_start: bool,
    /// Whether a terminal shows standard output.
    pub terminal: bool,
    /// What `SKILLMEAT_PAGER`, or else `PAGER`, names.
    pub pager: Option<OsString>,
    /// What `VISUAL`, or else `EDITOR`, names.
    pub editor: Option<OsString>,
    /// Whether results may be coloured.
    pub colour: bool,
    /// Whether a person reads standard error.
    pub interactive: bool,
    /// The terminal, where a person can be asked at it.
    pub answers: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let terminal = std::io::stdout().is_terminal();
        Self {
            env: Env::of_process(os::uid()),
            cwd: std::env::current_dir().ok(),
            daemon_exe: set("SKILLMEATD").map(PathBuf::from),
            search_path: set("PATH"),
            no_start: set("SKILLMEAT_NO_START").is_some_and(|value| value != "0"),
            terminal,
            // Of no use where there is no terminal; an empty one is a word too.
            pager: terminal
                .then(|| std::env::var_os("SKILLMEAT_PAGER").or_else(|| std::env::var_os("PAGER")))
                .flatten(),
            editor: set("VISUAL").or_else(|| set("EDITOR")),
            colour: terminal && set("NO_COLOR").is_none() && os::terminal_has_colour(),
            interactive: std::io::stderr().is_terminal(),
            answers: (std::io::stdin().is_terminal() && std::io::stderr().is_terminal()).then(|| os::TERMINAL.into()),
        }
    }

    /// Where the daemon lives.
    ///
    /// # Errors
    /// When the environment names no home.
    pub fn places(&self) -> Result<Places, Failure> {
        Places::resolve(&self.env).map_err(|e| Failure::new(ErrorCode::BadPath, e.to_string()))
    }

    /// The projects that `--all` and `--project` mean; without either, the one around the working directory.
    ///
    /// # Errors
    /// When a path cannot be sent.
    pub fn scope(&self, which: &Which) -> Result<Scope, Failure> {
        match which {
            Which { all: true, .. } => Ok(Scope::All),
            Which { project: Some(project), .. } => self.project(project).map(Scope::Project),
            Which { project: None, .. } => text(self.cwd()?).map(Scope::Containing),
        }
    }

    /// A project on the command line: a name stays a name, anything with a separator (or `.`) is a path.
    ///
    /// # Errors
    /// When a path cannot be sent.
    pub fn project(&self, given: &Path) -> Result<String, Failure> {
        let mut parts = given.components();
        match (parts.next(), parts.next()) {
            (Some(Component::Normal(_)), None) if !ends_with_separator(given) => text(given),
            _ => text(&self.absolute(given)?),
        }
    }

    /// The absolute path, links resolved as far as it exists.
    ///
    /// # Errors
    /// When it is relative and there is no working directory.
    pub fn absolute(&self, given: &Path) -> Result<PathBuf, Failure> {
        let joined = self.unresolved(given)?;
        // A registered project may be unmounted or gone; its registered path has the links of its parents resolved.
        let mut existing = joined.as_path();
        loop {
            if let Ok(real) = existing.canonicalize() {
                let rest = joined.strip_prefix(existing).unwrap_or(Path::new(""));
                // Joining an empty path would append a separator.
                return Ok(if rest.as_os_str().is_empty() { real } else { real.join(rest) });
            }
            match existing.parent() {
                Some(parent) => existing = parent,
                None => return Ok(joined),
            }
        }
    }

    /// The absolute path, links left as they are: what a link is called is what a person calls the thing.
    ///
    /// # Errors
    /// When it is relative and there is no working directory.
    pub fn unresolved(&self, given: &Path) -> Result<PathBuf, Failure> {
        let joined = if given.is_absolute() { given.to_owned() } else { self.cwd()?.join(given) };
        Ok(joined.components().collect())
    }

    fn cwd(&self) -> Result<&Path, Failure> {
        self.cwd.as_deref().ok_or_else(|| {
            Failure::new(ErrorCode::BadPath, "the working directory does not exist any more").hint("cd to another one")
        })
    }
}

fn ends_with_separator(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|b| std::path::is_separator(char::from(*b)))
}

/// A path as text.
///
/// # Errors
/// `bad_path` when it is not UTF-8: requests carry text.
pub fn text(path: &Path) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::new(ErrorCode::BadPath, format!("path is not UTF-8: {}", path.display())).path(path.to_string_lossy())
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn names_stay_names_and_paths_become_absolute() {
        let around = Surroundings { cwd: Some("/no-such-root/work".into()), ..Surroundings::default() };
        let cases = [
            ("webapp", "webapp"),
            ("./webapp", "/no-such-root/work/webapp"),
            ("webapp/", "/no-such-root/work/webapp"),
            ("/", "/"),
            ("/no-such-root/a", "/no-such-root/a"),
        ];
        for (given, want) in cases {
            assert_eq!(around.project(Path::new(given)).expect(given), want, "{given}");
        }
        assert!(Surroundings::default().project(Path::new("./x")).is_err());
    }

    #[test]
    fn links_are_resolved_up_to_what_exists() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let real = dir.path().canonicalize().expect("exists").join("real");
        std::fs::create_dir(&real).expect("create");
        std::os::unix::fs::symlink(&real, dir.path().join("link")).expect("link");
        let around = Surroundings { cwd: Some(dir.path().to_owned()), ..Surroundings::default() };
        for (given, want) in [("link", real.clone()), ("link/gone/deep", real.join("gone/deep"))] {
            assert_eq!(around.absolute(Path::new(given)).expect(given), want);
        }
        let here = |given: &str| around.unresolved(Path::new(given)).expect("there is a directory");
        assert_eq!((here("./link/"), here(".")), (dir.path().join("link"), dir.path().to_owned()));
    }
}
