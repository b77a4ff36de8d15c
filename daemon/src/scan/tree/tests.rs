//! Looks at real artifacts in a temporary directory.

use super::*;
use crate::scan::testing::{Disk, fifo, link as symlink};

struct Look<'a> {
    disk: &'a Disk,
    look: super::Look,
    known: Option<Known>,
    wants: Wants,
    most: u64,
}

impl<'a> Look<'a> {
    fn read(disk: &'a Disk) -> Self {
        Self { disk, look: super::Look::Read, known: None, wants: Wants::Version, most: u64::MAX }
    }

    fn verify(disk: &'a Disk, info: &TreeInfo) -> Self {
        // Whether stamps are believed must not depend on how fast a test is.
        let known = Some(Known { fingerprint: info.fingerprint, racy: false });
        Self { look: super::Look::Verify, known, ..Self::read(disk) }
    }

    fn at(&self, path: &str) -> Finding {
        let path = self.disk.at(path);
        let request = TreeRequest {
            path: &path,
            guard: &self.disk.at("guard"),
            artifact: ArtifactType::Skill,
            look: self.look,
            known: self.known,
            names: None,
            wants: self.wants,
            fence: &link::Fence::default(),
            most: self.most,
        };
        scan(&request, &self.disk.watches, &self.disk.metrics, &mut Buffer::default()).0
    }

    fn tree(&self, path: &str) -> Tree {
        match self.at(path) {
            Finding::Tree(finding) => finding.tree,
            other => panic!("{path}: {other:?}"),
        }
    }

    fn info(&self, path: &str) -> Arc<TreeInfo> {
        match self.tree(path) {
            Tree::Present(info) => info,
            other => panic!("{path}: {other:?}"),
        }
    }
}

fn world() -> Disk {
    let disk = Disk::new();
    disk.mkdir("guard");
    disk
}

fn sha(bytes: &str) -> ContentHash {
    ContentHash(Sha256::digest(bytes).into())
}

#[test]
fn ignored_files_have_a_hash_of_their_own() {
    let disk = world();
    disk.write("s/SKILL.md", "x");
    let clean = Look::read(&disk).info("s");
    assert_eq!((clean.hash, clean.hash_with_ignored), (sha("SKILL.mdx"), None));
    disk.write("s/.DS_Store", "junk");
    disk.write("s/__pycache__/a.md", "y");
    let dirty = Look::read(&disk).info("s");
    assert_eq!(dirty.hash, clean.hash);
    assert_eq!(dirty.hash_with_ignored, Some(sha(".DS_StorejunkSKILL.mdx__pycache__/a.mdy")));
    assert_eq!((dirty.file_count, dirty.total_size), (1, 1));
    assert_ne!(dirty.fingerprint, clean.fingerprint);
}

#[test]
fn equal_stamps_are_believed_when_verified_and_never_when_something_happened() {
    let disk = world();
    disk.write("s/SKILL.md", "x");
    let info = Look::read(&disk).info("s");
    assert!(info.racy, "it is younger than two seconds");
    let files_read = || disk.metrics.files_read.load(Ordering::Relaxed);
    let before = files_read();
    assert!(matches!(Look::verify(&disk, &info).at("s"), Finding::Unchanged { metadata: None, .. }));
    assert_eq!(files_read(), before);
    let racy = Some(Known { fingerprint: info.fingerprint, racy: true });
    assert!(matches!(Look { known: racy, ..Look::verify(&disk, &info) }.at("s"), Finding::Tree(_)));
    assert!(matches!(Look { look: super::Look::Read, ..Look::verify(&disk, &info) }.at("s"), Finding::Tree(_)));
    assert_eq!(files_read(), before + 2);
    disk.write("s/SKILL.md", "yy");
    assert_eq!(Look::verify(&disk, &info).info("s").hash, sha("SKILL.mdyy"));
}

