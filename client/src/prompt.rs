//! `prompt`: a segment for a shell prompt.
//!
//! `✎` counts what was edited or deleted here, `↓` what the collection changed or dropped, `✗` what needs a decision.
//! Invariants: it never starts a daemon, never prints an error, always exits with 0, and answers from what is known
//! now within a quarter of a second, because a prompt that waits is worse than one that says nothing.

use std::time::Duration;

use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{Counts, Reply};
use skillmeat_protocol::request::{Call, Detail, Format, Freshness, Request, StatusQuery};

use crate::args::{PromptArgs, Which};
use crate::commands::Context;
use crate::failure::Done;
use crate::transport::{Attempt, attempt};

/// How long a prompt waits for each of welcome and answer.
const WITHIN: Duration = Duration::from_millis(250);

/// Runs `prompt`.
///
/// # Errors
/// When the output cannot be written.
pub fn prompt(context: &mut Context<'_>, args: &PromptArgs) -> Done {
    if let Some(text) = counts(context, args).and_then(segment) {
        writeln!(context.out, "{text}")?;
    }
    Ok(exit::OK)
}

/// The counts of the project, or nothing for whatever reason.
fn counts(context: &Context<'_>, args: &PromptArgs) -> Option<Counts> {
    let which = Which { project: args.project.clone(), all: false };
    let query =
        StatusQuery { scope: context.around.scope(&which).ok()?, detail: Detail::Counts, ..StatusQuery::default() };
    let call = Call {
        freshness: Freshness::Cached,
        deadline_ms: WITHIN.as_millis() as u32,
        format: Format::Typed,
        request: Request::Status(query),
    };
    let Ok(Attempt::Ready(mut connection)) = attempt(&context.around.places().ok()?, &call, WITHIN) else {
        return None;
    };
    let Ok(Reply::Status(reply)) = connection.reply(Some(WITHIN)) else {
        return None;
    };
    let mut counts = Counts::default();
    reply.projects.iter().for_each(|project| counts.add(project.counts));
    Some(counts)
}

/// `✎2 ↓1 ✗1`; nothing when clean.
fn segment(counts: Counts) -> Option<String> {
    let edited = counts.modified + counts.deleted;
    let behind = counts.outdated + counts.removed;
    let decide = counts.conflicts();
    let parts: Vec<String> = [('✎', edited), ('↓', behind), ('✗', decide)]
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(sign, n)| format!("{sign}{n}"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::drift::DriftState;

    #[test]
    fn every_drifted_state_is_counted_exactly_once() {
        for state in DriftState::ALL {
            let mut counts = Counts::default();
            *counts.of(state) = 3;
            let text = segment(counts);
            assert_eq!(text.is_some(), state.is_drift(), "{state}");
            assert!(text.is_none_or(|text| text.chars().skip(1).eq(['3'])), "{state}");
        }
    }

    #[test]
    fn segments_are_short() {
        let counts =
            Counts { modified: 1, deleted: 1, outdated: 1, foreign: 1, in_sync: 9, added: 4, ..Counts::default() };
        assert_eq!(segment(counts).as_deref(), Some("✎2 ↓1 ✗1"));
        assert_eq!(segment(Counts { in_sync: 9, ..Counts::default() }), None);
    }
}
