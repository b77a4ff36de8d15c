//! `collection` and `group`.

use clap::{Args, Subcommand};

use super::change::{Manner, artifact};

/// `collection`.
#[derive(Subcommand, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields that are flattened have none: it would replace the command's description")]
pub enum CollectionCommand {
    /// Known collections
    #[command(after_help = "Example:\n  skillmeat collection list")]
    List,
    /// One collection: artifacts, groups, tags
    #[command(after_help = "Example:\n  skillmeat collection show default")]
    Show {
        /// Name or id
        name: String,
    },
    /// Make a new collection
    #[command(after_help = "Example:\n  skillmeat collection create work")]
    Create {
        /// Its name
        name: String,
        #[command(flatten)]
        manner: Manner,
    },
    /// Give a collection another name; deployments stay what they are
    #[command(after_help = "Example:\n  skillmeat collection rename work team")]
    Rename {
        /// Name or id
        name: String,
        /// The new name
        #[arg(value_name = "NEW")]
        to: String,
        #[command(flatten)]
        manner: Manner,
    },
    /// Remove a collection with everything in it; deployments stay
    #[command(after_help = "Example:\n  skillmeat collection remove work --dry-run")]
    Remove {
        /// Name or id
        name: String,
        /// Also when it is not empty or something of it is deployed; the history keeps a copy
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        manner: Manner,
    },
    /// Choose the collection that is meant when none is named
    #[command(
        visible_alias = "use",
        after_help = "Examples:\n  skillmeat collection set-default work\n  skillmeat collection use work"
    )]
    SetDefault {
        /// Name or id
        name: String,
        #[command(flatten)]
        manner: Manner,
    },
    /// Hold manifest, lock and files of a collection against each other
    #[command(after_help = "Examples:\n  skillmeat collection verify\n  skillmeat collection verify work --fix")]
    Verify {
        /// Name or id; every collection when left out
        name: Option<String>,
        /// Repair what can be repaired without losing anything
        #[arg(long)]
        fix: bool,
        #[command(flatten)]
        manner: Manner,
    },
}

/// `group`.
#[derive(Args, Debug, PartialEq, Eq)]
pub struct GroupArgs {
    /// Of this collection, by name or id, instead of the default one
    #[arg(long, global = true)]
    pub collection: Option<String>,
    /// Say what would be done, and change nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
    #[command(subcommand)]
    #[allow(missing_docs, reason = "a doc comment would replace the command's description")]
    pub command: GroupCommand,
}

/// What to do with groups.
#[derive(Subcommand, Debug, PartialEq, Eq)]
pub enum GroupCommand {
    /// Make a group
    #[command(
        after_help = "Examples:\n  skillmeat group create writing\n  skillmeat group create writing --description 'For texts' --color blue"
    )]
    Create {
        /// Its name
        group: String,
        /// What it is for
        #[arg(long, default_value = "", hide_default_value = true)]
        description: String,
        /// A colour
        #[arg(long, default_value = "", hide_default_value = true)]
        color: String,
        /// An icon
        #[arg(long, default_value = "", hide_default_value = true)]
        icon: String,
    },
    /// Groups of the collection, in order
    #[command(after_help = "Examples:\n  skillmeat group list\n  skillmeat group list --collection work --json")]
    List,
    /// One group and its members
    #[command(after_help = "Example:\n  skillmeat group show writing")]
    Show {
        /// Its name
        group: String,
    },
    /// Put artifacts into a group
    #[command(
        after_help = "Examples:\n  skillmeat group add writing skill:docx skill:pdf\n  skillmeat group add writing skill:pptx --at 0"
    )]
    Add {
        /// Its name
        group: String,
        /// Artifacts of the collection
        #[arg(required = true, value_name = "TYPE:NAME", value_parser = artifact)]
        members: Vec<String>,
        /// Place of the first among the members, from 0; the end when left out
        #[arg(long, value_name = "PLACE")]
        at: Option<u32>,
    },
    /// Take artifacts out of a group; they stay in the collection
    #[command(after_help = "Example:\n  skillmeat group remove writing skill:pdf")]
    Remove {
        /// Its name
        group: String,
        /// Members
        #[arg(required = true, value_name = "TYPE:NAME", value_parser = artifact)]
        members: Vec<String>,
    },
    /// Give a group another place among the groups
    #[command(after_help = "Example:\n  skillmeat group move writing 0")]
    Move {
        /// Its name
        group: String,
        /// The place, from 0
        #[arg(value_name = "PLACE")]
        to: u32,
    },
    /// Give the members of a group another order
    #[command(after_help = "Example:\n  skillmeat group reorder writing skill:pdf skill:docx")]
    Reorder {
        /// Its name
        group: String,
        /// All members, in their new order
        #[arg(required = true, value_name = "TYPE:NAME", value_parser = artifact)]
        members: Vec<String>,
    },
    /// Make a group again under another name
    #[command(after_help = "Example:\n  skillmeat group copy writing reading")]
    Copy {
        /// Its name
        group: String,
        /// The other name
        #[arg(value_name = "NEW")]
        to: String,
    },
    /// Give a group another name
    #[command(after_help = "Example:\n  skillmeat group rename writing texts")]
    Rename {
        /// Its name
        group: String,
        /// The other name
        #[arg(value_name = "NEW")]
        to: String,
    },
    /// Remove a group; its members stay in the collection
    #[command(after_help = "Example:\n  skillmeat group delete writing")]
    Delete {
        /// Its name
        group: String,
    },
}
