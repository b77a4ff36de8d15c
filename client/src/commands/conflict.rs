//! `conflicts`, `resolve` and `mergetool`.

use std::path::Path;

use skillmeat_protocol::bytes::Bytes;
use skillmeat_protocol::error::{ErrorCode, exit};
use skillmeat_protocol::reply::{ConflictFile, ConflictInfo, ConflictListReply, ConflictReply, ConflictState, Reply};
use skillmeat_protocol::request::{
    Call, ConflictChoice, ConflictListQuery, ConflictName, ConflictShow, Freshness, Operation, Request, Resolve,
};

use super::by_hand::{By, decide, has_text};
use super::change::project;
use super::operate::{Plan, operate};
use super::{Context, pages};
use crate::args::conflicts::{Chosen, ConflictsCommand, InProject, MergetoolArgs, ResolveArgs};
use crate::args::{At, Which};
use crate::failure::{Done, Failure, Stop};
use crate::launch::{self, Start};
use crate::mergetool::Tool;
use crate::render::conflicts as look;
use crate::surroundings::text;
use crate::transport::{call, unexpected};

/// As long as the daemon lets anyone wait.
const LIST_MS: u32 = 60_000;

/// Runs `conflicts …`.
///
/// # Errors
/// Whatever ended it early.
pub fn conflicts(context: &mut Context<'_>, command: ConflictsCommand) -> Done {
    let request = match command {
        ConflictsCommand::List { which: Which { all, project: named }, closed } => {
            let project = if all { None } else { Some(within(context, named.as_deref())?) };
            return list(context, ConflictListQuery { project, closed, ..ConflictListQuery::default() });
        }
        ConflictsCommand::Show { artifact, file, at } => {
            let conflict = named(context, artifact, at)?;
            Request::ConflictShow(ConflictShow { conflict, file: file.as_deref().map(name_of) })
        }
    };
    if context.json {
        pages::print_json(context, call(request, Freshness::Synced))?;
        return Ok(exit::OK);
    }
    let reply = match context.ask(request, Freshness::Synced)? {
        Reply::Conflict(reply) => reply,
        other => return Err(unexpected(&other).into()),
    };
    look::write_one(context.out, &reply, context.around.colour)?;
    context.out.flush()?;
    context.note_stale(reply.stale.as_deref(), reply.fresh, Freshness::Synced)?;
    Ok(exit::OK)
}

fn list(context: &mut Context<'_>, query: ConflictListQuery) -> Done {
    if context.json {
        pages::print_json(context, listing(query))?;
        return Ok(exit::OK);
    }
    let reply = listed(context, query)?;
    look::write_list(context.out, &reply, context.around.colour)?;
    context.out.flush()?;
    context.note_stale(reply.stale.as_deref(), reply.fresh, Freshness::Synced)?;
    Ok(exit::OK)
}

/// Each conflict that nobody looked at yet is looked at for it.
fn listing(query: ConflictListQuery) -> Call {
    Call { deadline_ms: LIST_MS, ..call(Request::ConflictList(query), Freshness::Synced) }
}

/// All pages of a list.
fn listed(context: &Context<'_>, query: ConflictListQuery) -> Result<ConflictListReply, Failure> {
    let mut call = listing(query);
    let (mut connection, first) = launch::ask(context.around, &call, Start::IfNeeded)?;
    pages::conflicts(&mut connection, &mut call, first)
}

/// Runs `resolve`.
///
/// # Errors
/// Whatever ended it early.
pub fn resolve(context: &mut Context<'_>, args: ResolveArgs) -> Done {
    let ResolveArgs { artifact, file, chosen, proceed, abort, at, manner } = args;
    if !chosen.is_something() && !proceed && !abort {
        return Err(Failure::usage(
            "say how: --ours, --theirs, --base, --both, --edit, --tool, --content PATH, --continue or --abort",
        )
        .into());
    }
    if manner.dry_run && chosen.is_something() {
        return Err(Failure::usage("--dry-run goes with --continue or --abort alone: to decide changes no file").into());
    }
    if proceed && file.is_some() && !chosen.is_something() {
        return Err(Failure::usage("--continue ends the conflict of the whole artifact; leave FILE out").into());
    }
    let conflict = named(context, artifact, at)?;
    if chosen.is_something() {
        let file = file.as_deref().map(name_of);
        let decided = match choice(context, &chosen)? {
            Ok(choice) => decide_all(context, &conflict, file, choice, proceed)?,
            Err(by) => by_hand(context, &conflict, file, &by, proceed)?,
        };
        if !decided || !proceed {
            return Ok(if decided { exit::OK } else { exit::FAILED });
        }
    }
    let operation = if abort { Operation::ConflictAbort(conflict) } else { Operation::ConflictContinue(conflict) };
    operate(context, None, Plan { operation, dry_run: manner.dry_run })
}

