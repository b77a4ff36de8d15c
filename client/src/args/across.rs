//! Command lines about one artifact in many projects.

use std::path::PathBuf;

use clap::Args;

use super::change::{Chosen, How, Manner, artifact};

/// `blast-radius`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct RadiusArgs {
    /// Which artifact, as TYPE:NAME or as NAME where that fits one only
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub artifact: String,
    /// Only copies that follow this collection, by name or id
    #[arg(long)]
    pub collection: Option<String>,
    /// Exit with 1 when a copy drifted, with 2 when one needs a decision
    #[arg(long)]
    pub exit_code: bool,
}

/// `fan-out`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct FanOutArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub chosen: Chosen,
    /// Of this collection, by name or id
    #[arg(long)]
    pub collection: Option<String>,
    /// Also into edited copies, where both sides merge without a conflict
    #[arg(long)]
    pub include_merges: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub manner: Manner,
}

/// `promote`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct PromoteArgs {
    /// From this registered project, by path or name
    #[arg(value_name = "PROJECT")]
    pub project: PathBuf,
    /// Which artifact, as TYPE:NAME or as NAME where that fits one only
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub artifact: String,
    /// The copy under this deployment profile, where several have it
    #[arg(long, value_name = "ID")]
    pub profile: Option<String>,
    /// What to do where the collection changed too; both are merged when left out
    #[arg(long, value_enum)]
    pub strategy: Option<How>,
    /// Into every clean copy, too, as one operation
    #[arg(long)]
    pub fan_out: bool,
    /// Ask nothing, and go on where other copies were edited: they keep their edits, and get a conflict
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub manner: Manner,
}
