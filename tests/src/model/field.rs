//! The files that the operations work on, and what is remembered between operations.

use std::io;
use std::path::{Path, PathBuf};

use super::rng::Rng;
use crate::library::{CollectionDir, ProjectDir};
use crate::sandbox::{Binaries, Sandbox};

/// Artifacts that occur, all in the same places of collections and profile roots.
pub(crate) const KEYS: [&str; 10] = [
    "skill:s0",
    "skill:s1",
    "skill:s2",
    "skill:s3",
    "command:c0",
    "command:c1",
    "command:deep/c2",
    "agent:a0",
    "mcp:m0",
    "hook:h0",
];

/// Collections, projects, and where things go that are moved away.
pub(crate) struct Field {
    pub(crate) sandbox: Sandbox,
    pub(crate) rng: Rng,
    pub(crate) collections: Vec<CollectionDir>,
    pub(crate) projects: Vec<ProjectDir>,
    /// Outside all roots: targets of links.
    pub(crate) shared: PathBuf,
    /// Outside all roots: what was moved away, and from where.
    pub(crate) aside: Vec<(PathBuf, PathBuf)>,
    pub(crate) default_collection: String,
    pub(crate) log: Vec<String>,
    serial: u64,
}

impl Field {
    /// Two collections and three projects with deployments from both.
    pub(crate) fn new(binaries: &Binaries, seed: u64) -> Self {
        let sandbox = Sandbox::new(binaries);
        let collections: Vec<_> = ["default", "team"].into_iter().map(|name| sandbox.collection(name)).collect();
        collections[0].fill(&KEYS[..8]);
        collections[1].fill(&KEYS[2..]);
        let projects: Vec<_> = ["one", "two", "three"].into_iter().map(|name| sandbox.project(name)).collect();
        projects[0].deploy(&collections[0], &["skill:s0", "skill:s1", "command:c0", "command:deep/c2"]);
        projects[1].deploy(&collections[0], &["skill:s0", "agent:a0"]);
        projects[1].deploy(&collections[1], &["skill:s2", "command:c1", "mcp:m0", "hook:h0"]);
        projects[2].deploy(&collections[1], &["skill:s3"]);
        let shared = sandbox.root.join("shared");
        for name in ["x", "y"] {
            sandbox.write(format!("shared/{name}/SKILL.md"), format!("shared {name}\n"));
        }
        Self {
            sandbox,
            rng: Rng::new(seed),
            collections,
            projects,
            shared,
            aside: Vec::new(),
            default_collection: "default".to_owned(),
            log: Vec::new(),
            serial: 0,
        }
    }

    /// Does one random operation. One that the files do not allow (below a file, in a project that is away) is no
    /// failure: the daemon must agree with what is there whatever happened.
    pub(crate) fn operate(&mut self) {
        let (what, result) = self.random_operation();
        let outcome = match result {
            Ok(()) => String::new(),
            Err(e) => format!("  ({})", e.kind()),
        };
        let what = what.replace(self.sandbox.root.to_str().expect("test paths are text"), "");
        self.log.push(format!("{what}{outcome}"));
    }

    /// Content that never occurred before, or, now and then, one that did.
    pub(crate) fn content(&mut self) -> String {
        if self.rng.once_in(4) {
            return format!("---\nversion: 1.{}\n---\nagain\n", self.rng.below(2));
        }
        self.serial += 1;
        format!("content {}\n", self.serial)
    }

    /// A collection or profile root.
    pub(crate) fn root(&mut self) -> PathBuf {
        let at = self.rng.below((self.collections.len() + self.projects.len()) as u64) as usize;
        match self.collections.get(at) {
            Some(collection) => collection.root.clone(),
            None => self.projects[at - self.collections.len()].claude(),
        }
    }

    /// Where an artifact is or could be.
    pub(crate) fn artifact(&mut self) -> PathBuf {
        let key = *self.rng.pick(&KEYS);
        let root = self.root();
        let relative = self.collections[0].path(key);
        root.join(relative.strip_prefix(&self.collections[0].root).expect("it is below"))
    }

    /// A file of an artifact: its only one, or one of several names in a directory.
    pub(crate) fn file(&mut self) -> PathBuf {
        let artifact = self.artifact();
        if artifact.extension().is_some() && !artifact.is_dir() {
            return artifact;
        }
        artifact.join(self.rng.pick(&[
            "SKILL.md",
            "notes.md",
            "scripts/run.sh",
            "scripts/lib/deep.py",
            ".hidden",
            "x.pyc",
        ]))
    }

    /// `config.toml` of a home elsewhere that has the same collections.
    pub(crate) fn config_for_another_home(&self) -> String {
        let present: Vec<String> =
            self.collections.iter().filter(|c| c.root.is_dir()).map(|c| format!("{:?}", c.root)).collect();
        format!(
            "[settings]\ndefault-collection = \"{}\"\n[daemon]\ncollections = [{}]\n",
            self.default_collection,
            present.join(", ")
        )
    }

    /// Moves something out of all roots, to come back later.
    pub(crate) fn move_aside(&mut self, path: &Path) -> io::Result<()> {
        let place = self.sandbox.root.join(format!("aside{}", self.aside.len()));
        std::fs::rename(path, &place)?;
        self.aside.push((place, path.to_owned()));
        Ok(())
    }
}
