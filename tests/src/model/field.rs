//! The files that the operations work on: collections, projects with deployments, and what links lead to.

use std::path::PathBuf;
use std::thread;

use super::count::Counts;
use super::disk::{AWAY, allow_everything};
use super::plan::Batch;
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

/// Names of the collections at the start. Each may get its [`spare_name`].
pub(crate) const COLLECTIONS: [&str; 3] = ["default", "team", "third"];

/// The other name of a collection.
pub(crate) fn spare_name(name: &str) -> String {
    format!("{name}-renamed")
}

/// Where a collection is, below the sandbox.
pub(crate) fn collection(name: &str) -> String {
    format!("h/.skillmeat/collections/{name}")
}

/// Where a project is, below the sandbox.
pub(crate) fn project(number: usize) -> String {
    format!("projects/p{number}")
}

/// Where an artifact is, below a collection or profile root.
pub(crate) fn place(key: &str) -> String {
    let root = CollectionDir { root: PathBuf::new(), name: String::new() };
    root.path(key).to_str().expect("keys are text").to_owned()
}

/// Collections, projects, and a place for what is moved away.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) sandbox: Sandbox,
    pub(crate) projects: Vec<ProjectDir>,
}

impl Field {
    /// Three collections and so many projects with deployments from them.
    pub(crate) fn new(binaries: &Binaries, projects: usize) -> Self {
        let mut sandbox = Sandbox::new(binaries);
        // A log of every scan costs more than the scan.
        sandbox.set("SKILLMEAT_LOG", "info");
        let field = Self { projects: (0..projects).map(|n| sandbox.project(&format!("p{n}"))).collect(), sandbox };
        std::fs::create_dir(field.sandbox.root.join(AWAY)).expect("a fresh directory");
        field.fill();
        field
    }

    /// Writes the files of the start where there are none.
    pub(crate) fn fill(&self) {
        let collections = COLLECTIONS.map(|name| self.sandbox.collection(name));
        collections[0].fill(&KEYS[..8]);
        collections[1].fill(&KEYS[2..]);
        collections[2].fill(&KEYS[4..6]);
        for (number, project) in self.projects.iter().enumerate() {
            let (one, other) = (&collections[number % 3], &collections[(number + 1) % 3]);
            std::fs::create_dir_all(project.claude()).expect("a directory of the sandbox");
            project.deploy(one, &KEYS[4..6]);
            if number % 3 == 0 {
                project.deploy(one, &["skill:s0", "skill:s1", "command:deep/c2"]);
            }
            if number % 3 != 1 {
                let from = if number % 3 == 0 { other } else { &collections[1] };
                project.deploy(from, &["skill:s2", "mcp:m0", "hook:h0"]);
            }
        }
        for name in ["x", "y"] {
            self.sandbox.write(format!("shared/{name}/SKILL.md"), format!("shared {name}\n"));
        }
    }

    /// Lets all writers work at once; ends when they have.
    pub(crate) fn work(&self, batch: &Batch) -> Counts {
        let work_one = |operations: &Vec<_>| {
            let mut counts = Counts::default();
            for operation in operations {
                counts.operation(operation, operation.apply(&self.sandbox.root).is_ok());
            }
            counts
        };
        if let [only] = &batch[..] {
            return work_one(only);
        }
        thread::scope(|scope| {
            let writers: Vec<_> = batch.iter().map(|operations| scope.spawn(|| work_one(operations))).collect();
            let mut counts = Counts::default();
            for writer in writers {
                counts.add(&writer.join().expect("operations do not panic"));
            }
            counts
        })
    }
}

impl Drop for Field {
    /// Or the sandbox could not be removed.
    fn drop(&mut self) {
        allow_everything(&self.sandbox.root);
    }
}
