//! Collections, projects and deployment records, written as SkillMeat writes them.
//!
//! The recorded hash is computed here once more, from the description of the format, so that a mistake in the daemon's
//! does not agree with itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};

use crate::encoding::hex;
use crate::sandbox::{Sandbox, copy_tree, write};

/// A collection in a sandbox.
#[derive(Clone, Debug)]
pub struct CollectionDir {
    /// Its directory.
    pub root: PathBuf,
    /// Its name.
    pub name: String,
}

/// A project in a sandbox.
#[derive(Clone, Debug)]
pub struct ProjectDir {
    /// Its directory.
    pub root: PathBuf,
}

impl Sandbox {
    /// A collection of the home that is there already.
    pub fn collection_at(&self, name: &str) -> CollectionDir {
        CollectionDir { root: self.home.join("collections").join(name), name: name.to_owned() }
    }

    /// Makes an empty collection in the home.
    pub fn collection(&self, name: &str) -> CollectionDir {
        let collection = self.collection_at(name);
        collection.list(&[]);
        collection
    }

    /// Makes the collection `default` with these artifacts, and the project `app` with all of them deployed.
    pub fn app(&self, keys: &[&str]) -> (CollectionDir, ProjectDir) {
        let (collection, project) = (self.collection("default"), self.project("app"));
        collection.fill(keys);
        project.deploy(&collection, keys);
        (collection, project)
    }

    /// Makes a project with an empty `.claude`.
    pub fn project(&self, name: &str) -> ProjectDir {
        let project = ProjectDir { root: self.projects.join(name) };
        fs::create_dir_all(project.claude()).expect("a directory of the sandbox");
        project
    }
}

impl CollectionDir {
    /// Its manifest.
    pub fn manifest(&self) -> PathBuf {
        self.root.join("collection.toml")
    }

    /// Where an artifact is in it: the place that deploying uses.
    pub fn path(&self, key: &str) -> PathBuf {
        self.root.join(place(&parsed(key)))
    }

    /// Writes an artifact of one file.
    pub fn put(&self, key: &str, text: &str) {
        put(&self.path(key), parsed(key).kind, text);
    }

    /// Writes a manifest with exactly these artifacts.
    pub fn list(&self, keys: &[&str]) {
        write(&self.manifest(), self.manifest_text(keys));
    }

    /// A manifest with exactly these artifacts.
    pub fn manifest_text(&self, keys: &[&str]) -> String {
        let mut text = format!("[collection]\nname = \"{}\"\nversion = \"1.0.0\"\n", self.name);
        for key in keys {
            let key = parsed(key);
            text.push_str(&format!(
                "\n[[artifacts]]\nname = \"{}\"\ntype = \"{}\"\npath = \"{}\"\norigin = \"local\"\n",
                key.name,
                key.kind,
                place(&key)
            ));
        }
        text
    }

    /// Writes artifacts of one file each, and a manifest with exactly them.
    pub fn fill(&self, keys: &[&str]) {
        for key in keys {
            self.put(key, &format!("---\ndescription: about {key}\n---\nas in {}\n", self.name));
        }
        self.list(keys);
    }
}

impl ProjectDir {
    /// Its profile root.
    pub fn claude(&self) -> PathBuf {
        self.root.join(".claude")
    }

    /// Its records.
    pub fn records(&self) -> PathBuf {
        self.claude().join(".skillmeat-deployed.toml")
    }

    /// Its path as text.
    pub fn text(&self) -> String {
        self.root.to_str().expect("test paths are text").to_owned()
    }

    /// Where an artifact is in it.
    pub fn path(&self, key: &str) -> PathBuf {
        self.claude().join(place(&parsed(key)))
    }

    /// The file of an artifact that [`CollectionDir::put`] made.
    pub fn file(&self, key: &str) -> PathBuf {
        main_file(&self.path(key), parsed(key).kind)
    }

    /// Copies artifacts from a collection and records that.
    pub fn deploy(&self, from: &CollectionDir, keys: &[&str]) {
        for key in keys {
            let (source, target) = (from.path(key), self.path(key));
            copy_tree(&source, &target);
            let line = record(key, &from.name, &recorded_hash(&source));
            let before = fs::read_to_string(self.records()).unwrap_or_default();
            write(&self.records(), format!("{before}{line}\n"));
        }
    }
}

impl CollectionDir {
    /// The file of an artifact that [`Self::put`] made.
    pub fn file(&self, key: &str) -> PathBuf {
        main_file(&self.path(key), parsed(key).kind)
    }
}

/// A record of the present schema.
pub fn record(key: &str, collection: &str, hash: &str) -> String {
    let key = parsed(key);
    format!(
        "[[deployed]]\nartifact_name = \"{}\"\nartifact_type = \"{}\"\nfrom_collection = \"{collection}\"\n\
         deployed_at = \"2026-03-01T08:00:00.000000\"\nartifact_path = \"{}\"\ncontent_hash = \"{hash}\"\n\
         local_modifications = false\ndeployment_profile_id = \"claude_code\"\nplatform = \"claude_code\"\n\
         profile_root_dir = \".claude\"\ncollection_sha = \"{hash}\"\n",
        key.name,
        key.kind,
        place(&key)
    )
}

/// The recorded hash of files that are there and stay.
pub fn recorded_hash(path: &Path) -> String {
    try_recorded_hash(path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
}

/// The recorded hash (H1): of each file, in the order of path components, relative path and bytes; of an artifact that
/// is a file, its bytes.
///
/// # Errors
/// Something cannot be read, or another writer removed it meanwhile.
pub fn try_recorded_hash(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    if path.is_dir() {
        let mut files = Vec::new();
        files_below(path, &mut files)?;
        files.sort_by(|a, b| a.components().cmp(b.components()));
        for file in files {
            let relative = file.strip_prefix(path).expect("it is below");
            hasher.update(relative.as_os_str().as_encoded_bytes());
            hasher.update(fs::read(&file)?);
        }
    } else {
        hasher.update(fs::read(path)?);
    }
    Ok(hex(&hasher.finalize()))
}

fn files_below(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            files_below(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn parsed(key: &str) -> ArtifactKey {
    key.parse().unwrap_or_else(|e| panic!("{key}: {e:?}"))
}

fn place(key: &ArtifactKey) -> String {
    match key.kind {
        ArtifactType::Skill => format!("skills/{}", key.name),
        ArtifactType::Composite => format!("composites/{}", key.name),
        ArtifactType::Command => format!("commands/{}.md", key.name),
        ArtifactType::Agent => format!("agents/{}.md", key.name),
        ArtifactType::Hook => format!("hooks/{}.md", key.name),
        ArtifactType::Mcp => format!("mcp/{}.json", key.name),
        ArtifactType::Workflow => format!("workflows/{}.yaml", key.name),
        ArtifactType::ProjectConfig => format!("{}.md", key.name),
        ArtifactType::SpecFile => format!("specs/{}.md", key.name),
        ArtifactType::RuleFile => format!("rules/{}.md", key.name),
        ArtifactType::ContextFile => format!("context/{}.md", key.name),
        ArtifactType::ProgressTemplate => format!("progress/{}.md", key.name),
    }
}

fn main_file(path: &Path, kind: ArtifactType) -> PathBuf {
    match kind {
        ArtifactType::Skill => path.join("SKILL.md"),
        ArtifactType::Composite => path.join("COMPOSITE.md"),
        _ => path.to_owned(),
    }
}

fn put(path: &Path, kind: ArtifactType, text: &str) {
    write(&main_file(path, kind), text);
}
