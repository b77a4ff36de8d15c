//! The room as a whole: announcements in, commands and messages out.

use super::desktop::Desktop;
use super::testing::{Programs, change, event};
use super::*;
use crate::library::config::{DesktopNotifications, HookRule};
use skillmeat_protocol::drift::DriftState::{InSync, Modified};
use std::sync::mpsc;
use std::time::Duration;

struct Shown(mpsc::Sender<String>);

impl Desktop for Shown {
    fn show(&self, summary: &str, _body: &str) -> Result<(), String> {
        self.0.send(summary.to_owned()).map_err(|e| e.to_string())
    }
}

fn settings(command: Vec<String>, desktop: DesktopNotifications) -> Arc<Config> {
    let rule = HookRule { on: vec![Modified], command, timeout: Duration::from_secs(3600) };
    Arc::new(Config { hooks: vec![rule], desktop, ..Config::default() })
}

#[test]
fn announcements_reach_hooks_and_desktop_as_configured() {
    Programs::run(async |programs| {
        let mut told = programs.pipe("told");
        let (tx, shown) = mpsc::channel();
        let bulletins = Bulletins::new(Arc::new(Shown(tx)), Pace(Duration::ZERO));
        let (announce, announcements) = broadcast::channel(8);
        let first = programs.command("echo first > told", &[]);
        let (configure, config) = watch::channel(settings(first, DesktopNotifications::Off));
        let notifier = Notifier::start_with(announcements, config, bulletins).expect("started");

        let event = Arc::new(event(&programs.path().display().to_string(), vec![change("a", InSync, Modified)]));
        announce.send(Arc::clone(&event)).expect("heard");
        assert_eq!(told.line().await, "first");

        let second = programs.command("echo second > told", &[]);
        configure.send_replace(settings(second, DesktopNotifications::On));
        announce.send(Arc::clone(&event)).expect("heard");
        assert_eq!(told.line().await, "second");
        let summary = format!("1 artifact drifted in {}", event.project_name);
        assert_eq!(shown.recv_timeout(Duration::from_secs(10)), Ok(summary));

        // Nobody can change the settings any more; announcements still count.
        drop(configure);
        announce.send(event).expect("heard");
        assert_eq!(told.line().await, "second");
        drop(notifier);
    });
}

#[test]
fn dropping_it_ends_what_runs() {
    Programs::run(async |programs| {
        let (mut started, mut alive) = (programs.pipe("started"), programs.end_of("alive"));
        let _gate = programs.pipe("gate");
        let hang = programs.command("exec 3>alive; echo x > started; read line < gate", &[]);
        let (announce, announcements) = broadcast::channel(8);
        let (_configure, config) = watch::channel(settings(hang, DesktopNotifications::Off));
        let notifier = Notifier::start(announcements, config).expect("started");
        let event = event(&programs.path().display().to_string(), vec![change("a", InSync, Modified)]);
        announce.send(Arc::new(event)).expect("heard");
        started.line().await;
        drop(notifier);
        alive.closed().await;
    });
}

#[test]
fn it_ends_with_the_announcements() {
    let (announce, announcements) = broadcast::channel(8);
    let (_configure, config) = watch::channel(Arc::default());
    let mut notifier = Notifier::start(announcements, config).expect("started");
    drop(announce);
    assert!(notifier.thread.take().is_some_and(|thread| thread.join().is_ok()));
}
