//! Archives, and shelves of them: back and forth, and what is refused.

mod archives;
mod baselines;
mod hostile;
mod shelves;

use super::*;
use crate::model::Timestamp;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

const NOW: Timestamp = Timestamp(1_795_248_682_781_486);
static GO_ON: AtomicBool = AtomicBool::new(false);

type Files = BTreeMap<String, (u32, String)>;

/// Every path below a directory, with its mode and content, or where it leads.
fn files(root: &Path) -> Files {
    let mut found = Files::new();
    for Found { relative, path, kind, stamp, .. } in Listing::of(root).expect("listed").found {
        let content = match kind {
            FoundKind::File => fs::read_to_string(&path).expect("text"),
            FoundKind::Link(to) => format!("-> {}", to.display()),
            FoundKind::Directory => "/".to_owned(),
        };
        let mode = if content.starts_with("->") { 0 } else { stamp.mode };
        found.insert(relative.as_os_str().to_string_lossy().into_owned(), (mode, content));
    }
    found
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("it has one")).expect("made");
    fs::write(path, text).expect("written");
}

/// A collection with one of everything.
fn collection(root: &Path) {
    write(&root.join("collection.toml"), "[collection]\nname = \"team\"\n");
    write(&root.join("skills/pdf/SKILL.md"), "pdf\n");
    write(&root.join("skills/pdf/scripts/run.sh"), "run\n");
    write(&root.join(format!("skills/pdf/{}.md", "long".repeat(40))), "long\n");
    write(&root.join("commands/review.md"), "review\n");
    write(&root.join(".git/HEAD"), "ref\n");
    fs::create_dir_all(root.join("agents/empty")).expect("made");
    let mode = |path: &str, mode| {
        fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).expect("set");
    };
    mode("collection.toml", 0o600);
    mode("skills/pdf/scripts/run.sh", 0o755);
    symlink("../pdf/SKILL.md", root.join("skills/pdf/link")).expect("made");
    symlink(format!("{}/x", "deep".repeat(60)), root.join("skills/pdf/far")).expect("made");
}

/// A snapshot of what is at `root` now.
fn take(shelf: &Shelf, root: &Path, known: Option<&(String, [u8; 32])>) -> Result<Created, SnapshotError> {
    let listing = Listing::of(root)?;
    let mut watch = Watch { cancelled: &GO_ON, told: &mut |_, _| () };
    let same = shelf.same(&listing, known, &mut watch)?;
    shelf.create(&listing, "m", NOW, same, &mut watch)
}

fn shelf(home: &Path) -> Shelf {
    Shelf::of(home, "team").expect("a name")
}
