//! Versions of an artifact, for people.

use std::borrow::Cow;
use std::io::{self, Write};

use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::reply::{VersionFileKind, VersionInfo, VersionOrigin, VersionPlace, VersionReply};

use super::branches::Names;
use super::table::{Cell, Table};
use super::term::{Tone, count, escape, paint};

/// A list of versions, the latest first. It takes them page by page, while the next page is on its way.
#[derive(Debug)]
pub struct List {
    table: Table,
    versions: u64,
}

impl Default for List {
    fn default() -> Self {
        Self { table: Table::new(0), versions: 0 }
    }
}

impl List {
    /// Adds a page.
    pub fn add(&mut self, page: &[VersionInfo], names: &Names) {
        self.versions += page.len() as u64;
        for info in page {
            self.table.row([
                Cell::new(info.hash.short(), Tone::Bold),
                Cell::new(&info.at, Tone::Dim),
                Cell::new(word(info.origin), tone(info.origin)),
                place(&info.place).into(),
                Cell::new(remarks(info, names), Tone::Notice),
            ]);
        }
    }

    /// Prints it; `next` is what earlier ones begin with, where there are any.
    pub fn write(&self, out: &mut dyn Write, artifact: &str, next: Option<u64>, colour: bool) -> io::Result<()> {
        self.table.write(out, colour)?;
        writeln!(out, "{} of {}", count(self.versions, "version", "versions"), escape(artifact))?;
        match next {
            Some(next) => writeln!(out, "earlier ones: skillmeat versions {} --before {next}", escape(artifact)),
            None => Ok(()),
        }
    }
}

/// One version.
pub fn write_one(out: &mut dyn Write, reply: &VersionReply, colour: bool) -> io::Result<()> {
    let info = &reply.info;
    let title = format!("{} {}", escape(&reply.artifact), info.hash);
    writeln!(out, "{}", paint(&title, Tone::Bold, colour))?;
    let mut table = Table::new(2);
    for parent in &info.parents {
        let whose = if parent.artifact == reply.artifact { String::new() } else { format!("{} ", parent.artifact) };
        table.row([Cell::new("made of", Tone::Dim), format!("{whose}{}", parent.hash).into()]);
    }
    if !info.tags.is_empty() {
        table.row([Cell::new("tags", Tone::Dim), info.tags.join(", ").into()]);
    }
    for now in &info.now {
        table.row([Cell::new("now in", Tone::Dim), place(now).into()]);
    }
    table.write(out, colour)?;
    let mut table = Table::new(2);
    for seen in &reply.seen {
        let by = seen.operation.map(|operation| format!("operation {operation}"));
        table.row([
            Cell::new(&seen.at, Tone::Dim),
            Cell::new(word(seen.origin), tone(seen.origin)),
            place(&seen.place).into(),
            Cell::new(by.unwrap_or_else(|| "found".to_owned()), Tone::Dim),
        ]);
    }
    table.write(out, colour)?;
    let mut table = Table::new(2);
    for file in &reply.files {
        let (what, tone) = match file.kind {
            VersionFileKind::File => (format!("{:o}", file.mode.unwrap_or_default()), Tone::Dim),
            VersionFileKind::Symlink => ("link".to_owned(), Tone::Notice),
            VersionFileKind::EmptyDirectory => ("empty".to_owned(), Tone::Dim),
        };
        let hash = file.hash.map(|hash: ContentHash| hash.short()).unwrap_or_default();
        let target = file.target.as_ref().map(|target| format!(" -> {target}")).unwrap_or_default();
        let path = if file.path.is_empty() { "(the file itself)" } else { &file.path };
        table.row([
            Cell::new(what, tone),
            Cell::new(hash, Tone::Dim),
            Cell::new(
                if file.kind == VersionFileKind::File { file.size.to_string() } else { String::new() },
                Tone::Dim,
            ),
            format!("{path}{target}").into(),
        ]);
    }
    table.write(out, colour)?;
    if info.kept {
        writeln!(out, "{}", count(reply.files.len() as u64, "path", "paths"))
    } else {
        writeln!(out, "its files are not kept")
    }
}

/// What stands behind a version: its tags, the branches that it is the tip of, where it is, and that it cannot be put back.
pub(super) fn remarks<'a>(info: &VersionInfo, names: &Names) -> Cow<'a, str> {
    const NOT_KEPT: &str = "not kept";
    if info.tags.is_empty() && info.now.is_empty() && names.at(info.version).is_empty() {
        return Cow::Borrowed(if info.kept { "" } else { NOT_KEPT });
    }
    let mut remarks: Vec<String> = info.tags.iter().map(|tag| format!("[{tag}]")).collect();
    remarks.extend(names.at(info.version).iter().map(|name| format!("({name})")));
    match info.now.as_slice() {
        [] => {}
        [one] => remarks.push(format!("now in {}", place(one))),
        several => remarks.push(format!("now in {} places", several.len())),
    }
    if !info.kept {
        remarks.push(NOT_KEPT.to_owned());
    }
    Cow::Owned(remarks.join(" "))
}

