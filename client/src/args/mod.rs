//! What can be asked on the command line.
//!
//! [`hot`] recognises the few lines that prompts and editor hooks send all day, by hand; everything else goes through
//! clap ([`cli`]), whose set-up costs more than the whole request. Both produce the same [`Invocation`]; a test holds
//! them in agreement.

pub mod across;
pub mod change;
pub mod cli;
pub mod collections;
pub mod conflicts;
pub mod diff;
pub mod history;
pub mod hot;
pub mod look;
pub mod snapshots;
pub mod versions;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;
use skillmeat_protocol::request::default_depth;

use crate::failure::Failure;

pub use across::{FanOutArgs, PromoteArgs, RadiusArgs};
pub use change::{
    AddArgs, At, DeployArgs, ForgetArgs, How, Named, OpCommand, PushArgs, RemoveArgs, RenameArgs, TagArgs, TakeArgs,
    TransferArgs, UndeployArgs, UndoArgs, Whose,
};
pub use collections::{CollectionCommand, GroupArgs, GroupCommand};
pub use conflicts::{ConflictsCommand, MergetoolArgs, ResolveArgs};
pub use diff::DiffArgs;
pub use history::{HistoryArgs, HistoryCommand};
pub use look::{ListArgs, PromptArgs, ShowArgs, StatusArgs};
pub use snapshots::{Of, RollbackArgs, SnapshotCommand};
pub use versions::{USUAL as USUAL_VERSIONS, VersionCommand, VersionsArgs};

/// One command line, understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Whether the answer is one JSON object.
    pub json: bool,
    /// What to do.
    pub command: Command,
}

/// What came of reading the command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Something to do.
    Run(Invocation),
    /// Text that was asked for (`--help`), for standard output.
    Text(String),
    /// The line is wrong.
    Wrong(Failure),
}

/// Reads a command line without its program name.
pub fn parse(args: &[OsString]) -> Parsed {
    match hot::parse(args) {
        Some(invocation) => Parsed::Run(invocation),
        None => cli::parse(args),
    }
}

/// Which projects a command is about.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// This registered project, by path or name, instead of the one around the working directory
    #[arg(long, value_name = "PATH|NAME", conflicts_with = "all")]
    pub project: Option<PathBuf>,
    /// Every registered project
    #[arg(long)]
    pub all: bool,
}

/// `project`.
#[derive(Subcommand, Debug, PartialEq, Eq)]
pub enum ProjectCommand {
    /// Register projects; their files are only read
    #[command(after_help = "Examples:\n  skillmeat project add .\n  skillmeat project add ~/src/* ~/.claude")]
    Add {
        /// Directories
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Forget projects; their files stay as they are
    #[command(after_help = "Examples:\n  skillmeat project remove .\n  skillmeat project remove webapp")]
    Remove {
        /// Directories or names
        #[arg(required = true, value_name = "PATH|NAME")]
        paths: Vec<PathBuf>,
    },
    /// Registered projects
    #[command(after_help = "Example:\n  skillmeat project list --json")]
    List,
    /// Look for directories that hold artifacts
    #[command(
        after_help = "Examples:\n  skillmeat project discover ~/src\n  skillmeat project discover ~/src --depth 5 --add"
    )]
    Discover {
        /// Where to look; the working directory when left out
        #[arg(value_name = "ROOT")]
        root: Option<PathBuf>,
        /// Levels below ROOT
        #[arg(long, value_name = "N", default_value_t = default_depth())]
        depth: u32,
        /// Register what is found
        #[arg(long)]
        add: bool,
    },
}

