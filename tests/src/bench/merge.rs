//! What a merge costs beside git's: a thousand files that both sides changed, read, merged and written.
//!
//! `git merge-tree` does the same in one process, from and into its store of objects, which is packed; `git merge-file` is what
//! one would put into a loop. What a turn wrote is removed before the next, and nobody waits for the disk.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use skillmeat_merge::three_way::{Leaf, Merged, Tree, Trees};

use super::Context;
use super::git::{commit, git, repository};
use super::row::{Row, Target, Unit};
use super::sample::Times;
use crate::sandbox::{Sandbox, remove, write};

const GROUP: &str = "merge";
/// Lines of each file.
const LINES: usize = 200;

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let (files, turns) = (ctx.pick(20, 1000, 1000), ctx.pick(2, 5, 15));
    let sandbox = Sandbox::new(&ctx.programs.shipped);
    let sides = Sides::new(&sandbox, files);
    let (mut ours, mut tree, mut file) = (Times::default(), Times::default(), Times::default());
    for turn in 0..turns {
        ctx.check();
        sides.clear(&sandbox);
        ours.time(|| sides.merge());
        tree.time(|| git(&sandbox, &sides.repository, &["merge-tree", "--write-tree", "ours", "theirs"]));
        // One turn takes as long as all others together.
        if turn == 0 {
            sides.clear(&sandbox);
            file.time(|| sides.merge_file(&sandbox));
        }
    }
    sides.compare(&sandbox);
    let name = format!("merge of {files} files of {LINES} lines");
    let row = |name: String| Row::new(GROUP, name, Unit::Us, ours.figure());
    vec![
        row(name.clone()).beside("git merge-tree", tree.figure()).target(Target::RatioAtMost(1.0)),
        row(format!("{name} (the same)")).beside("git merge-file, in a loop", file.figure()),
    ]
}

/// The three sides as directories and as commits, and where the result goes.
struct Sides {
    base: PathBuf,
    ours: PathBuf,
    theirs: PathBuf,
    merged: PathBuf,
    repository: PathBuf,
    files: usize,
}

impl Sides {
    fn new(sandbox: &Sandbox, files: usize) -> Self {
        let at = |name: &str| sandbox.projects.join(name);
        let sides = Self {
            base: at("base"),
            ours: at("ours"),
            theirs: at("theirs"),
            merged: at("merged"),
            repository: at("repository"),
            files,
        };
        for number in 0..files {
            let name = name(number);
            let base: Vec<String> = (0..LINES).map(|line| format!("line {line} of file {number}\n")).collect();
            let (mut ours, mut theirs) = (base.clone(), base.clone());
            ours[20] = "changed by us\n".to_owned();
            ours.insert(100, "added by us\n".to_owned());
            theirs[180] = "changed by them\n".to_owned();
            theirs.remove(60);
            for (root, lines) in [(&sides.base, base), (&sides.ours, ours), (&sides.theirs, theirs)] {
                write(&root.join(&name), lines.concat());
            }
        }
        repository(sandbox, &sides.repository, Some(&sides.base));
        for (branch, files) in [("ours", &sides.ours), ("theirs", &sides.theirs)] {
            git(sandbox, &sides.repository, &["checkout", "--quiet", "-b", branch, "main"]);
            for number in 0..sides.files {
                let name = name(number);
                fs::copy(files.join(&name), sides.repository.join(&name)).expect("it was made");
            }
            commit(sandbox, &sides.repository, branch);
        }
        git(sandbox, &sides.repository, &["repack", "-a", "-d", "--quiet"]);
        sides
    }

    /// Removes what merges have written.
    fn clear(&self, sandbox: &Sandbox) {
        if self.merged.exists() {
            remove(&self.merged);
        }
        fs::create_dir(&self.merged).expect("a directory of the sandbox");
        git(sandbox, &self.repository, &["prune", "--expire=now"]);
    }

    fn merge(&self) {
        let [base, ours, theirs] = [&self.base, &self.ours, &self.theirs].map(|root| self.tree(root));
        let trees = Trees { base: Some(&base), ours: &ours, theirs: &theirs, name: Path::new("") };
        let merge = trees.merge(|bytes| Ok::<_, Infallible>(Some(bytes.clone()))).expect("no clash");
        assert!(merge.conflicts.is_empty(), "{:?}", merge.conflicts);
        for (path, merged) in merge.tree {
            let Merged::Written { bytes, .. } = merged else { panic!("both sides changed {}", path.display()) };
            fs::write(self.merged.join(path), bytes).expect("a directory of the sandbox");
        }
    }

    fn tree(&self, root: &Path) -> Tree<Vec<u8>> {
        let leaf = |number| {
            let name = name(number);
            let content = fs::read(root.join(&name)).expect("it was made");
            (PathBuf::from(name), Leaf::File { content, mode: 0o644 })
        };
        (0..self.files).map(leaf).collect()
    }

    fn merge_file(&self, sandbox: &Sandbox) {
        for number in 0..self.files {
            let name = name(number);
            let mut command = sandbox.command("git");
            command.args(["merge-file", "--stdout", "--quiet"]);
            command.args([&self.ours, &self.base, &self.theirs].map(|root| root.join(&name)));
            let target = fs::File::create(self.merged.join(&name)).expect("a directory of the sandbox");
            let status = command.stdin(Stdio::null()).stdout(target).status().expect("git can be run");
            assert!(status.success(), "git merge-file {name}: {status}");
        }
    }

    /// All of them lead to the same.
    fn compare(&self, sandbox: &Sandbox) {
        git(sandbox, &self.repository, &["merge", "--quiet", "--no-edit", "ours"]);
        self.clear(sandbox);
        self.merge();
        for number in 0..self.files {
            let name = name(number);
            let [here, there] =
                [&self.merged, &self.repository].map(|root| fs::read(root.join(&name)).expect("merged"));
            assert_eq!(here, there, "{name}");
        }
    }
}

fn name(number: usize) -> String {
    format!("f{number:04}.md")
}
