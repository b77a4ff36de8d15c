//! Of which type something is that lies anywhere, told by where it is, what is in it and what it says of itself
//! (formats-core §3, "Detection signatures" and "Validation").
//!
//! A type is certain or it is not: the original scores and takes the best guess, and a command that was filed as a skill
//! is found by nobody. What is not certain is answered with the types that it could be.

use crate::library::{frontmatter, layout};
use crate::model::TreeKind;
use skillmeat_protocol::ids::ArtifactType;
use std::ffi::OsStr;
use std::path::Path;

/// Directories above a file that are looked at.
const CLIMB: usize = 10;

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detected {
    /// It is this.
    Certain(ArtifactType),
    /// It could be any of these.
    Unsure(Vec<ArtifactType>),
}

/// Names of directories, in lower case, that hold artifacts of a type.
const fn containers(kind: ArtifactType) -> &'static [&'static str] {
    match kind {
        ArtifactType::Skill => &["skills", "skill", "claude-skills"],
        ArtifactType::Command => &["commands", "command", "claude-commands"],
        ArtifactType::Agent => &["agents", "agent", "subagents", "claude-agents"],
        ArtifactType::Hook => &["hooks", "hook", "claude-hooks"],
        ArtifactType::Mcp => &["mcp", "mcps", "mcp-servers", "servers", "mcp_servers", "claude-mcp"],
        ArtifactType::Workflow => &["workflows", "workflow", "claude-workflows"],
        ArtifactType::Composite => &["composites", "composite", "plugins", "plugin", "claude-composites"],
        ArtifactType::ProjectConfig => &[],
        ArtifactType::SpecFile => &["specs"],
        ArtifactType::RuleFile => &["rules"],
        ArtifactType::ContextFile => &["context"],
        ArtifactType::ProgressTemplate => &["progress"],
    }
}

/// The type that a directory of this name holds.
pub fn contained(directory: &OsStr) -> Option<ArtifactType> {
    let name = directory.to_str()?.to_lowercase();
    ArtifactType::ALL.into_iter().find(|kind| containers(*kind).contains(&name.as_str()))
}

/// Files, in lower case, that make a directory an artifact of a type. Those that lie in artifacts of other types too say
/// so only where nothing else does.
const MANIFESTS: [(&str, ArtifactType); 9] = [
    ("skill.md", ArtifactType::Skill),
    ("command.md", ArtifactType::Command),
    ("agent.md", ArtifactType::Agent),
    ("workflow.yaml", ArtifactType::Workflow),
    ("workflow.json", ArtifactType::Workflow),
    ("composite.md", ArtifactType::Composite),
    ("plugin.md", ArtifactType::Composite),
    ("plugin.json", ArtifactType::Composite),
    (".claude-plugin", ArtifactType::Composite),
];
const WEAK: [(&str, ArtifactType); 3] =
    [("settings.json", ArtifactType::Hook), (".mcp.json", ArtifactType::Mcp), ("mcp.json", ArtifactType::Mcp)];

/// The type of what is at `real` and was named `path`.
pub fn detect(path: &Path, real: &Path, tree: TreeKind) -> Detected {
    let certain = by_manifest(real, tree).or_else(|| by_container(path, real, tree)).or_else(|| match tree {
        TreeKind::File => by_name(real).or_else(|| by_content(real)),
        TreeKind::Directory => None,
    });
    match certain {
        Some(detected) => detected,
        None => Detected::Unsure(fitting(real, tree)),
    }
}

/// The types that something could be, going by its form alone.
fn fitting(real: &Path, tree: TreeKind) -> Vec<ArtifactType> {
    ArtifactType::ALL.into_iter().filter(|kind| check(*kind, real, tree).is_ok()).collect()
}

fn by_manifest(real: &Path, tree: TreeKind) -> Option<Detected> {
    let found = |table: &[(&str, ArtifactType)]| -> Vec<ArtifactType> {
        let names = match tree {
            TreeKind::Directory => names_in(real),
            TreeKind::File => real.file_name().and_then(OsStr::to_str).map(str::to_lowercase).into_iter().collect(),
        };
        let mut kinds: Vec<_> =
            names.iter().flat_map(|n| table.iter().filter(move |(m, _)| m == n)).map(|(_, k)| *k).collect();
        kinds.sort_unstable();
        kinds.dedup();
        // A Markdown file called like a manifest is an artifact of its own where it is named alone.
        kinds.retain(|kind| tree == TreeKind::Directory || check(*kind, real, tree).is_ok());
        kinds
    };
    for table in [&MANIFESTS[..], &WEAK[..]] {
        match found(table).as_slice() {
            [] => {}
            [one] => return Some(Detected::Certain(*one)),
            several => return Some(Detected::Unsure(several.to_vec())),
        }
    }
    None
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str().map(str::to_lowercase)).collect()
}

