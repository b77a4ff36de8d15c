//! Listings of real directories.

use super::*;
use crate::scan::testing::{Disk, fifo, link};

fn listed(disk: &Disk) -> (Vec<(String, PathBuf)>, Vec<PathBuf>) {
    let mut listing = Listing::new(&disk.watches);
    let mut found = BTreeMap::new();
    listing.containers(&disk.root, &mut found);
    let found = found
        .into_iter()
        .map(|(key, path)| (key.to_string(), path.strip_prefix(&disk.root).map(Path::to_owned).unwrap_or(path)));
    (found.collect(), listing.directories)
}

#[test]
fn folders_of_commands_are_entered_as_deep_as_names_may_nest() {
    let disk = Disk::new();
    disk.write("commands/1/2/3/deep.md", "x");
    disk.write("commands/1/2/3/4/deeper.md", "x");
    disk.write("commands/whole/command.md", "x");
    disk.write("commands/whole/part.md", "x");
    let (found, directories) = listed(&disk);
    let names: Vec<_> = found.iter().map(|(key, _)| &**key).collect();
    assert_eq!(names, ["command:1/2/3/deep", "command:whole"]);
    // It is one artifact only as long as its manifest is there.
    assert!(directories.contains(&disk.at("commands/whole")));
    std::fs::remove_file(disk.at("commands/whole/command.md")).expect("there");
    let names: Vec<_> = listed(&disk).0.into_iter().map(|(key, _)| key).collect();
    assert_eq!(names, ["command:1/2/3/deep", "command:whole/part"]);
}

#[test]
fn names_are_sorted_and_links_are_what_they_lead_to() {
    let disk = Disk::new();
    disk.write("b/f", "x");
    disk.write("a", "x");
    link("b", &disk.at("c"));
    link("a", &disk.at("d"));
    link("nowhere", &disk.at("e"));
    link("f", &disk.at("f"));
    fifo(&disk.at("g"));
    let entries = |dir: &Path| {
        let entries = Listing::new(&disk.watches).entries(dir, |name| name != "b");
        entries.into_iter().map(|l| (l.name.into_string().expect("UTF-8"), l.kind)).collect::<Vec<_>>()
    };
    let (file, directory) = (Some(TreeKind::File), Some(TreeKind::Directory));
    let want = [("a", file), ("c", directory), ("d", file), ("e", None), ("f", file), ("g", file)];
    assert_eq!(entries(&disk.root), want.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!(entries(&disk.at("a")), []);
}

#[test]
fn names_that_nothing_can_be_called_by_are_told() {
    use std::os::unix::ffi::OsStrExt;
    let disk = Disk::new();
    for name in ["ok", "a\nb", "a\x01", "a..b", "a\\b", ".hidden", ".DS_Store", "CON", "x.", "-rf", " s ", "*"] {
        std::fs::create_dir(disk.mkdir("skills").join(name)).expect("made");
    }
    std::fs::create_dir(disk.at("skills").join(std::ffi::OsStr::from_bytes(b"caf\xe9"))).expect("made");
    disk.write("skills/no\nskill", "a file in skills is nothing");
    disk.write("commands/c\nc.md", "x");
    disk.write("commands/n\n.txt", "nothing");
    let mut listing = Listing::new(&disk.watches);
    let mut found = BTreeMap::new();
    listing.containers(&disk.root, &mut found);
    let names: Vec<_> = found.keys().map(|key| key.name.as_str()).collect();
    assert_eq!(names, [" s ", "*", "-rf", "CON", "ok", "x."]);
    let mut told: Vec<_> = listing.problems.iter().filter_map(|p| p.file.strip_prefix(disk.root.to_str()?)).collect();
    told.sort_unstable();
    let want =
        ["/commands/c\nc.md", "/skills/a\x01", "/skills/a\nb", "/skills/a..b", "/skills/a\\b", "/skills/caf\\xE9"];
    assert_eq!(told, want);
}

#[test]
fn containers_and_folders_that_lead_back_are_told_and_not_listed() {
    let disk = Disk::new();
    disk.write("commands/c.md", "x");
    link(".", &disk.at("commands/loop"));
    link("/", &disk.at("commands/all"));
    link("..", &disk.at("skills"));
    link("/", &disk.at("agents"));
    let mut listing = Listing::new(&disk.watches);
    let mut found = BTreeMap::new();
    listing.containers(&disk.root, &mut found);
    assert_eq!(found.keys().map(ToString::to_string).collect::<Vec<_>>(), ["command:c"]);
    assert_eq!(listing.problems.len(), 4, "{:?}", listing.problems);
    assert_eq!(listing.directories, [disk.at("commands")]);
}

#[test]
fn one_artifact_under_two_spellings_counts_once_and_always_the_same() {
    let disk = Disk::new();
    disk.write("mcps/db/x.json", "x");
    disk.write("mcp/db.json", "x");
    disk.write("hooks/h/hook.sh", "x");
    let (found, _) = listed(&disk);
    assert_eq!(found, [("hook:h".into(), "hooks/h".into()), ("mcp:db".into(), PathBuf::from("mcp/db.json"))]);
}

#[test]
fn a_folder_that_is_a_link_is_listed_where_it_really_is() {
    let disk = Disk::new();
    let z = disk.write("w/x/deep/z.md", "x");
    link("hop", &disk.at("commands/folder"));
    link(disk.at("w/x/deep"), &disk.at("commands/hop"));
    link(disk.at("w/x/none"), &disk.at("skills/s"));
    link(disk.at("w/file"), &disk.at("skills/t"));
    disk.write("w/file", "no skill, as long as it is a file");
    let mut listing = Listing::new(&disk.watches);
    let mut found = BTreeMap::new();
    listing.containers(&disk.root, &mut found);
    let found: Vec<_> = found.into_iter().map(|(key, path)| (key.to_string(), path)).collect();
    assert_eq!(found, [("command:folder/z".into(), z.clone()), ("command:hop/z".into(), z)]);
    let passed = listing.finish();
    for place in ["w", "w/x", "commands/hop", "w/x/none", "w/file"] {
        assert!(passed.contains(&disk.at(place)), "{place} decides it");
    }
    for dir in ["w", "w/x", "w/x/deep"] {
        assert!(disk.is_watched(&disk.at(dir)), "{dir}");
    }
    assert!(listing.directories.contains(&disk.at("w/x/deep")) && !passed.contains(&disk.at("w/x/deep")));
}

#[test]
fn a_manifest_that_is_a_link_decides_what_its_directory_is() {
    let disk = Disk::new();
    disk.write("commands/c/part.md", "x");
    link(disk.at("w/command.md"), &disk.at("commands/c/command.md"));
    let mut listing = Listing::new(&disk.watches);
    listing.containers(&disk.root, &mut BTreeMap::new());
    assert!(listing.finish().contains(&disk.at("w/command.md")), "it may come");
    disk.touched();
    disk.write("w/command.md", "x");
    assert!(disk.touched().contains(&disk.at("w")), "and is heard");
}
