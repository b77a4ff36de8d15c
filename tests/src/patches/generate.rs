//! Pairs of trees, of which the second is made of the first by what people do to files.

use super::Files;
use crate::model::rng::Rng;
use skillmeat_merge::diff::Mode;

/// Lines that look like parts of a patch, that differ in what nobody sees, and that are no text.
const LINES: [&[u8]; 22] = [
    b"a\n",
    b"b\n",
    b"c\n",
    b"\n",
    b"a \n",
    b"\ta\n",
    b"a\r\n",
    b"b\r\n",
    b"\r\n",
    b"a\rb\n",
    b"-- a\n",
    b"++ b\n",
    b"--- a/x\n",
    b"+++ b/x\n",
    b"@@ -1 +1 @@\n",
    b"diff --git a/x b/x\n",
    b"\\ No newline at end of file\n",
    b"Binary files a/x and b/x differ\n",
    b"caf\xe9\n",
    "größe 日本\n".as_bytes(),
    b"\x1b[2J\x0c\n",
    b"some words that stay and some that go\n",
];
/// Ends of files that have none.
const ENDS: [&[u8]; 5] = [b"", b"", b"", b"a", b"\r"];
/// Parts of names.
const NAMES: [&[u8]; 14] = [
    b"a",
    b"b",
    b"c.md",
    b"a b",
    b"-x",
    b"A",
    "größe".as_bytes(),
    b"caf\xe9",
    b"t\tb",
    b"n\nl",
    b"q\"q",
    b"back\\slash",
    b"\x01",
    b"it's",
];
/// None that exists, and none that leads to itself: `git apply` follows it when a directory takes its place.
const TARGETS: [&[u8]; 4] = [b"gone", b"../elsewhere", b"no where", b"gone-caf\xe9"];

/// A pair.
pub(super) fn pair(rng: &mut Rng) -> (Files, Files) {
    let mut old = Files::new();
    for _ in 0..rng.below(6) {
        let path = path(rng);
        put(&mut old, path, file(rng));
    }
    let mut new = old.clone();
    for _ in 0..=rng.below(5) {
        change(rng, &mut new);
    }
    (old, new)
}

fn change(rng: &mut Rng, files: &mut Files) {
    let paths: Vec<Vec<u8>> = files.keys().cloned().collect();
    if paths.is_empty() || rng.once_in(5) {
        let path = path(rng);
        return put(files, path, file(rng));
    }
    let path = rng.pick(&paths);
    let Some((mode, bytes)) = files.remove(&path) else { return };
    match rng.below(8) {
        0 => {}
        1 => put(files, path, file(rng)),
        2 if mode != Mode::Symlink => {
            let other = if mode == Mode::Regular { Mode::Executable } else { Mode::Regular };
            put(files, path, (other, bytes));
        }
        // A directory where a file was.
        3 => put(files, [&path[..], b"/", rng.pick(&NAMES)].concat(), (mode, bytes)),
        _ if mode == Mode::Symlink => put(files, path, (mode, rng.pick(&TARGETS).to_vec())),
        _ => {
            let edited = edited(rng, &bytes);
            put(files, path, (mode, edited));
        }
    }
}

/// Puts a file there, and takes away what would be in its way.
fn put(files: &mut Files, path: Vec<u8>, file: (Mode, Vec<u8>)) {
    let below = |above: &[u8], path: &[u8]| path.strip_prefix(above).is_some_and(|rest| rest.starts_with(b"/"));
    files.retain(|other, _| !below(&path, other) && !below(other, &path));
    files.insert(path, file);
}

fn path(rng: &mut Rng) -> Vec<u8> {
    let parts: Vec<&[u8]> = (0..=rng.below(2)).map(|_| rng.pick(&NAMES)).collect();
    parts.join(&b'/')
}

fn file(rng: &mut Rng) -> (Mode, Vec<u8>) {
    match rng.below(8) {
        0 => (Mode::Symlink, rng.pick(&TARGETS).to_vec()),
        1 => (Mode::Executable, text(rng, 30)),
        2 => (Mode::Regular, Vec::new()),
        _ => (Mode::Regular, text(rng, 30)),
    }
}

fn text(rng: &mut Rng, most: u64) -> Vec<u8> {
    // Few different lines, so that there are many ways to compare two texts.
    let some: Vec<&[u8]> = (0..=rng.below(6)).map(|_| rng.pick(&LINES)).collect();
    let mut text: Vec<u8> = (0..rng.below(most)).flat_map(|_| rng.pick(&some).to_vec()).collect();
    text.extend(rng.pick(&ENDS));
    text
}

fn edited(rng: &mut Rng, text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..=rng.below(4) {
        let at = rng.below(lines.len() as u64 + 1) as usize;
        let line = rng.pick(&LINES).to_vec();
        match rng.below(4) {
            0 => lines.insert(at, line),
            1 if at < lines.len() => drop(lines.remove(at)),
            2 if at < lines.len() => lines[at] = line,
            // Only the last line may have no end.
            _ => match lines.last_mut() {
                Some(last) if last.ends_with(b"\n") => drop(last.pop()),
                Some(last) => last.push(b'\n'),
                None => {}
            },
        }
        let last = lines.len().saturating_sub(1);
        for line in lines.iter_mut().take(last).filter(|line| !line.ends_with(b"\n")) {
            line.push(b'\n');
        }
    }
    lines.concat()
}