/// The nearest container above; types whose artifacts lie in folders of it are found further up too.
fn by_container(path: &Path, real: &Path, tree: TreeKind) -> Option<Detected> {
    let climb = |path: &Path| {
        let above = path.ancestors().skip(1).take(CLIMB).enumerate();
        above.filter_map(|(depth, dir)| Some((depth, contained(dir.file_name()?)?))).find_map(|(depth, kind)| {
            let nests = matches!(kind, ArtifactType::Command | ArtifactType::Agent | ArtifactType::RuleFile);
            (depth == 0 || nests).then_some(kind)
        })
    };
    let kind = climb(path).or_else(|| climb(real))?;
    // A Markdown file in `skills` is no skill, and says nothing of what it is.
    check(kind, real, tree).is_ok().then_some(Detected::Certain(kind))
}

/// Files that agents read by their name.
fn by_name(real: &Path) -> Option<Detected> {
    let name = real.file_name()?.to_str()?;
    (layout::project_config(name).is_some() && check(ArtifactType::ProjectConfig, real, TreeKind::File).is_ok())
        .then_some(Detected::Certain(ArtifactType::ProjectConfig))
}

/// What only commands or only agents say at their head.
fn by_content(real: &Path) -> Option<Detected> {
    let bytes = crate::os::files::read_whole(real).ok()?;
    let text = std::str::from_utf8(frontmatter::head(&bytes)).ok()?;
    let extension = real.extension()?.to_str()?;
    if extension == "json" {
        let value: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        return value.get("mcpServers").map(|_| Detected::Certain(ArtifactType::Mcp));
    }
    let keys = frontmatter::keys(text);
    let says = |names: &[&str]| keys.iter().any(|key| names.contains(&key.as_str()));
    let command = says(&["argumenthint", "allowedtools", "disablemodelinvocation"]);
    let agent = says(&["name"]) && says(&["tools", "disallowedtools", "permissionmode", "color", "skills"]);
    match (extension, command, agent) {
        ("md", true, false) => Some(Detected::Certain(ArtifactType::Command)),
        ("md", false, true) => Some(Detected::Certain(ArtifactType::Agent)),
        _ => None,
    }
}

/// Whether something can be an artifact of a type.
///
/// # Errors
/// What it lacks.
pub fn check(kind: ArtifactType, real: &Path, tree: TreeKind) -> Result<(), String> {
    use ArtifactType as T;
    let is_named = |name: &str, names: &[&str]| names.contains(&name.to_lowercase().as_str());
    let name = real.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let within = |names: &[&str]| {
        std::fs::read_dir(real).ok()?.flatten().map(|e| e.path()).find(|path| {
            path.file_name().and_then(OsStr::to_str).is_some_and(|name| is_named(name, names)) && path.is_file()
        })
    };
    let needs = |what: &str| Err(format!("a {kind} needs {what}"));
    match (kind, tree) {
        (T::Skill, TreeKind::Directory) => match within(&["skill.md"]) {
            Some(manifest) => says_something(&manifest),
            None => needs("a SKILL.md"),
        },
        (T::Command | T::Agent, TreeKind::Directory) => {
            let is_markdown = |name: &String| name.ends_with(".md");
            if names_in(real).iter().any(is_markdown) { Ok(()) } else { needs("a Markdown file") }
        }
        (T::Hook, TreeKind::Directory) => match within(&["settings.json", "hook.md", "hooks.json"]) {
            Some(_) => Ok(()),
            None => needs("a settings.json"),
        },
        (T::Mcp, TreeKind::Directory) => match within(&[".mcp.json", "mcp.json"]) {
            Some(_) => Ok(()),
            None => needs("a .mcp.json or mcp.json"),
        },
        (T::Workflow, TreeKind::Directory) => match within(&["workflow.yaml", "workflow.yml", "workflow.json"]) {
            Some(manifest) => says_something(&manifest),
            None => needs("a WORKFLOW.yaml or WORKFLOW.json"),
        },
        (T::Composite, TreeKind::Directory) => {
            let is_plugin = real.join(".claude-plugin/plugin.json").is_file();
            if is_plugin || within(&["composite.md", "plugin.md", "plugin.json"]).is_some() {
                return Ok(());
            }
            needs("a COMPOSITE.md, PLUGIN.md or plugin.json")
        }
        (T::Skill | T::Composite, TreeKind::File) => needs("a directory"),
        (T::Hook, TreeKind::File) if is_named(name, &["settings.json"]) => says_something(real),
        (T::Mcp, TreeKind::File) if has_extension(real, &["json"]) => says_something(real),
        (T::Mcp, TreeKind::File) => needs("a JSON file"),
        (T::Workflow, TreeKind::File) if has_extension(real, &["yaml", "yml", "json"]) => says_something(real),
        (T::Workflow, TreeKind::File) => needs("a YAML or JSON file"),
        (T::ProjectConfig, TreeKind::File) if layout::project_config(name).is_none() => {
            needs(&format!("one of the names {}", layout::PROJECT_CONFIG_FILES.join(", ")))
        }
        (_, TreeKind::File) if has_extension(real, &["md"]) => says_something(real),
        (_, TreeKind::File) => needs("a Markdown file"),
        (_, TreeKind::Directory) => needs("a file"),
    }
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|found| extensions.contains(&found))
}

