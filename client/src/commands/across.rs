//! `blast-radius`, `fan-out` and `promote`.

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{OperationItem, Outcome, Reply};
use skillmeat_protocol::request::{
    BlastRadiusQuery, FanOut, Freshness, Operate, Operation, Profiles, Promote, Request, Which,
};

use super::operate::{Plan, carry_out, operate};
use super::{Context, pages};
use crate::args::{FanOutArgs, PromoteArgs, RadiusArgs};
use crate::ask::Person;
use crate::failure::Done;
use crate::render::radius as look;
use crate::render::term::count;
use crate::transport::{call, unexpected};

/// Runs `blast-radius`.
///
/// # Errors
/// Whatever ended it early.
pub fn radius(context: &mut Context<'_>, args: RadiusArgs) -> Done {
    let query = BlastRadiusQuery { artifact: args.artifact, collection: args.collection };
    let request = Request::BlastRadius(query);
    if context.json {
        let mut connection = pages::print_json(context, call(request.clone(), Freshness::Synced))?;
        if !args.exit_code {
            return Ok(exit::OK);
        }
        // As `status` does: reading the text would take a JSON parser.
        return match connection.ask(&call(request, Freshness::Cached))? {
            Reply::BlastRadius(reply) => Ok(exit_code(reply.conflicts, reply.drifted)),
            other => Err(unexpected(&other).into()),
        };
    }
    let reply = match context.ask(request, Freshness::Synced)? {
        Reply::BlastRadius(reply) => reply,
        other => return Err(unexpected(&other).into()),
    };
    look::write(context.out, &reply, context.around.colour)?;
    context.out.flush()?;
    context.note_stale(reply.stale.as_deref(), reply.fresh, Freshness::Synced)?;
    Ok(if args.exit_code { exit_code(reply.conflicts, reply.drifted) } else { exit::OK })
}

fn exit_code(conflicts: u32, drifted: u32) -> u8 {
    match (conflicts, drifted) {
        (0, 0) => exit::OK,
        (0, _) => exit::DRIFT,
        _ => exit::CONFLICT,
    }
}

/// Runs `fan-out`.
///
/// # Errors
/// Whatever ended it early.
pub fn fan_out(context: &mut Context<'_>, args: FanOutArgs) -> Done {
    let which = Which { artifacts: args.chosen.names, group: args.chosen.group, all: args.chosen.all };
    let FanOutArgs { collection, include_merges, manner, .. } = args;
    let operation = Operation::FanOut(FanOut { which, collection, include_merges });
    operate(context, None, Plan { operation, dry_run: manner.dry_run })
}

/// Runs `promote`, and offers to go on with `fan-out` where somebody can be asked.
///
/// # Errors
/// Whatever ended it early.
pub fn promote(context: &mut Context<'_>, args: PromoteArgs) -> Done {
    let dry_run = args.manner.dry_run;
    let operation = Operation::Promote(Promote {
        project: context.around.project(&args.project)?,
        artifact: args.artifact,
        profiles: Profiles { profiles: args.profile.into_iter().collect(), all_profiles: false },
        strategy: args.strategy.map(Into::into),
        force: args.yes,
        fan_out: args.fan_out,
    });
    let (code, reply) = carry_out(context, None, Plan { operation, dry_run })?;
    let promoted = reply.and_then(|reply| reply.items.into_iter().next());
    match promoted {
        Some(item) if code == exit::OK && !dry_run && !args.yes && !args.fan_out => offer(context, &item),
        _ => Ok(code),
    }
}

/// Asks whether the clean copies are to follow what was promoted.
fn offer(context: &mut Context<'_>, item: &OperationItem) -> Done {
    let is_done = matches!(item.outcome, Outcome::Updated | Outcome::Merged);
    let (true, Some(kind), Some(mut person)) = (is_done, item.kind, Person::around(context.around)) else {
        return Ok(exit::OK);
    };
    let artifact = format!("{kind}:{}", item.name);
    let which = Which { artifacts: vec![artifact.clone()], ..Which::default() };
    let operation = Operation::FanOut(FanOut { which, collection: item.collection.clone(), include_merges: false });
    let plan = Request::Operate(Operate { dry_run: true, operation: operation.clone() });
    let Reply::Operated(plan) = context.ask(plan, Freshness::Synced)? else { return Ok(exit::OK) };
    let follows = |item: &&OperationItem| matches!(item.outcome, Outcome::Updated | Outcome::Recorded);
    let clean = plan.items.iter().filter(follows).count() as u64;
    if clean == 0 {
        return Ok(exit::OK);
    }
    context.out.flush()?;
    let question = format!("Fan {artifact} out to {} now?", count(clean, "clean copy", "clean copies"));
    if person.agrees(context.err, &question)? {
        return operate(context, None, Plan { operation, dry_run: false });
    }
    Ok(exit::OK)
}
