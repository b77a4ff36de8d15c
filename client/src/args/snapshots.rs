//! `snapshot` and `rollback`.

use clap::{Args, Subcommand};

use super::change::Manner;

/// `snapshot`.
#[derive(Subcommand, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields that are flattened have none: it would replace the command's description")]
pub enum SnapshotCommand {
    /// Keep a collection as it is now
    #[command(
        after_help = "Examples:\n  skillmeat snapshot create\n  skillmeat snapshot create 'before the clean-up' --collection work"
    )]
    Create {
        /// Why
        message: Option<String>,
        #[command(flatten)]
        of: Of,
    },
    /// The snapshots of a collection, the latest first
    #[command(
        after_help = "Examples:\n  skillmeat snapshot list\n  skillmeat snapshot list -n 5 --cursor 20261121-070854-838706"
    )]
    List {
        #[command(flatten)]
        of: Of,
        /// How many, at most 100
        #[arg(short = 'n', value_name = "N", default_value_t = 50)]
        limit: u32,
        /// Only those before this one
        #[arg(long, value_name = "SNAPSHOT")]
        cursor: Option<String>,
    },
    /// One snapshot, with what is in it
    #[command(after_help = "Example:\n  skillmeat snapshot show 20261121-07")]
    Show {
        /// Its id, or a beginning of it that fits one only
        #[arg(value_name = "SNAPSHOT")]
        snapshot: String,
        #[command(flatten)]
        of: Of,
    },
    /// Which files differ between two snapshots, or a snapshot and now
    #[command(
        after_help = "Examples:\n  skillmeat snapshot diff 20261121-07\n  skillmeat snapshot diff 20261121-07 20261121-09"
    )]
    Diff {
        /// The earlier one
        #[arg(value_name = "SNAPSHOT")]
        from: String,
        /// The later one; the collection as it is now when left out
        #[arg(value_name = "SNAPSHOT")]
        to: Option<String>,
        #[command(flatten)]
        of: Of,
    },
    /// Bring back a collection that is gone, or put one beside it
    #[command(after_help = "Examples:
  skillmeat snapshot restore 20261121-07
  skillmeat snapshot restore 20261121-07 --to as-it-was --dry-run

What is there is never replaced: skillmeat rollback makes a collection what it was.")]
    Restore {
        /// Its id, or a beginning of it that fits one only
        #[arg(value_name = "SNAPSHOT")]
        snapshot: String,
        /// Under this name
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        manner: Manner,
    },
    /// Remove snapshots; this cannot be undone
    #[command(after_help = "Example:\n  skillmeat snapshot delete 20261121-070854-838706")]
    Delete {
        /// Which
        #[arg(required = true, value_name = "SNAPSHOT")]
        snapshots: Vec<String>,
        #[command(flatten)]
        of: Of,
    },
    /// Remove those that are not worth their room any more; this cannot be undone
    #[command(after_help = "Examples:
  skillmeat snapshot prune --dry-run
  skillmeat snapshot prune --keep 5 --max-age-days 0 --manual

What is left out is as config.toml says. Those taken before a rollback stay for a time of their own.")]
    Prune {
        #[command(flatten)]
        of: Of,
        /// Keep the newest so many; 0 for all
        #[arg(long, value_name = "N")]
        keep: Option<u32>,
        /// Remove older ones; 0 for any age
        #[arg(long, value_name = "DAYS")]
        max_age_days: Option<u32>,
        /// Those that people took, too
        #[arg(long)]
        manual: bool,
        #[command(flatten)]
        manner: Manner,
    },
}

/// Of which collection.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Of {
    /// Of this collection, by name or id
    #[arg(long)]
    pub collection: Option<String>,
}

/// `rollback`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "doc comments would replace the command's description")]
pub struct RollbackArgs {
    /// The snapshot, by its id or a beginning of it that fits one only
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: String,
    /// Take back what operations changed, and keep what was changed by hand, merged where both changed a file
    #[arg(long)]
    pub preserve_changes: bool,
    /// Only this file or directory, relative to the collection (repeatable)
    #[arg(long = "path", value_name = "PATH")]
    pub paths: Vec<String>,
    #[command(flatten)]
    pub of: Of,
    #[command(flatten)]
    pub manner: Manner,
}
