//! Projects and collections for people.

use std::io::{self, Write};

use skillmeat_protocol::reply::{
    CollectionInfo, CollectionReply, CollectionsReply, Counts, DiscoverReply, ProjectInfo, ProjectState,
};

use super::artifacts;
use super::status;
use super::table::{Cell, Table};
use super::term::{Tone, count, escape};

/// Registered projects.
pub fn write_projects(out: &mut dyn Write, projects: &[ProjectInfo], colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for project in projects {
        let (state, tone) = match project.state {
            ProjectState::Watched => ("", Tone::Plain),
            ProjectState::Pending => ("pending", Tone::Notice),
            ProjectState::Degraded => ("degraded", Tone::Warn),
            ProjectState::Missing if project.counts == Counts::default() => ("nothing to watch yet", Tone::Notice),
            ProjectState::Missing => ("missing", Tone::Bad),
        };
        table.row([
            Cell::new(&project.name, Tone::Bold),
            project.path.as_str().into(),
            Cell::new(project.profiles.join(", "), Tone::Dim),
            Cell::new(state, tone),
            // Not coloured: the table escapes what it is given.
            status::summary(project.counts, false).into(),
        ]);
    }
    table.write(out, colour)?;
    match projects.len() {
        0 => writeln!(out, "no projects are registered; add one with 'skillmeat project add .'"),
        n => writeln!(out, "{}", count(n as u64, "project", "projects")),
    }
}

/// What a search found.
pub fn write_discovered(out: &mut dyn Write, found: &DiscoverReply, colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for project in &found.projects {
        let (state, tone) = match (project.added, project.registered) {
            (true, _) => ("added", Tone::Good),
            (false, true) => ("registered", Tone::Dim),
            (false, false) => ("new", Tone::Notice),
        };
        table.row([
            Cell::new(state, tone),
            project.path.as_str().into(),
            Cell::new(project.roots.join(" "), Tone::Dim),
            count(u64::from(project.deployments), "deployment", "deployments").into(),
        ]);
    }
    table.write(out, colour)?;
    status::problems(out, &found.problems, colour)?;
    let projects = count(found.projects.len() as u64, "project", "projects");
    writeln!(out, "{projects} in {}", count(found.directories, "directory", "directories"))?;
    if found.projects.iter().any(|p| !p.added && !p.registered) {
        writeln!(out, "register them with --add, or one with 'skillmeat project add PATH'")?;
    }
    Ok(())
}

/// Known collections.
pub fn write_collections(out: &mut dyn Write, reply: &CollectionsReply, colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for collection in &reply.collections {
        table.row([
            Cell::new(&collection.name, Tone::Bold),
            count(u64::from(collection.artifacts), "artifact", "artifacts").into(),
            count(u64::from(collection.deployments), "deployment", "deployments").into(),
            collection.path.as_str().into(),
            remarks(collection),
        ]);
    }
    table.write(out, colour)?;
    if reply.collections.is_empty() {
        writeln!(out, "no collections; make the default one with 'skillmeat init'")?;
    }
    status::problems(out, &reply.problems, colour)
}

fn remarks(collection: &CollectionInfo) -> Cell<'_> {
    let mut remarks = Vec::new();
    if collection.default {
        remarks.push("default".to_owned());
    }
    if !collection.readable {
        remarks.push("manifest cannot be read".to_owned());
    }
    if collection.unlisted > 0 {
        remarks.push(format!("{} not in the manifest", collection.unlisted));
    }
    if collection.missing_files > 0 {
        remarks.push(format!("{} without files", collection.missing_files));
    }
    if !collection.former_names.is_empty() {
        remarks.push(format!("was {}", collection.former_names.join(", ")));
    }
    Cell::new(remarks.join("; "), if collection.readable { Tone::Dim } else { Tone::Bad })
}

/// One collection.
pub fn write_collection(out: &mut dyn Write, reply: &CollectionReply, colour: bool) -> io::Result<()> {
    let info = &reply.collection;
    let mut table = Table::new(0);
    table.row([Cell::new(&info.name, Tone::Bold), info.path.as_str().into(), remarks(info)]);
    table.write(out, colour)?;
    writeln!(out, "id {}", escape(&info.id))?;
    status::problems(out, &reply.problems, colour)?;
    artifacts::write_list(out, &reply.artifacts, artifacts::Collections::Hidden, colour)?;
    for group in &reply.groups {
        writeln!(out, "group {}: {}", escape(&group.name), escape(&group.members.join(", ")))?;
    }
    if !reply.tags.is_empty() {
        let names: Vec<_> = reply.tags.iter().map(|tag| tag.name.as_str()).collect();
        writeln!(out, "tags: {}", escape(&names.join(", ")))?;
    }
    Ok(())
}
