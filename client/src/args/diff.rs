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
    /// The first side: baseline, collection, project, a version or a snapshot
    #[arg(long, value_name = "SIDE", value_parser = side)]
    pub from: Option<DiffSide>,
    /// The second side: baseline, collection, project, a version or a snapshot
    #[arg(long, value_name = "SIDE", value_parser = side)]
    pub to: Option<DiffSide>,
    /// How it is shown.
    #[command(flatten)]
    pub show: Show,
}

/// How a difference is shown.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Show {
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

/// Reads the name of a side. A version that is called like another side is meant where that is said.
pub fn side(text: &str) -> Result<DiffSide, String> {
    let past = |text: &str, side: fn(String) -> DiffSide| match text {
        "" => Err("sides are baseline, collection, project, a version or a snapshot".to_owned()),
        text => Ok(side(text.to_owned())),
    };
    match (text, text.split_once(':')) {
        ("baseline", _) => Ok(DiffSide::Baseline),
        ("collection", _) => Ok(DiffSide::Collection),
        ("project", _) => Ok(DiffSide::Project),
        (_, Some(("version", name))) => past(name, DiffSide::Version),
        (_, Some(("snapshot", name))) => past(name, DiffSide::Snapshot),
        _ => past(text, DiffSide::Named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_a_word_or_says_what_it_is() {
        let text = str::to_owned;
        for (given, want) in [
            ("project", Some(DiffSide::Project)),
            ("5fdf118d", Some(DiffSide::Named(text("5fdf118d")))),
            ("version:project", Some(DiffSide::Version(text("project")))),
            ("version:a:b", Some(DiffSide::Version(text("a:b")))),
            ("snapshot:20261121", Some(DiffSide::Snapshot(text("20261121")))),
            ("a:b", Some(DiffSide::Named(text("a:b")))),
            ("", None),
            ("version:", None),
            ("snapshot:", None),
        ] {
            assert_eq!(side(given).ok(), want, "{given}");
        }
    }
}
