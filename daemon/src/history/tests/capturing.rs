//! What is captured, whether it comes back, and that the recorded hash is the one that everybody else computes.

use super::{Content, ContentEntry, EntryKind, NOW, Place, Random, Scope, observe};
use crate::history::{History, HistoryError, RelPath};
use crate::model::{Tree, TreeKind};
use crate::scan::job::{Finding, Look, Wants};
use crate::scan::read::Buffer;
use crate::scan::testing::{Disk, fifo, link};
use crate::scan::tree::{TreeRequest, scan};
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactType;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Names that have gone wrong somewhere: order, ignore list, bytes that are no text.
const NAMES: [&[u8]; 12] = [
    b"a",
    b"a-b",
    b"a.md",
    b"B",
    "\u{e9}".as_bytes(),
    b"SKILL.md",
    b".DS_Store",
    b"node_modules",
    b"x~",
    b"\xff\xfe",
    b" ",
    b"n\nn",
];

fn grow(random: &mut Random, dir: &Path, depth: u64) {
    std::fs::create_dir(dir).expect("a directory");
    for _ in 0..random.below(6) {
        let path = dir.join(OsStr::from_bytes(NAMES[random.below(NAMES.len() as u64) as usize]));
        if std::fs::symlink_metadata(&path).is_ok() {
            continue;
        }
        match random.below(8) {
            0..3 if depth < 4 => grow(random, &path, depth + 1),
            0 => link("nowhere/\u{e9}", &path),
            1 => link("a", &path),
            2 => link("..", &path),
            3 => fifo(&path),
            _ => {
                let length = [0, 1, 100, 5000][random.below(4) as usize];
                std::fs::write(&path, random.bytes(length)).expect("a file");
                let mode = [0o644, 0o600, 0o755, 0o444, 0o640][random.below(5) as usize];
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
            }
        }
    }
    let is_empty = std::fs::read_dir(dir).expect("readable").next().is_none();
    if is_empty && random.below(2) == 0 {
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).expect("a mode");
    }
}

/// What `scan` says of the same files.
fn scanned(disk: &Disk, path: &Path) -> (ContentHash, Option<ContentHash>) {
    let request = TreeRequest {
        path,
        guard: &disk.root,
        artifact: ArtifactType::Skill,
        look: Look::Read,
        known: None,
        names: None,
        wants: Wants::Version,
        fence: &crate::scan::link::Fence::default(),
        most: u64::MAX,
    };
    match scan(&request, &disk.watches, &disk.metrics, &mut Buffer::default()) {
        (Finding::Tree(found), _) => match found.tree {
            Tree::Present(info) => (info.hash, info.hash_with_ignored),
            other => panic!("{other:?}"),
        },
        (other, _) => panic!("{other:?}"),
    }
}

#[test]
fn random_trees_come_back_and_have_the_hash_that_a_scan_finds() {
    let (place, disk) = (Place::new(), Disk::new());
    let history = place.open();
    for seed in 0..60 {
        let (from, to, again) = (disk.at(&format!("{seed}")), disk.at("to"), disk.at("again"));
        grow(&mut Random::new(seed), &from, 0);
        let all = history.capture(&from, Scope::Everything).expect("captured");
        let recorded = all.recorded.expect("no link");
        assert_eq!((recorded.hash, recorded.with_ignored), scanned(&disk, &from), "seed {seed}");
        assert!(history.by_recorded(recorded.hash).expect("known").contains(&all.id));

        let written = history.materialise(all.id, &to).expect("written");
        assert_eq!((written.files, written.bytes), (all.files, all.bytes), "seed {seed}");
        // Pipes are no content.
        let mut before = observe_without_pipes(&from);
        before.retain(|(_, is)| is != "directory");
        let mut after = observe(&to);
        after.retain(|(_, is)| is != "directory");
        assert_eq!(after, before, "seed {seed}");
        assert_eq!(history.capture(&to, Scope::Everything).expect("captured").id, all.id, "seed {seed}");

        let counted = history.capture(&from, Scope::Counted).expect("captured");
        assert_eq!(counted.recorded, all.recorded, "seed {seed}");
        history.materialise(counted.id, &again).expect("written");
        let plain = history.capture(&again, Scope::Everything).expect("captured");
        assert_eq!(plain.id, counted.id, "nothing that is ignored comes along, seed {seed}");
        for path in [from, to, again] {
            std::fs::remove_dir_all(path).expect("removed");
        }
    }
}

