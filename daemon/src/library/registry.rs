//! The daemon's own files: `projects.toml`, which projects are registered, and `collections.toml`, which collection has
//! which identity.
//!
//! They are written whole. So whenever reading one gave problems, writing it would lose what could not be read: the
//! caller keeps the damaged file aside first ([`Registered::problems`]).

use super::moment::{self, Naive};
use super::problems::Problems;
use super::section::Section;
use super::toml_text::Document;
use crate::model::Timestamp;
use skillmeat_protocol::reply::Problem;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use toml::{Table, Value};
use uuid::Uuid;

/// What people read who open one of the files.
const HEADER: &str = "# Written by skillmeatd. Edit it only while the daemon is stopped.\n";

/// A registered project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectEntry {
    /// Absolute path of its root.
    pub path: PathBuf,
    /// When it was registered.
    pub added: Option<Timestamp>,
}

/// The identity of a collection, and what finds its directory again after a rename.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionEntry {
    /// Its identity.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Absolute path of its directory.
    pub path: PathBuf,
    /// Device of the directory; 0 where unknown.
    pub device: u64,
    /// Inode of the directory; 0 where unknown.
    pub inode: u64,
    /// When the directory was created, nanoseconds since 1970, where the file system says; tells a reused inode.
    pub created_ns: Option<i64>,
    /// Names it had before, oldest first: records may still use them.
    pub former_names: Vec<String>,
}

/// What could be read of a registry file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered<T> {
    /// Usable entries, in file order.
    pub entries: Vec<T>,
    /// What is wrong. When there are any, writing the file again loses something.
    pub problems: Vec<Problem>,
}

/// A path that TOML cannot hold.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the path {} to a registry file: it is not UTF-8", .0.display())]
pub struct PathNotText(PathBuf);

/// Reads `projects.toml`. A project listed twice counts once.
pub fn parse_projects(bytes: &[u8], path: &Path) -> Registered<ProjectEntry> {
    let mut seen = HashSet::new();
    parse(bytes, path, "projects", |section, problems| {
        let path = absolute_path(section, problems)?;
        let added = moment::read(section, "added", Naive::Utc, problems);
        seen.insert(path.clone()).then_some(ProjectEntry { path, added })
    })
}

/// Reads `collections.toml`. An identity belongs to one collection; a second with the same is a problem.
pub fn parse_collections(bytes: &[u8], path: &Path) -> Registered<CollectionEntry> {
    let mut seen = HashSet::new();
    parse(bytes, path, "collections", |section, problems| {
        let id = section.required_text("id", problems).and_then(|text| {
            let id = Uuid::parse_str(text).ok();
            if id.is_none() {
                problems.push(section.problem("id", format!("'{}' is not a UUID", text.escape_debug())));
            }
            id
        });
        // A directory may be called ` `; what was written is a name.
        let name = section.text("name", problems);
        if !section.has("name") {
            problems.push(section.problem("name", "'name' is missing"));
        }
        let path = absolute_path(section, problems);
        let entry = CollectionEntry {
            id: id?,
            name: name?.to_owned(),
            path: path?,
            device: number(section, "device", problems).unwrap_or(0),
            inode: number(section, "inode", problems).unwrap_or(0),
            created_ns: section.integer("created_ns", problems),
            former_names: section.strings("former_names", problems).into_iter().map(str::to_owned).collect(),
        };
        if !seen.insert(entry.id) {
            problems.push(section.problem("id", format!("{} is used twice; the first entry counts", entry.id)));
            return None;
        }
        Some(entry)
    })
}

/// The text of `projects.toml`.
///
/// # Errors
/// A path is not UTF-8.
pub fn render_projects(entries: &[ProjectEntry]) -> Result<String, PathNotText> {
    render("projects", entries, |entry, table| {
        table.insert("path".into(), text_of(&entry.path)?.into());
        if let Some(added) = entry.added {
            table.insert("added".into(), added.to_string().into());
        }
        Ok(())
    })
}

