//! Who has which version, and what was made of what: as text, and for Graphviz.

use std::collections::BTreeSet;
use std::io::{self, Write};

use skillmeat_protocol::reply::{GraphCopy, VersionGraphReply, VersionInfo};

use super::branches::Names;
use super::term::{Tone, count, escape, paint};
use super::versions::{remarks, word};

/// Collections with the copies that hang on them, orphans, and the lineage, the latest first.
pub fn write_text(out: &mut dyn Write, reply: &VersionGraphReply, names: &Names, colour: bool) -> io::Result<()> {
    for root in &reply.roots {
        let hash = root.hash.map_or_else(|| "no files".to_owned(), |hash| hash.short());
        let title = format!("collection {}  {hash}", escape(&root.collection));
        writeln!(out, "{}", paint(&title, Tone::Bold, colour))?;
        let hanging = |copy: &&GraphCopy| !copy.orphaned && copy.collection.as_deref() == Some(&*root.collection);
        write_copies(out, &reply.copies.iter().filter(hanging).collect::<Vec<_>>(), colour)?;
    }
    let orphans: Vec<_> = reply.copies.iter().filter(|copy| copy.orphaned).collect();
    if !orphans.is_empty() {
        writeln!(out, "{}", paint("what was deployed is in no collection any more", Tone::Bold, colour))?;
        write_copies(out, &orphans, colour)?;
    }
    for line in lanes(&reply.versions, names) {
        writeln!(out, "{}", escape(&line))?;
    }
    if reply.more {
        writeln!(out, "there are earlier versions")?;
    }
    let statistics = reply.statistics;
    writeln!(
        out,
        "{}: {} modified, {} orphaned; {}",
        count(statistics.total.into(), "copy", "copies"),
        statistics.modified,
        statistics.orphaned,
        count(reply.versions.len() as u64, "version", "versions"),
    )
}

fn write_copies(out: &mut dyn Write, copies: &[&GraphCopy], colour: bool) -> io::Result<()> {
    for (at, copy) in copies.iter().enumerate() {
        let branch = if at + 1 == copies.len() { "└─" } else { "├─" };
        let hash = copy.hash.map_or_else(|| "no files".to_owned(), |hash| hash.short());
        let state = paint(copy.state.as_str(), Tone::of(copy.state), colour);
        writeln!(out, "{branch} {}  {hash}  {state}", escape(&name(copy)))?;
    }
    Ok(())
}

fn name(copy: &GraphCopy) -> String {
    match copy.profile.as_str() {
        "claude_code" => copy.project_name.clone(),
        profile => format!("{} ({profile})", copy.project_name),
    }
}

/// One line a version. A lane is what waits for a version that was made into those above.
fn lanes(versions: &[VersionInfo], names: &Names) -> Vec<String> {
    let known: BTreeSet<u64> = versions.iter().map(|info| info.version).collect();
    let mut lanes: Vec<Option<u64>> = Vec::new();
    let mut lines = Vec::new();
    for info in versions {
        let at = lanes.iter().position(|lane| *lane == Some(info.version)).unwrap_or_else(|| free(&mut lanes));
        let mut line = String::new();
        for (column, lane) in lanes.iter().enumerate() {
            line.push_str(match lane {
                _ if column == at => "* ",
                // Others that were made of it end here.
                Some(waits) if *waits == info.version => "┘ ",
                Some(_) => "│ ",
                None => "  ",
            });
        }
        for lane in lanes.iter_mut().filter(|lane| **lane == Some(info.version)) {
            *lane = None;
        }
        let mut parents = info.parents.iter().map(|parent| parent.version).filter(|version| known.contains(version));
        lanes[at] = parents.next();
        for parent in parents {
            if !lanes.contains(&Some(parent)) {
                let other = free(&mut lanes);
                lanes[other] = Some(parent);
            }
        }
        while lanes.last() == Some(&None) {
            lanes.pop();
        }
        let remarks = remarks(info, names);
        let text = format!("{line}{}  {}  {}  {remarks}", info.hash.short(), info.at, word(info.origin));
        lines.push(text.trim_end().to_owned());
    }
    lines
}

fn free(lanes: &mut Vec<Option<u64>>) -> usize {
    lanes.iter().position(Option::is_none).unwrap_or_else(|| {
        lanes.push(None);
        lanes.len() - 1
    })
}

