//! `doctor`: is everything as it should be, and what to do where it is not. Works without a daemon, and starts none.

mod disk;

use std::fs;
use std::path::Path;

use skillmeat_protocol::endpoint::{Endpoint, Places};
use skillmeat_protocol::error::exit;
use skillmeat_protocol::reply::{HealthReply, MetricsReply, Reply};
use skillmeat_protocol::request::{Freshness, Request};

use crate::commands::Context;
use crate::failure::{Done, Failure};
use crate::launch::{self, Start, VERSION};
use crate::os;
use crate::render::json;
use crate::render::status::problem_text;
use crate::render::term::{Tone, count, escape, paint, shell_word};
use crate::transport::{call, lock_is_free, noted_pid, unexpected};

/// Fewer inotify watches than this are too few for a few hundred projects.
const FEW_WATCHES: u64 = 65_536;
/// inotify instances are shared by all programs of a user; editors and browsers take dozens.
const FEW_INSTANCES: u64 = 128;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// Worth knowing.
    Note,
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    detail: String,
    advice: Option<String>,
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, name: &'static str, verdict: Verdict, detail: impl Into<String>, advice: Option<String>) {
        self.0.push(Check { name, verdict, detail: detail.into(), advice });
    }

    fn wrong(&self) -> usize {
        self.0.iter().filter(|check| check.verdict == Verdict::Wrong).count()
    }
}

/// Runs `doctor`.
///
/// # Errors
/// When the output cannot be written; what is wrong is the result, not an error.
pub fn doctor(context: &mut Context<'_>) -> Done {
    let mut checks = Checks::default();
    match context.around.places() {
        Ok(places) => {
            check_home(&mut checks, &places);
            check_private(&mut checks, "state", &places.state);
            if let Endpoint::Socket(socket) = &places.endpoint
                && let Some(dir) = socket.parent()
            {
                check_private(&mut checks, "endpoint", dir);
            }
            let health = check_daemon(&mut checks, context, &places);
            disk::check(&mut checks, &places, health.as_ref());
        }
        Err(failure) => checks.add("home", Verdict::Wrong, failure.message, failure.hint),
    }
    if context.json {
        write_json(context, &checks)?
    } else {
        write_human(context, &checks)?
    }
    Ok(if checks.wrong() == 0 { exit::OK } else { exit::FAILED })
}

fn check_home(checks: &mut Checks, places: &Places) {
    let home = places.home.display();
    match fs::metadata(&places.home) {
        Ok(meta) if !meta.is_dir() => checks.add("home", Verdict::Wrong, format!("{home} is not a directory"), None),
        Ok(meta) => match os::privacy_flaw(&meta, os::Writers::Group) {
            None => checks.add("home", Verdict::Fine, home.to_string(), None),
            Some(flaw) => {
                checks.add("home", Verdict::Wrong, format!("{home} {flaw}"), Some(repair(&meta, &places.home)))
            }
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            checks.add("home", Verdict::Note, format!("{home} does not exist yet"), Some("skillmeat init".to_owned()));
        }
        Err(e) => checks.add("home", Verdict::Wrong, format!("cannot look at {home}: {e}"), None),
    }
}

/// A directory that only its owner may write to.
fn check_private(checks: &mut Checks, name: &'static str, dir: &Path) {
    let shown = dir.display();
    match fs::symlink_metadata(dir) {
        Ok(meta) if !meta.is_dir() => checks.add(name, Verdict::Wrong, format!("{shown} is not a directory"), None),
        Ok(meta) => match os::privacy_flaw(&meta, os::Writers::Nobody) {
            None => checks.add(name, Verdict::Fine, shown.to_string(), None),
            Some(flaw) => checks.add(name, Verdict::Wrong, format!("{shown} {flaw}"), Some(repair(&meta, dir))),
        },
        // Made when it is needed.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            checks.add(name, Verdict::Fine, format!("{shown} (not made yet)"), None);
        }
        Err(e) => checks.add(name, Verdict::Wrong, format!("cannot look at {shown}: {e}"), None),
    }
}

fn repair(meta: &fs::Metadata, path: &Path) -> String {
    os::privacy_repair(meta, &shell_word(&path.to_string_lossy()))
}

fn check_daemon(checks: &mut Checks, context: &Context<'_>, places: &Places) -> Option<HealthReply> {
    match launch::ask(context.around, &call(Request::Health, Freshness::Cached), Start::Never) {
        Ok((mut connection, Reply::Health(health))) => {
            check_health(checks, &health);
            let metrics = match connection.ask(&call(Request::Metrics, Freshness::Cached)) {
                Ok(Reply::Metrics(metrics)) => Some(metrics),
                _ => None,
            };
            check_limits(checks, metrics.as_ref());
            return Some(health);
        }
        Ok((_, other)) => not_answering(checks, unexpected(&other)),
        Err(failure) if failure.code == "no_daemon" => {
            check_absent(checks, context, places);
            check_limits(checks, None);
        }
        Err(failure) => {
            not_answering(checks, failure);
            check_limits(checks, None);
        }
    }
    None
}

fn not_answering(checks: &mut Checks, failure: Failure) {
    checks.add("daemon", Verdict::Wrong, failure.message, failure.hint);
}

