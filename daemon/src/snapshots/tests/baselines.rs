//! What was deployed is found again in a snapshot, if it is exactly that.

use super::*;
use crate::history::{History, RelPath, Scope, inspect};
use crate::snapshots::baseline::{Most, Search};
use skillmeat_protocol::hash::ContentHash;

fn hash(path: &Path) -> ContentHash {
    inspect(path, Scope::Counted, &GO_ON).expect("read").1.expect("no link").hash
}

/// A collection, what its skill and its command were one after the other, each in a snapshot of its own but for the last.
struct Past {
    dir: tempfile::TempDir,
    skills: Vec<ContentHash>,
    commands: Vec<ContentHash>,
    archives: Vec<PathBuf>,
}

fn past() -> Past {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().join("collections/team");
    write(&root.join("collection.toml"), "[collection]\nname = \"team\"\n");
    let mut past = Past { dir, skills: Vec::new(), commands: Vec::new(), archives: Vec::new() };
    for state in ["one", "two", "three"] {
        write(&root.join("skills/pdf/SKILL.md"), state);
        write(&root.join("skills/pdf/b/c.md"), state);
        write(&root.join("commands/review.md"), state);
        past.skills.push(hash(&root.join("skills/pdf")));
        past.commands.push(hash(&root.join("commands/review.md")));
        if state != "three" {
            let entry = take(&shelf(past.dir.path()), &root, None).expect("taken").entry;
            past.archives.push(shelf(past.dir.path()).archive(&entry));
        }
    }
    past
}

impl Past {
    fn history(&self) -> History {
        History::open(&self.dir.path().join("history.db"), NOW).expect("opened")
    }

    fn fetch(&self, search: &mut Search<'_>, path: &str, hash: ContentHash) -> bool {
        let path = RelPath::new(path).expect("a path");
        search.fetch(&[shelf(self.dir.path())], &path, hash, &GO_ON).expect("read")
    }
}

#[test]
fn directories_and_files_are_found_by_their_hashes() {
    let past = past();
    let history = past.history();
    let mut search = Search::new(&history, Most::default());
    for (path, hashes) in [("skills/pdf", &past.skills), ("commands/review.md", &past.commands)] {
        for (at, want) in hashes.iter().enumerate() {
            assert_eq!(past.fetch(&mut search, path, *want), at < 2, "{path} {at}");
            let known = history.by_recorded(*want).expect("read");
            assert_eq!(known.len(), usize::from(at < 2), "{path} {at}");
            for id in known {
                let out = past.dir.path().join(format!("out-{at}-{}", path.len()));
                history.materialise(id, &out).expect("written");
                assert_eq!(hash(&out), *want);
            }
        }
    }
    assert!(!past.fetch(&mut search, "skills/other", past.skills[0]), "elsewhere it is something else");
    assert!(!past.fetch(&mut search, "skills", past.skills[0]));
    history.verify(|_, _| true).expect("sound");
}

#[test]
fn a_snapshot_that_cannot_be_used_is_passed_over() {
    let past = past();
    let history = past.history();
    fs::write(&past.archives[1], "no archive").expect("written");
    let mut search = Search::new(&history, Most::default());
    assert!(!past.fetch(&mut search, "skills/pdf", past.skills[1]));
    assert!(past.fetch(&mut search, "skills/pdf", past.skills[0]));
    assert!(past.fetch(&mut search, "commands/review.md", past.commands[0]), "read once");
}

#[test]
fn not_more_is_read_than_may_be() {
    let past = past();
    let history = past.history();
    for (most, want) in [
        (Most { archives: 1, bytes: u64::MAX }, [false, true]),
        (Most { archives: 2, bytes: 1 }, [false, true]),
        (Most { archives: 0, bytes: u64::MAX }, [false, false]),
    ] {
        let mut search = Search::new(&history, most);
        let found = [0, 1].map(|at| past.fetch(&mut search, "skills/pdf", past.skills[at]));
        assert_eq!(found, want, "{most:?}");
    }
}
