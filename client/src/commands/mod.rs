//! One file a command family: make the request, print the answer.

pub mod across;
mod by_hand;
pub mod change;
pub mod collection;
pub mod completions;
pub mod conflict;
pub mod daemon;
mod decide;
pub mod diff;
pub mod group;
pub mod history;
pub mod library;
pub mod op;
pub mod operate;
pub mod pages;
pub mod project;
pub mod rpc;
pub mod snapshot;
pub mod status;
pub mod version;

use std::io::Write;

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Freshness, Operation, Request};

use crate::args::Command;
use crate::failure::{Done, Failure};
use crate::launch::{self, Start, VERSION};
use crate::render::json;
use crate::surroundings::Surroundings;
use crate::{demo, doctor, prompt, transport, watch};

/// What every command works with.
pub struct Context<'a> {
    /// The process around it.
    pub around: &'a Surroundings,
    /// Whether the answer is one JSON object.
    pub json: bool,
    /// Results.
    pub out: &'a mut dyn Write,
    /// Remarks.
    pub err: &'a mut dyn Write,
}

/// Runs one command and returns its exit code.
///
/// # Errors
/// Whatever ended it early.
pub fn run(command: Command, json: bool, around: &Surroundings, out: &mut dyn Write, err: &mut dyn Write) -> Done {
    let mut context = Context { around, json, out, err };
    let context = &mut context;
    match command {
        Command::Version => {
            if json {
                json::data(context.out, &format!("{{\"version\":{}}}", json::string(VERSION)))?;
            } else {
                writeln!(context.out, "skillmeat {VERSION}")?;
            }
            Ok(exit::OK)
        }
        Command::Prompt(args) => prompt::prompt(context, &args),
        Command::Status(args) => status::status(context, &args),
        Command::List(args) => library::list(context, args),
        Command::Show(args) => library::show(context, args),
        Command::Diff(args) => diff::diff(context, &args),
        Command::Watch(which) => watch::watch(context, &which),
        Command::Project(command) => project::project(context, command),
        Command::Deploy(args) => change::deploy(context, args),
        Command::Undeploy(args) => change::undeploy(context, args),
        Command::Pull(args) => change::transfer(context, args, Operation::Pull),
        Command::Push(args) => change::push(context, args),
        Command::Sync(args) => change::transfer(context, args, Operation::SyncProject),
        Command::Adopt(args) => change::adopt(context, args),
        Command::Forget(args) => change::forget(context, args),
        Command::Import(args) => change::import(context, args),
        Command::Snapshot(command) => snapshot::snapshot(context, command),
        Command::Rollback(args) => snapshot::rollback(context, args),
        Command::Add(args) => change::add(context, args),
        Command::Remove(args) => change::remove(context, args),
        Command::Rename(args) => change::rename(context, args),
        Command::Tag(args) => change::tag(context, args),
        Command::Undo(args) => change::undo(context, args),
        Command::Op(command) => op::op(context, command),
        Command::History(args) => history::history(context, args),
        Command::Versions(args) => version::versions(context, args),
        Command::VersionOf(command) => version::version(context, command),
        Command::Group(args) => group::group(context, args),
        Command::Collection(command) => collection::collection(context, command),
        Command::Promote(args) => across::promote(context, args),
        Command::FanOut(args) => across::fan_out(context, args),
        Command::BlastRadius(args) => across::radius(context, args),
        Command::Conflicts(command) => conflict::conflicts(context, command),
        Command::Resolve(args) => conflict::resolve(context, args),
        Command::Mergetool(args) => conflict::mergetool(context, args),
        Command::Daemon(command) => daemon::daemon(context, command),
        Command::Doctor => doctor::doctor(context),
        Command::Init => library::init(context),
        Command::Rpc => rpc::rpc(context),
        Command::Socket => rpc::socket(context),
        Command::Demo(args) => demo::demo(context, &args),
        Command::Completions { shell } => completions::completions(context, shell),
    }
}

impl Context<'_> {
    /// Sends one request and returns its typed reply, starting the daemon when none runs.
    ///
    /// # Errors
    /// See [`launch::ask`].
    pub fn ask(&self, request: Request, freshness: Freshness) -> Result<Reply, Failure> {
        launch::ask(self.around, &transport::call(request, freshness), Start::IfNeeded).map(|(_, reply)| reply)
    }

    /// Says why an answer may be behind.
    ///
    /// # Errors
    /// When standard error is gone.
    pub fn note_stale(&mut self, stale: Option<&str>, fresh: bool, freshness: Freshness) -> std::io::Result<()> {
        match (stale, fresh, freshness) {
            (Some(why), ..) => {
                writeln!(self.err, "note: this answer may be behind: {}", crate::render::term::escape(why))
            }
            (None, false, Freshness::Synced | Freshness::Settled) => {
                writeln!(self.err, "note: this answer may be behind")
            }
            _ => Ok(()),
        }
    }
}
