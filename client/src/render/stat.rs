//! Differences in numbers: a line a file, and a sum.

use std::io::{self, Write};

use skillmeat_merge::diff::name;
use skillmeat_protocol::reply::{DiffKind, FileDiff, FileStatus};

use super::diff::mode;
use super::table::{Cell, Table};
use super::term::{Tone, count};

/// Columns of the longest row of signs.
const SIGNS: u64 = 40;

/// Prints it.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, files: &[FileDiff], colour: bool) -> io::Result<()> {
    let (mut added, mut removed) = (0, 0);
    let most = files.iter().map(|file| lines(file).0 + lines(file).1).max().unwrap_or(0);
    let mut table = Table::new(1);
    for file in files {
        let (plus, minus) = lines(file);
        (added, removed) = (added + plus, removed + minus);
        let number = match (file.added, file.removed) {
            (Some(_), Some(_)) => (plus + minus).to_string(),
            _ => "-".to_owned(),
        };
        table.row([
            shown(file).into(),
            "|".into(),
            number.into(),
            Cell::new("+".repeat(scaled(plus, most)), Tone::Good),
            Cell::new("-".repeat(scaled(minus, most)), Tone::Bad),
            Cell::new(remark(file), Tone::Dim),
        ]);
    }
    table.write(out, colour)?;
    let sum = |n: u64, sign: &str, one: &str, many: &str| {
        if n == 0 { String::new() } else { format!(", {}({sign})", count(n, one, many)) }
    };
    writeln!(
        out,
        " {} changed{}{}",
        count(files.len() as u64, "file", "files"),
        sum(added, "+", "insertion", "insertions"),
        sum(removed, "-", "deletion", "deletions"),
    )
}

/// A file's name as patches write it.
pub fn shown(file: &FileDiff) -> String {
    String::from_utf8_lossy(&name::quoted("", &file.path.0)).into_owned()
}

fn lines(file: &FileDiff) -> (u64, u64) {
    (file.added.unwrap_or(0).into(), file.removed.unwrap_or(0).into())
}

/// Signs for `n` of at most `most` lines; one at least, where there is any.
fn scaled(n: u64, most: u64) -> usize {
    let scaled = if most <= SIGNS { n } else { (n * SIGNS).div_ceil(most) };
    usize::try_from(scaled).unwrap_or(usize::MAX)
}

/// What the number does not say.
fn remark(file: &FileDiff) -> String {
    let size = |size: Option<u64>| size.map_or_else(|| "nothing".to_owned(), |size| format!("{size} bytes"));
    let mut remarks = Vec::new();
    match file.kind {
        DiffKind::Binary => {
            remarks.push(format!("binary, {} -> {}", size(file.old_size), size(file.new_size)));
        }
        DiffKind::Large => {
            remarks.push(format!("too large to compare by line, {} -> {}", size(file.old_size), size(file.new_size)));
        }
        DiffKind::Eol => remarks.push("line ends".to_owned()),
        DiffKind::Symlink => remarks.push("link".to_owned()),
        DiffKind::Text | DiffKind::Mode => {}
    }
    match (file.status, file.old_mode, file.new_mode) {
        (FileStatus::Added, ..) => remarks.push("new".to_owned()),
        (FileStatus::Removed, ..) => remarks.push("gone".to_owned()),
        (_, Some(old), Some(new)) if old != new => {
            remarks.push(format!("mode {} -> {}", mode(old).as_str(), mode(new).as_str()));
        }
        _ => {}
    }
    if remarks.is_empty() { String::new() } else { format!("({})", remarks.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::bytes::Bytes;
    use skillmeat_protocol::reply::FileMode;

    fn file(path: &str, kind: DiffKind, added: Option<u32>, removed: Option<u32>) -> FileDiff {
        FileDiff {
            path: Bytes(path.into()),
            status: FileStatus::Modified,
            kind,
            old_mode: Some(FileMode::Regular),
            new_mode: Some(FileMode::Regular),
            old_hash: None,
            new_hash: None,
            old_size: Some(1),
            new_size: Some(20),
            added,
            removed,
            continued: false,
            hunks: Vec::new(),
        }
    }

    #[test]
    fn a_line_a_file_and_a_sum() {
        let mut program = file("p", DiffKind::Mode, Some(0), Some(0));
        program.new_mode = Some(FileMode::Executable);
        let new =
            FileDiff { status: FileStatus::Added, old_mode: None, ..file("new\n", DiffKind::Text, Some(400), Some(0)) };
        let files = [
            file("pdf/SKILL.md", DiffKind::Text, Some(1), Some(3)),
            file("logo", DiffKind::Binary, None, None),
            file("crlf", DiffKind::Eol, Some(4), Some(4)),
            program,
            new,
        ];
        let mut out = Vec::new();
        write(&mut out, &files, false).expect("memory");
        let want = format!(
            " pdf/SKILL.md  |  4    +{w}  -
 logo          |  -    {w}      (binary, 1 bytes -> 20 bytes)
 crlf          |  8    +{w}  -  (line ends)
 p             |  0    {w}      (mode 100644 -> 100755)
 \"new\\n\"       |  400  {signs}     (new)
 5 files changed, 405 insertions(+), 7 deletions(-)
",
            w = " ".repeat(39),
            signs = "+".repeat(40),
        );
        assert_eq!(String::from_utf8(out).expect("text"), want);
    }
}
