//! Command lines about the history as a whole.

use clap::{Args, Subcommand};

use super::change::{Whose, artifact};

/// `history`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryArgs {
    /// Something else than the list
    #[command(subcommand)]
    pub command: Option<HistoryCommand>,
    /// Only what concerned this artifact
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub artifact: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub whose: Whose,
    /// Only what happened since: 2026-01-31, 2026-01-31T12:00:00Z, or so long ago: 30m, 12h, 7d, 2w
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// How many
    #[arg(short = 'n', value_name = "N", default_value_t = 50)]
    pub limit: u32,
    /// Where an earlier page ended
    #[arg(long, value_name = "MARK")]
    pub before: Option<String>,
}

/// `history …`.
#[derive(Subcommand, Debug, PartialEq, Eq)]
pub enum HistoryCommand {
    /// Remove contents that nothing needs any more
    #[command(after_help = "Examples:\n  skillmeat history gc --dry-run\n  skillmeat history gc --older-than 30

What a record, a tag or an operation names stays, and what is the latest somewhere.")]
    Gc {
        /// What was seen within so many days stays
        #[arg(long, value_name = "DAYS", default_value_t = 90)]
        older_than: u32,
        /// Say what would be removed, and remove nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Read everything that the history holds, and hash it again
    #[command(after_help = "Example:\n  skillmeat history verify\n\nExits with 3 when something is damaged.")]
    Verify,
}