/// Runs `mergetool`.
///
/// # Errors
/// Whatever ended it early.
pub fn mergetool(context: &mut Context<'_>, args: MergetoolArgs) -> Done {
    let MergetoolArgs { artifact, tool, at } = args;
    let within = within(context, at.project.as_deref())?;
    let open = match artifact {
        Some(artifact) => {
            let conflict = ConflictName { artifact, project: within, profile: at.profile.clone() };
            vec![asked(context, &conflict)?.conflict]
        }
        None => {
            let query = ConflictListQuery { project: Some(within), ..ConflictListQuery::default() };
            listed(context, query)?.conflicts
        }
    };
    let open: Vec<ConflictInfo> = open
        .into_iter()
        .filter(|info| info.files_open > 0 && info.state != ConflictState::Closed)
        .filter(|info| at.profile.as_ref().is_none_or(|profile| *profile == info.profile))
        .collect();
    let Some(first) = open.first() else {
        writeln!(context.out, "nothing is to be decided; 'skillmeat conflicts list' shows what is")?;
        return Ok(exit::OK);
    };
    let by = By::Tool(Tool::find(tool.as_deref(), Path::new(&first.project))?);
    let mut all = true;
    for info in open {
        let artifact = format!("{}:{}", info.kind, info.name);
        let conflict = ConflictName { artifact, project: info.project, profile: Some(info.profile) };
        all &= by_hand(context, &conflict, None, &by, false)?;
    }
    Ok(if all { exit::OK } else { exit::FAILED })
}

/// How it is decided, or by what.
fn choice(context: &Context<'_>, chosen: &Chosen) -> Result<Result<ConflictChoice, By>, Failure> {
    let at = context.around.cwd.clone().unwrap_or_default();
    Ok(match chosen {
        Chosen { ours: true, .. } => Ok(ConflictChoice::Ours),
        Chosen { theirs: true, .. } => Ok(ConflictChoice::Theirs),
        Chosen { base: true, .. } => Ok(ConflictChoice::Base),
        Chosen { both: true, .. } => Ok(ConflictChoice::Both),
        Chosen { content: Some(path), .. } => Ok(ConflictChoice::Content(text(&context.around.absolute(path)?)?)),
        Chosen { tool: true, .. } => Err(By::Tool(Tool::find(None, &at)?)),
        _ => Err(By::editor(context)?),
    })
}

/// Decides the file that is named, or all that are not decided.
fn decide_all(
    context: &mut Context<'_>,
    conflict: &ConflictName,
    file: Option<Bytes>,
    choice: ConflictChoice,
    proceed: bool,
) -> Result<bool, Stop> {
    let request = Request::Resolve(Resolve { conflict: conflict.clone(), file, choice });
    if context.json && !proceed {
        pages::print_json(context, call(request, Freshness::Synced))?;
        return Ok(true);
    }
    match context.ask(request, Freshness::Synced)? {
        Reply::Conflict(reply) if !proceed => look::write_decided(context.out, &reply, context.around.colour)?,
        Reply::Conflict(_) => {}
        other => return Err(unexpected(&other).into()),
    }
    Ok(true)
}

/// Has files decided in a program, one after the other; whether all were.
fn by_hand(
    context: &mut Context<'_>,
    conflict: &ConflictName,
    file: Option<Bytes>,
    by: &By,
    proceed: bool,
) -> Result<bool, Stop> {
    let mut known = asked(context, conflict)?;
    let is_editor = matches!(by, By::Editor(_));
    let is_meant = |known: &ConflictFile| match &file {
        Some(named) => known.path == *named || known.path.0.is_empty(),
        None => known.resolution.is_none(),
    };
    let files: Vec<ConflictFile> = known.conflict.files.iter().filter(|file| is_meant(file)).cloned().collect();
    if files.is_empty() {
        let message = format!("no file of {} is to be decided", conflict.artifact);
        return Err(Failure::new(ErrorCode::NotFound, message).hint("skillmeat conflicts list").into());
    }
    let mut all = true;
    for file in files {
        let name = look::name(&file);
        let is_whole = file.path.0.is_empty() && !has_text(&file);
        if is_whole || is_editor && !has_text(&file) {
            all = false;
            writeln!(context.err, "{name}: no text to merge; decide with --ours, --theirs or --content PATH")?;
            continue;
        }
        context.out.flush()?;
        match decide(context, conflict, &file, by)? {
            Some(reply) => known = reply,
            None => {
                all = false;
                writeln!(context.err, "{name}: left as it was, and not decided")?;
            }
        }
    }
    if context.json && !proceed {
        let request = Request::ConflictShow(ConflictShow { conflict: conflict.clone(), file: None });
        pages::print_json(context, call(request, Freshness::Synced))?;
    } else if !context.json && (!proceed || !all) {
        look::write_decided(context.out, &known, context.around.colour)?;
    }
    Ok(all)
}

fn asked(context: &Context<'_>, conflict: &ConflictName) -> Result<ConflictReply, Failure> {
    let show = ConflictShow { conflict: conflict.clone(), file: None };
    match context.ask(Request::ConflictShow(show), Freshness::Synced)? {
        Reply::Conflict(reply) => Ok(reply),
        other => Err(unexpected(&other)),
    }
}

fn named(context: &Context<'_>, artifact: String, at: InProject) -> Result<ConflictName, Failure> {
    Ok(ConflictName { artifact, project: within(context, at.project.as_deref())?, profile: at.profile })
}

fn within(context: &Context<'_>, given: Option<&Path>) -> Result<String, Failure> {
    let at = At { project: given.map(Path::to_owned), profiles: Vec::new() };
    project(context, &at).map(|(_, project)| project)
}

/// `./-x` is what a file is called whose name would be taken for an option.
fn name_of(path: &Path) -> Bytes {
    let path = path.strip_prefix(".").unwrap_or(path);
    Bytes::from(path.as_os_str().as_encoded_bytes())
}