#[test]
fn declared_metadata_comes_along_also_when_nothing_is_read() {
    let disk = world();
    disk.write("s/SKILL.md", "---\ndescription: d\nversion: 1.2\n---\n");
    let read = Look { wants: Wants::Metadata, ..Look::read(&disk) };
    let Finding::Tree(finding) = read.at("s") else { panic!("it is there") };
    let Tree::Present(info) = &finding.tree else { panic!("it is there") };
    assert_eq!(info.version.as_deref(), Some("1.2"));
    let Finding::Unchanged { metadata, .. } = (Look { wants: Wants::Metadata, ..Look::verify(&disk, info) }).at("s")
    else {
        panic!("nothing changed")
    };
    assert_eq!((metadata, finding.metadata.and_then(|m| m.version).as_deref()), {
        let again = Metadata { version: Some("1.2".into()), description: Some("d".into()), ..Metadata::default() };
        (Some(again), Some("1.2"))
    });
}

#[test]
fn what_is_there_and_cannot_be_known_is_unreadable_and_never_absent() {
    let disk = world();
    fifo(&disk.at("fifo"));
    symlink("loop", &disk.at("loop"));
    disk.write("deep/SKILL.md", "x");
    disk.mkdir(&format!("deep/{}", vec!["d"; 130].join("/")));
    for (path, why) in [("fifo", "neither a file nor a directory"), ("loop", "loop"), ("deep", "128 levels")] {
        let Tree::Unreadable { message } = Look::read(&disk).tree(path) else { panic!("{path}") };
        assert!(message.contains(why) && message.contains(&*disk.at(path).to_string_lossy()), "{message}");
    }
}

#[test]
fn a_fifo_that_nobody_writes_to_does_not_block_the_look() {
    let disk = world();
    disk.write("s/SKILL.md", "x");
    fifo(&disk.at("s/fifo"));
    symlink("fifo", &disk.at("s/link.md"));
    assert_eq!(Look::read(&disk).info("s").file_count, 1);
}

#[test]
fn an_artifact_that_is_a_link_is_what_it_leads_to() {
    let disk = world();
    disk.write("real/SKILL.md", "x");
    let file = disk.write("real.md", "y");
    symlink(disk.at("real"), &disk.at("s"));
    symlink(&file, &disk.at("c.md"));
    symlink(disk.at("s"), &disk.at("twice"));
    symlink("nowhere", &disk.at("dangling"));
    let info = Look::read(&disk).info("s");
    assert_eq!((info.kind, info.hash), (TreeKind::Directory, sha("SKILL.mdx")));
    assert_eq!(info.linked, [disk.at("real")]);
    let info = Look::read(&disk).info("c.md");
    assert_eq!((info.kind, info.hash, &info.linked[..]), (TreeKind::File, sha("y"), &[file][..]));
    assert_eq!(Look::read(&disk).info("twice").hash, sha("SKILL.mdx"));
    assert_eq!(Look::read(&disk).tree("dangling"), Tree::Absent);
    assert!(disk.is_watched(&disk.at("real")));
}

#[test]
fn files_that_links_lead_to_are_watched() {
    let disk = world();
    disk.write("s/SKILL.md", "x");
    let shared = disk.write("elsewhere/shared.md", "y");
    symlink(&shared, &disk.at("s/shared.md"));
    assert_eq!(Look::read(&disk).info("s").linked, [disk.at("s"), shared]);
    assert!(disk.is_watched(&disk.at("elsewhere")) && disk.is_watched(&disk.at("s")));
}

#[test]
fn without_its_guard_nothing_is_said_of_an_absent_artifact() {
    let disk = world();
    assert_eq!(Look::read(&disk).tree("s"), Tree::Absent);
    std::fs::remove_dir(disk.at("guard")).expect("empty");
    assert!(matches!(Look::read(&disk).at("s"), Finding::RootGone));
    disk.write("s/SKILL.md", "behind a link that went with the guard");
    assert!(matches!(Look::read(&disk).at("s"), Finding::RootGone));
    std::fs::remove_dir_all(disk.at("s")).expect("ours");
    disk.write("file", "x");
    disk.mkdir("guard");
    assert_eq!(Look::read(&disk).tree("file/below"), Tree::Absent);
}

