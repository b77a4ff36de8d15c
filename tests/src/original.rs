//! Whether the original reads a file: its reader's rules (formats-core §2.1, §2.2, §4.1, formats-versions §2, §3), where one wrong value makes the whole
//! file unreadable, written down once more and as strictly as they are.
//!
//! Beyond that, the order of keys is held to the one in which the original writes them, since it is what people's diffs show.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

const TYPES: [&str; 12] = [
    "skill",
    "command",
    "agent",
    "hook",
    "mcp",
    "workflow",
    "composite",
    "project_config",
    "spec_file",
    "rule_file",
    "context_file",
    "progress_template",
];
const ORIGINS: [&str; 3] = ["local", "github", "marketplace"];
const SOURCES: [&str; 3] = ["github", "gitlab", "bitbucket"];
const PLATFORMS: [&str; 6] = ["claude_code", "codex", "gemini", "cursor", "remote_git", "other"];

/// Keys of an artifact in the order of writing: a sub-table comes after all values.
const ARTIFACT: [&str; 17] = [
    "name",
    "type",
    "path",
    "origin",
    "added",
    "upstream",
    "version_spec",
    "resolved_sha",
    "resolved_version",
    "last_updated",
    "discovered_at",
    "tags",
    "origin_source",
    "target_platforms",
    "import_id",
    "uuid",
    "metadata",
];
const LOCKED: [&str; 5] = ["content_hash", "fetched", "upstream", "resolved_sha", "resolved_version"];
const RECORD: [&str; 16] = [
    "artifact_name",
    "artifact_type",
    "from_collection",
    "deployed_at",
    "artifact_path",
    "content_hash",
    "local_modifications",
    "parent_hash",
    "version_lineage",
    "last_modified_check",
    "modification_detected_at",
    "merge_base_snapshot",
    "deployment_profile_id",
    "platform",
    "profile_root_dir",
    "artifact_uuid",
];
const SNAPSHOT: [&str; 5] = ["id", "timestamp", "message", "artifact_count", "tarball_path"];
const ROLLBACK: [&str; 15] = [
    "id",
    "timestamp",
    "collection_name",
    "source_snapshot_id",
    "target_snapshot_id",
    "operation_type",
    "files_restored",
    "files_merged",
    "conflicts_resolved",
    "conflicts_pending",
    "preserve_changes_enabled",
    "success",
    "selective_paths",
    "error",
    "metadata",
];

/// Reads every manifest, lock, record, snapshot list and audit file below `root` as the original would; how many there were.
///
/// # Errors
/// The first thing that the original would not read, or would not have written so.
pub fn reads_all_below(root: &Path) -> Result<usize, String> {
    let mut read = 0;
    for entry in fs::read_dir(root).map_err(|e| format!("{}: {e}", root.display()))?.flatten() {
        let path = entry.path();
        let check = match entry.file_name().to_str() {
            Some("collection.toml") => manifest,
            Some("collection.lock") => lock,
            Some(".skillmeat-deployed.toml") => records,
            Some("snapshots.toml") => snapshots,
            Some(name) if name.ends_with("_rollback_audit.toml") => audit,
            _ if path.is_dir() && !path.is_symlink() => {
                read += reads_all_below(&path)?;
                continue;
            }
            _ => continue,
        };
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let table: Table = text.parse().map_err(|e| format!("{}: {e}", path.display()))?;
        check(&path, &table).map_err(|why| format!("{}: {why}\n{text}", path.display()))?;
        read += 1;
    }
    Ok(read)
}