/// Not blank, and text.
fn says_something(file: &Path) -> Result<(), String> {
    let bytes = crate::os::files::read_whole(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    match std::str::from_utf8(&bytes) {
        Err(_) => Err(format!("{} is not UTF-8 text", file.display())),
        Ok(text) if text.trim().is_empty() => Err(format!("{} is empty", file.display())),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ArtifactType as T;
    use Detected::{Certain, Unsure};

    #[test]
    fn a_type_is_certain_or_it_is_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path();
        for (file, text) in [
            ("pdf/SKILL.md", "x"),
            ("lower/skill.md", "x"),
            ("with-settings/SKILL.md", "x"),
            ("with-settings/settings.json", "{}"),
            ("with-settings/.mcp.json", "{}"),
            ("two/SKILL.md", "x"),
            ("two/AGENT.md", "x"),
            ("weak/settings.json", "{}"),
            ("weak/mcp.json", "{}"),
            ("plugin/.claude-plugin/plugin.json", "{}"),
            ("Commands/a.md", "x"),
            ("agents/b/c/d.md", "x"),
            ("skills/x/notes.md", "x"),
            ("servers/db.json", "{}"),
            ("x.json", "{\"mcpServers\": {}}"),
            ("y.json", "{}"),
            ("AGENTS.md", "x"),
            ("both.md", "---\nname: x\ntools: Read\nargument-hint: y\n---\nx"),
            ("settings.json", "{}"),
            ("image.png", "x"),
            ("blank.md", " \n"),
        ] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().expect("in a directory")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let markdown = [T::Command, T::Agent, T::Hook, T::SpecFile, T::RuleFile, T::ContextFile, T::ProgressTemplate];
        for (name, want) in [
            ("pdf", Certain(T::Skill)),
            ("lower", Certain(T::Skill)),
            ("with-settings", Certain(T::Skill)),
            ("two", Unsure(vec![T::Skill, T::Agent])),
            ("weak", Unsure(vec![T::Hook, T::Mcp])),
            ("plugin", Certain(T::Composite)),
            ("Commands/a.md", Certain(T::Command)),
            ("agents/b/c/d.md", Certain(T::Agent)),
            ("skills/x/notes.md", Unsure(markdown.to_vec())),
            ("servers/db.json", Certain(T::Mcp)),
            ("x.json", Certain(T::Mcp)),
            ("y.json", Unsure(vec![T::Mcp, T::Workflow])),
            ("AGENTS.md", Certain(T::ProjectConfig)),
            ("both.md", Unsure(markdown.to_vec())),
            ("settings.json", Certain(T::Hook)),
            ("image.png", Unsure(vec![])),
            ("blank.md", Unsure(vec![])),
        ] {
            let path = root.join(name);
            let tree = if path.is_dir() { TreeKind::Directory } else { TreeKind::File };
            assert_eq!(detect(&path, &path, tree), want, "{name}");
        }
    }
}
