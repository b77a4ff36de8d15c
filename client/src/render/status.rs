//! `status` for people: a table a project, a summary line, and what each state present means.

use std::io::{self, Write};

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::reply::{Counts, Item, Problem, ProjectState, ProjectStatus};

use super::resolve::{self, Subject};
use super::table::{Cell, Table};
use super::term::{Tone, count, escape, paint, width};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether to colour.
    pub colour: bool,
    /// Whether hashes and times are shown.
    pub detail: Depth,
}

/// How much of an item is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// State, name, profile, collection, versions.
    Brief,
    /// Hashes and times too.
    Full,
}

/// Prints the projects, without the advice.
pub fn write(out: &mut dyn Write, projects: &[ProjectStatus], look: Look) -> io::Result<()> {
    let mut total = Counts::default();
    for project in projects {
        header(out, project, look)?;
        problems(out, &project.problems, look.colour)?;
        items(out, &project.items, look)?;
        total.add(project.counts);
    }
    if projects.is_empty() {
        return writeln!(out, "no projects are registered; add one with 'skillmeat project add .'");
    }
    let summary = summary(total, look.colour);
    if projects.len() == 1 {
        writeln!(out, "{summary}")
    } else {
        writeln!(out, "{}: {summary}", count(projects.len() as u64, "project", "projects"))
    }
}

fn header(out: &mut dyn Write, project: &ProjectStatus, look: Look) -> io::Result<()> {
    let name = escape(&project.name);
    write!(out, "{}  {}", paint(&name, Tone::Bold, look.colour), escape(&project.path))?;
    if let Some((word, tone)) = condition(project.state, project.available, project.counts) {
        write!(out, "  {}", paint(word, tone, look.colour))?;
    }
    writeln!(out)
}

/// A registered directory that nothing is known of, in which there is no profile root either.
pub const NOTHING_YET: &str = "nothing to watch yet: there is no .claude or other profile directory in it";

/// What is unusual about a project.
pub fn condition(state: ProjectState, available: bool, counts: Counts) -> Option<(&'static str, Tone)> {
    match state {
        ProjectState::Missing if counts == Counts::default() => Some((NOTHING_YET, Tone::Notice)),
        ProjectState::Missing => Some(("missing: the last known answer is shown", Tone::Bad)),
        ProjectState::Degraded => Some(("degraded: polled, because it cannot be watched", Tone::Warn)),
        ProjectState::Pending => Some(("pending: not looked at yet", Tone::Notice)),
        ProjectState::Watched => (!available).then_some(("not available", Tone::Bad)),
    }
}

/// `problem: file:line: key: message`, each with its hint.
pub fn problems(out: &mut dyn Write, problems: &[Problem], colour: bool) -> io::Result<()> {
    for problem in problems {
        writeln!(out, "  {} {}", paint("problem:", Tone::Bad, colour), escape(&problem_text(problem)))?;
        if let Some(hint) = &problem.hint {
            writeln!(out, "    hint: {}", escape(hint))?;
        }
    }
    Ok(())
}

/// `file:line: key: message`, without what is not known.
pub fn problem_text(problem: &Problem) -> String {
    let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
    let key = problem.key.as_deref().map(|key| format!("{key}: ")).unwrap_or_default();
    format!("{}{line}: {key}{}", problem.file, problem.message)
}

fn items(out: &mut dyn Write, items: &[Item], look: Look) -> io::Result<()> {
    let mut table = Table::new(2);
    for item in items {
        table.row([
            Cell::new(item.state.as_str(), Tone::of(item.state)),
            format!("{}:{}", item.kind, item.name).into(),
            Cell::new(item.profile.as_deref().unwrap_or(""), Tone::Dim),
            Cell::new(item.collection.as_deref().unwrap_or(""), Tone::Dim),
            Cell::new(versions(item), Tone::Dim),
            Cell::new(if look.detail == Depth::Full { hashes(item) } else { String::new() }, Tone::Dim),
            Cell::new(said(item), Tone::Plain),
        ]);
    }
    table.write(out, look.colour)
}

/// `1.2 -> 1.3` (project, then collection) when both are known and differ.
fn versions(item: &Item) -> String {
    match (&item.project_version, &item.collection_version) {
        (Some(project), Some(collection)) if item.version_mismatch => format!("{project} -> {collection}"),
        (Some(version), _) | (None, Some(version)) => version.clone(),
        (None, None) => String::new(),
    }
}

/// The three hashes, baseline first.
fn hashes(item: &Item) -> String {
    let short =
        |hash: &Option<skillmeat_protocol::hash::ContentHash>| hash.map_or_else(|| "-".to_owned(), |h| h.short());
    let seen = item.modification_detected_at.as_deref().or(item.deployed_at.as_deref()).unwrap_or("");
    format!(
        "base {} collection {} project {} {seen}",
        short(&item.baseline_hash),
        short(&item.collection_hash),
        short(&item.project_hash)
    )
}

