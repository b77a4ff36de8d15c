//! `projects.list`, `projects.add`, `projects.remove`.

use super::super::ServerContext;
use super::super::picture::{Picture, Terms};
use super::super::scope::{self, Selection};
use crate::engine::handle::SyncScope;
use crate::engine::snapshot::Snapshot;
use crate::engine::wire;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::{Counts, ProjectInfo, ProjectState, ProjectsReply};
use skillmeat_protocol::request::Scope;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Answers `projects.list`.
pub(in crate::server) async fn list(context: &ServerContext, terms: &Terms) -> ProjectsReply {
    let snapshot = Picture::taken(context, terms, SyncScope::All).await.snapshot;
    let projects = snapshot.projects.sorted().into_iter().map(|project| wire::project_info(project)).collect();
    ProjectsReply { clock: snapshot.clock, projects }
}

/// Answers `projects.add`: registered, and looked at as far as the deadline allows.
pub(in crate::server) async fn add(
    context: &Arc<ServerContext>,
    terms: &Terms,
    path: &str,
) -> Result<ProjectInfo, WireError> {
    let before = context.engine.snapshot();
    let path = register(context, path).await?;
    carry_followings(context, &path, before).await?;
    let picture = Picture::synced(context, terms.deadline, SyncScope::Project(path.as_str().into())).await;
    let known = picture.snapshot.projects.get(&path).map(|project| wire::project_info(project));
    Ok(known.unwrap_or_else(|| not_yet_looked_at(path)))
}

/// Has what is followed go along with a project that came from elsewhere.
///
/// # Errors
/// `Internal`.
pub(super) async fn carry_followings(
    context: &Arc<ServerContext>,
    path: &str,
    before: Arc<Snapshot>,
) -> Result<(), WireError> {
    let (operations, path) = (context.operations.clone(), PathBuf::from(path));
    super::blocking(move || operations.carry_followings(&path, &before)).await
}

/// Registers a directory and returns its canonical path.
///
/// # Errors
/// `BadPath`, and those of the engine.
pub(super) async fn register(context: &Arc<ServerContext>, path: &str) -> Result<String, WireError> {
    let (rules, asked) = (context.clone(), path.to_owned());
    let path = super::blocking(move || usable(&rules, &asked)).await??;
    context.engine.add_project(PathBuf::from(&path)).await?;
    Ok(path)
}

/// Answers `projects.remove`. The directory need not exist any more.
pub(in crate::server) async fn remove(context: &ServerContext, name: &str) -> Result<ProjectInfo, WireError> {
    let unknown = |error: WireError| match error.code {
        ErrorCode::NotRegistered => WireError { code: ErrorCode::NotFound, ..error }.hint("skillmeat project list"),
        _ => error,
    };
    let Selection::One(path) = scope::resolve(context, &Scope::Project(name.to_owned())).await.map_err(unknown)? else {
        return Err(WireError::new(ErrorCode::InvalidParams, "name one project"));
    };
    let snapshot = context.engine.snapshot();
    context.engine.remove_project(PathBuf::from(&*path)).await?;
    let known = snapshot.projects.get(&path).map(|project| wire::project_info(project));
    Ok(known.unwrap_or_else(|| not_yet_looked_at(path.to_string())))
}

fn not_yet_looked_at(path: String) -> ProjectInfo {
    let name = Path::new(&path).file_name().map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned());
    ProjectInfo { path, name, state: ProjectState::Pending, profiles: Vec::new(), counts: Counts::default() }
}

/// The canonical path of a directory that can be a project; asks the disk.
///
/// Refused are places whose `.claude` is not a project's: the root, the user's home (`~/.claude` itself can be added),
/// and what belongs to this program, where the daemon's own writes would be seen as changes.
fn usable(context: &ServerContext, path: &str) -> Result<String, WireError> {
    let bad = |message: &str| WireError::new(ErrorCode::BadPath, message).path(path);
    if !Path::new(path).is_absolute() {
        return Err(bad("the path is not absolute"));
    }
    let canonical = Path::new(path).canonicalize().map_err(|error| bad(&format!("cannot find it: {error}")))?;
    if !canonical.is_dir() {
        return Err(bad("this is no directory"));
    }
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if canonical.parent().is_none() {
        return Err(bad("the root directory is no project"));
    }
    if context.user_home.as_deref().map(real).is_some_and(|home| home == canonical) {
        return Err(bad("the home directory is no project").hint("for the user scope: skillmeat project add ~/.claude"));
    }
    let own = real(&context.places.home);
    if canonical.starts_with(own.join("collections")) {
        return Err(bad("this belongs to a collection; what is in it is deployed from, not to"));
    }
    if canonical.starts_with(own) || canonical.starts_with(real(&context.places.state)) {
        return Err(bad("this is SkillMeat's own directory, not a project"));
    }
    canonical.into_os_string().into_string().map_err(|_| bad("the path is not UTF-8"))
}

#[cfg(test)]
mod tests;
