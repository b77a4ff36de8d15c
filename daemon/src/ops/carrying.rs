//! What is followed goes along with a project whose directory was moved or copied.
//!
//! A following is kept by the path of its project. When a project is registered or found again, a copy in it may be a deployment that is known
//! from elsewhere: its record says the same time and the same hash of the same artifact, profile and collection. Then it
//! follows what that one follows, since it was deployed from that branch, wherever its directory is now; the copy of a project
//! does as well. Nothing is guessed: where another copy has the same record and follows something else, as after one operation on
//! both, or where the record is not the one that was noted, nothing is carried over, and the log says so.
//!
//! A place keeps its following while it may have the deployment still. It loses it when that is gone for certain, or when
//! the project that is there by then is another one.

use super::following::deployment;
use super::run::Operations;
use crate::engine::handle::SyncScope;
use crate::engine::snapshot::{ItemView, ProjectView, Snapshot};
use crate::history::{Batch, History, HistoryError};
use crate::model::{Deployment, Followed, Following, Imprint};
use skillmeat_protocol::reply::ProjectState;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Longest wait for a look at a project.
const LOOK: Duration = Duration::from_secs(30);

impl Operations {
    /// An operation is about to write records of these projects. Until it has ended, nothing is certain of what follows something
    /// there: after a kill in between, nothing would tell its record from one that somebody else wrote.
    pub(super) fn begin_in(&self, history: &History, projects: &[PathBuf]) {
        let forgotten = || -> Result<(), HistoryError> {
            let noted = history.imprints()?;
            let mut followings = history.followings()?;
            followings
                .retain(|following| projects.contains(&following.copy.project) && noted.contains_key(&following.copy));
            if followings.is_empty() {
                return Ok(());
            }
            history.batch_later(|batch| {
                followings.iter().try_for_each(|following| batch.follow(&following.copy, &following.followed, None))
            })
        };
        if let Err(error) = forgotten() {
            tracing::warn!(%error, "which deployments follow a branch is not noted");
        }
        self.engine.operation_begins(projects.to_vec());
    }

    /// Notes which deployments the followings in these projects are of by now: what an operation did is certain.
    pub(super) fn note_imprints(&self, history: &History, snapshot: &Snapshot, roots: &[PathBuf]) {
        let noted = || -> Result<(), HistoryError> {
            let mut followings = history.followings()?;
            followings.retain(|following| roots.contains(&following.copy.project));
            if followings.is_empty() {
                return Ok(());
            }
            let known = history.imprints()?;
            history.batch_later(|batch| {
                for Following { copy, followed, .. } in &followings {
                    let Some(item) = item(snapshot, copy).filter(|item| item.follows.is_some()) else { continue };
                    let imprint = imprint(item).filter(|imprint| !is_shared(snapshot, copy, followed, imprint));
                    if known.get(copy) != imprint.as_ref() {
                        batch.follow(copy, followed, imprint.as_ref())?;
                    }
                }
                Ok(())
            })
        };
        if let Err(error) = noted() {
            tracing::warn!(%error, "which deployments follow a branch is not noted");
        }
    }

    /// Has a project that was just registered follow what its copies are known to follow from elsewhere. `before` is the picture
    /// from before. Blocks.
    pub fn carry_followings(&self, path: &Path, before: &Snapshot) {
        if view(before, path).is_none() {
            self.carry(path, before, || self.as_it_is_now(path));
        }
    }

    /// The same for a registered project whose directory is there again: it may have been elsewhere, or be another one. Goes by
    /// what the engine has found already, since whoever hears of that must not wait for it.
    pub fn carry_followings_back(&self, path: &Path) {
        self.carry(path, &self.engine.snapshot(), || self.engine.snapshot());
    }

    fn carry(&self, path: &Path, before: &Snapshot, look: impl Fn() -> Arc<Snapshot>) {
        let Ok(history) = self.history() else { return };
        match self.carried(history, path, before, &look) {
            Ok(false) => {}
            // Whoever waits for a look is shown what came of it.
            Ok(true) => drop(look()),
            Err(error) => tracing::error!(%error, "what the copies of a new project follow is not known"),
        }
    }

