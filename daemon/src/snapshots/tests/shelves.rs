//! Lists of snapshots: what is added, found again, given up, and left alone.

use super::*;
use crate::library::snapshots::SnapshotEntry;

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("listed").map(|entry| entry.expect("read").file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().expect("text")).collect();
    names.sort();
    names
}

fn ids(shelf: &Shelf) -> Vec<String> {
    shelf.list().expect("read").entries.into_iter().map(|entry| entry.id).collect()
}

#[test]
fn nothing_is_packed_twice() {
    let dir = tempfile::tempdir().expect("a directory");
    let (root, shelf) = (dir.path().join("c"), shelf(dir.path()));
    collection(&root);
    let digest = || Listing::of(&root).expect("listed").digest();
    let again = |known: Option<(String, [u8; 32])>| take(&shelf, &root, known.as_ref()).expect("taken");
    let first = again(None);
    let size = |entry: &SnapshotEntry| shelf.archive(entry).metadata().expect("there").len();
    let inode = |entry: &SnapshotEntry| {
        use std::os::unix::fs::MetadataExt;
        shelf.archive(entry).metadata().expect("there").ino()
    };
    // Told by the archive, and by what is remembered of it.
    let second = again(None);
    let third = again(Some((second.entry.id.clone(), digest())));
    assert_eq!((&second.same_as, &third.same_as), (&Some(first.entry.id.clone()), &Some(second.entry.id.clone())));
    assert_eq!((inode(&second.entry), inode(&third.entry)), (inode(&first.entry), inode(&first.entry)));
    assert_eq!(third.entry.id, "20261121-081122-781488", "each microsecond once");
    let before = digest();
    write(&root.join("commands/review.md"), "REVIEW\n");
    let fourth = again(Some((third.entry.id.clone(), before)));
    assert_eq!(fourth.same_as, None);
    assert_eq!(shelf.delete(&[&first.entry.id, &third.entry.id]).expect("deleted"), []);
    assert_eq!(ids(&shelf), [fourth.entry.id.clone(), second.entry.id.clone()]);
    assert!(size(&second.entry) > 0, "it has a name of its own");
    assert_eq!(names(shelf.directory()).len(), 3);
}

#[test]
fn what_a_kill_left_is_removed_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a directory");
    let (root, shelf) = (dir.path().join("c"), shelf(dir.path()));
    collection(&root);
    let left = [".20261121-081122-781486.tar.gz.tmp", ".snapshots.toml.Ab3.tmp"];
    let others = ["20261121-081122-781486.tar.gz", "notes.txt", ".mine.tmp"];
    for name in left.iter().chain(&others) {
        write(&shelf.directory().join(name), "x");
    }
    let created = take(&shelf, &root, None).expect("taken");
    assert_eq!(created.entry.id, "20261121-081122-781487", "an archive that nobody lists is not written over");
    let mut want: Vec<String> = others.iter().map(ToString::to_string).collect();
    want.extend([format!("{}.tar.gz", created.entry.id), "snapshots.toml".to_owned()]);
    want.sort();
    assert_eq!(names(shelf.directory()), want);
}

#[test]
fn a_damaged_list_is_named_with_its_line_and_left_as_it_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let (root, shelf) = (dir.path().join("c"), shelf(dir.path()));
    collection(&root);
    let kept = take(&shelf, &root, None).expect("taken").entry;
    let list = shelf.directory().join("snapshots.toml");
    for (damage, line) in
        [(&b"[[snapshots]]\nid = \n"[..], 2), (b"x = 1\nsnapshots = 3\n", 2), (b"a = \"\xff\"\n", 1), (b"\0", 1)]
    {
        fs::write(&list, damage).expect("written");
        let before = names(shelf.directory());
        write(&root.join("commands/review.md"), &format!("{line}"));
        let errors = [
            shelf.list().map(drop).expect_err("damaged"),
            take(&shelf, &root, None).map(drop).expect_err("damaged"),
            shelf.delete(&[&kept.id]).map(drop).expect_err("damaged"),
        ];
        for error in errors.map(|error| error.to_string()) {
            assert!(error.contains(&format!("snapshots.toml:{line}: ")), "{error}");
        }
        assert_eq!((fs::read(&list).expect("read"), names(shelf.directory())), (damage.to_vec(), before));
    }
}

#[test]
fn a_list_names_nothing_that_is_removed() {
    let dir = tempfile::tempdir().expect("a directory");
    let shelf = shelf(dir.path());
    let precious = dir.path().join("precious");
    write(&precious, "x");
    let text = format!(
        "[[snapshots]]\nid = \"one\"\ntimestamp = \"2026-01-01T00:00:00\"\nmessage = \"\"\nartifact_count = 0\n\
         tarball_path = \"{0}\"\n\n[[snapshots]]\nid = \"../../precious\"\ntimestamp = \"2026-01-01T00:00:00\"\n\
         message = \"\"\nartifact_count = 0\ntarball_path = \"{0}\"\n",
        precious.display()
    );
    write(&shelf.directory().join("snapshots.toml"), &text);
    let listed = shelf.list().expect("read");
    assert_eq!((listed.entries.len(), listed.problems.len()), (1, 1));
    assert_eq!(shelf.archive(&listed.entries[0]), precious, "where the list says, to be read");
    shelf.delete(&["one", "../../precious"]).expect("deleted");
    assert!(precious.is_file());
    assert_eq!(fs::read_to_string(shelf.directory().join("snapshots.toml")).expect("read"), "snapshots = []\n");
}

#[test]
fn names_of_shelves_lead_nowhere_else() {
    let dir = tempfile::tempdir().expect("a directory");
    for bad in ["", "..", "../x", "a/b", ".hidden", "a\\b", "a\0"] {
        assert!(matches!(Shelf::of(dir.path(), bad), Err(SnapshotError::Name { .. })), "{bad:?}");
    }
    assert_eq!(super::super::shelves(dir.path()).expect("none"), Vec::<String>::new());
    for name in ["b", "a", ".x"] {
        fs::create_dir_all(dir.path().join("snapshots").join(name)).expect("made");
    }
    assert_eq!(super::super::shelves(dir.path()).expect("listed"), ["a", "b"]);
    assert!(PathBuf::from(shelf(dir.path()).directory()).ends_with("snapshots/team"));
}
