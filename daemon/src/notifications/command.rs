//! One run of one hook command: no shell, its input from a pipe, its output to nowhere, and an end.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// What systemd and its like tell the daemon, and would be believed if a command said it.
const NOT_INHERITED: [&str; 6] =
    ["NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC"];

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invocation {
    /// Program and arguments.
    pub(super) command: Vec<String>,
    /// What it reads.
    pub(super) input: Vec<u8>,
    /// Where it runs; `/` when that is not there.
    pub(super) directory: PathBuf,
}

/// How a run ended. `R` says why it was given up.
#[derive(Debug)]
pub(super) enum Ended<R> {
    /// By itself.
    Exited(ExitStatus),
    /// It was killed.
    GivenUp(R),
    /// It could not be started, or not be waited for.
    Failed(io::Error),
}

/// Runs it until it exits or `give_up` is done, which kills it and all that it started and that did not leave its process
/// group. What a command leaves in the background when it exits by itself is its own affair.
///
/// Must be awaited to the end: only then no dead process is left.
pub(super) async fn run<R>(invocation: &Invocation, give_up: impl Future<Output = R>) -> Ended<R> {
    let mut child = match start(invocation) {
        Ok(child) => child,
        Err(e) => return Ended::Failed(e),
    };
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A command need not read.
            let _ = stdin.write_all(&invocation.input).await;
        }
        // The pipe is closed by now; the command goes on.
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        status = child.wait() => status.map_or_else(Ended::Failed, Ended::Exited),
        never = feed => match never {},
        reason = give_up => {
            kill(&mut child);
            child.wait().await.map_or_else(Ended::Failed, |_| Ended::GivenUp(reason))
        }
    }
}

fn start(invocation: &Invocation) -> io::Result<Child> {
    let Some((program, arguments)) = invocation.command.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "names no program"));
    };
    let directory = if invocation.directory.is_dir() { &invocation.directory } else { Path::new("/") };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    for variable in NOT_INHERITED {
        command.env_remove(variable);
    }
    // A group of its own, so that all of it can be killed and the daemon is not in it.
    #[cfg(unix)]
    command.process_group(0);
    command.kill_on_drop(true).spawn()
}

fn kill(child: &mut Child) {
    // The number is only told while the child is not waited for, so it cannot be another process's by now.
    #[cfg(unix)]
    if let Some(group) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    // Windows has no groups: the program itself.
    let _ = child.start_kill();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::notifications::testing::Programs;

    fn invocation(programs: &Programs, script: &str, arguments: &[&str]) -> Invocation {
        let input = b"the input\n".to_vec();
        Invocation { command: programs.command(script, arguments), input, directory: programs.path() }
    }

    #[test]
    fn arguments_and_input_arrive_as_they_are() {
        Programs::run(async |programs| {
            let script = "printf '%s\n' \"$@\" > arguments; cat > input; pwd -P > directory; exit 3";
            let arguments = ["$(touch pwned)", "; touch pwned", "*", "", "a b"];
            let ended = run(&invocation(programs, script, &arguments), std::future::pending::<()>()).await;
            assert!(matches!(&ended, Ended::Exited(status) if status.code() == Some(3)), "{ended:?}");
            assert_eq!(programs.read("arguments"), arguments.map(|a| format!("{a}\n")).concat());
            assert_eq!(programs.read("input"), "the input\n");
            assert_eq!(Path::new(programs.read("directory").trim_end()), programs.path());
            assert!(!programs.path().join("pwned").exists());
        });
    }

    #[test]
    fn a_project_that_is_gone_is_no_place_to_run() {
        Programs::run(async |programs| {
            let mut invocation =
                invocation(programs, "pwd > \"$1/directory\"", &[programs.path().to_str().expect("UTF-8")]);
            invocation.directory = programs.path().join("gone");
            let ended = run(&invocation, std::future::pending::<()>()).await;
            assert!(matches!(&ended, Ended::Exited(status) if status.success()), "{ended:?}");
            assert_eq!(programs.read("directory"), "/\n");
        });
    }

    #[test]
    fn input_that_nobody_reads_is_no_failure() {
        Programs::run(async |programs| {
            let mut invocation = invocation(programs, "exit 0", &[]);
            invocation.input = vec![b'x'; 1 << 20];
            let ended = run(&invocation, std::future::pending::<()>()).await;
            assert!(matches!(&ended, Ended::Exited(status) if status.success()), "{ended:?}");
        });
    }

    #[test]
    fn giving_up_kills_what_it_started_too() {
        Programs::run(async |programs| {
            let (mut ready, mut alive) = (programs.pipe("ready"), programs.end_of("alive"));
            let _gate = programs.pipe("gate");
            let script = "(exec 3>alive; echo ready >ready; read line <gate) & wait";
            let ended = run(&invocation(programs, script, &[]), ready.line()).await;
            assert!(matches!(&ended, Ended::GivenUp(line) if line == "ready"), "{ended:?}");
            // Only when the last process that holds the other end is dead.
            alive.closed().await;
        });
    }

    #[test]
    fn what_cannot_be_started_says_so() {
        Programs::run(async |programs| {
            let mut invocation = invocation(programs, "", &[]);
            invocation.command = vec![programs.path().join("missing").display().to_string()];
            let ended = run(&invocation, std::future::pending::<()>()).await;
            assert!(matches!(ended, Ended::Failed(_)), "{ended:?}");
        });
    }
}
