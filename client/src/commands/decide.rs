//! Asking about artifacts that both sides changed, one after the other, and doing what is answered.
//!
//! Each answer is an operation of its own, so that each can be undone by itself. Whoever stops answering leaves the rest as
//! it is.

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{OperationItem, OperationReply, Outcome};
use skillmeat_protocol::request::{Operation, Profiles, Strategy, Transfer, Which};

use super::Context;
use super::diff::diff;
use super::operate::{Plan, operate};
use crate::args::DiffArgs;
use crate::args::diff::Show;
use crate::ask::Person;
use crate::failure::{Done, Stop};
use crate::render::term::escape;

/// What is asked.
const CHOICES: &str = "[o]urs (the project's), [t]heirs (the collection's), [m]erge, [f]ork, [s]kip, [d]iff?";

/// What is answered.
enum Answer {
    Do(Strategy),
    Skip,
    Diff,
}

/// Asks about every undecided item of `reply`; the exit code of it all.
///
/// # Errors
/// Whatever ended it early.
pub(super) fn decide(context: &mut Context<'_>, reply: &OperationReply, direction: fn(Transfer) -> Operation) -> Done {
    let is_bad = |item: &OperationItem| {
        matches!(item.outcome, Outcome::Refused | Outcome::Failed | Outcome::Cancelled | Outcome::Undecided)
    };
    let (undecided, others): (Vec<_>, Vec<_>) = reply.items.iter().partition(|item| item.outcome == Outcome::Undecided);
    let mut code = if others.into_iter().any(is_bad) { exit::FAILED } else { exit::OK };
    let Some(mut person) = Person::around(context.around).filter(|_| !reply.dry_run && !undecided.is_empty()) else {
        return Ok(if undecided.is_empty() { code } else { exit::FAILED });
    };
    for item in undecided {
        match one(context, &mut person, item)? {
            None => return Ok(exit::FAILED),
            Some(None) => {}
            Some(Some(strategy)) => {
                let operation = direction(transfer(item, strategy));
                code = code.max(operate(context, None, Plan { operation, dry_run: false })?);
            }
        }
    }
    Ok(code)
}

/// What is to be done about one: nothing when it is to be skipped; none at all when nobody answers any more.
fn one(context: &mut Context<'_>, person: &mut Person, item: &OperationItem) -> Result<Option<Option<Strategy>>, Stop> {
    let question = format!(
        "{} in {}: both sides changed. {CHOICES}",
        escape(&key(item)),
        escape(item.project.as_deref().unwrap_or_default())
    );
    loop {
        context.out.flush()?;
        let Some(answer) = person.ask(context.err, &question)? else { return Ok(None) };
        match read(&answer) {
            Some(Answer::Do(strategy)) => return Ok(Some(Some(strategy))),
            Some(Answer::Skip) => return Ok(Some(None)),
            Some(Answer::Diff) => {
                let (project, profile) = (item.project.as_ref().map(Into::into), item.profile.clone());
                let show = Show { unified: 3, ..Show::default() };
                let what = vec![key(item).into()];
                diff(context, &DiffArgs { what, project, profile, show, ..DiffArgs::default() })?;
            }
            None => {}
        }
    }
}

fn read(answer: &str) -> Option<Answer> {
    Some(match answer.to_lowercase().as_str() {
        "o" | "ours" => Answer::Do(Strategy::Ours),
        "t" | "theirs" => Answer::Do(Strategy::Theirs),
        "m" | "merge" => Answer::Do(Strategy::Merge),
        "f" | "fork" => Answer::Do(Strategy::Fork),
        "s" | "skip" => Answer::Skip,
        "d" | "diff" => Answer::Diff,
        _ => return None,
    })
}

fn transfer(item: &OperationItem, strategy: Strategy) -> Transfer {
    Transfer {
        which: Which { artifacts: vec![key(item)], ..Which::default() },
        project: item.project.clone().unwrap_or_default(),
        profiles: Profiles { profiles: item.profile.iter().cloned().collect(), all_profiles: false },
        strategy: Some(strategy),
    }
}

fn key(item: &OperationItem) -> String {
    item.kind.map_or_else(|| item.name.clone(), |kind| format!("{kind}:{}", item.name))
}