/// `daemon`.
#[derive(Subcommand, Debug, PartialEq, Eq)]
pub enum DaemonCommand {
    /// Run the daemon in the foreground, for a service manager
    #[command(after_help = "Example:\n  skillmeat daemon run")]
    Run,
    /// Start it in the background, when it is not running
    #[command(after_help = "Example:\n  skillmeat daemon start")]
    Start,
    /// Ask it to end and wait until it has
    #[command(after_help = "Example:\n  skillmeat daemon stop")]
    Stop,
    /// Stop and start
    #[command(after_help = "Example:\n  skillmeat daemon restart")]
    Restart,
    /// Compare everything with the disk, in case an event was lost on the way
    #[command(
        after_help = "Example:\n  skillmeat daemon verify\n\nNothing is read again whose size and times are as they were."
    )]
    Verify,
    /// What runs, since when, with how much
    #[command(after_help = "Example:\n  skillmeat daemon status --json")]
    Status,
    /// The last lines of its log
    #[command(after_help = "Examples:\n  skillmeat daemon logs -n 100\n  skillmeat daemon logs --follow")]
    Logs {
        /// How many lines
        #[arg(short = 'n', long = "lines", value_name = "N", default_value_t = 50)]
        lines: usize,
        /// Go on printing what is added
        #[arg(long, short = 'f')]
        follow: bool,
    },
}

/// `demo`.
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub struct DemoArgs {
    /// Clean up after the demonstration in this directory once standard input closes (internal)
    #[arg(long, hide = true, value_name = "DIR")]
    pub guard: Option<PathBuf>,
}

