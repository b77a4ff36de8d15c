//! Damage for the tests of every database.

use rusqlite::Connection;
use std::path::Path;

/// Bytes of a page.
const PAGE: usize = 4096;

/// Overwrites the first page of a table in the file at `path`, which nobody has open.
pub(crate) fn damage_table(path: &Path, table: &str) {
    let connection = Connection::open(path).expect("opens");
    let page: u32 = connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [table], |row| row.get(0))
        .expect("has a page");
    drop(connection);
    let mut bytes = std::fs::read(path).expect("reads");
    let end = page as usize * PAGE;
    bytes[end - PAGE..end].fill(0x55);
    std::fs::write(path, bytes).expect("writes");
}
