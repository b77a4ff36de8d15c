//! What happens in the demonstration: edits as people make them, and the changes that each must cause.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::event::{DriftEvent, ItemChange};
use skillmeat_protocol::reply::Reply;

use super::world::World;
use super::{EVENT_WITHIN, say};
use crate::commands::Context;
use crate::failure::{Failure, Stop};
use crate::render::json;
use crate::render::term::{Tone, escape, paint};
use crate::transport::{Connection, unexpected};

/// One change that was announced.
#[derive(Clone, Debug)]
pub(super) struct Told {
    project: String,
    artifact: String,
    previous: Option<DriftState>,
    state: DriftState,
    /// From the beginning of the save to the notification.
    pub(super) after: Duration,
}

/// A change that a step must cause: project, artifact, state.
type Expected = (&'static str, &'static str, DriftState);

struct Step {
    title: &'static str,
    edit: fn(&World) -> io::Result<()>,
    expected: &'static [Expected],
}

const STEPS: [Step; 6] = [
    Step {
        title: "blog: edit a file of a skill in place",
        edit: |world| append(&world.in_project("blog", "skills/release-notes/SKILL.md"), "5. Keep it under a page.\n"),
        expected: &[("blog", "skill:release-notes", DriftState::Modified)],
    },
    Step {
        title: "shop: save a command the way editors do (write beside it, rename over it)",
        edit: |world| save(&world.in_project("shop", "commands/standup.md"), "Answer in one line.\n"),
        expected: &[("shop", "command:standup", DriftState::Modified)],
    },
    Step {
        title: "tools: delete an agent",
        edit: |world| fs::remove_file(world.in_project("tools", "agents/reviewer.md")),
        expected: &[("tools", "agent:reviewer", DriftState::Deleted)],
    },
    Step {
        title: "the collection: update a skill that two projects use",
        edit: |world| append(&world.in_collection("skills/tidy-csv/SKILL.md"), "Keep quotes where they were.\n"),
        expected: &[
            ("shop", "skill:tidy-csv", DriftState::Outdated),
            ("tools", "skill:tidy-csv", DriftState::Outdated),
        ],
    },
    Step {
        title: "shop: edit its copy of that skill too, so that both sides have changed",
        edit: |world| append(&world.in_project("shop", "skills/tidy-csv/SKILL.md"), "Quote every field.\n"),
        expected: &[("shop", "skill:tidy-csv", DriftState::Conflict)],
    },
    Step {
        title: "blog: undo the first edit",
        edit: |world| {
            let original = fs::read(world.in_collection("skills/release-notes/SKILL.md"))?;
            fs::write(world.in_project("blog", "skills/release-notes/SKILL.md"), original)
        },
        expected: &[("blog", "skill:release-notes", DriftState::InSync)],
    },
];

fn append(path: &Path, text: &str) -> io::Result<()> {
    File::options().append(true).open(path)?.write_all(text.as_bytes())
}

fn save(path: &Path, addition: &str) -> io::Result<()> {
    let content = fs::read_to_string(path)? + addition;
    let beside = path.with_extension("md.tmp");
    let mut file = File::create(&beside)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, path)
}

/// Makes every edit and prints what is announced.
///
/// # Errors
/// When an edit fails, or an announcement does not come.
pub(super) fn perform(context: &mut Context<'_>, world: &World, events: &mut Connection) -> Result<Vec<Told>, Stop> {
    let mut told = Vec::new();
    for step in &STEPS {
        say(context, step.title)?;
        let saved = Instant::now();
        (step.edit)(world).map_err(|e| Failure::new(ErrorCode::Io, format!("{}: {e}", step.title)))?;
        let mut expected = step.expected.to_vec();
        while !expected.is_empty() {
            let left = EVENT_WITHIN.saturating_sub(saved.elapsed());
            let event = next_event(events, left, &expected)?;
            let after = saved.elapsed();
            for change in &event.items {
                let one = heard(&event, change, after);
                expected.retain(|want| *want != (one.project.as_str(), one.artifact.as_str(), one.state));
                if !context.json {
                    print(context, &one)?;
                }
                told.push(one);
            }
        }
    }
    Ok(told)
}

fn next_event(events: &mut Connection, within: Duration, expected: &[Expected]) -> Result<DriftEvent, Failure> {
    match events.reply(Some(within)) {
        Ok(Reply::Event(event)) => Ok(event),
        Ok(other) => Err(unexpected(&other)),
        Err(failure) if failure.code == ErrorCode::DeadlineExceeded.as_str() => {
            let missing: Vec<_> = expected.iter().map(|(p, a, state)| format!("{p} {a} {state}")).collect();
            let seconds = EVENT_WITHIN.as_secs();
            let message = format!("no notification within {seconds} s of: {}", missing.join(", "));
            Err(Failure::new(ErrorCode::DeadlineExceeded, message))
        }
        Err(failure) => Err(failure),
    }
}

fn heard(event: &DriftEvent, change: &ItemChange, after: Duration) -> Told {
    Told {
        project: event.project_name.clone(),
        artifact: format!("{}:{}", change.item.kind, change.item.name),
        previous: change.previous,
        state: change.item.state,
        after,
    }
}

fn print(context: &mut Context<'_>, told: &Told) -> io::Result<()> {
    let colour = context.around.colour;
    let state = format!("{:9}", told.state);
    let was = told.previous.map_or_else(|| "new".to_owned(), |previous| format!("was {previous}"));
    writeln!(
        context.out,
        "  {:>8}  {:6} {} {}  {}",
        milliseconds(told.after),
        escape(&told.project),
        paint(&state, Tone::of(told.state), colour),
        escape(&told.artifact),
        paint(&format!("({was})"), Tone::Dim, colour),
    )?;
    context.out.flush()
}

/// `1.23 ms`.
pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// The notifications as JSON.
pub(super) fn to_json(told: &[Told]) -> String {
    let entries: Vec<String> = told
        .iter()
        .map(|t| {
            format!(
                r#"{{"project":{},"artifact":{},"previous":{},"state":{},"ms":{:.3}}}"#,
                json::string(&t.project),
                json::string(&t.artifact),
                t.previous.map_or_else(|| "null".to_owned(), |state| json::string(state.as_str())),
                json::string(t.state.as_str()),
                t.after.as_secs_f64() * 1000.0
            )
        })
        .collect();
    format!("{{\"notifications\":[{}]}}", entries.join(","))
}
