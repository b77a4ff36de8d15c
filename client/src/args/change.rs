//! Command lines that change files.
//!
//! What is named is `type:name`, or a name alone where that fits one artifact only; which that is, the daemon knows.
//! Where a command could mean everything, `--all` has to say so: a forgotten word must not be a change of all projects.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::request::Strategy;

/// What every command that changes something takes.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Artifacts, or all of them.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[group(required = true, multiple = false)]
pub struct Named {
    /// Artifacts, as TYPE:NAME or as NAME where that fits one only
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub names: Vec<String>,
    /// Everything that this can be done to
    #[arg(long)]
    pub all: bool,
}

/// A project, and profiles of it.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// This registered project, by path or name, instead of the one around the working directory
    #[arg(long, value_name = "PATH|NAME")]
    pub project: Option<PathBuf>,
    /// Only this deployment profile (repeatable)
    #[arg(long = "profile", value_name = "ID")]
    pub profiles: Vec<String>,
}

/// `add`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct AddArgs {
    /// Files and directories, each one artifact
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Its type, where layout and frontmatter do not tell
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<ArtifactType>,
    /// Its name, instead of that of its file or directory
    #[arg(long)]
    pub name: Option<String>,
    /// Into this collection, by name or id, instead of the default one
    #[arg(long)]
    pub collection: Option<String>,
    /// A tag (repeatable)
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Replace what has the same type and name; the history keeps a copy
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub manner: Manner,
}

/// `remove`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct RemoveArgs {
    /// Artifacts
    #[arg(required = true, value_name = "TYPE:NAME", value_parser = artifact)]
    pub names: Vec<String>,
    /// From this collection, by name or id
    #[arg(long)]
    pub collection: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub manner: Manner,
}

/// `rename`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct RenameArgs {
    /// The artifact
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub artifact: String,
    /// Its new name
    #[arg(value_name = "NEW")]
    pub to: String,
    /// In this collection, by name or id
    #[arg(long)]
    pub collection: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub manner: Manner,
}

/// `tag`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct TagArgs {
    /// Artifacts
    #[arg(required = true, value_name = "TYPE:NAME", value_parser = artifact)]
    pub names: Vec<String>,
    /// Add this tag (repeatable)
    #[arg(long, value_name = "TAG", required_unless_present = "remove")]
    pub add: Vec<String>,
    /// Take this tag away (repeatable)
    #[arg(long, value_name = "TAG")]
    pub remove: Vec<String>,
    /// In this collection, by name or id
    #[arg(long)]
    pub collection: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub manner: Manner,
}

/// What to deploy.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[group(required = true, multiple = false)]
pub struct Chosen {
    /// Artifacts, as TYPE:NAME or as NAME where that fits one only
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub names: Vec<String>,
    /// The members of this group
    #[arg(long)]
    pub group: Option<String>,
    /// Everything in the collection
    #[arg(long)]
    pub all: bool,
}

/// `deploy`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct DeployArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub chosen: Chosen,
    /// From this collection, by name or id
    #[arg(long)]
    pub collection: Option<String>,
    /// The tip of this branch, which is followed by its name from then on; with the current one, whatever the collection has is
    #[arg(long, conflicts_with = "merge")]
    pub branch: Option<String>,
    /// Into this registered project, by path or name, instead of the one around the working directory (repeatable)
    #[arg(long = "project", value_name = "PATH|NAME")]
    pub projects: Vec<PathBuf>,
    /// Under this deployment profile instead of the project's primary one (repeatable)
    #[arg(long = "profile", value_name = "ID", conflicts_with = "all_profiles")]
    pub profiles: Vec<String>,
    /// Under every profile of the project
    #[arg(long)]
    pub all_profiles: bool,
    /// Into this directory of the project instead of the type's own
    #[arg(long, value_name = "DIR")]
    pub dest_path: Option<String>,
    /// Replace what is in the way; the history keeps a copy
    #[arg(long, conflicts_with = "merge")]
    pub force: bool,
    /// Merge it with what is in the way, where that leaves no conflict
    #[arg(long)]
    pub merge: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub manner: Manner,
}

/// `undeploy`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "doc comments would replace the command's description")]
pub struct UndeployArgs {
    #[command(flatten)]
    pub named: Named,
    #[command(flatten)]
    pub at: At,
    /// Copies that were edited here, too; the history keeps them
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub manner: Manner,
}

