//! Where artifacts of each type are, below a collection or a profile root (formats-core §3).
//!
//! The original's maps disagree with each other (`mcp` and `mcps`, `composites` and `plugins`, #56): all spellings are
//! read, the first is written. Everything here is about names; whether a file is there is the caller's to find out.

use super::ignore::is_ignored;
use super::portable::{nested_name_flaw, relative_path};
use crate::model::TreeKind;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use std::ffi::OsStr;

/// Files at a project's root that agents read. They count as artifacts only when a record names them.
pub const PROJECT_CONFIG_FILES: [&str; 5] = ["CLAUDE.md", "AGENTS.md", "CODEX.md", "GEMINI.md", "CURSOR.md"];

/// What an entry of a container directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// An artifact.
    Artifact(ArtifactKey),
    /// A directory that is one artifact when it directly holds one of `manifests`; else the `.md` files below it are
    /// artifacts of their own, at any depth.
    ArtifactOrFolder {
        /// The artifact's key, if it is one.
        key: ArtifactKey,
        /// Exact file names that make it one.
        manifests: &'static [&'static str],
    },
}

/// Directory names that hold artifacts of this type; the first is the one to write. Empty for project configs.
pub const fn containers(kind: ArtifactType) -> &'static [&'static str] {
    match kind {
        ArtifactType::Skill => &["skills"],
        ArtifactType::Command => &["commands"],
        ArtifactType::Agent => &["agents"],
        ArtifactType::Hook => &["hooks"],
        ArtifactType::Mcp => &["mcp", "mcps"],
        ArtifactType::Workflow => &["workflows"],
        ArtifactType::Composite => &["composites", "plugins"],
        ArtifactType::ProjectConfig => &[],
        ArtifactType::SpecFile => &["specs"],
        ArtifactType::RuleFile => &["rules"],
        ArtifactType::ContextFile => &["context"],
        ArtifactType::ProgressTemplate => &["progress"],
    }
}

/// The type of artifacts in a directory of this name, directly below a collection or profile root.
pub fn container_type(directory: &str) -> Option<ArtifactType> {
    ArtifactType::ALL.into_iter().find(|kind| containers(*kind).contains(&directory))
}

/// What follows the name in a container, in the order to look for it.
const fn suffixes(kind: ArtifactType) -> &'static [&'static str] {
    match kind {
        ArtifactType::Skill | ArtifactType::Composite => &[""],
        // Importers leave the extension out; and a directory may bear it (#23).
        ArtifactType::Command | ArtifactType::Agent | ArtifactType::Hook => &[".md", ""],
        ArtifactType::Mcp => &["", ".json", ".md"],
        ArtifactType::Workflow => &["", ".yaml", ".yml", ".json"],
        ArtifactType::ProjectConfig
        | ArtifactType::SpecFile
        | ArtifactType::RuleFile
        | ArtifactType::ContextFile
        | ArtifactType::ProgressTemplate => &[".md"],
    }
}

/// Paths, relative to a collection or profile root, at which an artifact without a recorded path may be. The first is
/// where deploying puts it. `name` must have passed [`nested_name_flaw`].
pub fn default_paths(kind: ArtifactType, name: &str) -> Vec<String> {
    if kind == ArtifactType::ProjectConfig {
        // No container stands before it, so a name such as `C:` would lead out on Windows.
        return relative_path(&format!("{name}.md")).into_iter().collect();
    }
    containers(kind)
        .iter()
        .flat_map(|container| suffixes(kind).iter().map(move |suffix| format!("{container}/{name}{suffix}")))
        .collect()
}