#[test]
fn a_mode_is_no_drift() {
    use std::os::unix::fs::PermissionsExt;
    let disk = world();
    let file = disk.write("s/run.sh", "x");
    let plain = Look::read(&disk).info("s");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    let executable = Look::verify(&disk, &plain).info("s");
    assert_eq!(executable.hash, plain.hash);
}

#[test]
fn what_does_not_hold_still_is_taken_as_it_is_when_somebody_waits() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let disk = world();
    let file = disk.write("s/SKILL.md", vec![b'0'; 100_000]);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Of equal length, so that only times tell of it.
            for n in (b'0'..=b'9').cycle().take_while(|_| !stop.load(Ordering::Relaxed)) {
                use std::io::Write;
                let mut file = std::fs::File::options().write(true).open(&file).expect("there");
                file.write_all(&[n; 100_000]).expect("written");
            }
        });
        let as_it_is = Look { look: super::Look::AsItIs, ..Look::read(&disk) };
        let found: Vec<_> = (0..50).map(|_| as_it_is.at("s")).collect();
        stop.store(true, Ordering::Relaxed);
        assert!(found.iter().all(|finding| matches!(finding, Finding::Tree(_))), "{found:?}");
    });
    let settled = Look::read(&disk).info("s");
    assert_eq!(Look { look: super::Look::AsItIs, ..Look::read(&disk) }.info("s"), settled, "it holds still");
}

#[test]
fn a_link_to_a_home_or_to_what_holds_the_artifact_is_refused_unread() {
    let disk = world();
    disk.write("guard/skills/good/SKILL.md", "x");
    disk.write("elsewhere/SKILL.md", "x");
    for (name, target) in [("root", "/".into()), ("back", disk.at("guard")), ("above", disk.root.clone())] {
        symlink(&target, &disk.at(&format!("guard/skills/{name}")));
        let Tree::Unreadable { message } = Look::read(&disk).tree(&format!("guard/skills/{name}")) else {
            panic!("{name} was read")
        };
        assert!(message.contains(&format!("skills/{name} leads to {}, and that", target.display())), "{message}");
    }
    symlink(disk.at("elsewhere"), &disk.at("guard/skills/link"));
    for good in ["good", "link"] {
        assert_eq!(Look::read(&disk).info(&format!("guard/skills/{good}")).file_count, 1);
    }
    assert!(!disk.is_watched(Path::new("/")));
}

#[test]
fn what_is_larger_than_asked_for_is_not_read() {
    let disk = world();
    disk.write("guard/s/SKILL.md", "12345");
    disk.write("guard/s/more", "12345");
    assert!(matches!(Look { most: 9, ..Look::read(&disk) }.at("guard/s"), Finding::Large));
    assert_eq!(disk.metrics.bytes_hashed.load(Ordering::Relaxed), 0);
    let info = Look { most: 10, ..Look::read(&disk) }.info("guard/s");
    // What need not be read is of any size.
    assert!(matches!(Look { most: 0, ..Look::verify(&disk, &info) }.at("guard/s"), Finding::Unchanged { .. }));
}

#[test]
fn the_same_files_on_another_way_are_listened_to_there() {
    let disk = world();
    disk.write("real/SKILL.md", "x");
    symlink("real", &disk.at("one"));
    symlink("real", &disk.at("other"));
    symlink("one", &disk.at("s"));
    let before = Look::read(&disk).info("s");
    std::fs::remove_file(disk.at("s")).expect("a link");
    symlink("other", &disk.at("s"));
    let after = Look::read(&disk).info("s");
    assert_eq!(before.hash, after.hash);
    assert_ne!(before.fingerprint, after.fingerprint, "or a comparison by stamps would keep the old way");
    assert_eq!(after.linked, [disk.at("real"), disk.at("other")]);
}