fn observe_without_pipes(root: &Path) -> std::collections::BTreeSet<(std::path::PathBuf, String)> {
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).expect("readable") {
            let entry = entry.expect("an entry");
            let kind = entry.file_type().expect("a type");
            if kind.is_dir() {
                open.push(entry.path());
            } else if !kind.is_file() && !kind.is_symlink() {
                std::fs::remove_file(entry.path()).expect("removed");
            }
        }
    }
    observe(root)
}

#[test]
fn single_files_links_and_nothing() {
    let place = Place::new();
    let history = place.open();
    let file = place.write("a.md", "text");
    let captured = history.capture(&file, Scope::Counted).expect("captured");
    assert_eq!((captured.files, captured.bytes), (1, 4));
    let content = history.content(captured.id).expect("stored");
    assert_eq!((content.kind, content.entries.len(), content.entries[0].path.is_empty()), (TreeKind::File, 1, true));
    history.materialise(captured.id, &place.at("b.md")).expect("written");
    assert_eq!(std::fs::read(place.at("b.md")).expect("a file"), b"text");

    // A link is itself, whatever it leads to.
    for (name, target) in [("to-file", "a.md"), ("to-directory", "daemon"), ("to-nothing", "\u{e9}")] {
        link(target, &place.at(name));
        let captured = history.capture(&place.at(name), Scope::Counted).expect("captured");
        assert_eq!((captured.files, captured.bytes, captured.recorded), (1, 0, None));
        let target = OsString::from(target);
        assert_eq!(history.content(captured.id).expect("stored").entries[0].kind, EntryKind::Symlink { target });
        let copy = place.at(&format!("copy-of-{name}"));
        history.materialise(captured.id, &copy).expect("written");
        assert_eq!(observe(&copy), observe(&place.at(name)));
    }
    let error = history.capture(&place.at("gone"), Scope::Counted).expect_err("nothing is there").to_string();
    assert!(error.starts_with(&format!("cannot read {}", place.at("gone").display())), "{error}");
    fifo(&place.at("fifo"));
    assert!(matches!(history.capture(&place.at("fifo"), Scope::Counted), Err(HistoryError::Special { .. })));
}

#[test]
fn large_files_are_cut_and_come_back() {
    let place = Place::new();
    let history = place.open();
    let chunk = crate::history::spool::CHUNK;
    for length in [chunk - 1, chunk, chunk + 1, 20 << 20] {
        let mut bytes = Random::new(4).bytes(length / 2);
        bytes.extend(Random::new(5).bytes(length - length / 2));
        let file = place.write("large", &bytes);
        let captured = history.capture(&file, Scope::Counted).expect("captured");
        let hash = captured.recorded.expect("no link").hash;
        let mut read = Vec::new();
        assert_eq!(history.read_blob(hash, &mut read).expect("stored"), length as u64);
        assert!(read == bytes, "{length} bytes came back otherwise");
    }
    assert_eq!(place.count("blobs"), 4);
    assert_eq!(place.count("chunks"), 1 + 1 + 2 + 5);
}

