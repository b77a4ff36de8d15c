//! Changing files: what a request means, what it would do, and doing it so that it is all or nothing and can be undone.
//!
//! Reading order:
//!
//! * [`lookup`], [`past`], [`target`] – from names to artifacts and versions, and where writing is allowed
//! * [`planning`], [`plan`], [`contents`] with [`link`], [`texts`], [`account`], [`lineage`], [`command`] – what a plan is made from, what it is, and what it leads to
//! * [`deploy`], [`undeploy`], [`transfer`] with [`both_changed`], [`ancestry`], [`joining`], [`merging`], [`baseline`] and [`fork`], [`conflicts`], [`import`],
//!   [`version_restore`], [`undo`] – one family of requests about projects each; [`branches`] and [`switch`] – lines of an artifact,
//!   [`following`] – who follows one, [`push_branch`] – putting something onto one
//! * [`across`] – one artifact in many projects
//! * [`trial`] – whether a conflict merges, before anybody asks for it
//! * [`manage`] with [`add`], [`detect`], [`organise`], [`grouping`], [`collections`], [`check`] – requests about collections
//! * [`snapshots`] – snapshots of collections, asked for and not; [`restore`], [`rollback`] – bringing one back
//! * [`transaction`] of [`piece`]s over [`staging`], [`swap`], [`witness`]; [`recover`] – doing it, and taking it back; [`fault`] – where the
//!   tests interfere
//! * [`keeping`] – what of the history is kept; [`timeline`] – what happened that is in no journal
//! * [`run`] – one request from its locks to its [`answer`]; [`told`] – how it is told of; [`locks`] – who waits for whom
//!
//! # Invariants
//!
//! * Nothing is replaced or removed that is not in the history already, in the same commit as the intention. What only gets
//!   another name is moved as it is.
//! * A target is written only if it is what the plan was made with; else the item is refused, and stays.
//! * Each item is entirely old or entirely new, and records say what is there, after a kill at any instruction.
//! * Nothing is written through a link, or outside the project or collection that the request names.
//! * No state of the daemon is changed here: the engine hears of the files as of anybody's.

pub mod account;
pub mod across;
pub mod add;
pub mod ancestry;
pub mod answer;
pub mod baseline;
pub mod both_changed;
pub mod branches;
pub mod carrying;
pub mod check;
pub mod collections;
pub mod command;
pub mod conflicts;
pub mod contents;
pub mod deploy;
pub mod detect;
pub mod error;
pub mod fault;
pub mod following;
pub mod fork;
pub mod grouping;
pub mod import;
pub mod joining;
pub mod keeping;
pub mod lineage;
pub mod link;
pub mod locks;
pub mod lookup;
pub mod manage;
pub mod merging;
pub mod organise;
pub mod past;
pub mod piece;
pub mod plan;
pub mod planning;
pub mod push_branch;
pub mod recover;
pub mod restore;
pub mod rollback;
pub mod run;
pub mod snapshots;
pub mod staging;
pub mod swap;
pub mod switch;
pub mod target;
pub mod texts;
pub mod timeline;
pub mod told;
pub mod transaction;
pub mod transfer;
pub mod trial;
pub mod undeploy;
pub mod undo;
pub mod version_restore;
pub mod witness;

pub use answer::Answer;
pub use error::OpError;
pub use fault::{Faults, Point};
pub use run::Operations;
pub use told::{Watcher, info_of};
