//! Projects: `projects`, `profiles`, `deployments`, `untracked`.

use super::by_parent;
use super::seal;
use crate::cache::change::{Coverage, LoadedProject};
use crate::database::value::{Col, Json, OsText, PathList, StoredPath, StoredPaths};
use crate::model::{Fingerprint, OnDisk, Profile, ProjectScan, Record, SharedTexts};
use rusqlite::{Connection, Result, Row, params};
use skillmeat_protocol::ids::ArtifactKey;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

/// Replaces what is stored of a project. Its row keeps its id, so trees and drift stay.
pub(in crate::cache) fn store(
    connection: &Connection,
    path: &Path,
    coverage: &Coverage,
    scan: &ProjectScan,
) -> Result<()> {
    let polled = match coverage {
        Coverage::Watched => None,
        Coverage::Polled { reason } => Some(reason),
    };
    let id: i64 = connection
        .prepare_cached(
            "INSERT INTO projects (path, name, present, polled, problems, directories, ancestors, stamps, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (path) DO UPDATE SET name = ?2, present = ?3, polled = ?4, problems = ?5, directories = ?6,
                 ancestors = ?7, stamps = ?8, seal = ?9
             RETURNING id",
        )?
        .query_row(
            params![
                OsText::path(path),
                scan.name,
                scan.present,
                polled,
                Json(&scan.problems),
                PathList(&scan.directories),
                PathList(&scan.ancestors),
                scan.stamps.map(|stamps| stamps.0),
                seal::seal(&Meaning(path, coverage, scan)),
            ],
            |row| row.get(0),
        )?;
    for sql in [
        "DELETE FROM profiles WHERE project_id = ?1",
        "DELETE FROM deployments WHERE project_id = ?1",
        "DELETE FROM untracked WHERE project_id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([id])?;
    }
    store_profiles(connection, id, &scan.profiles)?;
    store_records(connection, id, &scan.records)?;
    store_untracked(connection, id, &scan.on_disk)
}

/// What the seal of a project is over: all that is stored of it.
struct Meaning<'a>(&'a Path, &'a Coverage, &'a ProjectScan);

impl Hash for Meaning<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self(path, coverage, scan) = self;
        let ProjectScan {
            present,
            name,
            profiles,
            unread: _,
            records,
            on_disk,
            problems,
            directories,
            ancestors,
            stamps,
        } = scan;
        (path, coverage, present, name, profiles, records, on_disk, problems, directories, ancestors).hash(state);
        // Rows of earlier versions have none, and keep their seals.
        if let Some(stamps) = stamps {
            stamps.hash(state);
        }
    }
}

/// Removes a project and everything that belongs to it.
pub(in crate::cache) fn remove(connection: &Connection, path: &Path) -> Result<()> {
    connection.prepare_cached("DELETE FROM projects WHERE path = ?1")?.execute([OsText::path(path)])?;
    Ok(())
}

/// Reads all projects.
pub(super) fn load(connection: &Connection) -> Result<Vec<LoadedProject>> {
    let mut shared = SharedTexts::default();
    let mut profiles = by_parent(connection, SELECT_PROFILES, |row| read_profile(row, &mut shared))?;
    let mut records = by_parent(connection, SELECT_RECORDS, |row| read_record(row, &mut shared).map(Arc::new))?;
    let mut on_disk = by_parent(connection, SELECT_UNTRACKED, |row| read_untracked(row, &mut shared))?;
    connection
        .prepare(
            "SELECT id, path, name, present, polled, problems, directories, ancestors, stamps, seal
             FROM projects ORDER BY id",
        )?
        .query_map([], |row| {
            let id: i64 = row.get(0)?;
            let project = LoadedProject {
                path: row.get::<_, StoredPath>(1)?.0,
                coverage: row
                    .get::<_, Option<String>>(4)?
                    .map_or(Coverage::Watched, |reason| Coverage::Polled { reason }),
                scan: Arc::new(ProjectScan {
                    present: row.get(3)?,
                    name: row.get(2)?,
                    profiles: profiles.remove(&id).unwrap_or_default(),
                    unread: Vec::new(),
                    records: records.remove(&id).unwrap_or_default(),
                    on_disk: on_disk.remove(&id).unwrap_or_default(),
                    problems: row.get::<_, Json<_>>(5)?.0,
                    directories: row.get::<_, StoredPaths>(6)?.0,
                    ancestors: row.get::<_, StoredPaths>(7)?.0,
                    stamps: row.get::<_, Option<_>>(8)?.map(Fingerprint),
                }),
            };
            seal::check("projects", row, 9, &Meaning(&project.path, &project.coverage, &project.scan))?;
            Ok(project)
        })?
        .collect()
}