fn manifest(path: &Path, file: &Table) -> Result<(), String> {
    let collection = file.get("collection").and_then(Value::as_table).ok_or("no [collection]")?;
    let name = text(collection, "name")?;
    let directory = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    if directory != Some(name) {
        return Err(format!("the collection is called {name:?}"));
    }
    text(collection, "version")?;
    moment(collection, "created")?;
    moment(collection, "updated")?;
    let mut known = BTreeSet::new();
    for artifact in tables(file, "artifacts")? {
        let name = text(artifact, "name")?;
        entry(artifact).map_err(|why| format!("artifact {name:?}: {why}"))?;
        if !known.insert((name, text(artifact, "type")?)) {
            return Err(format!("artifact {name:?} is there twice"));
        }
    }
    for group in tables(file, "groups")? {
        text(group, "name")?;
        texts(group, "members")?;
    }
    Ok(())
}

fn entry(artifact: &Table) -> Result<(), String> {
    let name = text(artifact, "name")?;
    if name.is_empty() || name.contains(['/', '\\']) || name.contains("..") || name.starts_with('.') {
        return Err("no name for an artifact".to_owned());
    }
    one_of(artifact, "type", &TYPES)?;
    text(artifact, "path")?;
    let origin = one_of(artifact, "origin", &ORIGINS)?;
    moment(artifact, "added")?;
    for key in ["last_updated", "discovered_at"] {
        optional(artifact, key, moment)?;
    }
    for key in ["upstream", "version_spec", "resolved_sha", "resolved_version", "import_id"] {
        optional(artifact, key, text)?;
    }
    optional(artifact, "tags", texts)?;
    if artifact.contains_key("origin_source") {
        one_of(artifact, "origin_source", &SOURCES)?;
        if origin != "marketplace" {
            return Err(format!("origin_source with origin {origin:?}"));
        }
    }
    if let Some(platforms) = optional(artifact, "target_platforms", texts)?
        && (platforms.is_empty() || platforms.iter().any(|platform| !PLATFORMS.contains(platform)))
    {
        return Err(format!("target_platforms {platforms:?}"));
    }
    optional(artifact, "uuid", |table, key| hexadecimal(table, key, 32))?;
    if let Some(metadata) = artifact.get("metadata") {
        let metadata = metadata.as_table().filter(|metadata| !metadata.is_empty()).ok_or("metadata is no table")?;
        for key in ["title", "description", "author", "license", "version"] {
            optional(metadata, key, text)?;
        }
    }
    in_order(artifact, &ARTIFACT)
}

fn lock(_: &Path, file: &Table) -> Result<(), String> {
    let lock = file.get("lock").and_then(Value::as_table).ok_or("no [lock]")?;
    text(lock, "version")?;
    let Some(entries) = lock.get("entries") else { return Ok(()) };
    for (key, locked) in entries.as_table().ok_or("entries are no table")? {
        let locked = locked.as_table().ok_or_else(|| format!("{key:?} is no table"))?;
        key.split_once("::").ok_or_else(|| format!("{key:?} is no name::type"))?;
        let check = hexadecimal(locked, "content_hash", 64).and(moment(locked, "fetched"));
        check.and(in_order(locked, &LOCKED)).map_err(|why| format!("{key:?}: {why}"))?;
    }
    Ok(())
}

fn records(_: &Path, file: &Table) -> Result<(), String> {
    for record in tables(file, "deployed")? {
        let name = text(record, "artifact_name")?;
        one_record(record).map_err(|why| format!("record {name:?}: {why}"))?;
    }
    Ok(())
}

fn one_record(record: &Table) -> Result<(), String> {
    // Not validated by the original, but a wrong one is found by nobody.
    one_of(record, "artifact_type", &TYPES)?;
    text(record, "from_collection")?;
    moment(record, "deployed_at")?;
    text(record, "artifact_path")?;
    let hash = if record.contains_key("content_hash") { "content_hash" } else { "collection_sha" };
    hexadecimal(record, hash, 64)?;
    for key in ["last_modified_check", "modification_detected_at"] {
        optional(record, key, moment)?;
    }
    optional(record, "local_modifications", |table, key| {
        table[key].as_bool().ok_or_else(|| format!("{key} is no bool"))
    })?;
    optional(record, "version_lineage", texts)?;
    for key in ["parent_hash", "merge_base_snapshot", "collection_sha"] {
        optional(record, key, |table, key| hexadecimal(table, key, 64))?;
    }
    for key in ["deployment_profile_id", "profile_root_dir"] {
        optional(record, key, text)?;
    }
    optional(record, "platform", |table, key| one_of(table, key, &PLATFORMS))?;
    optional(record, "artifact_uuid", |table, key| hexadecimal(table, key, 32))?;
    // In the first generation `collection_sha` had another place, which a record keeps that is brought up to date.
    in_order(record, &RECORD)
}