/// What `path`, relative to a container of this type with `/` between components, is. Hidden names, junk, and what
/// cannot be an artifact of the type are nothing.
pub fn artifact_in_container(kind: ArtifactType, path: &str, tree: TreeKind) -> Option<Occupant> {
    if nested_name_flaw(path).is_some() || path.split('/').any(|part| is_ignored(OsStr::new(part))) {
        return None;
    }
    if path.contains('/') && !nests(kind) {
        return None;
    }
    let occupant = Occupant::Artifact(ArtifactKey::new(kind, path));
    let ends_with = |extensions: &[&str]| extensions.iter().any(|extension| path.ends_with(extension));
    match (kind, tree) {
        (ArtifactType::ProjectConfig, _) => None,
        (ArtifactType::Skill | ArtifactType::Composite | ArtifactType::Hook, TreeKind::Directory) => Some(occupant),
        (ArtifactType::Skill | ArtifactType::Composite, TreeKind::File) => None,
        (ArtifactType::Mcp, _) | (ArtifactType::Workflow, TreeKind::Directory) => Some(occupant),
        (ArtifactType::Workflow, TreeKind::File) => ends_with(&[".yaml", ".yml", ".json"]).then_some(occupant),
        // `<name>.md` as a directory is what deploying a directory makes (#23); no folder is called so.
        (ArtifactType::Command | ArtifactType::Agent, TreeKind::Directory) if ends_with(&[".md"]) => Some(occupant),
        (ArtifactType::Command | ArtifactType::Agent, TreeKind::Directory) => {
            Some(Occupant::ArtifactOrFolder { key: ArtifactKey::new(kind, path), manifests: manifest_names(kind) })
        }
        (ArtifactType::RuleFile, TreeKind::Directory) => {
            Some(Occupant::ArtifactOrFolder { key: ArtifactKey::new(kind, path), manifests: &[] })
        }
        (ArtifactType::SpecFile | ArtifactType::ContextFile | ArtifactType::ProgressTemplate, TreeKind::Directory) => {
            None
        }
        (_, TreeKind::File) => ends_with(&[".md"]).then_some(occupant),
    }
}

/// Whether something of this shape would be an artifact of the container under another name of the same ending.
pub fn would_be_artifact(kind: ArtifactType, name: &str, tree: TreeKind) -> bool {
    let harmless: String = name.chars().map(|c| if c.is_control() || c == '\\' { '_' } else { c }).collect();
    artifact_in_container(kind, &harmless.replace("..", "_"), tree).is_some()
}

/// What keeps an entry of a container from being the artifact that it looks like: a name that no record or manifest may
/// have. Hidden and ignored names say that something is not meant to be one.
pub fn flaw_of_artifact(kind: ArtifactType, name: &str, tree: TreeKind) -> Option<&'static str> {
    nested_name_flaw(name).filter(|_| would_be_artifact(kind, name, tree))
}

/// Whether Claude Code finds artifacts of this type in folders below the container; their name is then the relative
/// path.
const fn nests(kind: ArtifactType) -> bool {
    matches!(kind, ArtifactType::Command | ArtifactType::Agent | ArtifactType::RuleFile)
}

/// The project config that a file at a project's root is.
pub fn project_config(file_name: &str) -> Option<ArtifactKey> {
    PROJECT_CONFIG_FILES.contains(&file_name).then(|| ArtifactKey::new(ArtifactType::ProjectConfig, file_name))
}