/// For Graphviz.
pub fn write_dot(out: &mut dyn Write, reply: &VersionGraphReply, names: &Names) -> io::Result<()> {
    writeln!(out, "digraph {} {{", quoted(&reply.artifact))?;
    writeln!(out, "  rankdir=LR; node [shape=box, fontname=monospace];")?;
    for info in &reply.versions {
        let tags: String = info.tags.iter().map(|tag| format!("\n[{tag}]")).collect();
        let branches: String = names.at(info.version).iter().map(|name| format!("\n({name})")).collect();
        let label = format!("{}\n{}{tags}{branches}", info.hash.short(), word(info.origin));
        writeln!(out, "  v{} [label={}];", info.version, quoted(&label))?;
        for parent in &info.parents {
            writeln!(out, "  v{} -> v{};", parent.version, info.version)?;
        }
    }
    let of = |hash| reply.versions.iter().find(|info| Some(info.hash) == hash).map(|info| info.version);
    for (at, root) in reply.roots.iter().enumerate() {
        writeln!(out, "  c{at} [shape=folder, label={}];", quoted(&root.collection))?;
        if let Some(version) = of(root.hash) {
            writeln!(out, "  v{version} -> c{at} [style=dashed, arrowhead=none];")?;
        }
    }
    for (at, copy) in reply.copies.iter().enumerate() {
        let style = match (copy.orphaned, copy.modified) {
            (true, _) => ", color=red",
            (false, true) => ", color=orange",
            (false, false) => "",
        };
        writeln!(out, "  p{at} [shape=ellipse, label={}{style}];", quoted(&name(copy)))?;
        if let Some(version) = of(copy.hash) {
            writeln!(out, "  v{version} -> p{at} [style=dashed, arrowhead=none];")?;
        }
    }
    writeln!(out, "}}")
}

/// A string of the language, whatever is in it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c => quoted.push_str(&escape(c.encode_utf8(&mut [0; 4])).replace('\\', "\\\\")),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::versions::tests::{at, info};
    use super::*;
    use skillmeat_protocol::drift::DriftState;
    use skillmeat_protocol::hash::ContentHash;
    use skillmeat_protocol::reply::{GraphRoot, GraphStatistics};

    fn reply() -> VersionGraphReply {
        let copy = |name: &str, state, baseline: u8, hash: u8| GraphCopy {
            project: format!("/w/{name}"),
            project_name: name.into(),
            profile: "claude_code".into(),
            collection: Some("default".into()),
            state,
            baseline: Some(ContentHash([baseline; 32])),
            hash: Some(ContentHash([hash; 32])),
            modified: baseline != hash,
            orphaned: baseline != 3,
        };
        let mut last = info(5, &[4, 3]);
        last.now = vec![at("/w/app", "")];
        VersionGraphReply {
            clock: "0000000000000001:1".parse().expect("a clock"),
            fresh: true,
            stale: None,
            artifact: "skill:\"pdf\"".into(),
            roots: vec![GraphRoot {
                collection: "default".into(),
                collection_id: "c".into(),
                hash: Some(ContentHash([3; 32])),
            }],
            copies: vec![
                copy("app", DriftState::Modified, 3, 5),
                copy("new\n", DriftState::InSync, 3, 3),
                copy("old", DriftState::Outdated, 1, 1),
            ],
            statistics: GraphStatistics { total: 3, modified: 1, unmodified: 2, orphaned: 1 },
            versions: vec![last, info(4, &[2]), info(3, &[2]), info(2, &[1]), info(1, &[])],
            more: false,
        }
    }

    fn names() -> Names {
        Names::of(&super::super::branches::tests::reply())
    }

    #[test]
    fn copies_hang_on_collections_and_lanes_show_what_was_made_of_what() {
        let mut out = Vec::new();
        write_text(&mut out, &reply(), &names(), false).expect("memory");
        let want = "collection default  03030303
├─ app  05050505  modified
└─ new\\n  03030303  in_sync
what was deployed is in no collection any more
└─ old  01010101  outdated
* 05050505  2026-01-02T03:04:05Z  edited  (next) now in app
* │ 04040404  2026-01-02T03:04:05Z  edited  (main*)
│ * 03030303  2026-01-02T03:04:05Z  edited
* ┘ 02020202  2026-01-02T03:04:05Z  edited  (old)
* 01010101  2026-01-02T03:04:05Z  edited
3 copies: 1 modified, 1 orphaned; 5 versions
";
        assert_eq!(String::from_utf8(out).expect("text"), want);
    }

    #[test]
    fn graphviz_gets_strings_that_cannot_end_early() {
        let mut out = Vec::new();
        write_dot(&mut out, &reply(), &names()).expect("memory");
        let text = String::from_utf8(out).expect("text");
        for line in [
            "digraph \"skill:\\\"pdf\\\"\" {",
            "  v5 [label=\"05050505\\nedited\\n(next)\"];",
            "  v4 -> v5;",
            "  v3 -> v5;",
            "  v3 -> c0 [style=dashed, arrowhead=none];",
            "  p0 [shape=ellipse, label=\"app\", color=orange];",
            "  p1 [shape=ellipse, label=\"new\\n\"];",
            "  p2 [shape=ellipse, label=\"old\", color=red];",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