/// Every key is needed: without one the original lists no snapshot at all. What it would unpack must be there, and be a
/// collection.
fn snapshots(path: &Path, file: &Table) -> Result<(), String> {
    let name = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).ok_or("no collection")?;
    for entry in tables(file, "snapshots")? {
        let id = text(entry, "id")?;
        one_snapshot(entry, name).map_err(|why| format!("snapshot {id:?}: {why}"))?;
    }
    Ok(())
}

fn one_snapshot(entry: &Table, name: &str) -> Result<(), String> {
    let id: String = text(entry, "id")?.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if id != "00000000-000000-000000" {
        return Err("no id".to_owned());
    }
    moment(entry, "timestamp")?;
    text(entry, "message")?;
    entry.get("artifact_count").and_then(Value::as_integer).filter(|n| *n >= 0).ok_or("artifact_count is no count")?;
    in_order(entry, &SNAPSHOT)?;
    let archive = Path::new(text(entry, "tarball_path")?);
    if !archive.is_absolute() {
        return Err("tarball_path is not absolute".to_owned());
    }
    let paths = unpacked(archive).map_err(|why| format!("{}: {why}", archive.display()))?;
    let is_inside = |path: &String| path.split('/').next() == Some(name) && !path.split('/').any(|part| part == "..");
    match paths.iter().find(|path| !is_inside(path)) {
        Some(other) => Err(format!("it would put {other:?} elsewhere")),
        None if paths.contains(&format!("{name}/collection.toml")) => Ok(()),
        None => Err(format!("there is no manifest among {paths:?}")),
    }
}

/// The paths that `tarfile` would make of an archive; reading it to its end checks its sum.
fn unpacked(archive: &Path) -> Result<Vec<String>, String> {
    let failed = |e: std::io::Error| e.to_string();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(fs::File::open(archive).map_err(failed)?));
    let mut paths = Vec::new();
    for entry in tar.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        paths.push(String::from_utf8_lossy(&entry.path_bytes()).trim_end_matches('/').to_owned());
        std::io::copy(&mut entry, &mut std::io::sink()).map_err(failed)?;
    }
    std::io::copy(&mut tar.into_inner(), &mut std::io::sink()).map_err(failed)?;
    Ok(paths)
}

fn audit(_: &Path, file: &Table) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for entry in tables(file, "entries")? {
        let id = text(entry, "id")?;
        one_rollback(entry).map_err(|why| format!("rollback {id:?}: {why}"))?;
        if !known.insert(id) {
            return Err(format!("rollback {id:?} is there twice"));
        }
    }
    Ok(())
}

fn one_rollback(entry: &Table) -> Result<(), String> {
    moment(entry, "timestamp")?;
    for key in ["collection_name", "source_snapshot_id", "target_snapshot_id"] {
        text(entry, key)?;
    }
    one_of(entry, "operation_type", &["simple", "intelligent", "selective"])?;
    for key in ["files_restored", "files_merged", "conflicts_resolved", "conflicts_pending"] {
        texts(entry, key)?;
    }
    for key in ["preserve_changes_enabled", "success"] {
        entry.get(key).and_then(Value::as_bool).ok_or_else(|| format!("{key} is missing or no bool"))?;
    }
    optional(entry, "selective_paths", texts)?;
    optional(entry, "error", text)?;
    in_order(entry, &ROLLBACK)
}