/// Everything the program does.
#[derive(Subcommand, Debug, PartialEq, Eq)]
pub enum Command {
    /// What drifted in this project
    #[command(after_help = "Examples:
  skillmeat status
  skillmeat status --all --state modified --state conflict
  skillmeat status --project webapp --verbose
  skillmeat status --exit-code --json
  skillmeat status --porcelain -z | xargs -0 -n1 echo")]
    Status(StatusArgs),
    /// Artifacts of the collections
    #[command(after_help = "Examples:\n  skillmeat list\n  skillmeat list --type skill --collection default --json")]
    List(ListArgs),
    /// One artifact: where it comes from, where it is deployed
    #[command(after_help = "Examples:\n  skillmeat show skill:pdf\n  skillmeat show command:review --collection work")]
    Show(ShowArgs),
    /// What differs between two sides of an artifact, or between two files or directories
    #[command(after_help = "Without --from and --to, by state:
  outdated, removed, added   from the project to the collection: what a pull would bring
  removed_modified           from what was deployed to the project
  all others                 from the collection to the project
One of them alone is compared with the project, or the project with the collection.

The output is a patch that git apply and patch read, except on a terminal, where it is paged by
$SKILLMEAT_PAGER, $PAGER or less.

Examples:
  skillmeat diff skill:pdf
  skillmeat diff skill:pdf --stat
  skillmeat diff skill:pdf --from baseline --to collection
  skillmeat diff skill:pdf --from 5fdf118d
  skillmeat diff skill:pdf --from snapshot:20261121-07 --to collection
  skillmeat diff command:review --project webapp --exit-code
  skillmeat diff old.md new.md
  skillmeat diff ~/a/skills/pdf ~/b/skills/pdf --name-only")]
    Diff(DiffArgs),
    /// Print drift as it happens, until interrupted
    #[command(after_help = "Examples:\n  skillmeat watch\n  skillmeat watch --all --json | jq .")]
    Watch(Which),
    /// A segment for a shell prompt
    #[command(after_help = "Prints, for the project around the working directory:
  \u{270e}N  edited or deleted here      (modified, deleted)
  \u{2193}N  the collection moved on     (outdated, removed)
  \u{2717}N  needs a decision            (conflict, removed_modified, foreign, unreadable)
and nothing when all is in sync, outside projects and without a daemon. Never starts one, never fails.

Example:
  PS1='$(skillmeat prompt) \\$ '")]
    Prompt(PromptArgs),
    /// Register, forget, list and find projects
    #[command(
        subcommand,
        after_help = "Examples:\n  skillmeat project add .\n  skillmeat project discover ~/src --add"
    )]
    Project(ProjectCommand),
    /// Deploy artifacts of a collection into projects
    #[command(after_help = "Examples:
  skillmeat deploy skill:pdf command:review
  skillmeat deploy --group writing --project webapp --project ~/src/site
  skillmeat deploy --all --collection work --dry-run
  skillmeat deploy skill:pdf --branch next
  skillmeat deploy skill:pdf --profile codex --force")]
    Deploy(DeployArgs),
    /// Take deployed artifacts out of a project
    #[command(
        after_help = "Examples:\n  skillmeat undeploy skill:pdf\n  skillmeat undeploy --all --project webapp --dry-run"
    )]
    Undeploy(UndeployArgs),
    /// Bring what the collection changed into the project
    #[command(
        after_help = "Examples:\n  skillmeat pull\n  skillmeat pull skill:pdf --strategy merge\n  skillmeat pull --markers"
    )]
    Pull(TransferArgs),
    /// Bring what was changed in the project into the collection
    #[command(
        after_help = "Examples:\n  skillmeat push skill:pdf\n  skillmeat push skill:pdf --branch next\n  skillmeat push skill:pdf --strategy fork"
    )]
    Push(PushArgs),
    /// Pull and push, as far as that is unambiguous
    #[command(after_help = "Examples:\n  skillmeat sync --dry-run\n  skillmeat sync --project webapp")]
    Sync(TransferArgs),
    /// Record what lies in a project as deployed; its files stay as they are
    #[command(after_help = "Examples:\n  skillmeat adopt skill:pdf\n  skillmeat adopt --all --collection work")]
    Adopt(TakeArgs),
    /// Drop deployment records; the files stay as they are
    #[command(after_help = "Examples:\n  skillmeat forget skill:pdf\n  skillmeat forget --all --project webapp")]
    Forget(ForgetArgs),
    /// Take what lies in a project without a record into a collection
    #[command(after_help = "Examples:\n  skillmeat import skill:notes\n  skillmeat import --all --collection work")]
    Import(TakeArgs),
    /// Add files or directories to a collection
    #[command(after_help = "Examples:
  skillmeat add ~/Downloads/pdf
  skillmeat add review.md --type command --tag git --tag daily
  skillmeat add pdf-next --name pdf --collection work --force")]
    Add(AddArgs),
    /// Remove artifacts from a collection; deployments stay
    #[command(
        after_help = "Examples:\n  skillmeat remove skill:pdf\n  skillmeat remove command:review --collection work"
    )]
    Remove(RemoveArgs),
    /// Give an artifact another name in its collection; deployments stay what they are
    #[command(after_help = "Example:\n  skillmeat rename skill:pdf pdf-reader")]
    Rename(RenameArgs),
    /// Add tags to artifacts, or take them away
    #[command(
        after_help = "Examples:\n  skillmeat tag skill:pdf --add docs\n  skillmeat tag skill:pdf skill:docx --remove docs --add office"
    )]
    Tag(TagArgs),
    /// Groups of a collection
    #[command(after_help = "Examples:\n  skillmeat group list\n  skillmeat group add writing skill:pdf")]
    Group(GroupArgs),
    /// List, show, make, rename, remove and check collections
    #[command(subcommand, after_help = "Examples:\n  skillmeat collection list\n  skillmeat collection show default")]
    Collection(CollectionCommand),
    /// Keep collections as they are, and see what was kept
    #[command(
        subcommand,
        after_help = "Examples:\n  skillmeat snapshot create 'before the clean-up'\n  skillmeat snapshot list"
    )]
    Snapshot(SnapshotCommand),
    /// Make a collection what it was in a snapshot
    #[command(after_help = "Examples:
  skillmeat rollback 20261121-070854-838706 --dry-run
  skillmeat rollback 20261121-07 --path skills/pdf --path commands/review.md
  skillmeat rollback 20261121-07 --preserve-changes

