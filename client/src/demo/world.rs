//! The files of the demonstration: a collection, and three projects that deployed from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};

use crate::failure::Failure;
use crate::os;
use crate::time::Utc;

/// Name of the collection.
pub(super) const COLLECTION: &str = "team";
/// What the directory is called, up to its number.
pub(super) const PREFIX: &str = "skillmeat-demo-";

/// The collection: path in it, content.
const COLLECTION_FILES: [(&str, &str); 7] = [
    ("collection.toml", include_str!("../../demo/collection.toml")),
    ("collection.lock", include_str!("../../demo/collection.lock")),
    ("skills/release-notes/SKILL.md", include_str!("../../demo/skills/release-notes/SKILL.md")),
    ("skills/release-notes/template.md", include_str!("../../demo/skills/release-notes/template.md")),
    ("skills/tidy-csv/SKILL.md", include_str!("../../demo/skills/tidy-csv/SKILL.md")),
    ("commands/standup.md", include_str!("../../demo/commands/standup.md")),
    ("agents/reviewer.md", include_str!("../../demo/agents/reviewer.md")),
];
const CONFIG: &str = include_str!("../../demo/config.toml");

type Deployed = (ArtifactType, &'static str);
const RELEASE_NOTES: Deployed = (ArtifactType::Skill, "release-notes");
const TIDY_CSV: Deployed = (ArtifactType::Skill, "tidy-csv");
const STANDUP: Deployed = (ArtifactType::Command, "standup");
const REVIEWER: Deployed = (ArtifactType::Agent, "reviewer");

/// The projects, and what each has deployed.
const PROJECTS: [(&str, &[Deployed]); 3] = [
    ("blog", &[RELEASE_NOTES, STANDUP, REVIEWER]),
    ("shop", &[RELEASE_NOTES, TIDY_CSV, STANDUP]),
    ("tools", &[RELEASE_NOTES, TIDY_CSV, REVIEWER]),
];

/// Where an artifact lies below a profile root, and below a collection.
fn place((kind, name): Deployed) -> String {
    match kind {
        ArtifactType::Command => format!("commands/{name}.md"),
        ArtifactType::Agent => format!("agents/{name}.md"),
        _ => format!("skills/{name}"),
    }
}

/// A new private directory for one demonstration.
///
/// # Errors
/// When it cannot be made.
pub(super) fn new_directory() -> Result<PathBuf, Failure> {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    let temp = std::env::temp_dir();
    // Events name real paths, so links on the way (macOS has /tmp as one) are resolved first.
    let temp = temp.canonicalize().unwrap_or(temp);
    let dir = temp.join(format!("{PREFIX}{}-{nanos:09}", std::process::id()));
    if dir.exists() {
        return Err(Failure::new(ErrorCode::AlreadyExists, format!("{} exists already", dir.display())));
    }
    os::private_dir(&dir).map_err(|e| Failure::io("create", &dir, &e))?;
    Ok(dir)
}

/// The demonstration's files.
#[derive(Debug)]
pub(super) struct World {
    /// `SKILLMEAT_HOME`.
    pub(super) home: PathBuf,
    root: PathBuf,
}

impl World {
    /// Writes the collection and the projects' copies; records come later, because they need hashes.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn create(root: &Path) -> Result<Self, Failure> {
        let world = Self { home: root.join("home"), root: root.to_owned() };
        os::private_dir(&world.home).map_err(|e| Failure::io("create", &world.home, &e))?;
        write(&world.home.join("config.toml"), CONFIG)?;
        for (path, content) in COLLECTION_FILES {
            write(&world.in_collection(path), content)?;
        }
        for (project, deployed) in PROJECTS {
            for place in deployed.iter().map(|d| place(*d)) {
                let inside = |path: &&(&str, &str)| path.0 == place || path.0.starts_with(&format!("{place}/"));
                for (path, content) in COLLECTION_FILES.iter().filter(inside) {
                    write(&world.in_project(project, path), content)?;
                }
            }
        }
        Ok(world)
    }

    /// A path in the collection.
    pub(super) fn in_collection(&self, path: &str) -> PathBuf {
        self.home.join("collections").join(COLLECTION).join(path)
    }

    /// A path below a project's `.claude`.
    pub(super) fn in_project(&self, project: &str, path: &str) -> PathBuf {
        self.root.join("projects").join(project).join(".claude").join(path)
    }

    /// The projects' directories.
    pub(super) fn projects(&self) -> Vec<PathBuf> {
        PROJECTS.iter().map(|(name, _)| self.root.join("projects").join(name)).collect()
    }

    /// Writes each project's deployment records, with the hashes that the daemon gave the collection's artifacts.
    ///
    /// # Errors
    /// When a hash is missing or a file cannot be written.
    pub(super) fn write_records(&self, hashes: &[(ArtifactKey, ContentHash)]) -> Result<(), Failure> {
        let now = Utc::now();
        for (project, deployed) in PROJECTS {
            let mut text = String::new();
            for (kind, name) in deployed {
                let hash = hashes.iter().find(|(key, _)| key.kind == *kind && key.name == *name);
                let Some((_, hash)) = hash else {
                    let message = format!("the daemon has no content hash for {kind}:{name}");
                    return Err(Failure::new(ErrorCode::Internal, message));
                };
                text.push_str(&record(*kind, name, &place((*kind, name)), hash, &now));
            }
            write(&self.in_project(project, ".skillmeat-deployed.toml"), &text)?;
        }
        Ok(())
    }
}

/// One record as SkillMeat 0.9.1 writes it.
fn record(kind: ArtifactType, name: &str, path: &str, hash: &ContentHash, now: &Utc) -> String {
    format!(
        r#"[[deployed]]
artifact_name = "{name}"
artifact_type = "{kind}"
from_collection = "{COLLECTION}"
deployed_at = "{now}.000000"
artifact_path = "{path}"
content_hash = "{hash}"
local_modifications = false
deployment_profile_id = "claude_code"
platform = "claude_code"
profile_root_dir = ".claude"
collection_sha = "{hash}"

"#
    )
}

fn write(path: &Path, content: &str) -> Result<(), Failure> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|e| Failure::io("create", parent, &e))?;
    }
    fs::write(path, content).map_err(|e| Failure::io("write", path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_hold_copies_and_records_of_what_they_deployed() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let world = World::create(dir.path()).expect("writable");
        let deployed = [RELEASE_NOTES, TIDY_CSV, STANDUP, REVIEWER];
        let hashes: Vec<_> =
            deployed.iter().map(|(kind, name)| (ArtifactKey::new(*kind, name), ContentHash([7; 32]))).collect();
        world.write_records(&hashes).expect("all hashes are there");
        for (project, deployed) in PROJECTS {
            let records = fs::read_to_string(world.in_project(project, ".skillmeat-deployed.toml")).expect("written");
            assert_eq!(records.matches("[[deployed]]").count(), deployed.len());
            for what in deployed {
                assert!(world.in_project(project, &place(*what)).exists(), "{project} {what:?}");
                assert!(records.contains(&format!("artifact_path = \"{}\"", place(*what))), "{project} {what:?}");
            }
        }
        assert!(world.in_project("blog", "skills/release-notes/template.md").exists());
        assert!(!world.in_project("blog", "skills/tidy-csv").exists());
        assert!(world.write_records(&hashes[1..]).is_err());
    }
}