/// A place in a few words.
pub(super) fn place(place: &VersionPlace) -> Cow<'_, str> {
    fn name(path: &str) -> &str {
        path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(path)
    }
    match (&place.project, &place.profile, &place.collection) {
        (Some(project), Some(profile), _) if profile != "claude_code" => {
            Cow::Owned(format!("{} ({profile})", name(project)))
        }
        (Some(project), ..) => Cow::Borrowed(name(project)),
        (None, _, Some(collection)) => Cow::Owned(format!("collection {collection}")),
        (None, ..) => Cow::Borrowed(""),
    }
}

/// As people say it.
pub(super) const fn word(origin: VersionOrigin) -> &'static str {
    match origin {
        VersionOrigin::Deployment => "deployed",
        VersionOrigin::Sync => "synced",
        VersionOrigin::LocalModification => "edited",
        VersionOrigin::Merge => "merged",
        VersionOrigin::Rollback => "put back",
        VersionOrigin::Import => "imported",
        VersionOrigin::Refresh => "refreshed",
    }
}

const fn tone(origin: VersionOrigin) -> Tone {
    match origin {
        VersionOrigin::LocalModification => Tone::Warn,
        VersionOrigin::Merge | VersionOrigin::Rollback => Tone::Notice,
        _ => Tone::Plain,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use skillmeat_protocol::reply::{VersionFile, VersionParent, VersionSighting};

    pub(in crate::render) fn at(project: &str, collection: &str) -> VersionPlace {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        VersionPlace {
            project: some(project),
            profile: some(project).map(|_| "claude_code".to_owned()),
            collection: some(collection),
        }
    }

    pub(in crate::render) fn info(version: u8, parents: &[u8]) -> VersionInfo {
        let parents = parents.iter().map(|parent| VersionParent {
            version: (*parent).into(),
            artifact: "skill:pdf".into(),
            hash: ContentHash([*parent; 32]),
        });
        VersionInfo {
            version: version.into(),
            hash: ContentHash([version; 32]),
            parents: parents.collect(),
            origin: VersionOrigin::LocalModification,
            at: "2026-01-02T03:04:05Z".into(),
            operation: None,
            place: at("/w/app", ""),
            kept: true,
            tags: vec![],
            now: vec![],
        }
    }

    fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn versions_are_a_table() {
        let mut first = info(1, &[]);
        (first.origin, first.place, first.kept) = (VersionOrigin::Import, at("", "default"), false);
        let mut second = info(2, &[1]);
        (second.tags, second.now) = (vec!["good".into()], vec![at("/w/app", "")]);
        let mut branches = super::super::branches::tests::reply();
        branches.branches[1].version = Some(2);
        branches.branches.remove(2);
        let names = Names::of(&branches);
        let want = "02020202  2026-01-02T03:04:05Z  edited    app                 [good] (next) now in app
01010101  2026-01-02T03:04:05Z  imported  collection default  not kept
2 versions of skill:pdf
earlier ones: skillmeat versions skill:pdf --before 1
";
        for pages in [&[&[second.clone(), first.clone()][..]][..], &[&[second], &[first]]] {
            let mut list = List::default();
            pages.iter().for_each(|page| list.add(page, &names));
            assert_eq!(text(|out| list.write(out, "skill:pdf", Some(1), false)), want);
        }
    }

    #[test]
    fn one_version_says_what_it_is_made_of() {
        let mut info = info(2, &[1]);
        info.parents[0].artifact = "skill:old".into();
        info.now = vec![at("", "default")];
        let file = |path: &str, kind, target: Option<&str>| VersionFile {
            path: path.into(),
            kind,
            size: 12,
            mode: Some(0o644),
            hash: Some(ContentHash([7; 32])).filter(|_| kind == VersionFileKind::File),
            target: target.map(Into::into),
        };
        let reply = VersionReply {
            clock: "0000000000000001:1".parse().expect("a clock"),
            fresh: true,
            stale: None,
            artifact: "skill:pdf".into(),
            info,
            seen: vec![VersionSighting {
                at: "2026-01-02T03:04:05Z".into(),
                place: at("/w/app", ""),
                origin: VersionOrigin::Sync,
                operation: Some(17),
            }],
            files: vec![
                file("SKILL.md", VersionFileKind::File, None),
                file("l", VersionFileKind::Symlink, Some("SKILL.md")),
            ],
        };
        let want = format!(
            "skill:pdf {two}
  made of  skill:old {one}
  now in   collection default
  2026-01-02T03:04:05Z  synced  app  operation 17
  644   07070707  12  SKILL.md
  link                l -> SKILL.md
2 paths
",
            one = "01".repeat(32),
            two = "02".repeat(32)
        );
        assert_eq!(text(|out| write_one(out, &reply, false)), want);
    }
}
