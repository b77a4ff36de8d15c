//! Answers about registered and discovered projects.

use super::{Counts, Problem, ProjectState};
use crate::clock::Clock;
use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// One registered project.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ProjectInfo {
    /// Absolute path.
    pub path: String,
    /// Name.
    pub name: String,
    /// Whether it can be watched.
    pub state: ProjectState,
    /// Profiles found, such as `claude_code`.
    pub profiles: Vec<String>,
    /// Items per state.
    pub counts: Counts,
}

/// Answer to `projects.list`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ProjectsReply {
    /// The history that this answer shows.
    pub clock: Clock,
    /// By path.
    pub projects: Vec<ProjectInfo>,
}

/// A directory that holds artifacts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DiscoveredProject {
    /// Absolute path.
    pub path: String,
    /// Profile roots in it, such as `.claude`.
    pub roots: Vec<String>,
    /// Deployment records in it.
    pub deployments: u32,
    /// Whether it was registered before.
    pub registered: bool,
    /// Whether this call registered it.
    pub added: bool,
}

/// Answer to `projects.discover`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct DiscoverReply {
    /// By path.
    pub projects: Vec<DiscoveredProject>,
    /// Directories looked at.
    pub directories: u64,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
}
