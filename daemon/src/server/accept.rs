//! Connections in, farewell out.

use super::connection::{self, Closed};
use super::listener::Listener;
use super::{ServerContext, limits};
use interprocess::local_socket::tokio::Stream;
use skillmeat_protocol::error::{ErrorCode, WireError};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// Pause after the first failed accept; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(5);
/// Longest pause between two attempts to accept.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Serves `listener` until `shutdown` completes: then the socket is removed, open connections may finish the request
/// they are at for a second, and the rest is cut off. Runs on a current-thread runtime with IO and time enabled.
///
/// The caller holds the instance lock: a socket that somebody took away is bound again. `look` tells when
/// to look for it.
pub async fn serve(
    listener: Listener,
    context: Arc<ServerContext>,
    look: &watch::Sender<()>,
    shutdown: impl Future<Output = ()>,
) {
    // Dropping the sender is the message.
    let (alive, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    tokio::select! {
        biased;
        () = shutdown => {}
        never = accept_all(listener, &context, look, &stopping, &mut connections) => match never {},
    }
    drop(alive);
    let finished = async { while connections.join_next().await.is_some() {} };
    if timeout(limits::FAREWELL, finished).await.is_err() {
        tracing::info!(connections = connections.len(), "closing connections that are still busy");
        connections.shutdown().await;
    }
}

async fn accept_all(
    mut listener: Listener,
    context: &Arc<ServerContext>,
    look: &watch::Sender<()>,
    stopping: &watch::Receiver<()>,
    connections: &mut JoinSet<()>,
) -> std::convert::Infallible {
    let (most_served, most_refused) = limits::connections(crate::os::process::open_files_limit());
    if most_served < limits::CONNECTIONS {
        tracing::warn!(connections = most_served, "few files may be open, so few connections are served (ulimit -n)");
    }
    let served = Arc::new(Semaphore::new(most_served));
    let refused = Arc::new(Semaphore::new(most_refused));
    let mut touched = look.subscribe();
    let (mut pause, mut resume_at) = (PAUSE_MIN, Instant::now());
    loop {
        let accepted = tokio::select! {
            accepted = accept_after(resume_at, &listener) => accepted,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection failed");
                }
                continue;
            }
            Ok(()) = touched.changed() => {
                if reclaim(&mut listener) {
                    (context.rebound)();
                }
                continue;
            }
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                // Out of descriptors, most likely: trying again at once would burn a core and change nothing.
                tracing::warn!(%error, pause_ms = pause.as_millis(), "cannot accept a connection");
                resume_at = Instant::now() + pause;
                pause = (pause * 2).min(PAUSE_MAX);
                continue;
            }
        };
        pause = PAUSE_MIN;
        if !is_ours(&stream) {
            tracing::warn!("refused a connection of another user");
            continue;
        }
        let (context, stopping) = (context.clone(), stopping.clone());
        if let Ok(place) = served.clone().try_acquire_owned() {
            connections.spawn(async move {
                let _place = place;
                log(connection::serve(stream, context, stopping).await);
            });
        } else if let Ok(place) = refused.clone().try_acquire_owned() {
            connections.spawn(async move {
                let _place = place;
                log(connection::refuse(stream, context, too_many(most_served), stopping).await);
            });
        }
    }
}

async fn accept_after(resume_at: Instant, listener: &Listener) -> io::Result<Stream> {
    if resume_at > Instant::now() {
        sleep_until(resume_at).await;
    }
    listener.accept().await
}

/// Binds again when clients can no longer find the socket; says whether it did.
fn reclaim(listener: &mut Listener) -> bool {
    if !listener.was_stolen() {
        return false;
    }
    match Listener::bind(listener.endpoint()) {
        Ok(bound) => {
            tracing::warn!(endpoint = %bound.endpoint(), "the socket was taken away; bound it again");
            *listener = bound;
            true
        }
        Err(error) => {
            tracing::error!(%error, "the socket was taken away and cannot be bound again");
            false
        }
    }
}

/// Whether the other side runs as the same user. The access list of a pipe has decided that already.
fn is_ours(stream: &Stream) -> bool {
    #[cfg(unix)]
    {
        use interprocess::local_socket::traits::StreamCommon;
        let peer = stream.peer_creds().ok().and_then(|peer| peer.euid());
        peer.is_some() && peer == crate::os::process::effective_uid()
    }
    #[cfg(windows)]
    {
        let _ = stream;
        true
    }
}

fn too_many(most: usize) -> WireError {
    WireError::new(ErrorCode::Refused, format!("{most} connections are open already"))
        .hint("close one, or look for a program that opens connections and keeps them")
}

fn log(ended: Result<(), Closed>) {
    if let Err(why) = ended {
        tracing::debug!(%why, "closed a connection");
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::testing::World;
    use super::*;
    use skillmeat_protocol::endpoint::Endpoint;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::Ordering;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixStream;
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    struct Served {
        path: PathBuf,
        look: watch::Sender<()>,
        stop: oneshot::Sender<()>,
        server: JoinHandle<()>,
        _temp: tempfile::TempDir,
    }

    fn served(world: &World) -> Served {
        let temp = tempfile::tempdir().expect("temporary directory");
        let path = temp.path().join("run").join("daemon.sock");
        let listener = Listener::bind(&Endpoint::Socket(path.clone())).expect("bound");
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move { drop(stopped.await) };
        let look = watch::Sender::new(());
        let (context, theirs) = (world.context.clone(), look.clone());
        let server = tokio::spawn(async move { serve(listener, context, &theirs, shutdown).await });
        Served { path, look, stop, server, _temp: temp }
    }

    async fn hello(path: &Path) -> (UnixStream, String) {
        let mut stream = UnixStream::connect(path).await.expect("connected");
        stream.write_all(b"{\"id\":1,\"method\":\"hello\"}\n").await.expect("written");
        let mut line = String::new();
        while !line.ends_with('\n') {
            line.push(stream.read_u8().await.expect("a line").into());
        }
        (stream, line)
    }

    #[tokio::test]
    async fn one_connection_too_many_is_told_so() {
        let world = World::of(Vec::new());
        let served = served(&world);
        let mut open = Vec::new();
        for _ in 0..limits::CONNECTIONS {
            let (stream, line) = hello(&served.path).await;
            assert!(line.contains("\"result\""), "{line}");
            open.push(stream);
        }
        let (mut refused, line) = hello(&served.path).await;
        assert!(line.contains("64 connections are open already"), "{line}");
        assert_eq!(refused.read(&mut [0]).await.ok().unwrap_or(0), 0, "closed");
        drop(open.pop());
        // The daemon notices the free place when it reads the end of that connection.
        while hello(&served.path).await.1.contains("already") {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_stopping_server_takes_its_socket_away_and_ends_its_connections() {
        let world = World::of(Vec::new());
        let served = served(&world);
        let (mut stream, _) = hello(&served.path).await;
        served.stop.send(()).expect("still running");
        served.server.await.expect("ended");
        assert!(!served.path.exists());
        assert_eq!(stream.read(&mut [0]).await.expect("an end"), 0);
    }

    #[tokio::test]
    async fn a_stolen_socket_is_bound_again() {
        let world = World::of(Vec::new());
        let served = served(&world);
        hello(&served.path).await;
        std::fs::remove_dir_all(served.path.parent().expect("has one")).expect("taken away");
        served.look.send_replace(());
        while world.rebound.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        hello(&served.path).await;
    }
}