    fn carried(
        &self,
        history: &History,
        path: &Path,
        before: &Snapshot,
        look: impl Fn() -> Arc<Snapshot>,
    ) -> Result<bool, HistoryError> {
        let _counted = self.counted();
        let Some(_taken) = self.locks.take(BTreeSet::from([path.to_owned()]), &AtomicBool::new(false)) else {
            return Ok(false);
        };
        let _reading = self.reading.read().unwrap_or_else(PoisonError::into_inner);
        // Asked with the place to itself: whoever was here before has told the engine of it.
        if history.followings()?.is_empty() {
            return Ok(false);
        }
        let snapshot = look();
        let Some(project) = view(&snapshot, path) else { return Ok(false) };
        let followings = history.followings()?;
        let mut imprints = history.imprints()?;
        for Following { copy, .. } in &followings {
            // Of what nobody noted, what was last seen there.
            if let Some(seen) = item(before, copy).filter(|item| item.follows.is_some()).and_then(imprint) {
                imprints.entry(copy.clone()).or_insert(seen);
            }
        }
        let known = Known { snapshot: &snapshot, followings: &followings, imprints: &imprints };
        let decided: Vec<Decided> = project.items().flat_map(|item| known.decide(path, item)).collect();
        if decided.is_empty() {
            return Ok(false);
        }
        history.batch(|batch| decided.iter().try_for_each(|decided| decided.write(batch)))?;
        decided.iter().for_each(Decided::tell);
        // Before somebody else finds that there is nothing to do.
        self.tell_followings(history);
        Ok(true)
    }

    fn as_it_is_now(&self, path: &Path) -> Arc<Snapshot> {
        let scope = path.to_str().map_or(SyncScope::All, |path| SyncScope::Project(path.into()));
        self.engine.sync_blocking(scope, LOOK).snapshot
    }
}

/// What is known when it is decided.
struct Known<'a> {
    snapshot: &'a Snapshot,
    followings: &'a [Following],
    imprints: &'a BTreeMap<Deployment, Imprint>,
}

/// What becomes of a following.
enum Decided {
    /// This copy follows the same as the one in that project, because they are one deployment.
    Follows { copy: Deployment, followed: Followed, imprint: Imprint, from: PathBuf },
    /// There is another deployment at its place, or none any more.
    Ended(Deployment, Followed),
}

impl Decided {
    fn write(&self, batch: &Batch<'_>) -> Result<(), HistoryError> {
        match self {
            Self::Follows { copy, followed, imprint, .. } => batch.follow(copy, followed, Some(imprint)),
            Self::Ended(copy, _) => batch.unfollow(copy),
        }
    }

    fn tell(&self) {
        let (copy, branch) = match self {
            Self::Follows { copy, followed, .. } | Self::Ended(copy, followed) => (copy, &followed.branch),
        };
        let (artifact, project, profile) = (&copy.key, copy.project.display(), &copy.profile);
        match self {
            Self::Follows { from, .. } => {
                let from = from.display();
                tracing::info!(%artifact, %project, %profile, %branch, %from, "a copy follows a branch as it did elsewhere");
            }
            Self::Ended(..) => {
                tracing::info!(%artifact, %project, %profile, %branch, "a copy that followed a branch is not there any more");
            }
        }
    }
}

