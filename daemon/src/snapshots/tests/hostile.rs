//! Archives that nobody should have made.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use tar::{EntryType, Header};

/// One raw entry: kind, path as it stands in the header, link, content.
type Raw<'a> = (EntryType, &'a [u8], &'a [u8], &'a [u8]);

const DIR: EntryType = EntryType::Directory;
const FILE: EntryType = EntryType::Regular;
const LINK: EntryType = EntryType::Symlink;
const HARD: EntryType = EntryType::Link;

fn header(kind: EntryType, path: &[u8], link: &[u8], size: u64) -> Header {
    let mut header = Header::new_gnu();
    // Past the checks of the library: it is what is to be checked here.
    let bytes = header.as_mut_bytes();
    bytes[..path.len()].copy_from_slice(path);
    bytes[157..157 + link.len()].copy_from_slice(link);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o6777);
    header.set_mtime(0);
    header.set_cksum();
    header
}

fn archive(path: &Path, entries: &[Raw<'_>]) {
    let mut tar = Vec::new();
    for (kind, path, link, content) in entries {
        tar.extend_from_slice(header(*kind, path, link, content.len() as u64).as_bytes());
        tar.extend_from_slice(content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    packed(path, &tar);
}

fn packed(path: &Path, tar: &[u8]) {
    let mut gzip = GzEncoder::new(fs::File::create(path).expect("created"), Compression::fast());
    gzip.write_all(tar).and_then(|()| gzip.finish().map(drop)).expect("packed");
}

/// What unpacking an archive of these entries behind the root leads to. Nothing may appear beside `out`.
fn tried(entries: &[Raw<'_>]) -> Result<(Files, Vec<String>), String> {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, inner) = (dir.path().join("x.tar.gz"), dir.path().join("inner"));
    fs::create_dir(&inner).expect("made");
    let mut all: Vec<Raw<'_>> = vec![(DIR, b"team/", b"", b"")];
    all.extend_from_slice(entries);
    archive(&path, &all);
    let out = inner.join("out");
    let left = unpack(&path, "team", &out, &GO_ON).map_err(|error| error.to_string());
    let beside = |directory: &Path| fs::read_dir(directory).expect("listed").count();
    assert_eq!((beside(dir.path()), beside(&inner)), (2, usize::from(left.is_ok())));
    let left = left?.left_out.into_iter().map(|(path, _)| path.as_os_str().to_string_lossy().into_owned()).collect();
    Ok((files(&out), left))
}

#[test]
fn what_no_collection_holds_is_refused_as_a_whole() {
    let outside = format!("/tmp/{}", "outside-of-everything");
    let long = vec![b'x'; 70_000];
    let deep = [b"team/".to_vec(), b"d/".repeat(140), b"x".to_vec()].concat();
    let table: Vec<(&str, Vec<Raw<'_>>, &str)> = vec![
        ("absolute", vec![(FILE, outside.as_bytes(), b"", b"x")], "leads elsewhere"),
        ("above", vec![(FILE, b"../x", b"", b"x")], "leads elsewhere"),
        ("up and out", vec![(FILE, b"team/../../x", b"", b"x")], "leads elsewhere"),
        ("up and in", vec![(FILE, b"team/a/../x", b"", b"x")], "leads elsewhere"),
        ("dots", vec![(FILE, b"team/./x", b"", b"x")], "leads elsewhere"),
        ("two separators", vec![(FILE, b"team//x", b"", b"x")], "leads elsewhere"),
        ("no name", vec![(FILE, b"", b"", b"x")], "leads elsewhere"),
        ("another root", vec![(FILE, b"teams/x", b"", b"x")], "is not in 'team'"),
        ("the root a file", vec![(FILE, b"team", b"", b"x")], "no directory"),
        ("the root a link", vec![(LINK, b"team", b"/tmp", b"")], "no directory"),
        ("through a link", vec![(LINK, b"team/a", b"b", b""), (FILE, b"team/a/x", b"", b"x")], "through what is no"),
        ("through one left out", vec![(LINK, b"team/a", b"/tmp", b""), (FILE, b"team/a/x", b"", b"x")], "through"),
        ("through a file", vec![(FILE, b"team/a", b"", b"x"), (FILE, b"team/a/x", b"", b"x")], "through"),
        ("over a link", vec![(LINK, b"team/a", b"b", b""), (FILE, b"team/a", b"", b"x")], "twice"),
        ("over a file", vec![(FILE, b"team/a", b"", b"x"), (LINK, b"team/a", b"b", b"")], "twice"),
        ("over a directory", vec![(FILE, b"team/a/x", b"", b"x"), (FILE, b"team/a", b"", b"x")], "twice"),
        ("another name of what is outside", vec![(HARD, b"team/a", b"/etc/passwd", b"")], "leads elsewhere"),
        ("another name of what is above", vec![(HARD, b"team/a", b"team/../x", b"")], "leads elsewhere"),
        ("another name of nothing", vec![(HARD, b"team/a", b"team/b", b"")], "no file before it"),
        (
            "another name of a link",
            vec![(LINK, b"team/l", b"b", b""), (HARD, b"team/a", b"team/l", b"")],
            "no file before it",
        ),
        ("a name without end", vec![(EntryType::GNULongName, b"././@LongLink", b"", &long)], "longer than"),
        ("records without end", vec![(EntryType::XHeader, b"x", b"", &long)], "longer than"),
        ("sparse", vec![(EntryType::GNUSparse, b"team/x", b"", b"")], "of a kind"),
        ("a record of another size", vec![(EntryType::XHeader, b"x", b"", b"10 size=9\n")], "of a kind"),
        ("a record of holes", vec![(EntryType::XHeader, b"x", b"", b"22 GNU.sparse.major=1\n")], "of a kind"),
        ("a record that is none", vec![(EntryType::XHeader, b"x", b"", b"nonsense")], "damaged"),
        (
            "a long name that leads out",
            vec![(EntryType::GNULongName, b"././@LongLink", b"", b"../../x\0"), (FILE, b"team/x", b"", b"x")],
            "leads elsewhere",
        ),
        (
            "a record that leads out",
            vec![(EntryType::XHeader, b"x", b"", b"16 path=/etc/xy\n"), (FILE, b"team/x", b"", b"x")],
            "leads elsewhere",
        ),
        (
            "a link that no path can be",
            vec![(EntryType::GNULongLink, b"l", b"", b"a\0b\0"), (EntryType::Symlink, b"team/x", b"", b"")],
            "can be no path",
        ),
        ("too deep", vec![(EntryType::GNULongName, b"l", b"", &deep), (FILE, b"team/x", b"", b"x")], "deeper than"),
        ("a kind that nobody knows", vec![(EntryType::new(b'Z'), b"team/x", b"", b"")], "of a kind"),
    ];
    for (what, entries, why) in table {
        let refused = tried(&entries).expect_err(what);
        assert!(refused.contains(why) && refused.contains("nothing of it"), "{what}: {refused}");
    }
}

#[test]
fn what_cannot_be_put_back_is_left_out_and_told() {
    let (found, left) = tried(&[
        (FILE, b"team/a", b"", b"a"),
        (EntryType::Char, b"team/null", b"", b""),
        (EntryType::Block, b"team/disk", b"", b""),
        (EntryType::Fifo, b"team/pipe", b"", b""),
        (LINK, b"team/passwd", b"/etc/passwd", b""),
        (LINK, b"team/d/up", b"../../x", b""),
        (LINK, b"team/d/in", b"../a", b""),
        (HARD, b"team/again", b"team/a", b""),
    ])
    .expect("the rest");
    let text = |text: &str| text.to_owned();
    let want = [
        ("a", (0o777, text("a"))),
        ("again", (0o777, text("a"))),
        ("d", (0o755, text("/"))),
        ("d/in", (0, text("-> ../a"))),
    ];
    let mut found = found;
    found.get_mut("d").expect("made").0 = 0o755;
    assert_eq!(found, want.into_iter().map(|(path, what)| (path.to_owned(), what)).collect());
    assert_eq!(left, ["null", "disk", "pipe", "passwd", "d/up"]);
}

#[test]
fn what_unpacks_to_far_more_than_its_size_explains_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("bomb.tar.gz");
    let mut gzip = GzEncoder::new(fs::File::create(&path).expect("created"), Compression::best());
    let size = 30_u64 << 20;
    let zeros = vec![0; 1 << 20];
    let pack = |gzip: &mut GzEncoder<fs::File>, bytes: &[u8]| gzip.write_all(bytes).expect("packed");
    pack(&mut gzip, header(DIR, b"team/", b"", 0).as_bytes());
    pack(&mut gzip, header(FILE, b"team/zeros", b"", size).as_bytes());
    (0..30).for_each(|_| pack(&mut gzip, &zeros));
    gzip.finish().expect("packed");
    let mut read = 0;
    let most = archive::Most { always: 1 << 20, expansion: 200 };
    let refused = archive::each_within::<SnapshotError>(most, &path, "team", &GO_ON, |_, _, member| {
        if let archive::Member::File { bytes, .. } = member {
            let mut room = vec![0; 1 << 20];
            while let Ok(n @ 1..) = bytes.read(&mut room) {
                read += n as u64;
            }
        }
        Ok(())
    });
    let refused = refused.expect_err("a bomb").to_string();
    assert!(refused.contains("far more than its size explains"), "{refused}");
    assert!(read < size, "{read}");
}

#[test]
fn what_is_no_archive_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, out) = (dir.path().join("x.tar.gz"), dir.path().join("out"));
    for (what, bytes) in [("nothing", &b""[..]), ("text", b"not an archive"), ("half a header", b"\x1f\x8b")] {
        fs::write(&path, bytes).expect("written");
        assert!(matches!(unpack(&path, "team", &out, &GO_ON), Err(SnapshotError::Unusable { .. })), "{what}");
    }
    packed(&path, &[0; 1024]);
    let refused = unpack(&path, "team", &out, &GO_ON).expect_err("empty").to_string();
    assert!(refused.contains("no collection 'team'"), "{refused}");
    packed(&path, &[b'x'; 2048]);
    assert!(unpack(&path, "team", &out, &GO_ON).is_err(), "no tar");
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("made");
    assert!(matches!(unpack(&path, "team", &out, &GO_ON), Err(SnapshotError::Unusable { .. })), "a directory");
}