/// What is known beside the state.
pub fn said(item: &Item) -> String {
    let merge = match item.mergeable {
        Some(true) => Some("lines merge cleanly"),
        Some(false) => Some("lines overlap"),
        None => None,
    };
    [item.message.as_deref(), merge].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// `1 modified, 2 outdated, 9 in sync`.
pub fn summary(counts: Counts, colour: bool) -> String {
    let mut parts = Vec::new();
    for state in DriftState::ALL.into_iter().skip(1).chain([DriftState::InSync]) {
        let n = counts.get(state);
        if n > 0 {
            let word = match state {
                DriftState::InSync => "in sync",
                DriftState::Added => "available",
                DriftState::RemovedModified => "removed and modified",
                _ => state.as_str(),
            };
            parts.push(paint(&format!("{n} {word}"), Tone::of(state), colour).into_owned());
        }
    }
    if parts.is_empty() { "nothing is deployed".to_owned() } else { parts.join(", ") }
}

/// The first item of each state present with its project, in the order of the states, in-sync ones left out.
pub fn firsts(projects: &[ProjectStatus]) -> Vec<(&ProjectStatus, &Item)> {
    let items = || projects.iter().flat_map(|project| project.items.iter().map(move |item| (project, item)));
    DriftState::ALL.into_iter().skip(1).filter_map(|state| items().find(|(_, item)| item.state == state)).collect()
}

/// What each state present means and the commands that deal with it.
pub fn advice(out: &mut dyn Write, present: &[Subject<'_>], colour: bool) -> io::Result<()> {
    let column = present.iter().map(|subject| width(subject.item.state.as_str())).max().unwrap_or(0);
    for (i, subject) in present.iter().enumerate() {
        if i == 0 {
            writeln!(out)?;
        }
        let state = subject.item.state;
        let name = format!("{state:column$}");
        writeln!(out, "{}  {}", paint(&name, Tone::of(state), colour), resolve::meaning(state))?;
        for command in subject.commands() {
            writeln!(out, "{:column$}  {}", "", escape(&command))?;
        }
    }
    Ok(())
}

/// Answers for tests of this crate.
#[cfg(test)]
pub mod samples {
    use super::*;
    use skillmeat_protocol::ids::ArtifactType;

    /// A skill named after its state.
    pub fn item(state: DriftState) -> Item {
        Item {
            kind: ArtifactType::Skill,
            name: state.as_str().to_owned(),
            profile: Some("claude_code".into()),
            collection: Some("default".into()),
            collection_id: None,
            state,
            drift_type: None,
            change_origin: None,
            recommendation: None,
            baseline_hash: None,
            collection_hash: None,
            project_hash: None,
            collection_version: None,
            project_version: None,
            version_mismatch: false,
            deployed_at: None,
            modification_detected_at: None,
            mergeable: None,
            path: Some(format!("/w/.claude/skills/{state}")),
            message: None,
        }
    }

    /// A project with these items.
    pub fn project(items: Vec<Item>) -> ProjectStatus {
        let mut counts = Counts::default();
        for item in &items {
            *counts.of(item.state) += 1;
        }
        ProjectStatus {
            path: "/w".into(),
            name: "w".into(),
            state: ProjectState::Watched,
            available: true,
            counts,
            problems: vec![],
            items,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{item, project};
    use super::*;

    const LOOK: Look = Look { colour: false, detail: Depth::Brief };

    fn text(projects: &[ProjectStatus], look: Look) -> String {
        let mut out = Vec::new();
        write(&mut out, projects, look).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_project_is_a_table_and_a_summary() {
        let mut modified = item(DriftState::Modified);
        modified.name = "evil\x1b[31m".into();
        modified.project_version = Some("1.2".into());
        modified.collection_version = Some("1.3".into());
        modified.version_mismatch = true;
        let mut conflict = item(DriftState::Conflict);
        conflict.mergeable = Some(true);
        conflict.message = Some("no baseline".into());
        let mut one = project(vec![modified, conflict]);
        one.counts.in_sync = 3;
        one.problems.push(Problem {
            file: "/w/.claude/x.toml".into(),
            line: Some(4),
            key: Some("deployed[0].name".into()),
            message: "not text".into(),
            hint: Some("fix it".into()),
        });
        let want = "w  /w
  problem: /w/.claude/x.toml:4: deployed[0].name: not text
    hint: fix it
  modified  skill:evil\\u{1b}[31m  claude_code  default  1.2 -> 1.3
  conflict  skill:conflict        claude_code  default              no baseline; lines merge cleanly
1 modified, 1 conflict, 3 in sync
";
        assert_eq!(text(&[one], LOOK), want);
    }

    #[test]
    fn missing_and_degraded_projects_say_so() {
        let mut gone = project(vec![]);
        gone.state = ProjectState::Missing;
        gone.available = false;
        let empty = gone.clone();
        gone.counts.in_sync = 1;
        let mut polled = project(vec![]);
        polled.state = ProjectState::Degraded;
        let text = text(&[gone, empty, polled], LOOK);
        assert!(text.contains("w  /w  missing: "), "{text}");
        assert!(text.contains("w  /w  nothing to watch yet: "), "{text}");
        assert!(text.contains("w  /w  degraded: "), "{text}");
        assert!(text.contains("3 projects: "), "{text}");
    }

    #[test]
    fn colour_is_asked_for() {
        let projects = [project(vec![item(DriftState::Conflict)])];
        assert!(!text(&projects, LOOK).contains('\x1b'));
        assert!(text(&projects, Look { colour: true, ..LOOK }).contains("\x1b[31mconflict\x1b[0m"));
    }

    #[test]
    fn each_state_present_is_explained_once() {
        let projects =
            [project(vec![item(DriftState::Modified), item(DriftState::Modified), item(DriftState::Deleted)])];
        let present: Vec<_> =
            firsts(&projects).into_iter().map(|(_, item)| Subject { item, project: None, profile: None }).collect();
        let mut out = Vec::new();
        advice(&mut out, &present, false).expect("memory");
        let want = "
modified  edited here since it was deployed
          skillmeat push skill:modified
deleted   deployed, but gone from the project
          skillmeat deploy skill:deleted --collection default
          skillmeat undeploy skill:deleted
";
        assert_eq!(String::from_utf8(out).expect("text"), want);
    }
}