impl Known<'_> {
    /// What becomes of what an item of a new project may follow, and of the places where that was followed before.
    fn decide(&self, path: &Path, item: &ItemView) -> Vec<Decided> {
        let here = deployment(path, item);
        let Some(imprint) = imprint(item) else { return Vec::new() };
        let mut decided = Vec::new();
        if let Some(left) = self.followings.iter().find(|following| following.copy == here) {
            match self.imprints.get(&here) {
                Some(noted) if *noted != imprint => decided.push(Decided::Ended(here.clone(), left.followed.clone())),
                // It is the one, or nobody knows that it is not.
                _ => return decided,
            }
        }
        let id = item.collection.as_ref().and_then(|collection| collection.id.as_deref());
        let is_like = |following: &&Following| {
            let Following { copy, followed, .. } = following;
            copy.key == here.key
                && copy.profile == here.profile
                && copy.project != here.project
                && id == Some(&*followed.collection)
        };
        let is_same = |following: &&Following| self.imprints.get(&following.copy) == Some(&imprint);
        let (same, others): (Vec<_>, Vec<_>) = self.followings.iter().filter(is_like).partition(is_same);
        let Some(first) = same.first() else {
            if let Some(gone) = others.iter().find(|other| is_gone(self.snapshot, &other.copy, None)) {
                let (artifact, project, branch) = (&here.key, here.project.display(), &gone.followed.branch);
                let from = gone.copy.project.display();
                tracing::warn!(%artifact, %project, %branch, %from, "nothing says that a copy is the one that followed a branch elsewhere");
            }
            return decided;
        };
        let followed = &first.followed;
        if same.iter().any(|other| other.followed != *followed) || is_shared(self.snapshot, &here, followed, &imprint) {
            let (artifact, project) = (&here.key, here.project.display());
            tracing::warn!(%artifact, %project, "copies with the same record follow different things, and this one none");
            return decided;
        }
        let is_left = |following: &&&Following| is_gone(self.snapshot, &following.copy, Some(&imprint));
        let left = same.iter().filter(is_left);
        decided.extend(left.map(|following| Decided::Ended(following.copy.clone(), followed.clone())));
        let (followed, from) = (followed.clone(), first.copy.project.clone());
        decided.push(Decided::Follows { copy: here, followed, imprint, from });
        decided
    }
}

/// What the record of an item says that no other says.
fn imprint(item: &ItemView) -> Option<Imprint> {
    let record = item.record.as_ref().filter(|record| record.flaw.is_none())?;
    Some(Imprint { deployed_at: record.deployed_at?, baseline: record.baseline? })
}

fn view<'s>(snapshot: &'s Snapshot, path: &Path) -> Option<&'s ProjectView> {
    snapshot.projects.get(path.to_str()?).map(|view| &**view)
}

fn item<'s>(snapshot: &'s Snapshot, copy: &Deployment) -> Option<&'s ItemView> {
    let items = view(snapshot, &copy.project)?.items();
    items.map(|item| &**item).find(|item| item.key == copy.key && *item.profile == *copy.profile)
}

/// Whether a copy elsewhere has the same record and does not follow this. What a project had that is missing may be this very copy.
fn is_shared(snapshot: &Snapshot, copy: &Deployment, followed: &Followed, of: &Imprint) -> bool {
    let elsewhere = snapshot
        .projects
        .iter()
        .filter(|project| Path::new(&*project.path) != copy.project && project.state != ProjectState::Missing);
    let mut same = elsewhere
        .flat_map(|project| project.items())
        .filter(|item| item.key == copy.key && *item.profile == *copy.profile && imprint(item).as_ref() == Some(of));
    same.any(|item| super::following::followed(item).as_ref() != Some(followed))
}

/// Whether a place has a deployment no more, for certain. What cannot be looked at, and what may lie on a disk that is not there
/// now, may have it still.
fn is_gone(snapshot: &Snapshot, copy: &Deployment, imprinted: Option<&Imprint>) -> bool {
    // Asked of the disk: nobody may have looked there since.
    if matches!(copy.project.symlink_metadata(), Err(error) if error.kind() == ErrorKind::NotFound) {
        return !is_below_an_empty_directory(&copy.project);
    }
    let watched = view(snapshot, &copy.project).filter(|view| view.state == ProjectState::Watched);
    match item(snapshot, copy).filter(|item| item.record.is_some()) {
        Some(item) => watched.is_some() && imprinted.is_some_and(|of| imprint(item).as_ref() != Some(of)),
        None => watched.is_some(),
    }
}

/// Where a disk is not mounted, an empty directory is in its place.
fn is_below_an_empty_directory(path: &Path) -> bool {
    let above = path.ancestors().skip(1).find_map(|above| above.read_dir().ok());
    above.is_none_or(|mut entries| entries.next().is_none())
}
