//! Conflicts, for people: what there is to decide, and the commands that do.

use std::io::{self, Write};

use skillmeat_protocol::reply::{
    ConflictFile, ConflictInfo, ConflictKind, ConflictLeaf, ConflictListReply, ConflictReason, ConflictReply,
    ConflictResolution, ConflictState,
};

use super::table::{Cell, Table};
use super::term::{Tone, count, escape, paint};

/// Conflicts, each with its files and commands.
pub fn write_list(out: &mut dyn Write, reply: &ConflictListReply, colour: bool) -> io::Result<()> {
    for info in &reply.conflicts {
        head(out, info, colour)?;
        files(out, info, colour)?;
        ways(out, info)?;
    }
    let open = reply.conflicts.iter().filter(|info| info.state != ConflictState::Closed).count();
    let more = if reply.more { ", and more" } else { "" };
    writeln!(out, "{}{more}", count(open as u64, "conflict", "conflicts"))?;
    if reply.conflicts.is_empty() {
        writeln!(
            out,
            "what both sides changed and merges by itself is in 'skillmeat status'; 'skillmeat sync' merges it"
        )?;
    }
    Ok(())
}

/// One conflict, or the text of one of its files.
pub fn write_one(out: &mut dyn Write, reply: &ConflictReply, colour: bool) -> io::Result<()> {
    if let Some(text) = &reply.text {
        for line in text.0.split_inclusive(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line);
            let (line, end) = line.strip_suffix('\n').map_or((&*line, ""), |line| (line, "\n"));
            let is_marker = ["<<<<<<< ", "||||||| ", ">>>>>>> "].iter().any(|sign| line.starts_with(sign));
            let tone = if is_marker || line == "=======" { Tone::Notice } else { Tone::Plain };
            write!(out, "{}{end}", paint(&escape(line), tone, colour))?;
        }
        return Ok(());
    }
    let info = &reply.conflict;
    head(out, info, colour)?;
    let mut table = Table::new(2);
    table.row([Cell::new("base", Tone::Dim), info.base.map_or("not known".to_owned(), |hash| hash.to_string()).into()]);
    table.row([Cell::new("ours", Tone::Dim), info.ours.to_string().into(), info.project.as_str().into()]);
    table.row([
        Cell::new("theirs", Tone::Dim),
        info.theirs.to_string().into(),
        format!("collection {}", info.collection).into(),
    ]);
    table.write(out, colour)?;
    files(out, info, colour)?;
    ways(out, info)
}

/// What is left to decide.
pub fn write_decided(out: &mut dyn Write, reply: &ConflictReply, colour: bool) -> io::Result<()> {
    let info = &reply.conflict;
    files(out, info, colour)?;
    if info.files_open == 0 {
        writeln!(out, "all is decided; nothing is changed yet. End it with:")?;
    }
    ways(out, info)
}

/// The name of a file of a conflict; of the artifact as a whole, what it is.
pub fn name(file: &ConflictFile) -> String {
    if file.path.0.is_empty() {
        "(all of it)".to_owned()
    } else {
        escape(&String::from_utf8_lossy(&file.path.0)).into_owned()
    }
}

fn head(out: &mut dyn Write, info: &ConflictInfo, colour: bool) -> io::Result<()> {
    let (word, tone) = match info.state {
        ConflictState::Open => ("open", Tone::Bad),
        ConflictState::Marked => ("the copy holds markers", Tone::Warn),
        ConflictState::Moved => ("a side changed since", Tone::Warn),
        ConflictState::Closed => ("closed", Tone::Dim),
    };
    let mut table = Table::new(0);
    table.row([
        Cell::new(format!("{}:{}", info.kind, info.name), Tone::Bold),
        info.project.as_str().into(),
        Cell::new(if info.profile == super::operation::USUAL_PROFILE { "" } else { &info.profile }, Tone::Dim),
        Cell::new(&info.collection, Tone::Dim),
        Cell::new(&info.at, Tone::Dim),
        Cell::new(word, tone),
    ]);
    table.write(out, colour)
}

fn files(out: &mut dyn Write, info: &ConflictInfo, colour: bool) -> io::Result<()> {
    let mut table = Table::new(2);
    for file in &info.files {
        let (word, tone) = match file.resolution {
            None => ("to decide", Tone::Bad),
            Some(ConflictResolution::Ours) => ("ours", Tone::Good),
            Some(ConflictResolution::Theirs) => ("theirs", Tone::Good),
            Some(ConflictResolution::Base) => ("base", Tone::Good),
            Some(ConflictResolution::Both) => ("both", Tone::Good),
            Some(ConflictResolution::Content) => ("content", Tone::Good),
        };
        table.row([Cell::new(word, tone), name(file).into(), Cell::new(why(file), Tone::Dim)]);
    }
    table.write(out, colour)?;
    let left = info.files_total as usize - info.files.len().min(info.files_total as usize);
    if left > 0 {
        writeln!(out, "  and {}", count(left as u64, "more file", "more files"))?;
    }
    Ok(())
}

fn ways(out: &mut dyn Write, info: &ConflictInfo) -> io::Result<()> {
    info.ways.iter().try_for_each(|way| writeln!(out, "    {}", escape(way)))
}

/// Why it has to be decided.
fn why(file: &ConflictFile) -> String {
    let is_gone = |leaf: &Option<ConflictLeaf>| leaf.is_none();
    match (file.reason, file.kind) {
        (ConflictReason::Lines, ConflictKind::AddAdd) => "both added it".to_owned(),
        (ConflictReason::Lines, _) => "the same lines".to_owned(),
        (ConflictReason::Broken, _) => "merged by line, it cannot be parsed".to_owned(),
        (ConflictReason::Gone, _) if is_gone(&file.ours) => {
            "deleted in the project, changed in the collection".to_owned()
        }
        (ConflictReason::Gone, _) => "changed in the project, deleted in the collection".to_owned(),
        (ConflictReason::Binary, _) => "not text".to_owned(),
        (ConflictReason::Large, _) => "too large".to_owned(),
        (ConflictReason::Link, _) => "a link".to_owned(),
        (ConflictReason::NoBase, _) => "what both come from is not known".to_owned(),
        (ConflictReason::Clash, _) => "a file on one side, a directory on the other".to_owned(),
    }
}
