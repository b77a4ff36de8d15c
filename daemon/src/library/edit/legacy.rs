//! Records of generations that the original lost: written again as `[[deployed]]` (formats-core §4.2).
//!
//! Generation S has hashes and lacks paths; generation P, a file of its own, lacks both and the collection's name too.
//! What a file does not say, the caller does, who sees the project. Whoever writes the result keeps the old files: an
//! entry that cannot be read as a record is named in [`Converted::left_out`] and is nowhere else.

use super::dialect::{Fields, Node};
use super::error::EditError;
use super::list::{self, Shape, WhenEmpty};
use super::records;
use super::source::{Before, Edits, Source};
use super::times;
use crate::library::layout::default_paths;
use crate::library::profile::{BUILTIN, profile_of_root};
use crate::library::records::{NO_HASH, ParsedRecord, ParsedRecords};
use crate::library::{deployed, plan};
use crate::model::Timestamp;
use jiff::tz::TimeZone;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::Problem;
use std::collections::HashSet;

const ARTIFACTS: Shape =
    Shape { key: "artifacts", root: &["artifacts"], order: |_| &[], when_empty: WhenEmpty::Omitted };

/// The platform of profiles that are not built in.
const OTHER_PLATFORM: &str = "other";

/// What the project says of a record where the record is silent. What the record says goes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Name of the collection to suppose.
    pub from_collection: String,
    /// Where the copy is, relative to the profile root; none where deploying would put it.
    pub artifact_path: Option<String>,
    /// What collection and copy both hold, if they hold the same.
    pub baseline: Option<ContentHash>,
}

/// Older records in today's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// What `.skillmeat-deployed.toml` shall say.
    pub text: String,
    /// Entries that are no records.
    pub left_out: Vec<Problem>,
}

/// Converts what `deployed` holds, or, when it has no records, what `plan` (`deployment.toml` beside it) holds; as the
/// reader does. None when there is nothing to convert. `now` is when records were deployed that do not say.
///
/// # Errors
/// A file cannot be read.
pub fn convert(
    deployed: &Before<'_>,
    plan: Option<&Before<'_>>,
    zone: &TimeZone,
    now: Timestamp,
    known: impl Fn(&ParsedRecord) -> Known,
) -> Result<Option<Converted>, EditError> {
    let source = Source::parse(deployed)?;
    let is_current = source.root().contains_key("deployed");
    let here = readable(deployed::parse(source.text.as_bytes(), deployed.file, zone))?;
    let is_sync = !is_current && source.root().contains_key(ARTIFACTS.key);
    let old = match plan {
        _ if is_sync && !here.records.is_empty() => here,
        Some(plan) if here.records.is_empty() => {
            let parsed = readable(plan::parse(plan.text.unwrap_or_default().as_bytes(), plan.file))?;
            ParsedRecords { problems: here.problems.into_iter().chain(parsed.problems).collect(), ..parsed }
        }
        _ if is_sync => here,
        _ => return Ok(None),
    };
    if old.records.is_empty() && old.problems.is_empty() {
        return Ok(None);
    }
    let root = deployed.file.parent().and_then(|root| root.file_name()).unwrap_or_default().to_string_lossy();
    let mut seen = HashSet::new();
    let records = old.records.iter().filter(|record| seen.insert(record.key.clone()));
    let new: Vec<_> = records.map(|record| fields(record, &known(record), &root, zone, now)).collect();

    let text = if is_sync { without_sync(&source)? } else { source.finish(Edits::default())? };
    let text = records::append(&Before { text: Some(&text), ..*deployed }, &new)?;
    Ok(Some(Converted { text, left_out: old.problems }))
}

fn readable(parsed: ParsedRecords) -> Result<ParsedRecords, EditError> {
    match (&parsed.unreadable, parsed.problems.first()) {
        (Some(_), Some(problem)) => Err(problem.clone().into()),
        _ => Ok(parsed),
    }
}

/// The text without the two parts of generation S. Anything else in it stays.
fn without_sync(source: &Source<'_>) -> Result<String, EditError> {
    let mut edits = Edits::default();
    list::rewrite(source, &mut edits, &ARTIFACTS, &[], &[])?;
    if let Some(header) = source.root().get("deployment").and_then(toml_edit::Item::as_table) {
        for block in source.blocks_below(header) {
            edits.replace(source.with_blank_lines(block), "");
        }
    }
    source.finish(edits)
}

fn fields(record: &ParsedRecord, known: &Known, root: &str, zone: &TimeZone, now: Timestamp) -> Fields {
    let text = |text: &str| Node::from(text);
    let profile = profile_of_root(root);
    let platform = BUILTIN.iter().find(|builtin| builtin.id == profile).map_or(OTHER_PLATFORM, |it| it.platform);
    let path =
        known.artifact_path.clone().or_else(|| default_paths(record.key.kind, &record.key.name).into_iter().next());
    let baseline = record.baseline.or(known.baseline);
    let hash = text(&baseline.unwrap_or(NO_HASH).to_string());
    let pairs = [
        ("artifact_name", Some(text(&record.key.name))),
        ("artifact_type", Some(text(record.key.kind.as_str()))),
        ("from_collection", Some(text(record.from_collection.as_deref().unwrap_or(&known.from_collection)))),
        ("deployed_at", Some(times::local(record.deployed_at.unwrap_or(now), zone))),
        ("artifact_path", path.map(Node::Text)),
        ("content_hash", Some(hash.clone())),
        ("local_modifications", Some(Node::Flag(false))),
        ("version_lineage", baseline.map(|hash| Node::texts(&[hash.to_string()]))),
        ("merge_base_snapshot", baseline.map(|hash| Node::Text(hash.to_string()))),
        ("deployment_profile_id", Some(text(profile))),
        ("platform", Some(text(platform))),
        ("profile_root_dir", Some(text(root))),
        ("collection_sha", Some(hash)),
    ];
    pairs.into_iter().filter_map(|(key, node)| Some((key.to_owned(), node?))).collect()
}
