//! Commands that only look at what there is: `status`, `list`, `show` and `prompt`.

use std::path::PathBuf;

use clap::Args;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};

use super::Which;

/// `status`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct StatusArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub which: Which,
    /// Only this artifact type (repeatable)
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<ArtifactType>,
    /// Only this state (repeatable)
    #[arg(long = "state", value_name = "STATE")]
    pub states: Vec<DriftState>,
    /// Only this collection, by name or id (repeatable)
    #[arg(long = "collection", value_name = "COLLECTION")]
    pub collections: Vec<String>,
    /// In-sync artifacts and hashes too
    #[arg(long, short = 'v')]
    pub verbose: bool,
    /// Artifacts of the collections that are not deployed here too
    #[arg(long)]
    pub available: bool,
    /// Stable lines for scripts: two letters, type:name, profile, path
    #[arg(long)]
    pub porcelain: bool,
    /// With --porcelain: end records with NUL and quote nothing
    #[arg(short = 'z', requires = "porcelain")]
    pub nul: bool,
    /// Exit with 1 when something drifted, 2 when something needs a decision
    #[arg(long)]
    pub exit_code: bool,
    /// Answer with what is known now, without waiting for changes under way
    #[arg(long)]
    pub cached: bool,
    /// Wait until it is known of each conflict whether it merges
    #[arg(long, conflicts_with = "cached")]
    pub settled: bool,
}

/// `list`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct ListArgs {
    /// Only this artifact type (repeatable)
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<ArtifactType>,
    /// Only this collection, by name or id (repeatable)
    #[arg(long = "collection", value_name = "COLLECTION")]
    pub collections: Vec<String>,
}

/// `show`.
#[derive(Args, Debug, PartialEq, Eq)]
pub struct ShowArgs {
    /// Which artifact, for example skill:pdf
    #[arg(value_name = "TYPE:NAME")]
    pub key: ArtifactKey,
    /// Only in this collection, by name or id
    #[arg(long, value_name = "COLLECTION")]
    pub collection: Option<String>,
}

/// `prompt`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct PromptArgs {
    /// This registered project, by path or name, instead of the one around the working directory
    #[arg(long, value_name = "PATH|NAME")]
    pub project: Option<PathBuf>,
}
