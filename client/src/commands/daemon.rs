//! `daemon`: run, start, stop and inspect `skillmeatd`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::Duration;

use skillmeat_protocol::error::{ErrorCode, exit};
use skillmeat_protocol::reply::{HealthReply, Reply};
use skillmeat_protocol::request::{Call, Freshness, Request, ShutdownQuery, ShutdownReason, SyncQuery};

use super::{Context, pages};
use crate::args::DaemonCommand;
use crate::failure::{Done, Failure, Stop};
use crate::launch::{self, Start, VERSION};
use crate::os;
use crate::render::json;
use crate::render::term::{count, escape};
use crate::transport::{Attempt, WELCOME_WITHIN, attempt, call, lock_is_free, lock_note, unexpected};

/// How often a followed log is looked at.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);
/// Most of a log that is read for its last lines.
const TAIL_BYTES: u64 = 4 * 1024 * 1024;

/// Runs `daemon …`.
///
/// # Errors
/// Whatever ended it early.
pub fn daemon(context: &mut Context<'_>, command: DaemonCommand) -> Done {
    match command {
        DaemonCommand::Run => {
            let exe = launch::daemon_exe(context.around)?;
            os::become_program(Process::new(&exe).arg("run")).map_err(|e| Failure::io("start", &exe, &e).into())
        }
        DaemonCommand::Start => start(context),
        DaemonCommand::Stop => {
            let stopped = stop(context)?;
            if context.json {
                json::data(context.out, &format!("{{\"stopped\":{stopped}}}"))?;
            } else {
                writeln!(
                    context.out,
                    "{}",
                    if stopped { "skillmeatd has ended" } else { "skillmeatd was not running" }
                )?;
            }
            Ok(exit::OK)
        }
        DaemonCommand::Restart => {
            stop(context)?;
            start(context)
        }
        DaemonCommand::Verify => verify(context),
        DaemonCommand::Status => status(context),
        DaemonCommand::Logs { lines, follow } => logs(context, lines, follow),
    }
}

/// As long as the daemon lets anyone wait: there may be many files.
const VERIFY_MS: u32 = 60_000;

fn verify(context: &mut Context<'_>) -> Done {
    let request = Request::Verify(SyncQuery::default());
    let call = Call { deadline_ms: VERIFY_MS, ..call(request, Freshness::Synced) };
    if context.json {
        pages::print_json(context, call)?;
        return Ok(exit::OK);
    }
    match launch::ask(context.around, &call, Start::IfNeeded)?.1 {
        Reply::Synced(reply) if reply.fresh => {
            writeln!(context.out, "everything was compared with the disk")?;
            Ok(exit::OK)
        }
        Reply::Synced(reply) => {
            context.note_stale(reply.stale.as_deref(), reply.fresh, Freshness::Synced)?;
            Ok(exit::FAILED)
        }
        other => Err(unexpected(&other).into()),
    }
}

fn start(context: &mut Context<'_>) -> Done {
    if context.json {
        pages::print_json(context, call(Request::Health, Freshness::Cached))?;
        return Ok(exit::OK);
    }
    let health = match context.ask(Request::Health, Freshness::Cached)? {
        Reply::Health(health) => health,
        other => return Err(unexpected(&other).into()),
    };
    writeln!(context.out, "skillmeatd {} runs as process {}", escape(&health.version), health.pid)?;
    Ok(exit::OK)
}

/// Asks the daemon to end and waits until it has. A person asked, so its version does not matter.
fn stop(context: &Context<'_>) -> Result<bool, Failure> {
    let places = context.around.places()?;
    let query = ShutdownQuery { reason: ShutdownReason::Requested, version: Some(VERSION.to_owned()) };
    match attempt(&places, &call(Request::Shutdown(query), Freshness::Cached), WELCOME_WITHIN)? {
        Attempt::Ready(mut connection) => match connection.reply(Some(WELCOME_WITHIN)) {
            Ok(Reply::Stopping(_)) => {}
            Ok(other) => return Err(unexpected(&other)),
            // It may be gone before its answer is out.
            Err(failure) if failure.code == ErrorCode::ShuttingDown.as_str() => {}
            Err(failure) => return Err(failure),
        },
        Attempt::Skewed(endpoint, ..) => launch::ask_to_end(&endpoint, ShutdownReason::Requested)?,
        Attempt::Nobody | Attempt::Closed if lock_is_free(&places) != Some(false) => return Ok(false),
        // It is starting or ending; when it is neither, waiting for its lock says so.
        Attempt::Nobody | Attempt::Closed => {}
    }
    launch::wait_until_ended(&places)?;
    Ok(true)
}

fn status(context: &mut Context<'_>) -> Done {
    let mut health = call(Request::Health, Freshness::Cached);
    if context.json {
        health.format = skillmeat_protocol::request::Format::Json;
        let (mut connection, reply) = launch::ask(context.around, &health, Start::Never)?;
        let text = pages::json_text(&mut connection, &mut health, reply)?;
        json::data(context.out, &text)?;
        return Ok(exit::OK);
    }
    match launch::ask(context.around, &health, Start::Never)?.1 {
        Reply::Health(health) => write_health(context, &health)?,
        other => return Err(unexpected(&other).into()),
    }
    Ok(exit::OK)
}

