//! Names of artifacts. `ArtifactKey = (type, name)`; nothing is ever matched by name alone.

use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What an artifact is (formats-core §3). Order is the wire and the sort order of lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ArtifactType {
    Skill,
    Command,
    Agent,
    Hook,
    Mcp,
    Workflow,
    Composite,
    ProjectConfig,
    SpecFile,
    RuleFile,
    ContextFile,
    ProgressTemplate,
}

/// Text that names no artifact type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownType(pub String);

impl fmt::Display for UnknownType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown artifact type '{}'; known types: ", self.0)?;
        for (i, t) in ArtifactType::ALL.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, t.as_str())?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownType {}

impl ArtifactType {
    /// Every type, in order.
    pub const ALL: [Self; 12] = [
        Self::Skill,
        Self::Command,
        Self::Agent,
        Self::Hook,
        Self::Mcp,
        Self::Workflow,
        Self::Composite,
        Self::ProjectConfig,
        Self::SpecFile,
        Self::RuleFile,
        Self::ContextFile,
        Self::ProgressTemplate,
    ];

    /// The name in files, JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skill => "skill",
            Self::Command => "command",
            Self::Agent => "agent",
            Self::Hook => "hook",
            Self::Mcp => "mcp",
            Self::Workflow => "workflow",
            Self::Composite => "composite",
            Self::ProjectConfig => "project_config",
            Self::SpecFile => "spec_file",
            Self::RuleFile => "rule_file",
            Self::ContextFile => "context_file",
            Self::ProgressTemplate => "progress_template",
        }
    }
}

impl fmt::Display for ArtifactType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ArtifactType {
    type Err = UnknownType;

    /// Accepts the aliases that older files and other tools use: case and surrounding space do not matter, `-` is
    /// `_`, a plural `s` is dropped, `mcp_server` and `mcpserver` are `mcp`, `plugin` is `composite`.
    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let folded = text.trim().to_ascii_lowercase().replace('-', "_");
        let singular = folded.strip_suffix('s').unwrap_or(&folded);
        match singular {
            "mcp_server" | "mcpserver" => Ok(Self::Mcp),
            "plugin" => Ok(Self::Composite),
            _ => Self::ALL
                .into_iter()
                .find(|t| t.as_str() == singular)
                .ok_or_else(|| UnknownType(text.trim().to_owned())),
        }
    }
}

/// The extensions that names are compared without (formats-core §2.1, §4.1).
const NAME_EXTENSIONS: [&str; 5] = [".md", ".txt", ".json", ".yaml", ".yml"];

/// The name that two spellings of an artifact share: one trailing `.md .txt .json .yaml .yml` is dropped.
pub fn normalized_name(name: &str) -> &str {
    NAME_EXTENSIONS.iter().find_map(|ext| name.strip_suffix(ext)).filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// Identity of an artifact within a collection. `Display` and `FromStr` use `type:name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
pub struct ArtifactKey {
    /// The type.
    #[serde(rename = "type")]
    pub kind: ArtifactType,
    /// The name, without a trailing extension.
    pub name: String,
}

impl ArtifactKey {
    /// The key of `name` as it stands in a file, normalised.
    pub fn new(kind: ArtifactType, name: &str) -> Self {
        Self { kind, name: normalized_name(name).to_owned() }
    }
}

impl fmt::Display for ArtifactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

impl FromStr for ArtifactKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, name) =
            text.split_once(':').ok_or_else(|| format!("'{text}' is not TYPE:NAME, for example skill:pdf"))?;
        let name = name.trim_start_matches(':');
        if name.is_empty() {
            return Err(format!("'{text}' has no name after the colon"));
        }
        Ok(Self::new(kind.parse().map_err(|e: UnknownType| e.to_string())?, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_accept_their_aliases() {
        for t in ArtifactType::ALL {
            assert_eq!(t.as_str().parse(), Ok(t));
        }
        let mcp = ["mcp_server", "mcp-server", "MCPServer", " mcps ", "mcp"];
        for text in mcp {
            assert_eq!(text.parse(), Ok(ArtifactType::Mcp), "{text}");
        }
        assert_eq!("plugin".parse(), Ok(ArtifactType::Composite));
        assert_eq!("Skills".parse(), Ok(ArtifactType::Skill));
        assert!("spell".parse::<ArtifactType>().is_err());
    }

    #[test]
    fn names_lose_one_extension() {
        for (given, want) in [
            ("a.md", "a"),
            ("a.md.md", "a.md"),
            ("a.MD", "a.MD"),
            ("my.skill", "my.skill"),
            (".md", ".md"),
            ("x.yml", "x"),
        ] {
            assert_eq!(normalized_name(given), want);
        }
    }

    #[test]
    fn keys_read_both_colon_forms() {
        for text in ["agent:debugger", "agent::debugger", "agents:debugger.md"] {
            assert_eq!(text.parse::<ArtifactKey>().expect(text).to_string(), "agent:debugger");
        }
        for text in ["debugger", "agent:", "ghost:x"] {
            assert!(text.parse::<ArtifactKey>().is_err(), "{text}");
        }
    }
}
