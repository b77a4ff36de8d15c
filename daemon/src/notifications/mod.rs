//! Telling people and programs that are not connected: hook commands and the desktop.
//!
//! One thread takes announcements and settings and keeps the hook commands in hand; it is a small runtime of its own,
//! because waiting for several children, their input and their time at once is what one is for, and because nothing here
//! may take time from connections. The desktop has a thread of its own: its library blocks, and must not run inside a
//! runtime.
//!
//! * `hooks` – which rule fires, the queue, how many run at once
//! * `command` – one run of one command
//! * `desktop` – the seam to the desktop and its pace; `fold` – many changes in one message
//!
//! # Invariants
//!
//! * Only an artifact that was in one state and is now in another fires anything: what is announced when a project is
//!   registered or when a daemon starts is no change.
//! * Nobody waits for this room: announcements it misses and settings it is late for are its own loss.

mod command;
mod desktop;
mod fold;
mod hooks;

use crate::library::config::Config;
use desktop::{Bulletins, Pace};
use hooks::Hooks;
use skillmeat_protocol::event::{DriftEvent, ItemChange};
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, oneshot, watch};

/// The running thread. Dropping it ends hook commands that still run, and returns within about half a second.
#[derive(Debug)]
#[must_use = "dropping it ends notifications"]
pub struct Notifier {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Notifier {
    /// Starts notifying of `announcements`, following `settings` as they change. It also ends with the last sender of
    /// announcements.
    ///
    /// # Errors
    /// The thread or its runtime cannot be started.
    pub fn start(
        announcements: broadcast::Receiver<Arc<DriftEvent>>,
        settings: watch::Receiver<Arc<Config>>,
    ) -> io::Result<Self> {
        Self::start_with(announcements, settings, Bulletins::new(Arc::new(desktop::System), Pace::default()))
    }

    fn start_with(
        announcements: broadcast::Receiver<Arc<DriftEvent>>,
        settings: watch::Receiver<Arc<Config>>,
        bulletins: Bulletins,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let run = move || runtime.block_on(run(announcements, settings, stopped, bulletins));
        let thread = std::thread::Builder::new().name("notifications".into()).spawn(run)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of notifications had ended by a defect");
        }
    }
}

async fn run(
    mut announcements: broadcast::Receiver<Arc<DriftEvent>>,
    mut settings: watch::Receiver<Arc<Config>>,
    mut stop: oneshot::Receiver<()>,
    mut bulletins: Bulletins,
) {
    let mut hooks = Hooks::new();
    settings.mark_changed();
    loop {
        tokio::select! {
            // Settings come before the announcements that follow them.
            biased;
            _ = &mut stop => break,
            Ok(()) = settings.changed() => {
                let config = Arc::clone(&settings.borrow_and_update());
                hooks.configure(&config.hooks);
                bulletins.configure(config.desktop);
            }
            () = hooks.finish_one(), if hooks.is_running() => {}
            event = announcements.recv() => match event {
                Ok(event) => {
                    hooks.offer(&event);
                    bulletins.offer(&event);
                }
                Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "announcements came too fast for hooks"),
                Err(RecvError::Closed) => break,
            }
        }
    }
    hooks.stop().await;
}

/// The items of `event` that went from one state to another.
fn changes(event: &DriftEvent) -> impl Iterator<Item = &ItemChange> {
    event.items.iter().filter(|change| change.previous.is_some_and(|previous| previous != change.item.state))
}

#[cfg(test)]
mod testing;
#[cfg(all(test, unix))]
mod tests;