/// `pull`, `push` and `sync`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct TransferArgs {
    /// Artifacts, as TYPE:NAME or as NAME where that fits one only; all that differ when left out
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub names: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub at: At,
    /// What to do where both sides changed, or other projects would be affected; config.toml decides when left out, else both
    /// are merged
    #[arg(long, value_enum)]
    pub strategy: Option<How>,
    /// Merge, and put what is in conflict into the project's copy, between markers
    #[arg(long, conflicts_with = "strategy")]
    pub markers: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub manner: Manner,
}

/// `push`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "doc comments would replace the command's description")]
pub struct PushArgs {
    #[command(flatten)]
    pub transfer: TransferArgs,
    /// Onto this branch, whatever the copy follows; no file of the collection changes unless it is the current one
    #[arg(long, conflicts_with = "markers")]
    pub branch: Option<String>,
}

/// How two sides that differ become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum How {
    /// The source replaces the target; the history keeps a copy
    Overwrite,
    /// Both merged, where that leaves no conflict
    Merge,
    /// The source becomes an artifact of its own, NAME-fork
    Fork,
    /// They stay as they are
    Skip,
    /// The project's side, whichever way: pulled, it stays and counts as edited
    Ours,
    /// The collection's side, whichever way; the history keeps the edits
    Theirs,
    /// Ask about each on a terminal; elsewhere they are refused
    Prompt,
}

impl From<How> for Strategy {
    fn from(how: How) -> Self {
        match how {
            How::Overwrite => Self::Overwrite,
            How::Merge => Self::Merge,
            How::Fork => Self::Fork,
            How::Skip => Self::Skip,
            How::Ours => Self::Ours,
            How::Theirs => Self::Theirs,
            How::Prompt => Self::Prompt,
        }
    }
}

/// `adopt` and `import`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "doc comments would replace the command's description")]
pub struct TakeArgs {
    #[command(flatten)]
    pub named: Named,
    #[command(flatten)]
    pub at: At,
    /// This collection, by name or id
    #[arg(long)]
    pub collection: Option<String>,
    #[command(flatten)]
    pub manner: Manner,
}

/// `forget`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "doc comments would replace the command's description")]
pub struct ForgetArgs {
    #[command(flatten)]
    pub named: Named,
    #[command(flatten)]
    pub at: At,
    #[command(flatten)]
    pub manner: Manner,
}

/// Whose past is meant.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// Only what changed this registered project, by path or name
    #[arg(long, value_name = "PATH|NAME")]
    pub project: Option<PathBuf>,
    /// Only what changed this collection, by name or id
    #[arg(long)]
    pub collection: Option<String>,
}

/// `undo`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "doc comments would replace the command's description")]
pub struct UndoArgs {
    /// Which operation; the last one that is not undone when left out
    #[arg(value_name = "OP", conflicts_with_all = ["project", "collection"])]
    pub operation: Option<u64>,
    #[command(flatten)]
    pub whose: Whose,
    #[command(flatten)]
    pub manner: Manner,
}

/// `op`.
#[derive(Subcommand, Debug, PartialEq, Eq)]
pub enum OpCommand {
    /// What was changed, the latest first
    #[command(after_help = "Examples:\n  skillmeat op list -n 5\n  skillmeat op list --project webapp --json")]
    List {
        #[command(flatten)]
        #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
        whose: Whose,
        /// How many
        #[arg(short = 'n', value_name = "N", default_value_t = 20)]
        limit: u32,
        /// Only those before this one
        #[arg(long, value_name = "OP")]
        before: Option<u64>,
    },
    /// One operation, with every path that it changed
    #[command(after_help = "Example:\n  skillmeat op show 17")]
    Show {
        /// Its number
        #[arg(value_name = "OP")]
        operation: u64,
    },
}

/// Reads `TYPE:NAME`, with every spelling of a type, or a name alone.
pub(crate) fn artifact(text: &str) -> Result<String, String> {
    match text {
        "" => Err("a name is not empty".to_owned()),
        _ if text.contains(':') => text.parse().map(|key: ArtifactKey| key.to_string()),
        _ => Ok(text.to_owned()),
    }
}
