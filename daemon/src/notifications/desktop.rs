//! Desktop notifications, at most one a second.
//!
//! A message waits for a bus that may take its time, so it is shown on a thread that nobody waits for; the thread is there
//! while the settings ask for it. Its library blocks on a runtime of its own and panics inside another one. The first
//! failure, such as no bus, is logged and ends the thread: a server has no desktop later either. Changed settings try anew.

use super::fold::{Fold, Message};
use crate::clock::Clock;
use crate::library::config::DesktopNotifications;
use skillmeat_protocol::event::DriftEvent;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::Duration;

/// Announcements that wait while a message is shown; beyond, they are dropped.
const QUEUE: usize = 256;

/// Something that shows messages. `body` is plain text of a few lines.
pub(super) trait Desktop: Send + Sync {
    /// Shows a message; may block. The error is a sentence for the log.
    ///
    /// # Errors
    /// It could not be shown, and the next one will not be either.
    fn show(&self, summary: &str, body: &str) -> Result<(), String>;
}

/// How much time lies between two messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace(pub(super) Duration);

impl Default for Pace {
    fn default() -> Self {
        Self(Duration::from_secs(1))
    }
}

/// The desktop that this process belongs to: freedesktop through D-Bus, the notification centre of macOS, or Windows.
pub(super) struct System;

#[cfg(feature = "desktop")]
impl Desktop for System {
    fn show(&self, summary: &str, body: &str) -> Result<(), String> {
        let shown = notify_rust::Notification::new().appname("SkillMeat").summary(summary).body(&markup(body)).show();
        shown.map(|_| ()).map_err(|e| e.to_string())
    }
}

#[cfg(not(feature = "desktop"))]
impl Desktop for System {
    fn show(&self, _summary: &str, _body: &str) -> Result<(), String> {
        Err("this daemon was built without them (cargo feature `desktop`)".into())
    }
}

/// freedesktop's body is markup, and a name may hold what looks like it.
#[cfg(all(feature = "desktop", unix, not(target_os = "macos")))]
fn markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(all(feature = "desktop", not(all(unix, not(target_os = "macos")))))]
fn markup(text: &str) -> String {
    text.to_owned()
}

/// The way to the thread, when there is one.
pub(super) struct Bulletins {
    desktop: Arc<dyn Desktop>,
    pace: Pace,
    thread: Option<SyncSender<Arc<DriftEvent>>>,
}

impl Bulletins {
    /// Off, until configured.
    pub(super) fn new(desktop: Arc<dyn Desktop>, pace: Pace) -> Self {
        Self { desktop, pace, thread: None }
    }

    /// Starts anew, or ends. A thread that is replaced shows what it has and ends by itself.
    pub(super) fn configure(&mut self, wanted: DesktopNotifications) {
        self.thread = None;
        if wanted == DesktopNotifications::On {
            let (tx, rx) = mpsc::sync_channel(QUEUE);
            let (desktop, pace) = (Arc::clone(&self.desktop), self.pace);
            let show = move || show_all(&rx, &*desktop, pace, Clock::start());
            match std::thread::Builder::new().name("desktop".into()).spawn(show) {
                Ok(_) => self.thread = Some(tx),
                Err(error) => tracing::warn!(%error, "no desktop notifications"),
            }
        }
    }

    /// Never waits. A thread that is behind or has ended misses it.
    pub(super) fn offer(&self, event: &Arc<DriftEvent>) {
        if let Some(thread) = &self.thread {
            let _ = thread.try_send(Arc::clone(event));
        }
    }
}

/// Ends with its sender, or with the first failure.
fn show_all(events: &Receiver<Arc<DriftEvent>>, desktop: &dyn Desktop, pace: Pace, clock: Clock) {
    let mut fold = Fold::default();
    let mut next = clock.elapsed();
    while let Ok(event) = events.recv() {
        fold.add(&event);
        // What comes until a message is due is in it.
        while let Ok(event) = events.recv_timeout(next.saturating_sub(clock.elapsed())) {
            fold.add(&event);
        }
        if let Some(Message { summary, body }) = fold.take() {
            if let Err(why) = desktop.show(&summary, &body) {
                tracing::warn!("no desktop notifications: {why}");
                return;
            }
            next = clock.elapsed() + pace.0;
        }
    }
}

#[cfg(test)]
mod tests;