/// Keys that are known come in the order in which the original writes them.
fn in_order(table: &Table, keys: &[&str]) -> Result<(), String> {
    let places: Vec<usize> = table.keys().filter_map(|key| keys.iter().position(|known| known == key)).collect();
    if places.is_sorted() {
        Ok(())
    } else {
        Err(format!("the order of keys is {:?}", table.keys().collect::<Vec<_>>()))
    }
}

fn tables<'t>(file: &'t Table, key: &str) -> Result<Vec<&'t Table>, String> {
    let Some(list) = file.get(key) else { return Ok(Vec::new()) };
    let list = list.as_array().ok_or_else(|| format!("{key} is no list"))?;
    list.iter().map(|element| element.as_table().ok_or_else(|| format!("{key} holds what is no table"))).collect()
}

fn optional<'t, T>(
    table: &'t Table,
    key: &str,
    read: impl Fn(&'t Table, &str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    if table.contains_key(key) { read(table, key).map(Some) } else { Ok(None) }
}

fn text<'t>(table: &'t Table, key: &str) -> Result<&'t str, String> {
    table.get(key).and_then(Value::as_str).ok_or_else(|| format!("{key} is missing or no text"))
}

fn texts<'t>(table: &'t Table, key: &str) -> Result<Vec<&'t str>, String> {
    let list = table.get(key).and_then(Value::as_array).ok_or_else(|| format!("{key} is no list"))?;
    list.iter().map(|element| element.as_str().ok_or_else(|| format!("{key} holds what is no text"))).collect()
}

fn one_of<'t>(table: &'t Table, key: &str, values: &[&str]) -> Result<&'t str, String> {
    let value = text(table, key)?;
    if values.contains(&value) { Ok(value) } else { Err(format!("{key} is {value:?}")) }
}

fn hexadecimal<'t>(table: &'t Table, key: &str, digits: usize) -> Result<&'t str, String> {
    let value = text(table, key)?;
    let is_hash = value.len() == digits && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_hash { Ok(value) } else { Err(format!("{key} is {value:?}")) }
}

/// `datetime.fromisoformat` of the oldest Python that the original runs on: no `Z`, three or six digits of a second.
fn moment<'t>(table: &'t Table, key: &str) -> Result<&'t str, String> {
    let value = text(table, key)?;
    let wrong = || format!("{key} is {value:?}, no time");
    let shape: String = value.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let rest = shape.strip_prefix("0000-00-00T00:00:00").ok_or_else(wrong)?;
    let rest = rest.strip_prefix(".000000").or_else(|| rest.strip_prefix(".000")).unwrap_or(rest);
    let civil = value.get(..19).and_then(|civil| civil.parse::<jiff::civil::DateTime>().ok());
    if ["", "+00:00", "-00:00"].contains(&rest) && civil.is_some() { Ok(value) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_original_would_not_read_is_found() {
        let record = "[[deployed]]\nartifact_name = \"a\"\nartifact_type = \"skill\"\nfrom_collection = \"c\"\n\
                      deployed_at = \"2026-03-01T08:00:00\"\nartifact_path = \"skills/a\"\ncontent_hash = \"HASH\"\n";
        let record = record.replace("HASH", &"a".repeat(64));
        let read = |text: &str| records(Path::new("x"), &text.parse().expect("TOML"));
        assert_eq!(read(&record), Ok(()));
        for (from, to) in [
            ("T08:00:00", "T08:00:00Z"),
            ("T08:00:00", "T08:00:00.5"),
            ("-03-", "-13-"),
            ("\"skill\"", "\"spell\""),
            ("from_collection = \"c\"\n", ""),
            ("aaaa\"", "\""),
            ("content_hash", "other"),
            ("artifact_path", "platform = \"windsurf\"\nartifact_path"),
            ("artifact_path", "platform = \"codex\"\nartifact_path"),
        ] {
            assert!(read(&record.replacen(from, to, 1)).is_err(), "{from} as {to}");
        }
    }
}
