//! `status --porcelain`: lines for scripts, the same for ever.
//!
//! `XY type:name<TAB>profile<TAB>path`, one item a line. X is the project against what was deployed, Y the collection
//! against it ([`DriftState::letters`]); a conflict of which it is known that it merges is `mm`. An absent profile or path is `-`. Fields with quotes, backslashes or what [must not reach a terminal](super::term::is_unsafe) are quoted as git
//! quotes paths: what ASCII has no letter for, byte by byte in octal. With `-z` records end in NUL and nothing is quoted.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::reply::{Item, ProjectStatus};

use super::term::is_unsafe;

/// How records end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// With a line feed; odd fields are quoted.
    Lines,
    /// With NUL; nothing is quoted.
    Nul,
}

/// Prints the items of all projects.
pub fn write(out: &mut dyn Write, projects: &[ProjectStatus], records: Records) -> io::Result<()> {
    for item in projects.iter().flat_map(|project| &project.items) {
        let key = format!("{}:{}", item.kind, item.name);
        let profile = item.profile.as_deref().unwrap_or("-");
        let path = item.path.as_deref().unwrap_or("-");
        let letters = letters(item);
        match records {
            Records::Nul => write!(out, "{letters} {key}\t{profile}\t{path}\0")?,
            Records::Lines => writeln!(out, "{letters} {}\t{}\t{}", quoted(&key), quoted(profile), quoted(path))?,
        }
    }
    Ok(())
}

fn letters(item: &Item) -> &'static str {
    match (item.state, item.mergeable) {
        (DriftState::Conflict, Some(true)) => "mm",
        (state, _) => state.letters(),
    }
}

/// C quoting, for fields that need it.
fn quoted(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_unsafe(c) || c == '"' || c == '\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if is_unsafe(c) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing into a string cannot fail.
                    let _ = write!(out, "\\{byte:03o}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::status::samples::{item, project};

    #[test]
    fn a_conflict_that_merges_is_in_small_letters() {
        let table = [
            (DriftState::Conflict, None, "MM"),
            (DriftState::Conflict, Some(false), "MM"),
            (DriftState::Conflict, Some(true), "mm"),
            (DriftState::Modified, None, "M "),
        ];
        for (state, mergeable, want) in table {
            let projects = [project(vec![Item { mergeable, ..item(state) }])];
            let mut out = Vec::new();
            write(&mut out, &projects, Records::Nul).expect("memory");
            assert!(out.starts_with(format!("{want} skill:").as_bytes()), "{state} {mergeable:?}");
        }
    }

    #[test]
    fn the_format_is_frozen() {
        let mut items: Vec<_> = DriftState::ALL.into_iter().map(item).collect();
        items[8].profile = None;
        items[8].path = None;
        items[9].path = Some("/w/odd \"name\"\n\x01\\é.md".into());
        items[10].path = Some("/w/\u{9b}31m\u{202e}é".into());
        let projects = [project(items)];
        let mut lines = Vec::new();
        write(&mut lines, &projects, Records::Lines).expect("memory");
        let want = "   skill:in_sync\tclaude_code\t/w/.claude/skills/in_sync
M  skill:modified\tclaude_code\t/w/.claude/skills/modified
 M skill:outdated\tclaude_code\t/w/.claude/skills/outdated
== skill:converged\tclaude_code\t/w/.claude/skills/converged
MM skill:conflict\tclaude_code\t/w/.claude/skills/conflict
D  skill:deleted\tclaude_code\t/w/.claude/skills/deleted
 D skill:removed\tclaude_code\t/w/.claude/skills/removed
MD skill:removed_modified\tclaude_code\t/w/.claude/skills/removed_modified
 A skill:added\t-\t-
AA skill:foreign\tclaude_code\t\"/w/odd \\\"name\\\"\\n\\001\\\\é.md\"
?? skill:untracked\tclaude_code\t\"/w/\\302\\23331m\\342\\200\\256é\"
!! skill:unreadable\tclaude_code\t/w/.claude/skills/unreadable
";
        assert_eq!(String::from_utf8(lines).expect("text"), want);

        let mut nul = Vec::new();
        write(&mut nul, &projects, Records::Nul).expect("memory");
        let records: Vec<_> = nul.split(|b| *b == 0).collect();
        assert_eq!(records.len(), 13);
        assert_eq!(records[9], "AA skill:foreign\tclaude_code\t/w/odd \"name\"\n\x01\\é.md".as_bytes());
        assert_eq!(records[10], "?? skill:untracked\tclaude_code\t/w/\u{9b}31m\u{202e}é".as_bytes());
    }
}
