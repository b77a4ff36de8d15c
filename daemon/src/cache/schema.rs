//! The tables of the cache, and that they agree with the types of the domain.

use crate::database::{Commits, Kind};

/// Marks a file as ours (`PRAGMA application_id`): "skmc".
pub(super) const APPLICATION_ID: i32 = 0x736b_6d63;

/// Every schema so far. Append only.
pub(super) const MIGRATIONS: [&str; 7] = [
    include_str!("schema/0001_base.sql"),
    include_str!("schema/0002_collections.sql"),
    include_str!("schema/0003_seals.sql"),
    include_str!("schema/0004_no_files.sql"),
    include_str!("schema/0005_ancestors.sql"),
    include_str!("schema/0006_names.sql"),
    include_str!("schema/0007_stamps.sql"),
];

/// The cache can be read again, so that its commits need not wait for the disk.
pub(super) const KIND: Kind = Kind { mark: APPLICATION_ID, migrations: &MIGRATIONS, commits: Commits::Quick };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Obstacle;
    use rusqlite::Connection;
    use skillmeat_protocol::drift::DriftState;
    use skillmeat_protocol::ids::ArtifactType;

    fn at_version(version: usize) -> Connection {
        let connection = Connection::open_in_memory().expect("memory");
        for migration in &MIGRATIONS[..version] {
            connection.execute_batch(migration).expect("migration");
        }
        connection.pragma_update(None, "user_version", version as i64).expect("version");
        connection
    }

    #[test]
    fn every_earlier_version_becomes_healthy() {
        for version in 0..=MIGRATIONS.len() {
            let mut connection = at_version(version);
            KIND.migrate(&mut connection).expect("migrates");
            KIND.check_health(&connection).expect("healthy");
        }
    }

    #[test]
    fn an_up_to_date_database_is_not_written() {
        let mut connection = at_version(MIGRATIONS.len());
        connection.pragma_update(None, "query_only", true).expect("pragma");
        KIND.migrate(&mut connection).expect("nothing to do");
    }

    #[test]
    fn a_failing_migration_leaves_the_old_version() {
        let mut connection = at_version(1);
        connection.execute_batch("CREATE TABLE group_members (x)").expect("table in the way");
        assert!(matches!(KIND.migrate(&mut connection), Err(Obstacle::Damaged(_))));
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("version");
        assert_eq!(version, 1);
        assert!(connection.prepare("SELECT 1 FROM collections").is_err(), "what the migration did is undone");
    }

    #[test]
    fn a_version_without_its_tables_is_not_healthy() {
        let connection = at_version(1);
        connection.pragma_update(None, "user_version", KIND.latest()).expect("version");
        assert!(matches!(KIND.check_health(&connection), Err(Obstacle::Damaged(_))));
    }

    /// The names in each `CHECK (<column> IN (…))` of the schema, with the table that has it.
    fn checked_names(column: &str) -> Vec<(String, Vec<String>)> {
        let connection = at_version(MIGRATIONS.len());
        let mut statement =
            connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").expect("sql");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).expect("rows");
        rows.map(|row| row.expect("row"))
            .filter_map(|(table, sql)| {
                let (_, list) = sql.split_once(&format!("CHECK ({column} IN ("))?;
                let names = list.split(')').next()?.split(',').map(|name| name.trim().trim_matches('\'').to_owned());
                Some((table, names.collect()))
            })
            .collect()
    }

    #[test]
    fn the_types_that_tables_accept_are_those_that_exist() {
        let types = ArtifactType::ALL.map(|kind| kind.as_str().to_owned());
        let checked = checked_names("type");
        assert_eq!(checked.len(), 5, "artifacts, deployments, untracked, lock_entries, drift");
        for (table, names) in checked {
            assert_eq!(names, types, "{table}");
        }
    }

    #[test]
    fn the_states_that_drift_accepts_are_those_that_exist() {
        let states = DriftState::ALL.map(|state| state.as_str().to_owned());
        let checked = checked_names("state");
        let (_, names) = checked.iter().find(|(table, _)| table == "drift").expect("drift has a check");
        assert_eq!(*names, states);
    }

    #[test]
    fn no_artifact_without_a_known_type_can_be_stored() {
        let connection = at_version(MIGRATIONS.len());
        for kind in ["'unknown'", "''", "'Skill'", "NULL"] {
            let insert = format!(
                "INSERT INTO artifacts (collection_id, ordinal, type, name, path, in_manifest) VALUES (1, 0, {kind}, 'x', 'x', 1)"
            );
            assert!(connection.execute(&insert, []).is_err(), "{kind}");
        }
    }
}