fn check_absent(checks: &mut Checks, context: &Context<'_>, places: &Places) {
    match launch::daemon_exe(context.around) {
        Ok(exe) => {
            checks.add("daemon", Verdict::Note, format!("not running; commands start {}", exe.display()), None);
        }
        Err(failure) => checks.add("daemon", Verdict::Wrong, failure.message, failure.hint),
    }
    let lock = places.lock_file();
    match lock_is_free(places) {
        Some(true) => checks.add("lock", Verdict::Fine, format!("{} is free", lock.display()), None),
        Some(false) => {
            let pid = noted_pid(places);
            let detail = format!("{} is held by process {pid}, which does not answer", lock.display());
            checks.add(
                "lock",
                Verdict::Wrong,
                detail,
                Some("see 'skillmeat daemon logs'; end that process".to_owned()),
            );
        }
        None => checks.add("lock", Verdict::Wrong, format!("cannot try {}", lock.display()), None),
    }
}

fn check_health(checks: &mut Checks, health: &HealthReply) {
    let runs = format!("skillmeatd {} runs as process {} on {}", health.version, health.pid, health.endpoint);
    if health.version == VERSION {
        checks.add("daemon", Verdict::Fine, runs, None);
    } else {
        let detail = format!("{runs}; this client is {VERSION}");
        checks.add("daemon", Verdict::Note, detail, Some("skillmeat daemon restart".to_owned()));
    }
    let projects = count(u64::from(health.projects), "project", "projects");
    if health.missing == 0 {
        checks.add("projects", Verdict::Fine, projects, None);
    } else {
        let detail = format!("{projects}, {} missing", health.missing);
        let advice = "skillmeat project list; then 'skillmeat project remove' what will not come back";
        checks.add("projects", Verdict::Note, detail, Some(advice.to_owned()));
    }
    for root in &health.degraded {
        checks.add("watch", Verdict::Wrong, format!("{} is polled: {}", root.path, root.reason), None);
    }
    for problem in &health.problems {
        checks.add("file", Verdict::Wrong, problem_text(problem), problem.hint.clone());
    }
    for note in &health.notes {
        checks.add("cache", Verdict::Note, note.clone(), None);
    }
}

/// Linux limits how much a user may watch; elsewhere the files do not exist and nothing is said.
fn check_limits(checks: &mut Checks, metrics: Option<&MetricsReply>) {
    let limit = |name: &str| -> Option<u64> {
        fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?.trim().parse().ok()
    };
    if let Some(most) = limit("max_user_watches") {
        watch_limit(checks, most, metrics.map(|metrics| metrics.watches));
    }
    if let Some(most) = limit("max_user_instances") {
        let verdict = if most < FEW_INSTANCES { Verdict::Note } else { Verdict::Fine };
        let advice = (verdict == Verdict::Note).then(|| sysctl("max_user_instances", FEW_INSTANCES * 4));
        checks.add("inotify", verdict, format!("at most {most} instances"), advice);
    }
}

fn watch_limit(checks: &mut Checks, most: u64, used: Option<u64>) {
    let in_use = used.map(|n| format!(", {n} used by the daemon")).unwrap_or_default();
    let verdict = match used {
        Some(used) if used.saturating_mul(10) >= most.saturating_mul(9) => Verdict::Wrong,
        _ if most < FEW_WATCHES => Verdict::Note,
        _ => Verdict::Fine,
    };
    let advice =
        (verdict != Verdict::Fine).then(|| sysctl("max_user_watches", FEW_WATCHES.max(most).saturating_mul(8)));
    checks.add("inotify", verdict, format!("at most {most} watches{in_use}"), advice);
}

fn sysctl(name: &str, value: u64) -> String {
    format!("echo fs.inotify.{name}={value} | sudo tee /etc/sysctl.d/60-skillmeat-{name}.conf && sudo sysctl --system")
}

fn write_human(context: &mut Context<'_>, checks: &Checks) -> std::io::Result<()> {
    for check in &checks.0 {
        let (word, tone) = match check.verdict {
            Verdict::Fine => ("ok     ", Tone::Good),
            Verdict::Note => ("note   ", Tone::Notice),
            Verdict::Wrong => ("problem", Tone::Bad),
        };
        let word = paint(word, tone, context.around.colour);
        writeln!(context.out, "{word}  {:<8}  {}", check.name, escape(&check.detail))?;
        if let Some(advice) = &check.advice {
            writeln!(context.out, "{:19}{}", "", escape(advice))?;
        }
    }
    match checks.wrong() {
        0 => writeln!(context.out, "ok"),
        n => writeln!(context.out, "{}", count(n as u64, "problem", "problems")),
    }
}

fn write_json(context: &mut Context<'_>, checks: &Checks) -> std::io::Result<()> {
    let entries: Vec<String> = checks
        .0
        .iter()
        .map(|check| {
            let verdict = match check.verdict {
                Verdict::Fine => "ok",
                Verdict::Note => "note",
                Verdict::Wrong => "problem",
            };
            format!(
                r#"{{"name":{},"verdict":"{verdict}","detail":{},"advice":{}}}"#,
                json::string(check.name),
                json::string(&check.detail),
                check.advice.as_deref().map_or_else(|| "null".to_owned(), json::string),
            )
        })
        .collect();
    json::data(context.out, &format!(r#"{{"problems":{},"checks":[{}]}}"#, checks.wrong(), entries.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_judged_by_use_and_size() {
        let cases = [
            (8_192, None, Verdict::Note),
            (8_192, Some(8_000), Verdict::Wrong),
            (524_288, Some(1_000), Verdict::Fine),
            (524_288, Some(480_000), Verdict::Wrong),
            (u64::MAX, Some(1), Verdict::Fine),
        ];
        for (most, used, want) in cases {
            let mut checks = Checks::default();
            watch_limit(&mut checks, most, used);
            assert_eq!(checks.0[0].verdict, want, "{most} {used:?}");
            assert_eq!(checks.0[0].advice.is_some(), want != Verdict::Fine);
        }
    }
}