#[test]
fn what_changes_while_it_is_read_is_not_captured() {
    let place = Place::new();
    let history = place.open();
    let stop = AtomicBool::new(false);
    let dir = place.at("s");
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).expect("a file");
    std::fs::create_dir(&dir).expect("a directory");
    std::thread::scope(|scope| {
        // Both files always say the same, `a` first.
        scope.spawn(|| {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                round += 1;
                write("a", &format!("{round:09}"));
                write("b", &format!("{round:09}"));
            }
        });
        let mut refused = 0;
        while refused < 20 {
            match history.read(&dir, Scope::Counted) {
                Err(HistoryError::Changed { .. }) => refused += 1,
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let error = history.read(Path::new("/proc/self/status"), Scope::Counted).expect_err("made up").to_string();
    assert!(error.contains("changed while it was read"), "{error}");
}

/// Each file alone holds still; only the second listing tells that there was no such moment.
#[test]
fn a_capture_is_of_one_moment() {
    const ROUNDS: usize = 200;
    let place = Place::new();
    let history = place.open();
    for between in 0..60 {
        place.write(&format!("s/m{between:02}/f"), "x");
    }
    place.write("s/a/0", "x");
    place.write("s/z/0", "x");
    let begun = AtomicUsize::new(0);
    let (mut seen, mut errors) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        // In each round one file in `a`, then one in `z`, somewhen during the capture.
        scope.spawn(|| {
            for round in 1..=ROUNDS {
                while begun.load(Ordering::Acquire) < round {
                    std::hint::spin_loop();
                }
                (0..round % 20 * 500).for_each(|_| std::hint::spin_loop());
                place.write(&format!("s/a/{round}"), "x");
                place.write(&format!("s/z/{round}"), "x");
            }
        });
        for _ in 0..ROUNDS {
            begun.fetch_add(1, Ordering::Release);
            match history.read(&place.at("s"), Scope::Counted) {
                Ok(staged) => {
                    let names = staged.content().entries.iter().map(|entry| entry.path.as_os_str().as_bytes());
                    let (a, z) = names.fold((0, 0), |(a, z), name| match name[0] {
                        b'a' => (a + 1, z),
                        b'z' => (a, z + 1),
                        _ => (a, z),
                    });
                    seen.push((a, z));
                }
                // The other thread would wait for ever for one that panics.
                Err(error) => errors.push(error),
            }
        }
    });
    assert!(errors.iter().all(|error| matches!(error, HistoryError::Changed { .. })), "{errors:?}");
    let wrong: Vec<_> = seen.iter().filter(|(a, z)| a != z && *a != z + 1).collect();
    assert!(wrong.is_empty(), "files in the first directory and in the last: {wrong:?}");
}

#[test]
fn too_many_files_and_unreadable_ones_are_named() {
    let place = Place::new();
    let history = place.open();
    let deep = vec!["d"; 130].join("/");
    std::fs::create_dir_all(place.at("s").join(deep)).expect("directories");
    let error = history.capture(&place.at("s"), Scope::Counted).expect_err("too deep").to_string();
    assert_eq!(error, format!("{} holds more than 128 levels of directories", place.at("s").display()));
    if !rustix::process::geteuid().is_root() {
        let secret = place.write("t/secret", "x");
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).expect("a mode");
        let error = history.capture(&place.at("t"), Scope::Counted).expect_err("unreadable").to_string();
        assert!(error.starts_with(&format!("cannot read {}: ", secret.display())), "{error}");
    }
    assert_eq!(place.count("contents"), 0);
}

/// The invariant of `Content` holds on the way in, too.
#[test]
fn every_listing_is_without_flaw() {
    let place = Place::new();
    let history = History::open(&place.path, NOW).expect("opens");
    for seed in 100..130 {
        grow(&mut Random::new(seed), &place.at("s"), 0);
        let staged = history.read(&place.at("s"), Scope::Everything).expect("read");
        assert_eq!(staged.content().flaw(), None, "seed {seed}");
        std::fs::remove_dir_all(place.at("s")).expect("removed");
    }
    let path = RelPath::new("a").expect("a path");
    let entry = ContentEntry { path, kind: EntryKind::EmptyDirectory { mode: 0 } };
    assert!(Content { kind: TreeKind::File, entries: vec![entry] }.flaw().is_some());
}