fn write_health(context: &mut Context<'_>, health: &HealthReply) -> io::Result<()> {
    let out = &mut context.out;
    writeln!(out, "skillmeatd {} (protocol {})", escape(&health.version), health.protocol)?;
    writeln!(out, "process   {}, up {}", health.pid, duration(health.uptime_s))?;
    writeln!(out, "home      {}", escape(&health.home))?;
    writeln!(out, "endpoint  {}", escape(&health.endpoint))?;
    writeln!(out, "cache     {}", escape(&health.cache))?;
    writeln!(out, "logs      {} ({} KiB)", escape(&health.logs), health.logs_size.div_ceil(1024))?;
    let projects = count(u64::from(health.projects), "project", "projects");
    writeln!(out, "projects  {projects}, {} missing, {} polled", health.missing, health.degraded.len())?;
    let verified = if health.verified { "everything is verified" } else { "still verifying what the cache says" };
    writeln!(out, "state     {verified}; {} outstanding", health.pending)?;
    if !health.problems.is_empty() {
        let problems = count(health.problems.len() as u64, "problem", "problems");
        writeln!(out, "{problems}; see 'skillmeat doctor'")?;
    }
    Ok(())
}

/// `2d 3h`, `4h 5min`, `6min`, `7s`.
fn duration(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}min"),
        (0, hours, minutes) => format!("{hours}h {minutes}min"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

fn logs(context: &mut Context<'_>, lines: usize, follow: bool) -> Done {
    if context.json {
        return Err(Failure::usage("'daemon logs' prints the log as it is; leave --json out").into());
    }
    let places = context.around.places()?;
    let none = || {
        Failure::new(ErrorCode::NotFound, "there is no log yet")
            .hint("the daemon writes one when it runs: 'skillmeat daemon start'")
            .path(places.state.to_string_lossy())
    };
    // The note outlives the daemon that wrote it, so the log of one that died can be read.
    let dir = lock_note(&places).map(|note| PathBuf::from(note.logs)).ok_or_else(none)?;
    let mut path = newest(&dir).ok_or_else(none)?;
    let mut file = File::open(&path).map_err(|e| Failure::io("read", &path, &e))?;
    let from = file.metadata().map_or(0, |meta| meta.len().saturating_sub(TAIL_BYTES));
    let mut text = Vec::new();
    let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.read_to_end(&mut text));
    read.map_err(|e| Failure::io("read", &path, &e))?;
    write_log(context, last_lines(&text, lines))?;
    if !follow {
        return Ok(exit::OK);
    }
    loop {
        std::thread::sleep(FOLLOW_EVERY);
        text.clear();
        file.read_to_end(&mut text).map_err(|e| Failure::io("read", &path, &e))?;
        if !text.is_empty() {
            write_log(context, &text)?;
        } else if let Some(next) = newest(&dir).filter(|next| *next != path) {
            // Rotated: what is left of the old file has been printed.
            file = File::open(&next).map_err(|e| Failure::io("read", &next, &e))?;
            path = next;
        }
    }
}

/// Log lines name files, and names can hold anything.
fn write_log(context: &mut Context<'_>, bytes: &[u8]) -> Result<(), Stop> {
    let text = String::from_utf8_lossy(bytes);
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(line) => writeln!(context.out, "{}", escape(line))?,
            None => write!(context.out, "{}", escape(line))?,
        }
    }
    context.out.flush()?;
    Ok(())
}

/// The end of `text` that holds `n` lines.
fn last_lines(text: &[u8], n: usize) -> &[u8] {
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    if n == 0 {
        return &[];
    }
    let start = body.iter().enumerate().rev().filter(|(_, b)| **b == b'\n').nth(n - 1);
    &text[start.map_or(0, |(i, _)| i + 1)..]
}

/// The log file written last.
fn newest(dir: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(dir).ok()?.filter_map(Result::ok);
    let dated = files.filter_map(|entry| {
        let meta = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some((meta.modified().ok()?, entry.path()))
    });
    dated.max().map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_cut_at_line_feeds() {
        let cases: [(&str, usize, &str); 6] = [
            ("a\nb\nc\n", 2, "b\nc\n"),
            ("a\nb\nc", 2, "b\nc"),
            ("a\n", 5, "a\n"),
            ("", 3, ""),
            ("a\nb\n", 0, ""),
            ("\n\n\n", 2, "\n\n"),
        ];
        for (text, n, want) in cases {
            assert_eq!(last_lines(text.as_bytes(), n), want.as_bytes(), "{text:?} {n}");
        }
    }

    #[test]
    fn durations_have_two_parts_at_most() {
        for (seconds, want) in [(7, "7s"), (60, "1min"), (3_900, "1h 5min"), (180_000, "2d 2h")] {
            assert_eq!(duration(seconds), want);
        }
    }
}
