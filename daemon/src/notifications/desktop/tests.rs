//! The desktop without one: what is shown, how often, folded how.

use super::*;
use crate::notifications::testing::{change, event};
use skillmeat_protocol::drift::DriftState::{InSync, Modified};
use std::sync::Mutex;

/// A test that waits for longer has failed.
const GUARD: Duration = Duration::from_secs(10);

/// Tells what is shown, and waits for leave to go on.
struct Recorder {
    shown: mpsc::Sender<String>,
    answers: Mutex<Receiver<Result<(), String>>>,
}

impl Desktop for Recorder {
    fn show(&self, summary: &str, body: &str) -> Result<(), String> {
        self.shown.send(format!("{summary}: {body}")).expect("the test listens");
        self.answers.lock().expect("one thread at a time").recv().expect("the test answers")
    }
}

fn bulletins(pace: Duration) -> (Bulletins, Receiver<String>, mpsc::Sender<Result<(), String>>) {
    let (shown, seen) = mpsc::channel();
    let (answer, answers) = mpsc::channel();
    let recorder = Recorder { shown, answers: Mutex::new(answers) };
    (Bulletins::new(Arc::new(recorder), Pace(pace)), seen, answer)
}

fn drifted(name: &str) -> Arc<DriftEvent> {
    Arc::new(event("/w/app", vec![change(name, InSync, Modified)]))
}

#[test]
fn what_comes_while_one_is_shown_is_one_more() {
    let (mut bulletins, seen, answer) = bulletins(Duration::ZERO);
    bulletins.offer(&drifted("before"));
    bulletins.configure(DesktopNotifications::On);
    bulletins.offer(&drifted("a"));
    assert_eq!(seen.recv_timeout(GUARD).as_deref(), Ok("1 artifact drifted in app: skill:a modified"));
    bulletins.offer(&drifted("b"));
    bulletins.offer(&drifted("c"));
    bulletins.configure(DesktopNotifications::Off);
    bulletins.offer(&drifted("after"));
    for _ in 0..2 {
        answer.send(Ok(())).expect("it waits");
    }
    let second = seen.recv_timeout(GUARD);
    assert_eq!(second.as_deref(), Ok("2 artifacts drifted in app: skill:b modified\nskill:c modified"));
    drop(bulletins);
    assert!(seen.recv_timeout(GUARD).is_err(), "the thread has ended");
}

#[test]
fn a_message_that_is_not_due_waits_for_more() {
    let (mut bulletins, seen, answer) = bulletins(Duration::from_secs(3600));
    bulletins.configure(DesktopNotifications::On);
    answer.send(Ok(())).expect("it will wait");
    bulletins.offer(&drifted("a"));
    assert!(seen.recv_timeout(GUARD).is_ok_and(|text| text.contains("skill:a")));
    answer.send(Ok(())).expect("it will wait");
    for name in ["b", "c", "d"] {
        bulletins.offer(&drifted(name));
    }
    assert!(seen.try_recv().is_err());
    // Not even changed settings lose what was held back.
    bulletins.configure(DesktopNotifications::On);
    assert!(seen.recv_timeout(GUARD).is_ok_and(|text| text.starts_with("3 artifacts")));
}

#[test]
fn silent_after_a_failure_until_the_settings_change() {
    let (mut bulletins, seen, answer) = bulletins(Duration::ZERO);
    bulletins.configure(DesktopNotifications::On);
    bulletins.offer(&drifted("a"));
    assert!(seen.recv_timeout(GUARD).is_ok());
    answer.send(Err("no bus".into())).expect("it waits");
    // Waits for the end of the thread: its end of the channel goes with it.
    let deadline = Clock::start();
    while bulletins.thread.as_ref().is_some_and(|thread| thread.send(drifted("b")).is_ok()) {
        assert!(deadline.elapsed() < GUARD, "the thread goes on after a failure");
    }
    bulletins.offer(&drifted("c"));
    assert!(seen.try_recv().is_err());
    bulletins.configure(DesktopNotifications::On);
    bulletins.offer(&drifted("d"));
    assert!(seen.recv_timeout(GUARD).is_ok_and(|text| text.contains("skill:d")));
    answer.send(Ok(())).expect("it waits");
}

#[cfg(all(feature = "desktop", unix, not(target_os = "macos")))]
#[test]
fn names_are_not_markup() {
    assert_eq!(markup("skill:a<b>&c modified"), "skill:a&lt;b&gt;&amp;c modified");
}
