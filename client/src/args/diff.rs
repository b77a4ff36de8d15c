//! The command line of `diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use skillmeat_protocol::request::DiffSide;

/// `diff`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct DiffArgs {
    /// An artifact, or two files or directories
    #[arg(required = true, num_args = 1..=2, value_names = ["TYPE:NAME|PATH", "PATH"])]
    pub what: Vec<PathBuf>,
    /// In this registered project, by path or name, instead of the one around the working directory
    #[arg(long, value_name = "PATH|NAME")]
    pub project: Option<PathBuf>,
    /// Under this deployment profile
    #[arg(long, value_name = "ID")]
    pub profile: Option<String>,
    /// In this collection, by name or id, instead of the one that it came from
    #[arg(long)]
    pub collection: Option<String>,
    /// The first side: baseline, collection or project
    #[arg(long, value_name = "SIDE", value_parser = side)]
    pub from: Option<DiffSide>,
    /// The second side: baseline, collection or project
    #[arg(long, value_name = "SIDE", value_parser = side)]
    pub to: Option<DiffSide>,
    /// How many lines of each file, instead of the lines
    #[arg(long, conflicts_with = "name_only")]
    pub stat: bool,
    /// Which files, and nothing else
    #[arg(long)]
    pub name_only: bool,
    /// Lines around each change
    #[arg(short = 'U', long, value_name = "N", default_value_t = 3)]
    pub unified: u32,
    /// When to colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub color: When,
    /// Exit with 1 when anything differs; without a pager
    #[arg(long)]
    pub exit_code: bool,
}

/// When something is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Reads the name of a side.
fn side(text: &str) -> Result<DiffSide, String> {
    match text {
        "baseline" => Ok(DiffSide::Baseline),
        "collection" => Ok(DiffSide::Collection),
        "project" => Ok(DiffSide::Project),
        _ => Err("sides are baseline, collection and project".to_owned()),
    }
}
