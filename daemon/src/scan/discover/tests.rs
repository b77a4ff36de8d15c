//! Searches over small trees.

use super::*;
use std::fs;

const RECORDS: &str = "[[deployed]]\nartifact_name = \"a\"\nartifact_type = \"skill\"\n\
                       [[deployed]]\nartifact_name = \"b\"\nartifact_type = \"skill\"\n";
const PLANNED: &str = "[[artifacts]]\nname = \"a\"\ntype = \"skill\"\n";

/// A tree; names that end in `/` are directories, the rest are files.
struct Trees(tempfile::TempDir);

impl Trees {
    fn new(names: &[(&str, &str)]) -> Self {
        let trees = Self(tempfile::tempdir().expect("a temporary directory"));
        for (name, content) in names {
            let path = trees.root().join(name);
            if name.ends_with('/') {
                fs::create_dir_all(path).expect("made");
            } else {
                fs::create_dir_all(path.parent().expect("below the root")).expect("made");
                fs::write(path, content).expect("written");
            }
        }
        trees
    }

    fn root(&self) -> PathBuf {
        self.0.path().canonicalize().expect("a real path")
    }

    fn search(&self, depth: u32) -> DiscoverReply {
        let search = Search { root: self.root(), depth };
        discover(&search, &|_| false, &mut |_| {}, &AtomicBool::new(false))
    }

    /// Path below the root, profile roots, deployments.
    fn found(&self, depth: u32) -> Vec<(String, String, u32)> {
        let reply = self.search(depth);
        assert_eq!(reply.problems, []);
        let root = self.root();
        let below = |path: &str| Path::new(path).strip_prefix(&root).expect("below").display().to_string();
        reply.projects.iter().map(|p| (below(&p.path), p.roots.join(" "), p.deployments)).collect()
    }
}

#[test]
fn what_makes_a_project() {
    for (files, want) in [
        (&[("p/.claude/", "")][..], None),
        (&[("p/.claude/todos/x.json", ""), ("p/.claude/skills", "a file")], None),
        (&[("p/.claude/skills/", "")], Some((".claude", 0))),
        (&[("p/.claude/settings.local.json", "{}")], Some((".claude", 0))),
        (&[("p/.claude/.skillmeat-deployed.toml", RECORDS)], Some((".claude", 2))),
        (&[("p/.claude/.skillmeat-deployed.toml", "")], Some((".claude", 0))),
        (&[("p/.claude/deployment.toml", PLANNED)], Some((".claude", 1))),
        (
            &[("p/.claude/.skillmeat-deployed.toml", RECORDS), ("p/.claude/deployment.toml", PLANNED)],
            Some((".claude", 2)),
        ),
        (&[("p/.codex/deployment.toml", PLANNED)], None),
        (&[("p/.windsurf/skills/", "")], None),
        (&[("p/.vscode/settings.json", "{}")], None),
        (&[("p/.git/.skillmeat-deployed.toml", RECORDS)], None),
        (
            &[
                ("p/.windsurf/.skillmeat-deployed.toml", RECORDS),
                ("p/.codex/.skillmeat-deployed.toml", RECORDS),
                ("p/.cursor/rules/x.md", ""),
            ],
            Some((".codex .cursor .windsurf", 4)),
        ),
        (&[("p/claude/.skillmeat-deployed.toml", RECORDS)], None),
    ] {
        let want: Vec<_> = want.into_iter().map(|(roots, n)| ("p".to_owned(), roots.to_owned(), n)).collect();
        assert_eq!(Trees::new(files).found(1), want, "{files:?}");
    }
}

#[test]
fn depth_counts_from_the_root() {
    let trees = Trees::new(&[(".claude/skills/", ""), ("a/.claude/skills/", ""), ("a/b/.claude/skills/", "")]);
    for (depth, want) in [(0, &[""][..]), (1, &["", "a"]), (2, &["", "a", "a/b"]), (u32::MAX, &["", "a", "a/b"])] {
        let found: Vec<_> = trees.found(depth).into_iter().map(|(path, _, _)| path).collect();
        assert_eq!(found, want, "{depth}");
    }
}

