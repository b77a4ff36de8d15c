//! Applies a patch as it is written: every line where it says, nothing found nearby, nothing skipped.

use super::Files;
use skillmeat_merge::diff::Mode;
use std::collections::VecDeque;

/// What becomes of `old`.
///
/// # Errors
/// The line that does not fit.
pub fn apply(patch: &[u8], old: &Files) -> Result<Files, String> {
    let mut files = old.clone();
    let mut lines: VecDeque<&[u8]> = patch.split_inclusive(|byte| *byte == b'\n').collect();
    while let Some(first) = lines.pop_front() {
        let names = first.strip_prefix(b"diff --git ").ok_or_else(|| wrong("a header", first))?;
        let path = name_of(names.trim_ascii_end()).ok_or_else(|| wrong("two names", first))?;
        let before = files.remove(&path);
        if let Some(after) = one(&mut lines, &path, before)? {
            files.insert(path, after);
        }
    }
    Ok(files)
}

fn wrong(wanted: &str, line: &[u8]) -> String {
    format!("wanted {wanted}, found {}", line.escape_ascii())
}

type File = (Mode, Vec<u8>);

fn one(lines: &mut VecDeque<&[u8]>, path: &[u8], before: Option<File>) -> Result<Option<File>, String> {
    let mut after = before.as_ref().map(|(mode, _)| *mode);
    let (mut is_new, mut is_gone) = (false, false);
    while let Some(line) = lines.front() {
        let word = |prefix: &str| line.strip_prefix(prefix.as_bytes()).map(<[u8]>::trim_ascii_end);
        if let Some(mode) = word("new file mode ") {
            (after, is_new) = (Some(read_mode(mode)?), true);
        } else if let Some(mode) = word("deleted file mode ").or_else(|| word("old mode ")) {
            if after != Some(read_mode(mode)?) {
                return Err(wrong("the mode that is there", line));
            }
            is_gone |= line.starts_with(b"deleted");
        } else if let Some(mode) = word("new mode ") {
            after = Some(read_mode(mode)?);
        } else {
            break;
        }
        lines.pop_front();
    }
    if is_new != before.is_none() {
        return Err(format!("{} is there, or is not", path.escape_ascii()));
    }
    let old = before.map(|(_, bytes)| bytes).unwrap_or_default();
    let bytes = match lines.front() {
        Some(line) if line.starts_with(b"--- ") => {
            for (prefix, is_nothing) in [("--- a/", is_new), ("+++ b/", is_gone)] {
                let line = lines.pop_front().unwrap_or_default();
                let name = line[4..].strip_suffix(b"\n").unwrap_or_default();
                let named = unquoted(name.strip_suffix(b"\t").unwrap_or(name)).ok_or_else(|| wrong("a name", line))?;
                let want = if is_nothing { b"/dev/null".to_vec() } else { [&prefix.as_bytes()[4..], path].concat() };
                if named != want {
                    return Err(wrong("the name once more", line));
                }
            }
            hunks(lines, &old)?
        }
        Some(line) if line.starts_with(b"Binary") => return Err(wrong("lines", line)),
        _ => old,
    };
    match is_gone {
        true if bytes.is_empty() => Ok(None),
        true => Err(format!("{} is not empty when it goes", path.escape_ascii())),
        false => Ok(after.map(|mode| (mode, bytes))),
    }
}

fn hunks(lines: &mut VecDeque<&[u8]>, old: &[u8]) -> Result<Vec<u8>, String> {
    let old: Vec<&[u8]> = old.split_inclusive(|byte| *byte == b'\n').collect();
    let (mut at, mut new) = (0, Vec::new());
    let mut written = 0;
    while let Some(head) = lines.front().copied().filter(|line| line.starts_with(b"@@ -")) {
        let (start, mut from, new_start, mut to) = numbers(head).ok_or_else(|| wrong("four numbers", head))?;
        lines.pop_front();
        let first = if from == 0 { start } else { start - 1 };
        let kept = old.get(at..first).ok_or_else(|| wrong("a later place", head))?;
        written += kept.len();
        new.extend(kept.iter().copied());
        at = first;
        if new_start != written + usize::from(to > 0) {
            return Err(wrong("the place on the second side", head));
        }
        while from > 0 || to > 0 {
            let line = lines.pop_front().ok_or("the hunk ends early")?;
            let mut text = &line[1..];
            if lines.front().is_some_and(|next| next.starts_with(b"\\ No newline")) {
                lines.pop_front();
                text = &text[..text.len() - 1];
            }
            let (is_old, is_new) = match line[0] {
                b' ' => (true, true),
                b'-' => (true, false),
                b'+' => (false, true),
                _ => return Err(wrong("a line of a hunk", line)),
            };
            if is_old {
                if old.get(at) != Some(&text) {
                    return Err(wrong("the line that is there", line));
                }
                (at, from) = (at + 1, from.checked_sub(1).ok_or("too many lines of the first side")?);
            }
            if is_new {
                (written, to) = (written + 1, to.checked_sub(1).ok_or("too many lines of the second side")?);
                new.push(text);
            }
        }
    }
    new.extend(&old[at..]);
    Ok(new.concat())
}

/// First line and number of lines on both sides.
fn numbers(head: &[u8]) -> Option<(usize, usize, usize, usize)> {
    let text = std::str::from_utf8(head).ok()?.strip_prefix("@@ -")?;
    let (old, rest) = text.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let span = |text: &str| -> Option<(usize, usize)> {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let ((a, b), (c, d)) = (span(old)?, span(new)?);
    Some((a, b, c, d))
}

fn read_mode(text: &[u8]) -> Result<Mode, String> {
    [Mode::Regular, Mode::Executable, Mode::Symlink]
        .into_iter()
        .find(|mode| mode.as_str().as_bytes() == text)
        .ok_or_else(|| wrong("a mode", text))
}

/// The name that is there twice, once below `a/` and once below `b/`.
fn name_of(names: &[u8]) -> Option<Vec<u8>> {
    // Both halves are equally long.
    let middle = names.len().checked_sub(1)? / 2;
    let (a, b) = (unquoted(&names[..middle])?, unquoted(&names[middle + 1..])?);
    let (a, b) = (a.strip_prefix(b"a/")?, b.strip_prefix(b"b/")?);
    (a == b && names[middle] == b' ').then(|| a.to_vec())
}

fn unquoted(name: &[u8]) -> Option<Vec<u8>> {
    let Some(inner) = name.strip_prefix(b"\"") else { return Some(name.to_vec()) };
    let mut bytes = inner.strip_suffix(b"\"")?.iter().copied();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            digit @ b'0'..=b'3' => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    value = value * 8 + u32::from(bytes.next()?.checked_sub(b'0')?);
                }
                u8::try_from(value).ok()?
            }
            other => other,
        });
    }
    Some(out)
}