What is there is kept in a snapshot first, and skillmeat undo takes it back.")]
    Rollback(RollbackArgs),
    /// Take the last change back, or another one
    #[command(
        after_help = "Examples:\n  skillmeat undo\n  skillmeat undo 17 --dry-run\n  skillmeat undo --project webapp"
    )]
    Undo(UndoArgs),
    /// What was changed, and when
    #[command(subcommand, after_help = "Examples:\n  skillmeat op list\n  skillmeat op show 17")]
    Op(OpCommand),
    /// Versions of an artifact, and who has which
    #[command(after_help = "Examples:
  skillmeat versions skill:pdf
  skillmeat versions skill:pdf --graph
  skillmeat versions skill:pdf --graph --dot | dot -Tsvg > pdf.svg")]
    Versions(VersionsArgs),
    /// Show, put back and name one version of an artifact
    #[command(
        name = "version",
        subcommand,
        after_help = "Examples:\n  skillmeat version show skill:pdf good\n  skillmeat version restore skill:pdf 5fdf118d"
    )]
    VersionOf(VersionCommand),
    /// What happened: operations, and edits that were found
    #[command(after_help = "Examples:
  skillmeat history
  skillmeat history skill:pdf --since 7d
  skillmeat history --project webapp --json
  skillmeat history gc --dry-run")]
    History(HistoryArgs),
    /// Push one project's version of an artifact to its collection, and offer it to the copies that can follow
    #[command(
        after_help = "Both sides are merged where the collection changed too. Where other copies were edited, --yes has to say that they get a
conflict; they keep their edits. On a terminal it asks whether the clean copies are to follow now.

Examples:
  skillmeat promote webapp skill:pdf
  skillmeat promote . skill:pdf --dry-run
  skillmeat promote ~/src/site skill:pdf --fan-out --yes"
    )]
    Promote(PromoteArgs),
    /// Bring what a collection has into every clean copy, as one operation
    #[command(
        after_help = "A copy is clean when nobody edited it since it was deployed. The others stay as they are, and are listed.

Examples:
  skillmeat fan-out skill:pdf
  skillmeat fan-out --all --collection work --dry-run
  skillmeat fan-out skill:pdf --include-merges"
    )]
    FanOut(FanOutArgs),
    /// Who follows an artifact, and what a change of it meets there
    #[command(after_help = "  clean        nobody edited it: it can follow
  modified     edited, and nothing new in the collection: a change becomes a conflict
  conflicting  edited, and the collection has something new
  gone         its files are gone, or the collection's
  unreadable   it cannot be read

Examples:
  skillmeat blast-radius skill:pdf
  skillmeat blast-radius skill:pdf --collection work --exit-code")]
    BlastRadius(RadiusArgs),
    /// What both sides changed and only a person can join
    #[command(
        subcommand,
        after_help = "Examples:\n  skillmeat conflicts list\n  skillmeat conflicts show skill:pdf SKILL.md"
    )]
    Conflicts(ConflictsCommand),
    /// Decide about the files of a conflict, and end it
    #[command(after_help = conflicts::RESOLVE)]
    Resolve(ResolveArgs),
    /// Decide in the merge tool that git is configured for
    #[command(after_help = conflicts::MERGETOOL)]
    Mergetool(MergetoolArgs),
    /// Run, start, stop and inspect skillmeatd
    #[command(subcommand, after_help = "Examples:\n  skillmeat daemon status\n  skillmeat daemon logs --follow")]
    Daemon(DaemonCommand),
    /// Check home, socket, permissions, daemon and limits
    #[command(
        after_help = "Example:\n  skillmeat doctor\n\nExits with 3 when something is wrong. Works without a daemon."
    )]
    Doctor,
    /// Create home, configuration and the default collection where they are missing
    #[command(after_help = "Example:\n  skillmeat init")]
    Init,
    /// Copy JSON-RPC lines from standard input to the daemon, and its answers to standard output
    #[command(after_help = "Example:
  echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\"}' | skillmeat rpc")]
    Rpc,
    /// Print where the daemon listens
    #[command(after_help = "Example:\n  socat - UNIX-CONNECT:\"$(skillmeat socket)\"")]
    Socket,
    /// Show drift as it happens in a temporary home, with nothing installed
    #[command(after_help = "Example:\n  skillmeat demo")]
    Demo(DemoArgs),
    /// Print a completion script
    #[command(after_help = "Examples:
  skillmeat completions bash > ~/.local/share/bash-completion/completions/skillmeat
  skillmeat completions zsh > ~/.zfunc/_skillmeat")]
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Print the version
    #[command(skip)]
    Version,
}