#[test]
fn caches_and_hidden_directories_are_not_searched() {
    let mut files: Vec<_> = NEVER_SEARCHED.iter().map(|never| format!("{never}/.claude/skills/")).collect();
    files.extend([
        ".hidden/.claude/skills/".into(),
        ".claude/skills/x/.claude/skills/".into(),
        "b/.claude/skills/".into(),
    ]);
    let files: Vec<_> = files.iter().map(|file| (file.as_str(), "")).collect();
    let trees = Trees::new(&files);
    let found: Vec<_> = trees.found(9).into_iter().map(|(path, _, _)| path).collect();
    assert_eq!(found, ["", "b"]);
    // Whoever names such a directory means it.
    let search = Search { root: trees.root().join("target"), depth: 0 };
    let reply = discover(&search, &|_| false, &mut |_| {}, &AtomicBool::new(false));
    assert_eq!(reply.projects.len(), 1);
}

#[test]
fn damage_is_told_and_hides_nothing() {
    let trees = Trees::new(&[
        ("a/.claude/.skillmeat-deployed.toml", "[[deployed]\n"),
        ("b/.claude/.skillmeat-deployed.toml/", ""),
        ("c/.claude/.skillmeat-deployed.toml", RECORDS),
    ]);
    let reply = trees.search(1);
    let found: Vec<_> = reply.projects.iter().map(|p| (p.path.rsplit('/').next(), p.deployments)).collect();
    assert_eq!(found, [(Some("a"), 0), (Some("b"), 0), (Some("c"), 2)]);
    assert_eq!((reply.problems[0].line, reply.problems.len()), (Some(1), 2));
    let missing = Search { root: trees.root().join("missing"), depth: 1 };
    let reply = discover(&missing, &|_| false, &mut |_| {}, &AtomicBool::new(false));
    assert_eq!((reply.directories, reply.problems.len()), (0, 1));
}

#[test]
fn problems_are_bounded() {
    let files: Vec<_> = (0..MAX_PROBLEMS + 5).map(|i| format!("p{i}/.claude/.skillmeat-deployed.toml")).collect();
    let files: Vec<_> = files.iter().map(|file| (file.as_str(), "[")).collect();
    let reply = Trees::new(&files).search(1);
    assert_eq!((reply.projects.len(), reply.problems.len()), (files.len(), MAX_PROBLEMS));
}

#[test]
fn progress_registration_and_cancelling() {
    let trees = Trees::new(&[("a/.claude/skills/", ""), ("b/.claude/skills/", ""), ("c/", "")]);
    let already = trees.root().join("b");
    let registered = |path: &Path| path == already;
    let search = Search { root: trees.root(), depth: 1 };
    let mut seen = Vec::new();
    let reply = discover(&search, &registered, &mut |p| seen.push((p.directories, p.found)), &AtomicBool::new(false));
    assert_eq!(seen, [(1, 0), (2, 0), (3, 1), (4, 2)]);
    assert_eq!(reply.directories, 4);
    assert_eq!(
        reply.projects.iter().map(|p| (p.registered, p.added)).collect::<Vec<_>>(),
        [(false, false), (true, false)]
    );

    let cancelled = AtomicBool::new(false);
    let mut stop_after_two = |p: Progress| cancelled.store(p.directories == 2, Ordering::Relaxed);
    let reply = discover(&search, &registered, &mut stop_after_two, &cancelled);
    assert_eq!((reply.directories, reply.projects.len()), (2, 1));
}

#[cfg(unix)]
#[test]
fn links_are_profile_roots_but_no_way_down() {
    use std::os::unix::fs::symlink;
    let trees = Trees::new(&[("dotfiles/skills/", ""), ("p/", ""), ("q/.claude/skills/", "")]);
    let root = trees.root();
    symlink(root.join("dotfiles"), root.join("p/.claude")).expect("linked");
    symlink("nowhere", root.join("p/.codex")).expect("linked");
    symlink(&root, root.join("q/loop")).expect("linked");
    let found: Vec<_> = trees.found(9).into_iter().map(|(path, _, _)| path).collect();
    assert_eq!(found, ["p", "q"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let trees = Trees::new(&[("p/.claude/skills/", "")]);
    let fifo = trees.root().join("p/.claude/.skillmeat-deployed.toml");
    mknodat(CWD, fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
    let reply = trees.search(1);
    assert_eq!((reply.projects.len(), reply.problems.len()), (1, 1));
}

#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let trees = Trees::new(&[("a/", ""), ("b/.claude/skills/", "")]);
    fs::set_permissions(trees.root().join("a"), PermissionsExt::from_mode(0o000)).expect("chmod");
    let refused = fs::read_dir(trees.root().join("a")).is_err();
    let reply = trees.search(1);
    // The superuser reads everything.
    assert_eq!((reply.projects.len(), reply.problems.len()), (1, usize::from(refused)));
}