/// The text of `collections.toml`.
///
/// # Errors
/// A path is not UTF-8.
pub fn render_collections(entries: &[CollectionEntry]) -> Result<String, PathNotText> {
    render("collections", entries, |entry, table| {
        table.insert("id".into(), entry.id.to_string().into());
        table.insert("name".into(), entry.name.as_str().into());
        table.insert("path".into(), text_of(&entry.path)?.into());
        table.insert("device".into(), number_item(entry.device));
        table.insert("inode".into(), number_item(entry.inode));
        if let Some(created_ns) = entry.created_ns {
            table.insert("created_ns".into(), created_ns.into());
        }
        if !entry.former_names.is_empty() {
            table.insert("former_names".into(), entry.former_names.clone().into());
        }
        Ok(())
    })
}

fn parse<T>(
    bytes: &[u8],
    path: &Path,
    list: &str,
    mut entry: impl FnMut(&Section<'_>, &mut Problems) -> Option<T>,
) -> Registered<T> {
    let document = match Document::parse(bytes, path) {
        Ok(document) => document,
        Err(problem) => {
            // A slip in one entry must not lose the others: each table is read by itself.
            let text = String::from_utf8_lossy(bytes);
            let pieces = tables(&text).filter_map(|piece| Document::parse(piece.as_bytes(), path).ok());
            let entries = pieces.flat_map(|piece| {
                let (mut unsaid, mut entries) = (Problems::default(), Vec::new());
                let listed = piece.root().sections(list, &mut unsaid);
                entries.extend(listed.sections.iter().filter_map(|section| entry(section, &mut unsaid)));
                entries
            });
            return Registered { entries: entries.collect(), problems: vec![problem] };
        }
    };
    let mut problems = Problems::default();
    let listed = document.root().sections(list, &mut problems);
    let entries = listed.sections.iter().filter_map(|section| entry(section, &mut problems)).collect();
    Registered { entries, problems: problems.into_vec() }
}

/// The text in pieces, each from one header of a table to the next.
fn tables(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("\n[").map(|(at, _)| at + 1);
    let ends: Vec<_> = starts.chain([text.len()]).collect();
    ends.into_iter().scan(0, move |from, to| text.get(std::mem::replace(from, to)..to))
}

fn absolute_path(section: &Section<'_>, problems: &mut Problems) -> Option<PathBuf> {
    let text = section.required_text("path", problems)?;
    let path = PathBuf::from(text);
    if !path.is_absolute() || text.contains('\0') {
        let message = format!("'{}' is not an absolute path", text.escape_debug());
        problems.push(section.problem("path", message));
        return None;
    }
    Some(path)
}

/// An unsigned number: TOML's are signed, so the upper half is written as text.
fn number(section: &Section<'_>, key: &str, problems: &mut Problems) -> Option<u64> {
    let text = section.scalar(key, problems)?;
    let number = text.parse().ok();
    if number.is_none() {
        problems.push(section.problem(key, format!("'{}' is not a number", text.escape_debug())));
    }
    number
}

fn number_item(number: u64) -> Value {
    i64::try_from(number).map_or_else(|_| Value::from(number.to_string()), Value::from)
}

fn text_of(path: &Path) -> Result<&str, PathNotText> {
    path.to_str().ok_or_else(|| PathNotText(path.to_owned()))
}

fn render<T>(
    list: &str,
    entries: &[T],
    fill: impl Fn(&T, &mut Table) -> Result<(), PathNotText>,
) -> Result<String, PathNotText> {
    let rows = entries.iter().map(|entry| {
        let mut table = Table::new();
        fill(entry, &mut table)?;
        Ok(Value::Table(table))
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(format!("{HEADER}{}", Table::from_iter([(list.to_owned(), Value::Array(rows))])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static str {
        if cfg!(windows) { "C:\\" } else { "/" }
    }

    fn collection(id: u128) -> CollectionEntry {
        CollectionEntry {
            id: Uuid::from_u128(id),
            name: "te\"am\n".to_owned(),
            path: Path::new(root()).join("c ü"),
            device: 66_306,
            inode: u64::MAX,
            created_ns: Some(-1),
            former_names: vec!["a".to_owned(), "b".to_owned()],
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut other = collection(2);
        other.created_ns = None;
        other.former_names.clear();
        other.name = " ".to_owned();
        for entries in [vec![], vec![collection(1)], vec![collection(1), other]] {
            let text = render_collections(&entries).expect("UTF-8 paths");
            let read = parse_collections(text.as_bytes(), Path::new("/s/collections.toml"));
            assert_eq!(read, Registered { entries, problems: vec![] }, "{text}");
        }
        let entries = vec![
            ProjectEntry { path: Path::new(root()).join("p"), added: Some(Timestamp(1_795_248_682_781_486)) },
            ProjectEntry { path: Path::new(root()).join("it's \"q\""), added: None },
        ];
        let text = render_projects(&entries).expect("UTF-8 paths");
        assert_eq!(
            parse_projects(text.as_bytes(), Path::new("/s/p")),
            Registered { entries, problems: vec![] },
            "{text}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_files_as_people_see_them() {
        let entries = [ProjectEntry { path: "/home/me/web".into(), added: Some(Timestamp(0)) }];
        let text = render_projects(&entries).expect("UTF-8 paths");
        assert_eq!(text, format!("{HEADER}[[projects]]\npath = \"/home/me/web\"\nadded = \"1970-01-01T00:00:00Z\"\n"));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_text_is_an_error() {
        use std::os::unix::ffi::OsStringExt;
        let path = PathBuf::from(std::ffi::OsString::from_vec(b"/p\xff".to_vec()));
        assert!(render_projects(&[ProjectEntry { path, added: None }]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn damage_is_a_problem_and_keeps_the_rest() {
        let read = parse_projects(
            b"[[projects]]\npath = \"rel\"\n[[projects]]\nadded = 2026-11-21T08:00:00Z\n[[projects]]\npath = \"/a\"\n\
              added = \"x\"\n[[projects]]\npath = \"/a\"\n[[projects]]\npath = 3\n",
            Path::new("/s/projects.toml"),
        );
        assert_eq!(read.entries, [ProjectEntry { path: "/a".into(), added: None }]);
        let lines: Vec<_> = read.problems.iter().filter_map(|p| p.line).collect();
        assert_eq!(lines, [2, 3, 7, 11]);

        let id = Uuid::from_u128(1);
        let read = parse_collections(
            format!(
                "[[collections]]\nid = \"x\"\nname = \"a\"\npath = \"/a\"\n[[collections]]\nid = \"{id}\"\nname = \"b\"\n\
                 path = \"/b\"\ninode = -1\n[[collections]]\nid = \"{id}\"\nname = \"c\"\npath = \"/c\"\n"
            )
            .as_bytes(),
            Path::new("/s/collections.toml"),
        );
        assert_eq!(read.entries.iter().map(|e| (e.name.as_str(), e.inode)).collect::<Vec<_>>(), [("b", 0)]);
        let lines: Vec<_> = read.problems.iter().filter_map(|p| p.line).collect();
        assert_eq!(lines, [2, 9, 11]);

        let slip = b"[[projects]]\npath = \"/a\"\n[[projects]\npath = \"/b\"\n[[projects]]\npath = /c\n\
            [[projects]]\npath = \"/d\"\n";
        let read = parse_projects(slip, Path::new("/s/projects.toml"));
        let paths: Vec<_> = read.entries.iter().map(|entry| entry.path.as_path()).collect();
        assert_eq!(paths, [Path::new("/a"), Path::new("/d")]);
        assert_eq!(read.problems.iter().map(|p| p.line).collect::<Vec<_>>(), [Some(3)]);

        for damaged in [&b"[[projects]"[..], b"projects = 1", b"\xff"] {
            assert_eq!(parse_projects(damaged, Path::new("/s/p")).problems.len(), 1);
        }
    }
}
