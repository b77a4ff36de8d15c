//! What goes in comes out.

use super::*;
use crate::history::RelPath;

#[test]
fn a_collection_comes_out_as_it_went_in() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().join("collections/team");
    collection(&root);
    write(&root.join(".skillmeat.tmp.1/2"), "staged");
    let created = take(&shelf(dir.path()), &root, None).expect("taken");
    assert_eq!((created.entry.artifact_count, created.same_as, created.left_out), (Some(3), None, vec![]));
    let (archive, out) = (shelf(dir.path()).archive(&created.entry), dir.path().join("out"));
    assert_eq!(unpack(&archive, "team", &out, &GO_ON).expect("unpacked").left_out, []);
    fs::remove_dir_all(root.join(".skillmeat.tmp.1")).expect("removed");
    let (want, found) = (files(&root), files(&out));
    assert_eq!(found, want);
    assert!(found.len() > 12 && found.contains_key(".git/HEAD"));
    let modified = |root: &Path| root.join("commands/review.md").metadata().expect("there").modified().expect("known");
    let apart = modified(&root).duration_since(modified(&out)).expect("later");
    assert!(apart.as_secs() < 1);
    let mode = archive.metadata().expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds the manifests, which are private");
}

#[test]
fn what_the_original_packed_is_read() {
    let worlds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/worlds/w1-mixed-states/home/.skillmeat");
    for (name, count) in [("default", 52), ("team", 22)] {
        let shelf = Shelf::of(&worlds, name).expect("a name");
        let listed = shelf.list().expect("read");
        assert_eq!((listed.entries.len(), listed.problems.len()), (1, 0));
        // Its path is that of another machine.
        let archive = shelf.archive(&listed.entries[0]);
        assert_eq!(archive.parent(), Some(shelf.directory()));
        let dir = tempfile::tempdir().expect("a directory");
        let out = dir.path().join("out");
        assert_eq!(unpack(&archive, name, &out, &GO_ON).expect("unpacked").left_out, []);
        let found = files(&out);
        assert_eq!(found.len(), count, "{name}");
        assert_eq!(found["collection.toml"].0, 0o600);
        let other = unpack(&archive, "other", &dir.path().join("2"), &GO_ON).expect_err("another name").to_string();
        assert!(other.contains("is not in 'other'"), "{other}");
    }
}

#[test]
fn an_archive_that_is_cut_off_or_changed_gives_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().join("team");
    collection(&root);
    let entry = take(&shelf(dir.path()), &root, None).expect("taken").entry;
    let archive = shelf(dir.path()).archive(&entry);
    let whole = fs::read(&archive).expect("read");
    let out = dir.path().join("out");
    let mut refused = 0;
    for at in (0..whole.len()).step_by(7) {
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        for bytes in [&whole[..at], &changed] {
            fs::write(&archive, bytes).expect("written");
            match unpack(&archive, "team", &out, &GO_ON) {
                Err(SnapshotError::Unusable { .. }) => refused += 1,
                // The gzip header has a time and a name that nothing checks.
                Ok(_) => {
                    assert_eq!(files(&out), files(&root), "byte {at}");
                    fs::remove_dir_all(&out).expect("removed");
                }
                Err(other) => panic!("byte {at}: {other}"),
            }
            assert!(!out.exists(), "byte {at}");
        }
    }
    assert!(refused > whole.len() / 7, "{refused}");
    fs::remove_file(&archive).expect("removed");
    assert!(matches!(unpack(&archive, "team", &out, &GO_ON), Err(SnapshotError::Gone { .. })));
}

#[test]
fn what_changes_while_it_is_packed_is_no_snapshot() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().join("team");
    collection(&root);
    let mut listing = Listing::of(&root).expect("listed");
    write(&root.join("skills/pdf/SKILL.md"), "longer than it was\n");
    let file = tempfile::tempfile().expect("a file");
    let mut watch = Watch { cancelled: &GO_ON, told: &mut |_, _| () };
    let packed = pack::write(&listing, "team", &file, "x", &mut watch);
    assert!(matches!(packed, Err(SnapshotError::Changed { path }) if path.ends_with("SKILL.md")));
    listing = Listing::of(&root).expect("listed");
    fs::remove_file(root.join("skills/pdf/SKILL.md")).expect("removed");
    let packed = pack::write(&listing, "team", &file, "x", &mut watch);
    assert!(matches!(packed, Err(SnapshotError::Changed { .. })));
}

#[test]
fn what_nobody_waits_for_any_more_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().join("team");
    collection(&root);
    let listing = Listing::of(&root).expect("listed");
    let total = listing.found.len() as u64;
    let mut seen = Vec::new();
    for stop in [0, total / 2, total] {
        let cancelled = AtomicBool::new(false);
        let mut told = |done, of| {
            seen.push((done, of));
            // Within the entry that is packed now, not only before the next one.
            cancelled.store(done == stop, std::sync::atomic::Ordering::Relaxed);
        };
        let mut watch = Watch { cancelled: &cancelled, told: &mut told };
        let taken = shelf(dir.path()).create(&listing, "m", NOW, None, &mut watch);
        let left = fs::read_dir(shelf(dir.path()).directory()).expect("made").count();
        if stop == total {
            assert!(taken.is_ok() && left == 2, "the archive and the list");
        } else {
            assert!(matches!(taken, Err(SnapshotError::Cancelled)), "{taken:?}");
            assert_eq!(left, 0, "{stop}");
        }
    }
    assert_eq!(seen.last(), Some(&(total - 1, total)));
    assert_eq!(seen.len() as u64, 1 + total / 2 + 1 + total);
}

#[test]
fn what_would_not_be_unpacked_again_is_not_packed() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().join("team");
    collection(&root);
    let hole = fs::File::create(root.join("skills/pdf/hole")).expect("created");
    hole.set_len(257 << 20).expect("a hole");
    let refused = take(&shelf(dir.path()), &root, None).expect_err("a bomb").to_string();
    assert!(refused.contains("packs so well"), "{refused}");
    assert_eq!(fs::read_dir(shelf(dir.path()).directory()).expect("made").count(), 0);
    hole.set_len(1 << 20).expect("a smaller one");
    take(&shelf(dir.path()), &root, None).expect("taken");
}

#[test]
fn which_links_stay_inside() {
    for (path, target, inside) in [
        ("a", "b", true),
        ("a", "./b//c/", true),
        ("x/a", "../b", true),
        ("x/y/a", "../../b", true),
        ("a", "../b", false),
        ("x/a", "../../b", false),
        ("a", "b/..", false),
        ("x/a", "../b/../c", false),
        ("a", "/etc/passwd", false),
        ("a", "", false),
    ] {
        let path = RelPath::new(path).expect("a path");
        assert_eq!(archive::stays_inside(&path, &target.into()), inside, "{path:?} -> {target}");
    }
}
