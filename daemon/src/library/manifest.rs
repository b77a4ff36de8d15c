//! `collection.toml`: what a collection says it holds (formats-core §2.1).
//!
//! The original loses the whole collection to one bad entry (#55). Here each entry stands alone: one whose type and name
//! can be read stays, with a flaw, because leaving it out would read as "removed from the collection" in every project;
//! one without a key is remembered as [`Manifest::unnamed_flaws`], since any artifact that seems unlisted may be it.

use super::groups;
use super::layout::default_paths;
use super::moment::{self, Naive};
use super::portable::{name_flaw, relative_path};
use super::problems::Problems;
use super::section::Section;
use super::toml_text::Document;
use crate::model::{Entry, EntryFlaw, Metadata};
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::reply::{Group, Problem, TagDefinition};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What `collection.toml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Why the file as a whole could not be used; then nothing is known of its artifacts.
    pub unreadable: Option<String>,
    /// Whether an entry is so malformed that its key is unknown.
    pub unnamed_flaws: bool,
    /// The name that the collection gives itself; the original expects it to be the directory's.
    pub name: Option<String>,
    /// Entries in file order. The path of a flawed one is empty when no safe path is known.
    pub entries: Vec<Entry>,
    /// Groups by position.
    pub groups: Vec<Group>,
    /// Tag definitions in file order.
    pub tags: Vec<TagDefinition>,
    /// What is wrong with any of it.
    pub problems: Vec<Problem>,
}

/// Reads a manifest.
pub fn parse(bytes: &[u8], path: &Path) -> Manifest {
    let document = match Document::parse(bytes, path) {
        Ok(document) => document,
        Err(problem) => {
            let unreadable = Some(problem.message.clone());
            return Manifest { unreadable, problems: vec![problem], ..Manifest::default() };
        }
    };
    let root = document.root();
    let mut manifest = Manifest::default();
    let mut found = Problems::default();
    let problems = &mut found;
    if root.has("collection") {
        let collection = root.section("collection", problems);
        manifest.name = collection.and_then(|c| c.required_text("name", problems)).map(str::to_owned);
    } else {
        let hint = "write [collection] with name = \"…\"; the original cannot read the collection without".to_owned();
        problems.push(Problem { hint: Some(hint), ..root.problem("collection", "the table [collection] is missing") });
    }

    let artifacts = root.sections("artifacts", problems);
    manifest.unnamed_flaws = artifacts.flaw.is_some();
    let mut seen = HashSet::new();
    for section in &artifacts.sections {
        match entry(section, problems) {
            None => manifest.unnamed_flaws = true,
            Some(entry) if seen.insert(entry.key.clone()) => manifest.entries.push(entry),
            Some(entry) => {
                let message = format!("{} is listed twice; the first entry counts", entry.key);
                problems.push(section.problem("name", message));
            }
        }
    }

    manifest.groups = groups::groups(&root, problems);
    manifest.tags = groups::tags(&root, problems);
    manifest.problems = found.into_vec();
    manifest
}

/// One `[[artifacts]]` entry; none when its type or name cannot be read.
fn entry(section: &Section<'_>, problems: &mut Problems) -> Option<Entry> {
    let name = section.required_text("name", problems);
    let kind = section.required_text("type", problems);
    let (name, kind) = (name?, kind?);
    let kind = match kind.parse::<ArtifactType>() {
        Ok(kind) => kind,
        Err(e) => {
            problems.push(section.problem("type", e.to_string()));
            return None;
        }
    };
    let key = ArtifactKey::new(kind, name);
    let mut flaw = None;
    if let Some(message) = name_flaw(name) {
        problems.push(section.problem("name", message));
        flaw = Some(EntryFlaw(message.to_owned()));
    }
    let path = match path(section) {
        Ok(Some(path)) => path,
        // The name of a flawed entry may hold separators, so no path is made of it.
        Ok(None) if flaw.is_none() => {
            default_paths(kind, &key.name).into_iter().next().map(PathBuf::from).unwrap_or_default()
        }
        Ok(None) => PathBuf::new(),
        Err(message) => {
            problems.push(section.problem("path", message.clone()));
            flaw.get_or_insert(EntryFlaw(message));
            PathBuf::new()
        }
    };
    Some(Entry {
        path,
        in_manifest: true,
        metadata: metadata(section, problems),
        origin: optional(section, "origin", problems),
        upstream: optional(section, "upstream", problems),
        resolved_version: section.scalar("resolved_version", problems),
        uuid: optional(section, "uuid", problems),
        added: moment::read(section, "added", Naive::Utc, problems),
        flaw,
        key,
    })
}

/// The path as written. Absolute ones are what the marketplace importer of the original writes (#20).
fn path(section: &Section<'_>) -> Result<Option<PathBuf>, String> {
    let Some(item) = section.item("path") else {
        return Ok(None);
    };
    // Not the default path instead: that would be a guess against what somebody wrote.
    let text = item.as_str().ok_or("the path is not a string")?;
    if Path::new(text).is_absolute() && !text.contains('\0') {
        return Ok(Some(PathBuf::from(text)));
    }
    match relative_path(text) {
        Ok(path) => Ok(Some(PathBuf::from(path))),
        Err(flaw) => Err(format!("{flaw}: '{}'", text.escape_debug())),
    }
}

fn metadata(section: &Section<'_>, problems: &mut Problems) -> Metadata {
    let mut tags: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |more| {
        for tag in more {
            if !str::is_empty(tag) && seen.insert(tag) {
                tags.push(tag.to_owned());
            }
        }
    };
    add(section.strings("tags", problems));
    let Some(table) = section.section("metadata", problems) else {
        return Metadata { tags, ..Metadata::default() };
    };
    // Old files have the tags here.
    add(table.strings("tags", problems));
    Metadata {
        title: table.scalar("title", problems),
        description: table.scalar("description", problems),
        version: table.scalar("version", problems),
        author: table.scalar("author", problems),
        license: table.scalar("license", problems),
        tags,
    }
}

fn optional(section: &Section<'_>, key: &str, problems: &mut Problems) -> Option<String> {
    section.text(key, problems).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Manifest {
        parse(text.as_bytes(), Path::new("/c/collection.toml"))
    }

    fn complaints(manifest: &Manifest) -> Vec<(u32, &str)> {
        manifest.problems.iter().map(|p| (p.line.unwrap_or(0), p.key.as_deref().unwrap_or(""))).collect()
    }

    const HEAD: &str = "[collection]\nname = \"team\"\nversion = \"1.0.0\"\n";

    /// Takes minutes when each tag is compared with every other.
    #[test]
    fn many_tags_are_read_in_one_pass() {
        let tags: Vec<_> = (0..100_000).map(|n| format!("\"{}\"", n % 99_999)).collect();
        let text = format!("[[artifacts]]\nname = \"a\"\ntype = \"skill\"\ntags = [{}]\n", tags.join(","));
        let manifest = parse(text.as_bytes(), Path::new("/c/collection.toml"));
        assert_eq!(manifest.entries[0].metadata.tags.len(), 99_999);
    }

    #[test]
    fn a_file_that_is_wrong_everywhere_is_complained_about_in_bounds() {
        let text = format!("artifacts = [{}]\n", "{},".repeat(10_000));
        let manifest = parse(text.as_bytes(), Path::new("/c/collection.toml"));
        assert!(manifest.unnamed_flaws && manifest.entries.is_empty());
        let last = manifest.problems.last().map(|problem| (problem.line, problem.message.as_str()));
        assert_eq!((manifest.problems.len(), last), (101, Some((Some(1), "and 19901 more problems"))));
    }

    #[test]
    fn a_full_entry() {
        let manifest = read(&format!(
            "{HEAD}\n[[artifacts]]\nname = \"pdf\"\ntype = \"skill\"\npath = \"skills\\\\pdf\"\norigin = \"github\"\n\
             added = \"2026-11-21T08:11:24.191891\"\nupstream = \"https://x\"\nresolved_version = \"v1.2.0\"\n\
             tags = [\n    \"b\",\n    \"a\",\n]\nuuid = \"0f\"\nfuture_key = {{ deep = [1] }}\n\n\
             [artifacts.metadata]\ntitle = \"T\"\ndescription = \"D\"\nversion = 1.10\ntags = [\"a\", \"c\"]\n\n\
             [artifacts.metadata.extra]\nname = \"x\"\n"
        ));
        assert_eq!(manifest.problems, []);
        assert_eq!(manifest.name.as_deref(), Some("team"));
        let want = Entry {
            key: ArtifactKey::new(ArtifactType::Skill, "pdf"),
            path: "skills/pdf".into(),
            in_manifest: true,
            metadata: Metadata {
                title: Some("T".into()),
                description: Some("D".into()),
                version: Some("1.10".into()),
                author: None,
                license: None,
                tags: vec!["b".into(), "a".into(), "c".into()],
            },
            origin: Some("github".into()),
            upstream: Some("https://x".into()),
            resolved_version: Some("v1.2.0".into()),
            uuid: Some("0f".into()),
            added: moment::parse("2026-11-21T08:11:24.191891Z", Naive::Utc).ok(),
            flaw: None,
        };
        assert_eq!(manifest.entries, [want]);
    }

    #[test]
    fn paths_and_their_defaults() {
        for (kind, path, want) in [
            ("skill", "", "skills/a"),
            ("command", "", "commands/a.md"),
            ("mcp_server", "", "mcp/a"),
            ("mcp-server", "path = \"mcps/a\"", "mcps/a"),
            ("plugin", "", "composites/a"),
            ("agent", "path = \"./agents/./a.md\"", "agents/a.md"),
        ] {
            let manifest = read(&format!("{HEAD}[[artifacts]]\nname = \"a\"\ntype = \"{kind}\"\n{path}\n"));
            assert_eq!(manifest.problems, [], "{kind}");
            assert_eq!(manifest.entries[0].path, Path::new(want), "{kind}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn absolute_paths_of_marketplace_imports_are_kept() {
        let manifest = read(&format!("{HEAD}[[artifacts]]\nname = \"a\"\ntype = \"hook\"\npath = \"/c/hooks/a\"\n"));
        assert_eq!((manifest.entries[0].path.as_path(), &manifest.entries[0].flaw), (Path::new("/c/hooks/a"), &None));
    }

    #[test]
    fn a_flawed_entry_keeps_its_key_and_hides_no_other() {
        let manifest = read(&format!(
            "{HEAD}\n[[artifacts]]\nname = \"a\"\ntype = \"skill\"\npath = \"../../etc\"\n\
             [[artifacts]]\nname = \"x/y\"\ntype = \"skill\"\n\
             [[artifacts]]\nname = \"c\"\ntype = \"skill\"\npath = 3\nadded = \"soon\"\n\
             [[artifacts]]\nname = \"d\"\ntype = \"skill\"\norigin = []\n[artifacts.metadata]\ntags = \"no\"\n\
             [[artifacts]]\nname = \"d.md\"\ntype = \"skill\"\n"
        ));
        assert!(!manifest.unnamed_flaws);
        let state: Vec<_> =
            manifest.entries.iter().map(|e| (e.key.name.as_str(), e.path.to_str(), e.flaw.is_some())).collect();
        assert_eq!(
            state,
            [("a", Some(""), true), ("x/y", Some(""), true), ("c", Some(""), true), ("d", Some("skills/d"), false)]
        );
        assert_eq!(
            complaints(&manifest),
            [
                (8, "artifacts[0].path"),
                (10, "artifacts[1].name"),
                (15, "artifacts[2].path"),
                (16, "artifacts[2].added"),
                (22, "artifacts[3].metadata.tags"),
                (20, "artifacts[3].origin"),
                (24, "artifacts[4].name"),
            ]
        );
    }

    #[test]
    fn entries_without_a_key_are_remembered() {
        for (body, key) in [
            ("[[artifacts]]\ntype = \"skill\"\n", "artifacts[0].name"),
            ("[[artifacts]]\nname = \"\"\ntype = \"skill\"\n", "artifacts[0].name"),
            ("[[artifacts]]\nname = 3\ntype = \"skill\"\n", "artifacts[0].name"),
            ("[[artifacts]]\nname = \"a\"\n", "artifacts[0].type"),
            ("[[artifacts]]\nname = \"a\"\ntype = \"spell\"\n", "artifacts[0].type"),
            ("[artifacts]\nname = \"a\"\n", "artifacts"),
        ] {
            let manifest = read(&format!("{HEAD}{body}"));
            assert!(manifest.unnamed_flaws && manifest.entries.is_empty(), "{body}");
            assert_eq!(manifest.problems.len(), 1, "{body}");
            assert_eq!(manifest.problems[0].key.as_deref(), Some(key), "{body}");
            assert_eq!(manifest.unreadable, None);
        }
    }

    #[test]
    fn the_header_may_be_missing_or_wrong() {
        let body = "[[artifacts]]\nname = \"a\"\ntype = \"skill\"\n";
        for (head, key) in
            [("", "collection"), ("collection = 1\n", "collection"), ("[collection]\n", "collection.name")]
        {
            let manifest = read(&format!("{head}{body}"));
            assert_eq!((manifest.entries.len(), manifest.name.as_deref()), (1, None), "{head}");
            assert_eq!(manifest.problems.iter().filter_map(|p| p.key.as_deref()).collect::<Vec<_>>(), [key]);
        }
        let damaged = read("[collection\n");
        assert!(damaged.unreadable.is_some());
        assert_eq!(complaints(&damaged), [(1, "")]);
    }
}
