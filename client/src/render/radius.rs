//! Whom a change of an artifact concerns, for people.
//!
//! One line a copy: what a change meets there, and what the copy becomes of it. Commands stand below those that cannot follow by
//! themselves; for the others there is one, at the end.

use std::io::{self, Write};

use skillmeat_protocol::reply::{BlastCopy, BlastRadiusReply, BlastStatistics, Standing};

use super::operation::USUAL_PROFILE;
use super::table::{Cell, Table};
use super::term::{Tone, count, escape, paint, shell_word};

/// Prints it.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, reply: &BlastRadiusReply, colour: bool) -> io::Result<()> {
    for root in &reply.roots {
        let hash = root.hash.map_or_else(|| "no files".to_owned(), |hash| hash.short());
        let title = format!("{} in collection {}  {hash}", escape(&reply.artifact), escape(&root.collection));
        writeln!(out, "{}", paint(&title, Tone::Bold, colour))?;
    }
    let mut table = Table::new(2);
    for copy in &reply.copies {
        row(&mut table, copy);
    }
    table.write(out, colour)?;
    let missing = reply.copies.iter().filter(|copy| copy.standing == Standing::Missing).count();
    writeln!(out, "{}", closing(&reply.statistics, u32::try_from(missing).unwrap_or(u32::MAX)))?;
    if reply.statistics.behind > 0 {
        writeln!(out, "  skillmeat fan-out {}{}", shell_word(&reply.artifact), of_collection(reply))?;
    }
    Ok(())
}

fn row(table: &mut Table, copy: &BlastCopy) {
    let state = match (copy.state == copy.next, copy.merges) {
        (true, Some(true)) => format!("{}, merges", copy.state),
        (true, Some(false)) => format!("{}, does not merge", copy.state),
        (true, None) => copy.state.to_string(),
        (false, _) => format!("{}, becomes {}", copy.state, copy.next),
    };
    let profile = Some(copy.profile.as_str()).filter(|profile| *profile != USUAL_PROFILE);
    table.row([
        Cell::new(copy.standing.as_str(), tone(copy.standing)),
        copy.project.as_str().into(),
        Cell::new(profile.unwrap_or_default(), Tone::Dim),
        Cell::new(copy.collection.as_deref().unwrap_or_default(), Tone::Dim),
        Cell::new(state, Tone::of(copy.state)),
    ]);
    if let Some(message) = &copy.message {
        table.note(2, message);
    }
    if copy.standing != Standing::Clean {
        copy.ways.iter().for_each(|way| table.note(4, way));
    }
}

const fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Clean => Tone::Good,
        Standing::Modified | Standing::Gone => Tone::Warn,
        Standing::Conflicting | Standing::Unreadable | Standing::Missing => Tone::Bad,
    }
}

/// `4 copies: 2 clean (1 behind), 1 modified, 1 gone`.
fn closing(statistics: &BlastStatistics, missing: u32) -> String {
    let clean = match statistics.behind {
        0 => String::new(),
        behind => format!(" ({behind} behind)"),
    };
    let parts = [
        (statistics.clean, "clean", clean.as_str()),
        (statistics.modified, "modified", ""),
        (statistics.conflicting, "conflicting", ""),
        (statistics.gone, "gone", ""),
        (statistics.unreadable.saturating_sub(missing), "unreadable", ""),
        (missing, "missing", ""),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(n, ..)| *n > 0).map(|(n, word, more)| format!("{n} {word}{more}")).collect();
    let total = count(statistics.total.into(), "copy", "copies");
    if parts.is_empty() { total } else { format!("{total}: {}", parts.join(", ")) }
}

/// Where several have it, which is meant has to be said.
fn of_collection(reply: &BlastRadiusReply) -> String {
    if reply.roots.len() < 2 {
        return String::new();
    }
    let behind = reply.copies.iter().filter(|copy| copy.standing == Standing::Clean && copy.hash.is_some());
    let mut named: Vec<&str> = behind.filter_map(|copy| copy.collection.as_deref()).collect();
    named.sort_unstable();
    named.dedup();
    match named.as_slice() {
        [one] => format!(" --collection {}", shell_word(one)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::clock::Clock;
    use skillmeat_protocol::drift::DriftState;
    use skillmeat_protocol::hash::ContentHash;
    use skillmeat_protocol::reply::GraphRoot;

    fn copy(project: &str, standing: Standing, state: DriftState, next: DriftState) -> BlastCopy {
        BlastCopy {
            project: project.into(),
            project_name: "p".into(),
            profile: "claude_code".into(),
            collection: Some("default".into()),
            standing,
            state,
            next,
            baseline: None,
            hash: Some(ContentHash([1; 32])),
            merges: None,
            message: None,
            ways: vec![format!("skillmeat status --project {project}")],
        }
    }

    #[test]
    fn every_standing_has_its_line_and_what_cannot_follow_its_commands() {
        use DriftState as S;
        let mut copies = vec![
            copy("/a", Standing::Clean, S::InSync, S::Outdated),
            copy("/b", Standing::Clean, S::Outdated, S::Outdated),
            copy("/c", Standing::Modified, S::Modified, S::Conflict),
            copy("/d", Standing::Conflicting, S::Conflict, S::Conflict),
            copy("/e", Standing::Gone, S::Deleted, S::Deleted),
            copy("/f", Standing::Unreadable, S::Unreadable, S::Unreadable),
        ];
        copies[1].profile = "codex".into();
        copies[3].merges = Some(true);
        copies[5].message = Some("/f/x \x1b[31mcannot be read".into());
        let reply = BlastRadiusReply {
            clock: Clock { instance: 1, generation: 1 },
            conflicts: 2,
            drifted: 5,
            fresh: true,
            stale: None,
            artifact: "skill:pdf".into(),
            roots: vec![GraphRoot {
                collection: "default".into(),
                collection_id: "u".into(),
                hash: Some(ContentHash([2; 32])),
            }],
            copies,
            statistics: BlastStatistics {
                total: 6,
                clean: 2,
                modified: 1,
                conflicting: 1,
                gone: 1,
                unreadable: 1,
                behind: 1,
            },
        };
        let mut out = Vec::new();
        write(&mut out, &reply, false).expect("memory");
        let want = "skill:pdf in collection default  02020202
  clean        /a         default  in_sync, becomes outdated
  clean        /b  codex  default  outdated
  modified     /c         default  modified, becomes conflict
      skillmeat status --project /c
  conflicting  /d         default  conflict, merges
      skillmeat status --project /d
  gone         /e         default  deleted
      skillmeat status --project /e
  unreadable   /f         default  unreadable
    /f/x \\u{1b}[31mcannot be read
      skillmeat status --project /f
6 copies: 2 clean (1 behind), 1 modified, 1 conflicting, 1 gone, 1 unreadable
  skillmeat fan-out skill:pdf
";
        assert_eq!(String::from_utf8(out).expect("text"), want);
        let nobody = BlastRadiusReply { copies: vec![], statistics: BlastStatistics::default(), ..reply };
        let mut out = Vec::new();
        write(&mut out, &nobody, false).expect("memory");
        assert!(String::from_utf8(out).expect("text").ends_with("\n0 copies\n"));
    }
}