/// Exact names of the Markdown file that describes an artifact which is a directory, in order of preference.
pub const fn manifest_names(kind: ArtifactType) -> &'static [&'static str] {
    match kind {
        ArtifactType::Skill => &["SKILL.md"],
        ArtifactType::Command => &["COMMAND.md", "command.md"],
        ArtifactType::Agent => &["AGENT.md", "agent.md"],
        ArtifactType::Composite => &["COMPOSITE.md", "PLUGIN.md"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TreeKind::{Directory, File};

    #[test]
    fn containers_are_found_by_every_spelling() {
        for kind in ArtifactType::ALL {
            for container in containers(kind) {
                assert_eq!(container_type(container), Some(kind));
            }
        }
        for other in ["Skills", "skill", "node_modules", "", "docs"] {
            assert_eq!(container_type(other), None, "{other}");
        }
    }

    #[test]
    fn the_first_default_path_is_the_deploy_rule() {
        for (key, want) in [
            ("skill:pdf", &["skills/pdf"][..]),
            ("command:review", &["commands/review.md", "commands/review"]),
            ("agent:a/b", &["agents/a/b.md", "agents/a/b"]),
            ("hook:lint", &["hooks/lint.md", "hooks/lint"]),
            ("mcp:db", &["mcp/db", "mcp/db.json", "mcp/db.md", "mcps/db", "mcps/db.json", "mcps/db.md"]),
            ("workflow:ci", &["workflows/ci", "workflows/ci.yaml", "workflows/ci.yml", "workflows/ci.json"]),
            ("plugin:p", &["composites/p", "plugins/p"]),
            ("rule_file:r", &["rules/r.md"]),
            ("project_config:CLAUDE", &["CLAUDE.md"]),
        ] {
            let key: ArtifactKey = key.parse().expect(key);
            assert_eq!(default_paths(key.kind, &key.name), want, "{key}");
        }
    }

    #[test]
    fn no_default_path_is_on_another_drive() {
        assert_eq!(default_paths(ArtifactType::ProjectConfig, "C:/x"), [""; 0]);
        assert_eq!(default_paths(ArtifactType::Command, "C:/x")[0], "commands/C:/x.md");
    }

    #[test]
    fn what_an_entry_of_a_container_is() {
        for (kind, path, tree, want) in [
            ("skill", "pdf", Directory, Some("skill:pdf")),
            ("skill", "my.skill", Directory, Some("skill:my.skill")),
            ("skill", "pdf.md", File, None),
            ("skill", ".system", Directory, None),
            ("skill", "a/b", Directory, None),
            ("skill", "node_modules", Directory, None),
            ("command", "review.md", File, Some("command:review")),
            ("command", "front/end.md", File, Some("command:front/end")),
            ("command", "front/.x/end.md", File, None),
            ("command", "old.md", Directory, Some("command:old")),
            ("command", "notes.txt", File, None),
            ("command", "review.md~", File, None),
            ("agent", "debugger.md", File, Some("agent:debugger")),
            ("hook", "lint", Directory, Some("hook:lint")),
            ("hook", "lint.md", File, Some("hook:lint")),
            ("hook", "lint.sh", File, None),
            ("mcp", "db.json", File, Some("mcp:db")),
            ("mcp", "db", Directory, Some("mcp:db")),
            ("workflow", "ci.yaml", File, Some("workflow:ci")),
            ("workflow", "ci", Directory, Some("workflow:ci")),
            ("workflow", "ci.md", File, None),
            ("composite", "p", Directory, Some("composite:p")),
            ("rule_file", "a/b.md", File, Some("rule_file:a/b")),
            ("spec_file", "a/b.md", File, None),
            ("spec_file", "s.md", File, Some("spec_file:s")),
            ("spec_file", "s", Directory, None),
            ("project_config", "CLAUDE.md", File, None),
        ] {
            let kind: ArtifactType = kind.parse().expect(kind);
            let want = want.map(|key| Occupant::Artifact(key.parse().expect(key)));
            assert_eq!(artifact_in_container(kind, path, tree), want, "{kind} {path} {tree:?}");
        }
        let folder = artifact_in_container(ArtifactType::Command, "front", Directory);
        let Some(Occupant::ArtifactOrFolder { key, manifests }) = folder else { panic!("{folder:?}") };
        assert_eq!((key.to_string().as_str(), manifests), ("command:front", &["COMMAND.md", "command.md"][..]));
    }

    #[test]
    fn what_a_container_may_hold_is_found_again_by_its_default_paths() {
        for kind in ArtifactType::ALL.into_iter().filter(|kind| *kind != ArtifactType::ProjectConfig) {
            for path in default_paths(kind, "x") {
                let (container, entry) = path.split_once('/').expect("container/entry");
                assert_eq!(container_type(container), Some(kind));
                let found = [File, Directory].map(|tree| artifact_in_container(kind, entry, tree));
                assert!(found.iter().any(Option::is_some), "{path}");
            }
        }
    }

    #[test]
    fn project_configs_are_known_by_exact_name() {
        assert_eq!(project_config("AGENTS.md").map(|k| k.to_string()).as_deref(), Some("project_config:AGENTS"));
        assert_eq!(project_config("README.md"), None);
    }
}
