//! Which deployment each following was made for, so that it goes along with a project whose directory was moved or copied.
//!
//! A following ends with its imprint. An imprint that was never written, or taken away again, is one of which nothing is certain.

use super::find::Numbered;
use super::followings::{self, COPY};
use super::rows::Sealed;
use crate::database::value::{Col, OsText};
use crate::history::frame::Frame;
use crate::history::{Batch, History, HistoryError};
use crate::model::{Deployment, Followed, Imprint};
use rusqlite::{Connection, Result, params};
use std::collections::BTreeMap;

type Stored = (Deployment, Imprint);

impl Numbered for Stored {
    fn called(&self) -> String {
        format!("which deployment {} in {} was", self.0.key, self.0.project.display())
    }
}

impl History {
    /// What is known of the deployments of the copies that follow a branch by its name.
    ///
    /// # Errors
    /// Damage; the database cannot be read.
    pub fn imprints(&self) -> std::result::Result<BTreeMap<Deployment, Imprint>, HistoryError> {
        let rows = all(&self.lock()).map_err(self.failed("read"))?;
        rows.into_iter().map(|row| self.believed(row)).collect()
    }
}

impl Batch<'_> {
    /// A copy follows something by its name: one of this deployment; none where that is not certain.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn follow(
        &self,
        copy: &Deployment,
        followed: &Followed,
        imprint: Option<&Imprint>,
    ) -> std::result::Result<(), HistoryError> {
        let failed = || self.history.failed("write");
        followings::put(&self.transaction, copy, followed).map_err(failed())?;
        match imprint {
            Some(imprint) => put(&self.transaction, copy, imprint),
            None => drop_row(&self.transaction, copy),
        }
        .map_err(failed())
    }

    /// A copy follows whatever its collection has.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn unfollow(&self, copy: &Deployment) -> std::result::Result<(), HistoryError> {
        followings::drop_row(&self.transaction, copy).map_err(self.history.failed("write"))
    }
}

fn all(connection: &Connection) -> Result<Vec<Sealed<Stored>>> {
    connection
        .prepare_cached("SELECT type, name, project, profile, deployed_at, baseline, seal FROM following_imprints")?
        .query_map([], |row| {
            let imprint = Imprint { deployed_at: row.get::<_, Col<_>>(4)?.0, baseline: row.get::<_, Col<_>>(5)?.0 };
            let stored = (followings::copy(row)?, imprint);
            let is_sound = row.get::<_, [u8; 32]>(6)? == seal(&stored.0, &stored.1);
            Ok((stored, is_sound))
        })?
        .collect()
}

fn put(connection: &Connection, copy: &Deployment, imprint: &Imprint) -> Result<()> {
    let Deployment { key, project, profile } = copy;
    let (at, baseline, seal) = (Col(imprint.deployed_at), Col(imprint.baseline), seal(copy, imprint));
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO following_imprints (type, name, project, profile, deployed_at, baseline, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![Col(key.kind), key.name, OsText::path(project), profile, at, baseline, seal])
        .map(drop)
}

pub(super) fn drop_row(connection: &Connection, copy: &Deployment) -> Result<()> {
    let Deployment { key, project, profile } = copy;
    connection
        .prepare_cached(&format!("DELETE FROM following_imprints WHERE {COPY}"))?
        .execute(params![Col(key.kind), key.name, OsText::path(project), profile])
        .map(drop)
}

fn seal(copy: &Deployment, imprint: &Imprint) -> [u8; 32] {
    let mut frame = Frame::new("skillmeat following imprint 1");
    frame.bytes(copy.key.kind.as_str().as_bytes());
    frame.bytes(copy.key.name.as_bytes());
    frame.name(copy.project.as_os_str());
    frame.bytes(copy.profile.as_bytes());
    frame.number(imprint.deployed_at.0.cast_unsigned());
    frame.bytes(&imprint.baseline.0);
    frame.finish()
}
