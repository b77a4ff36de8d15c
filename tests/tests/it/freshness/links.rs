//! Links inside artifacts, and on the way to what is listed: what happens above or at their targets has no event at the
//! link.

use std::fs;
use std::os::unix::fs::symlink;

use skillmeat_protocol::drift::DriftState::*;
use skillmeat_tests::sandbox::{remove, write};

use super::Stage;

#[test]
fn links_inside_an_artifact() {
    let mut stage = Stage::new();
    let place = stage.sandbox.root.join("w/x");
    fs::create_dir_all(&place).expect("a directory of the sandbox");
    symlink(&place, stage.project.path("skill:pdf").join("shared.md")).expect("nothing is there");
    stage.expect("skill:pdf", InSync);
    fs::remove_dir(&place).expect("it is empty");
    write(&place, "a file where a directory was\n");
    stage.expect("skill:pdf", Modified);
    fs::rename(stage.sandbox.root.join("w"), stage.sandbox.root.join("v")).expect("a free name");
    stage.expect("skill:pdf", InSync);
}

#[test]
fn folders_that_are_links() {
    let mut stage = Stage::new();
    let (place, above) = (stage.sandbox.root.join("w/x"), stage.sandbox.root.join("w"));
    write(&place.join("c.md"), "a command\n");
    let folder = stage.project.claude().join("commands/deep");
    symlink(&place, &folder).expect("nothing is there");
    stage.expect("command:deep/c", Untracked);
    fs::rename(&above, stage.sandbox.root.join("v")).expect("a free name");
    stage.expect("command:deep/c", None);
    fs::rename(stage.sandbox.root.join("v"), &above).expect("it was moved");
    stage.expect("command:deep/c", Untracked);
    let other = stage.sandbox.root.join("other");
    write(&other.join("d.md"), "another\n");
    let new = folder.with_extension("new");
    symlink(&other, &new).expect("nothing is there");
    fs::rename(&new, &folder).expect("a link in the place of a link");
    stage.expect("command:deep/c", None);
    stage.expect("command:deep/d", Untracked);
    remove(&other.join("d.md"));
    stage.expect("command:deep/d", None);
}

#[test]
fn manifests_and_records_that_are_links() {
    let mut stage = Stage::new();
    let place = stage.sandbox.root.join("w");
    fs::create_dir(&place).expect("a directory of the sandbox");
    for (number, file) in [stage.collection.manifest(), stage.project.records()].iter().enumerate() {
        let real = place.join(number.to_string());
        fs::rename(file, &real).expect("a free name");
        symlink(&real, file).expect("it was moved");
    }
    stage.expect("skill:pdf", InSync);
    write(&place.join("0"), "[collection]\nname = \"default\"\n");
    stage.expect("skill:pdf", Removed);
    write(&place.join("1"), "");
    stage.expect("skill:pdf", Untracked);
}
