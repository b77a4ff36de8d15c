//! Command lines about versions of artifacts.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use skillmeat_protocol::request::DiffSide;

use super::change::{Manner, artifact};
use super::diff::{Show, side};

/// Versions that are listed when nobody says how many.
pub const USUAL: u32 = 50;

/// `versions`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct VersionsArgs {
    /// Which artifact
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub artifact: String,
    /// Who has which version, and what was made of what
    #[arg(long, conflicts_with_all = ["limit", "before"])]
    pub graph: bool,
    /// With --graph: for Graphviz
    #[arg(long, requires = "graph")]
    pub dot: bool,
    /// How many
    #[arg(short = 'n', value_name = "N", default_value_t = USUAL)]
    pub limit: u32,
    /// Only those before this one
    #[arg(long, value_name = "NUMBER")]
    pub before: Option<u64>,
}

/// A version of an artifact.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionNamed {
    /// Which artifact
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub artifact: String,
    /// Which version: a tag, a branch, a hash, or the beginning of one
    #[arg(value_name = "VERSION")]
    pub version: String,
}

/// `version`.
#[derive(Subcommand, Debug, PartialEq, Eq)]
pub enum VersionCommand {
    /// One version: its files, what it was made of, where it was seen
    #[command(after_help = "Example:\n  skillmeat version show skill:pdf 5fdf118d")]
    Show {
        #[command(flatten)]
        #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
        named: VersionNamed,
    },
    /// What differs between two versions, or between one and what is there now
    #[command(after_help = "Sides are versions, snapshots, baseline, collection and project.
Where a word may be a version and a snapshot, write version:WORD or snapshot:WORD.

Examples:
  skillmeat version diff skill:pdf 5fdf118d
  skillmeat version diff skill:pdf good 5fdf118d --stat
  skillmeat version diff skill:pdf snapshot:20261121-07 good")]
    Diff {
        /// Which artifact
        #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
        artifact: String,
        /// The first side
        #[arg(value_name = "A", value_parser = side)]
        from: DiffSide,
        /// The second side; what the project has, else the collection, when left out
        #[arg(value_name = "B", value_parser = side)]
        to: Option<DiffSide>,
        /// In this registered project, by path or name, instead of the one around the working directory
        #[arg(long, value_name = "PATH|NAME")]
        project: Option<PathBuf>,
        /// In this collection, by name or id
        #[arg(long)]
        collection: Option<String>,
        #[command(flatten)]
        #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
        show: Show,
    },
    /// Put a version back into a project, or into a collection
    #[command(after_help = "Examples:
  skillmeat version restore skill:pdf 5fdf118d
  skillmeat version restore skill:pdf good --project webapp --dry-run
  skillmeat version restore skill:pdf good --collection default")]
    Restore {
        #[command(flatten)]
        #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
        named: VersionNamed,
        /// This registered project, by path or name, instead of the one around the working directory
        #[arg(long, value_name = "PATH|NAME", conflicts_with = "collection")]
        project: Option<PathBuf>,
        /// Only this deployment profile (repeatable)
        #[arg(long = "profile", value_name = "ID", conflicts_with = "collection")]
        profiles: Vec<String>,
        /// Into this collection, by name or id, instead of a project
        #[arg(long)]
        collection: Option<String>,
        #[command(flatten)]
        #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
        manner: Manner,
    },
    /// Branches of an artifact: list them, make one, give one up
    #[command(
        after_help = "A branch is a line of an artifact in a collection. What the collection has is the tip of the current one.

Examples:
  skillmeat version branch skill:pdf
  skillmeat version branch skill:pdf next
  skillmeat deploy skill:pdf --branch next
  skillmeat version branch skill:pdf old --at 5fdf118d
  skillmeat version branch skill:pdf old --delete"
    )]
    Branch {
        /// Which artifact
        #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
        artifact: String,
        /// The branch to make, or to give up
        #[arg(value_name = "BRANCH")]
        branch: Option<String>,
        /// It begins with this version, instead of what the collection has
        #[arg(long, value_name = "VERSION", requires = "branch", conflicts_with = "delete")]
        at: Option<String>,
        /// Give it up; its versions stay
        #[arg(long, requires = "branch")]
        delete: bool,
        /// Which there are
        #[arg(long, conflicts_with = "branch")]
        list: bool,
        /// In this collection, by name or id
        #[arg(long)]
        collection: Option<String>,
    },
    /// Who follows a branch by its name, and not whatever the collection has
    #[command(after_help = "Examples:
  skillmeat version followers skill:pdf
  skillmeat version followers skill:pdf --json")]
    Followers {
        /// Which artifact
        #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
        artifact: String,
        /// In this collection, by name or id
        #[arg(long)]
        collection: Option<String>,
    },
    /// Put a branch into the collection; it is the current one from then on
    #[command(after_help = "What is there stays the tip of the branch that was current.

Examples:
  skillmeat version switch skill:pdf next
  skillmeat version switch skill:pdf main --dry-run")]
    Switch {
        /// Which artifact
        #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
        artifact: String,
        /// The branch
        #[arg(value_name = "BRANCH")]
        branch: String,
        /// In this collection, by name or id
        #[arg(long)]
        collection: Option<String>,
        #[command(flatten)]
        #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
        manner: Manner,
    },
    /// Give a version a name, which is kept as long as it has one
    #[command(after_help = "Example:\n  skillmeat version tag skill:pdf 5fdf118d good")]
    Tag {
        #[command(flatten)]
        #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
        named: VersionNamed,
        /// The name
        #[arg(value_name = "TAG")]
        tag: String,
    },
    /// Take a name away
    #[command(after_help = "Example:\n  skillmeat version untag skill:pdf good")]
    Untag {
        /// Which artifact
        #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
        artifact: String,
        /// The name
        #[arg(value_name = "TAG")]
        tag: String,
    },
}
