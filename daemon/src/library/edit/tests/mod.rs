//! The editors against what the original wrote, and against each other.

mod audit;
mod golden;
mod inverse;
mod layout;
mod legacy;
mod pieces;
mod random;
mod snapshots;

use super::manifest::{EntryMetadata, Field, NewEntry};
use super::records::NewRecord;
use super::*;
use crate::model::Timestamp;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::Group;
use std::path::{Path, PathBuf};

/// 2026-11-21T08:11:22.781486 UTC, and a full second later that day.
const THEN: Timestamp = Timestamp(1_795_248_682_781_486);
const NOW: Timestamp = Timestamp(1_795_251_600_000_000);

const COLLECTION: &str = "/c/collection.toml";
const DEPLOYED: &str = "/p/.claude/.skillmeat-deployed.toml";

fn before<'t>(file: &'t str, text: &'t str) -> Before<'t> {
    Before { file: Path::new(file), text: Some(text) }
}

fn manifest(text: &str) -> Before<'_> {
    before(COLLECTION, text)
}

fn records(text: &str) -> Before<'_> {
    before(DEPLOYED, text)
}

fn key(text: &str) -> ArtifactKey {
    text.parse().expect("TYPE:NAME")
}

fn hash(byte: u8) -> ContentHash {
    ContentHash([byte; 32])
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What tomli_w 1.2 writes, see `golden/README.md`.
fn golden(name: &str) -> String {
    read(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/library/edit/tests/golden").join(name))
}

/// Files that the original wrote.
fn fixture(path: &str) -> String {
    read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/worlds").join(path))
}

fn entry(kind: ArtifactType, name: &str) -> NewEntry {
    let (name, path, origin) = (name.to_owned(), format!("{kind}s/{name}"), "local".to_owned());
    NewEntry { kind, name, path, origin, added: NOW, fields: Vec::new() }
}

fn full_entry() -> NewEntry {
    let some = |text: &str| Some(text.to_owned());
    let metadata = EntryMetadata {
        title: some("T \"q\" \\ \u{7}\t\u{7f}é"),
        description: some("two\nlines"),
        author: some("A"),
        license: some("MIT"),
        version: some("1.2.0"),
    };
    // In no order: the file has its own.
    let fields = vec![
        Field::Uuid(some(&"00".repeat(16))),
        Field::Tags(vec!["b".to_owned(), "a".to_owned()]),
        Field::ImportId(some("i-1")),
        Field::Metadata(metadata),
        Field::TargetPlatforms(vec!["claude_code".to_owned()]),
        Field::OriginSource(some("github")),
        Field::LastUpdated(Some(NOW)),
        Field::DiscoveredAt(Some(NOW)),
        Field::ResolvedVersion(some("v1.2.0")),
        Field::ResolvedSha(some(&"0f".repeat(20))),
        Field::VersionSpec(some("latest")),
        Field::Upstream(some("https://example.org/x")),
    ];
    NewEntry { origin: "marketplace".to_owned(), added: THEN, fields, ..entry(ArtifactType::Skill, "pdf") }
}

fn group(name: &str, members: &[&str]) -> Group {
    Group {
        name: name.to_owned(),
        description: String::new(),
        color: "slate".to_owned(),
        icon: "layers".to_owned(),
        position: 99,
        members: members.iter().map(|member| (*member).to_owned()).collect(),
    }
}

fn record(kind: ArtifactType, name: &str) -> NewRecord {
    NewRecord {
        key: ArtifactKey::new(kind, name),
        name: name.to_owned(),
        from_collection: "team".to_owned(),
        deployed_at: THEN,
        artifact_path: format!("{kind}s/{name}"),
        content_hash: hash(0xab),
        lineage: vec![hash(0xab)],
        parent_hash: None,
        merge_base: hash(0xab),
        profile_id: "claude_code".to_owned(),
        platform: "claude_code".to_owned(),
        root_dir: ".claude".to_owned(),
        artifact_uuid: None,
        modification_detected_at: None,
    }
}
