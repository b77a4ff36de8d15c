//! What people and programs do to files, one call at a time.

use std::fs;
use std::path::PathBuf;

use crate::library::ProjectDir;
use crate::sandbox::{Sandbox, copy_tree, save_atomically, write};

/// One kind of save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// The file is truncated and written.
    InPlace,
    /// A temporary file is renamed over it.
    Atomic,
    /// A file comes to the artifact.
    Create,
    /// It goes again.
    Delete,
    /// The artifact is moved away, and another directory is moved to its place.
    Replace,
}

impl Operation {
    /// In this order each kind finds what it needs: what is created is then deleted.
    pub(super) const ALL: [Self; 5] = [Self::InPlace, Self::Atomic, Self::Create, Self::Delete, Self::Replace];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InPlace => "edit in place",
            Self::Atomic => "atomic save",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Replace => "replace the directory",
        }
    }
}

/// One save. Its content is that of no other number.
pub(super) struct Save<'a> {
    pub(super) operation: Operation,
    pub(super) sandbox: &'a Sandbox,
    pub(super) project: &'a ProjectDir,
    pub(super) key: &'a str,
    pub(super) number: usize,
}

impl Save<'_> {
    /// What must be there before it and is not part of it; nothing that is watched changes.
    pub(super) fn prepare(&self) {
        if self.operation != Operation::Replace {
            return;
        }
        let (next, old) = self.places();
        if old.exists() {
            fs::remove_dir_all(&old).expect("a directory of the sandbox");
        }
        copy_tree(&self.project.path(self.key), &next);
        write(&next.join("SKILL.md"), self.text());
    }

    /// Does it, and gives a file that changed.
    pub(super) fn perform(&self) -> PathBuf {
        let root = self.project.path(self.key);
        let main = self.project.file(self.key);
        let added = root.join(format!("added-{}.md", self.number));
        match self.operation {
            Operation::InPlace => fs::write(&main, self.text()).expect("a file of the sandbox"),
            Operation::Atomic => save_atomically(&main, self.text()),
            Operation::Create => {
                fs::write(&added, self.text()).expect("a directory of the sandbox");
                return added;
            }
            Operation::Delete => {
                fs::remove_file(&added).expect("it was created");
                return added;
            }
            Operation::Replace => {
                let (next, old) = self.places();
                fs::rename(&root, old).expect("nothing is there");
                fs::rename(next, &root).expect("it was moved away");
            }
        }
        main
    }

    fn text(&self) -> String {
        format!("---\nname: saved\n---\n{}, number {}\n", self.operation.name(), self.number)
    }

    /// Where a directory waits to come, and where it goes; nobody watches either.
    fn places(&self) -> (PathBuf, PathBuf) {
        (self.sandbox.root.join("next"), self.sandbox.root.join("old"))
    }
}
