//! From what a client calls a project to the project.
//!
//! Names and exact paths are looked up in the snapshot. Only a path that is not found is made canonical, which asks the
//! disk and so happens on a blocking thread: a shell's `$PWD` may lead through links, and registered paths do not.

use super::ServerContext;
use crate::engine::handle::SyncScope;
use crate::engine::snapshot::{ProjectView, Snapshot};
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::request::Scope;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longer paths are not looked up: none exists (`PATH_MAX`), and trying each of the ancestors that fit into one request
/// would keep this thread, and with it every other connection, busy for seconds.
const LONGEST_PATH: usize = 4096;

/// The projects that a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// Every registered one.
    All,
    /// The one at this registered path.
    One(Arc<str>),
}

impl Selection {
    /// The projects of this selection in `snapshot`, by path.
    ///
    /// # Errors
    /// `NotRegistered` when the one asked for is gone by now.
    pub(super) fn projects<'s>(&self, snapshot: &'s Snapshot) -> Result<Vec<&'s Arc<ProjectView>>, WireError> {
        match self {
            Self::All => Ok(snapshot.projects.sorted()),
            Self::One(path) => Ok(vec![snapshot.projects.get(path).ok_or_else(|| not_registered(path))?]),
        }
    }

    /// What the barrier must cover.
    pub(super) fn to_sync(&self) -> SyncScope {
        match self {
            Self::All => SyncScope::All,
            Self::One(path) => SyncScope::Project(path.clone()),
        }
    }

    /// Whether a change of the project at `path` is of interest.
    pub(super) fn covers(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => **one == *path,
        }
    }
}

/// Resolves a scope.
///
/// # Errors
/// `NotRegistered`, `Ambiguous`, `BadPath`.
pub(super) async fn resolve(context: &ServerContext, scope: &Scope) -> Result<Selection, WireError> {
    let snapshot = context.engine.snapshot();
    resolve_in(&snapshot, scope).await.map_err(|error| match error.code {
        ErrorCode::NotRegistered => explained(error, &snapshot, context),
        _ => error,
    })
}

/// A project that nobody knows may have been lost with the list of them.
fn explained(error: WireError, snapshot: &Snapshot, context: &ServerContext) -> WireError {
    let list = context.places.state.join("projects.toml");
    let Some(problem) = snapshot.problems.iter().find(|problem| Path::new(&problem.file) == list) else { return error };
    let repair = problem.hint.as_deref().map(|hint| format!("; {hint}")).unwrap_or_default();
    error.hint(format!("the list of projects was damaged: {}: {}{repair}", problem.file, problem.message))
}

async fn resolve_in(snapshot: &Snapshot, scope: &Scope) -> Result<Selection, WireError> {
    match scope {
        Scope::All => Ok(Selection::All),
        Scope::Project(text) if !Path::new(text).is_absolute() => {
            Ok(Selection::One(by_name(snapshot, text)?.path.clone()))
        }
        Scope::Project(text) => {
            let at = |path: &Path| path.to_str().and_then(|path| snapshot.projects.get(path)).map(|p| p.path.clone());
            found(text, at).await
        }
        Scope::Containing(text) if !Path::new(text).is_absolute() => {
            Err(WireError::new(ErrorCode::BadPath, "the path is not absolute").path(text))
        }
        Scope::Containing(text) => found(text, |path| snapshot.projects.containing(path).map(|p| p.path.clone())).await,
    }
}

async fn found(text: &str, look_up: impl Fn(&Path) -> Option<Arc<str>>) -> Result<Selection, WireError> {
    if text.len() > LONGEST_PATH {
        return Err(WireError::new(ErrorCode::BadPath, format!("the path is longer than {LONGEST_PATH} bytes")));
    }
    // Components drop a trailing slash and `.`, without asking the disk.
    let plain: PathBuf = Path::new(text).components().collect();
    let mut found = look_up(&plain);
    if found.is_none()
        && let Some(canonical) = canonical(plain).await
    {
        found = look_up(&canonical);
    }
    found.map(Selection::One).ok_or_else(|| not_registered(text))
}

async fn canonical(path: PathBuf) -> Option<PathBuf> {
    tokio::task::spawn_blocking(move || path.canonicalize().ok()).await.ok().flatten()
}

/// The registered project of this name.
///
/// # Errors
/// `NotRegistered`; `Ambiguous` when several have it.
fn by_name<'s>(snapshot: &'s Snapshot, name: &str) -> Result<&'s Arc<ProjectView>, WireError> {
    let mut named: Vec<_> = snapshot.projects.iter().filter(|project| *project.name == *name).collect();
    named.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    match named.as_slice() {
        [] => Err(WireError::new(ErrorCode::NotRegistered, format!("no registered project is called '{name}'"))
            .hint("skillmeat project list")),
        [one] => Ok(one),
        several => {
            let paths: Vec<&str> = several.iter().map(|project| &*project.path).collect();
            Err(WireError::new(ErrorCode::Ambiguous, format!("{} projects are called '{name}'", several.len()))
                .hint(format!("name one by its path: {}", paths.join(", "))))
        }
    }
}

fn not_registered(path: &str) -> WireError {
    WireError::new(ErrorCode::NotRegistered, "no registered project is here").hint("skillmeat project add .").path(path)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{World, project};
    use super::*;

    #[tokio::test]
    async fn projects_are_found_by_path_by_name_and_from_within() {
        let world = World::of(vec![project("/w/app"), project("/w/app/nested"), project("/v/lib"), project("/w/lib")]);
        let one = |path: &str| Ok(Selection::One(path.into()));
        let cases = [
            (Scope::All, Ok(Selection::All)),
            (Scope::Project("/w/app/".into()), one("/w/app")),
            (Scope::Project("app".into()), one("/w/app")),
            (Scope::Project("lib".into()), Err(ErrorCode::Ambiguous)),
            (Scope::Project("ap".into()), Err(ErrorCode::NotRegistered)),
            (Scope::Project("/w".into()), Err(ErrorCode::NotRegistered)),
            (Scope::Containing("/w/app/src/./x".into()), one("/w/app")),
            (Scope::Containing("/w/app/nested/x".into()), one("/w/app/nested")),
            (Scope::Containing("/w/application".into()), Err(ErrorCode::NotRegistered)),
            (Scope::Containing("src".into()), Err(ErrorCode::BadPath)),
            (Scope::Containing(format!("/w/app{}", "/a".repeat(2045))), one("/w/app")),
            (Scope::Containing(format!("/w/app{}", "/a".repeat(2046))), Err(ErrorCode::BadPath)),
        ];
        for (scope, want) in cases {
            assert_eq!(resolve(&world.context, &scope).await.map_err(|error| error.code), want, "{scope:?}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_path_through_a_link_finds_its_project() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let real = temp.path().canonicalize().expect("real").join("app");
        std::fs::create_dir_all(real.join("src")).expect("made");
        let link = real.with_file_name("link");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        let path = real.to_str().expect("UTF-8");
        let world = World::of(vec![project(path)]);
        let scope = Scope::Containing(link.join("src").to_str().expect("UTF-8").to_owned());
        assert_eq!(resolve(&world.context, &scope).await.expect("found"), Selection::One(path.into()));
    }
}
