//! Command lines about conflicts.

use std::path::PathBuf;

/// What `resolve --help` ends with.
pub(super) const RESOLVE: &str = "'Ours' is the project's copy, 'theirs' the collection's.

To decide changes no file: it is kept until --continue, which puts what was decided, and the rest merged, into the
project and the collection. When a side changed meanwhile, that is merged anew. --continue beside a decision ends the
conflict at once, if that was the last.

Examples:
  skillmeat resolve skill:pdf --theirs --continue
  skillmeat resolve skill:pdf SKILL.md --edit
  skillmeat resolve skill:pdf notes.md --both
  skillmeat resolve skill:pdf logo.png --content ~/logo.png
  skillmeat resolve skill:pdf --continue --dry-run
  skillmeat resolve skill:pdf --abort";

/// The same of `mergetool`.
pub(super) const MERGETOOL: &str =
    "Runs the tool that 'git config merge.tool' names, by mergetool.TOOL.cmd, or mergetool.TOOL.path for those
that are known by name: vimdiff, nvimdiff, gvimdiff, meld, kdiff3, opendiff, vscode. Its exit code counts where
mergetool.TOOL.trustExitCode says so; otherwise a file is decided when it was written.

Examples:
  skillmeat mergetool
  skillmeat mergetool skill:pdf --tool meld";

use clap::{Args, Subcommand};

use super::Which;
use super::change::{Manner, artifact};

/// A project, and one profile of it.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct InProject {
    /// In this registered project, by path or name, instead of the one around the working directory
    #[arg(long, value_name = "PATH|NAME")]
    pub project: Option<PathBuf>,
    /// Under this deployment profile, where there are conflicts under several
    #[arg(long, value_name = "ID")]
    pub profile: Option<String>,
}

/// `conflicts`.
#[derive(Subcommand, Debug, PartialEq, Eq)]
pub enum ConflictsCommand {
    /// What somebody has to decide about, with the commands that do
    #[command(after_help = "Examples:\n  skillmeat conflicts list\n  skillmeat conflicts list --all --closed --json")]
    List {
        #[command(flatten)]
        #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
        which: Which,
        /// Also those that are none any more
        #[arg(long)]
        closed: bool,
    },
    /// One of them, by file; with FILE, its lines with the base and both sides between markers
    #[command(
        after_help = "Examples:\n  skillmeat conflicts show skill:pdf\n  skillmeat conflicts show skill:pdf SKILL.md"
    )]
    Show {
        /// Which artifact
        #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
        artifact: String,
        /// Which of its files
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        #[command(flatten)]
        #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
        at: InProject,
    },
}

/// How files of a conflict are decided.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[group(multiple = false)]
pub struct Chosen {
    /// As it is in the project
    #[arg(long)]
    pub ours: bool,
    /// As it is in the collection
    #[arg(long)]
    pub theirs: bool,
    /// As it was before both changed it
    #[arg(long)]
    pub base: bool,
    /// The lines of both, one after the other, where they are in conflict
    #[arg(long)]
    pub both: bool,
    /// As you make it, in $VISUAL or $EDITOR, from the text with markers
    #[arg(long)]
    pub edit: bool,
    /// As you make it, in the tool that git is configured for (merge.tool)
    #[arg(long)]
    pub tool: bool,
    /// As in this file
    #[arg(long, value_name = "PATH", requires = "file")]
    pub content: Option<PathBuf>,
}

impl Chosen {
    /// Whether anything is.
    pub fn is_something(&self) -> bool {
        *self != Self::default()
    }
}

/// `resolve`.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "doc comments would replace the command's description")]
pub struct ResolveArgs {
    /// Which artifact
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub artifact: String,
    /// Which of its files; all that are not decided when left out
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub chosen: Chosen,
    /// End the conflict with what was decided: into the project and the collection, in one operation
    #[arg(long = "continue", conflicts_with = "abort")]
    pub proceed: bool,
    /// Forget what was decided, and take markers out of the project's copy again
    #[arg(long, conflicts_with_all = ["file", "ours", "theirs", "base", "both", "edit", "tool", "content"])]
    pub abort: bool,
    #[command(flatten)]
    pub at: InProject,
    #[command(flatten)]
    pub manner: Manner,
}

/// `mergetool`.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "doc comments would replace the command's description")]
pub struct MergetoolArgs {
    /// Only this artifact
    #[arg(value_name = "TYPE:NAME", value_parser = artifact)]
    pub artifact: Option<String>,
    /// This tool instead of the one that git is configured for
    #[arg(short = 't', long, value_name = "NAME")]
    pub tool: Option<String>,
    #[command(flatten)]
    pub at: InProject,
}
