//! Artifacts of collections for people.

use std::io::{self, Write};

use skillmeat_protocol::reply::Artifact;
use unicode_width::UnicodeWidthChar;

use super::table::{Cell, Table};
use super::term::{Tone, count, escape, paint, width};

/// Longest description in a list, in columns.
const BRIEF: usize = 60;

/// Whether a list names the collection in each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collections {
    /// Yes.
    Shown,
    /// It is above the list.
    Hidden,
}

/// A list.
pub fn write_list(
    out: &mut dyn Write,
    artifacts: &[Artifact],
    collections: Collections,
    colour: bool,
) -> io::Result<()> {
    let mut table = Table::new(0);
    for artifact in artifacts {
        let collection = if collections == Collections::Shown { artifact.collection.as_str() } else { "" };
        let deployed = match artifact.deployments.len() {
            0 => String::new(),
            n => format!("in {}", count(n as u64, "project", "projects")),
        };
        table.row([
            format!("{}:{}", artifact.kind, artifact.name).into(),
            Cell::new(collection, Tone::Dim),
            Cell::new(artifact.version.as_deref().unwrap_or(""), Tone::Dim),
            deployed.into(),
            flaw(artifact).map_or_else(Cell::default, |flaw| Cell::new(flaw, Tone::Warn)),
            cut(artifact.description.as_deref().unwrap_or("")).into(),
        ]);
    }
    table.write(out, colour)?;
    writeln!(out, "{}", count(artifacts.len() as u64, "artifact", "artifacts"))
}

/// What is wrong between manifest and disk.
fn flaw(artifact: &Artifact) -> Option<&'static str> {
    match (artifact.on_disk, artifact.in_manifest) {
        (false, _) => Some("files missing"),
        (true, false) => Some("not in the manifest"),
        (true, true) => None,
    }
}

/// The first line, cut to [`BRIEF`] columns.
fn cut(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if width(line) <= BRIEF {
        return line.to_owned();
    }
    let mut out = String::new();
    let mut taken = 0;
    for c in line.chars() {
        taken += UnicodeWidthChar::width(c).unwrap_or(0);
        // Combining characters take no columns: their number has a limit of its own.
        if taken + 3 > BRIEF || out.len() > 8 * BRIEF {
            break;
        }
        out.push(c);
    }
    out + "..."
}

/// One artifact, everything known.
pub fn write_one(out: &mut dyn Write, artifact: &Artifact, colour: bool) -> io::Result<()> {
    let key = format!("{}:{}", artifact.kind, artifact.name);
    writeln!(out, "{}", paint(&escape(&key), Tone::Bold, colour))?;
    let mut table = Table::new(2);
    let mut field = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            table.row([Cell::new(name, Tone::Dim), value.into()]);
        }
    };
    field("collection", Some(format!("{} ({})", artifact.collection, artifact.collection_id)));
    field("path", Some(artifact.path.clone()));
    field(
        "files",
        Some(format!("{}, {} bytes", count(u64::from(artifact.file_count), "file", "files"), artifact.total_size)),
    );
    field("content", artifact.content_hash.map(|hash| hash.to_string()));
    let since = |changed| {
        if changed { "changed since collection.lock" } else { "as in collection.lock" }
    };
    field("lock", artifact.modified_since_lock.map(|changed| since(changed).to_owned()));
    field("title", artifact.title.clone());
    field("description", artifact.description.clone());
    field("version", artifact.version.clone());
    field("author", artifact.author.clone());
    field("license", artifact.license.clone());
    field("tags", Some(artifact.tags.join(", ")));
    field("groups", Some(artifact.groups.join(", ")));
    field("origin", artifact.origin.clone());
    field("upstream", artifact.upstream.clone());
    field("problem", flaw(artifact).map(str::to_owned));
    field("note", artifact.message.clone());
    table.write(out, colour)?;
    if artifact.deployments.is_empty() {
        return writeln!(out, "  not deployed in any registered project");
    }
    let mut table = Table::new(4);
    for deployment in &artifact.deployments {
        table.row([
            Cell::new(deployment.state.as_str(), Tone::of(deployment.state)),
            deployment.project_name.as_str().into(),
            Cell::new(&deployment.deployment_profile_id, Tone::Dim),
            Cell::new(deployment.deployed_at.as_deref().unwrap_or(""), Tone::Dim),
            deployment.project_path.as_str().into(),
        ]);
    }
    writeln!(out, "  deployed in {}", count(artifact.deployments.len() as u64, "project", "projects"))?;
    table.write(out, colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_descriptions_are_cut_at_a_character() {
        assert_eq!(cut("short\nsecond line"), "short");
        let long = cut(&"日".repeat(80));
        assert!(long.ends_with("...") && width(&long) <= BRIEF, "{long}");
        let accents = cut(&format!("{}{}", "\u{301}".repeat(100_000), "x".repeat(80)));
        assert!(accents.len() < 1000, "{}", accents.len());
    }
}