const SELECT_PROFILES: &str =
    "SELECT project_id, profile, root, has_records FROM profiles ORDER BY project_id, ordinal";

fn store_profiles(connection: &Connection, project: i64, profiles: &[Profile]) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO profiles (project_id, ordinal, profile, root, has_records) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (ordinal, profile) in (0_i64..).zip(profiles) {
        insert.execute(params![project, ordinal, &*profile.id, profile.root, profile.has_records])?;
    }
    Ok(())
}

fn read_profile(row: &Row<'_>, shared: &mut SharedTexts) -> Result<Profile> {
    Ok(Profile { id: shared.get(row.get_ref(1)?.as_str()?), root: row.get(2)?, has_records: row.get(3)? })
}

const SELECT_RECORDS: &str = "SELECT project_id, type, name, profile, platform, from_collection, path, baseline,
    deployed_at, modification_detected_at, version, record_schema, line, flaw
    FROM deployments ORDER BY project_id, ordinal";

fn store_records(connection: &Connection, project: i64, records: &[Arc<Record>]) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO deployments (project_id, ordinal, type, name, profile, platform, from_collection, path, baseline,
             deployed_at, modification_detected_at, version, record_schema, line, flaw)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    for (ordinal, record) in (0_i64..).zip(records) {
        insert.execute(params![
            project,
            ordinal,
            Col(record.key.kind),
            record.key.name,
            &*record.profile,
            record.platform.as_deref(),
            record.from_collection.as_deref(),
            OsText::path(&record.path),
            record.baseline.map(Col),
            record.deployed_at.map(Col),
            record.modification_detected_at.map(Col),
            record.version.as_deref(),
            Col(record.schema),
            record.line,
            record.flaw.as_deref(),
        ])?;
    }
    Ok(())
}

fn read_record(row: &Row<'_>, shared: &mut SharedTexts) -> Result<Record> {
    let mut text = |column| -> Result<_> { Ok(row.get_ref(column)?.as_str_or_null()?.map(|text| shared.get(text))) };
    let (platform, from_collection) = (text(4)?, text(5)?);
    Ok(Record {
        key: ArtifactKey { kind: row.get::<_, Col<_>>(1)?.0, name: row.get(2)? },
        profile: shared.get(row.get_ref(3)?.as_str()?),
        platform,
        from_collection,
        path: row.get::<_, StoredPath>(6)?.0.into(),
        baseline: row.get::<_, Option<Col<_>>>(7)?.map(|c| c.0),
        deployed_at: row.get::<_, Option<Col<_>>>(8)?.map(|c| c.0),
        modification_detected_at: row.get::<_, Option<Col<_>>>(9)?.map(|c| c.0),
        version: row.get(10)?,
        schema: row.get::<_, Col<_>>(11)?.0,
        line: row.get(12)?,
        flaw: row.get(13)?,
    })
}

const SELECT_UNTRACKED: &str =
    "SELECT project_id, type, name, profile, path FROM untracked ORDER BY project_id, ordinal";

fn store_untracked(connection: &Connection, project: i64, on_disk: &[OnDisk]) -> Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO untracked (project_id, ordinal, type, name, profile, path) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (ordinal, found) in (0_i64..).zip(on_disk) {
        insert.execute(params![
            project,
            ordinal,
            Col(found.key.kind),
            found.key.name,
            &*found.profile,
            OsText::path(&found.path)
        ])?;
    }
    Ok(())
}

fn read_untracked(row: &Row<'_>, shared: &mut SharedTexts) -> Result<OnDisk> {
    Ok(OnDisk {
        key: ArtifactKey { kind: row.get::<_, Col<_>>(1)?.0, name: row.get(2)? },
        profile: shared.get(row.get_ref(3)?.as_str()?),
        path: row.get::<_, StoredPath>(4)?.0.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::tests::sample::Sample;

    #[test]
    fn rows_of_earlier_versions_keep_their_seals() {
        let mut sample = Sample::new(7);
        let (path, coverage, scan) = (Path::new("/p"), sample.coverage(), sample.project());
        let scan = ProjectScan { stamps: None, ..scan };
        let ProjectScan { present, name, profiles, records, on_disk, problems, directories, ancestors, .. } = &scan;
        let before = (path, &coverage, present, name, profiles, records, on_disk, problems, directories, ancestors);
        assert_eq!(seal::seal(&Meaning(path, &coverage, &scan)), seal::seal(&before));
        let stamped = ProjectScan { stamps: Some(Fingerprint([1; 16])), ..scan.clone() };
        assert_ne!(seal::seal(&Meaning(path, &coverage, &stamped)), seal::seal(&before));
    }
}
