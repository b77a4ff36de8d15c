//! The life of one connection: encoding, requests one after the other, events between them.
//!
//! Requests of a connection are answered in order. While one is being answered its connection goes on reading, to notice
//! that the client is gone: a binary client that closes cancels its request at once; a JSON client may close its writing
//! half (`printf … | nc`) and still gets the answers to what it sent. In both cases the connection ends then,
//! subscriptions with it, so that a client that died does not occupy a place for ever.
//!
//! Invariant: everything a client can prolong has a limit, see [`limits`].

use super::dispatch::{self, Answer};
use super::encoding::{Asked, Encoding, Incoming, Push, ReplyTo};
use super::handlers::subscribe::Feed;
use super::inbox::Inbox;
use super::outbox::Outbox;
use super::paging::Pages;
use super::{ServerContext, json, limits};
use crate::metrics::Metrics;
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::preamble::{PREAMBLE_LEN, PROTOCOL, Welcome, protocol_of};
use skillmeat_protocol::request::{Call, Freshness};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

/// Why a connection ended before its client was done with it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Closed {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it did not say which encoding it speaks")]
    Handshake,
    #[error("it speaks none of our encodings")]
    Foreign,
    #[error("it speaks protocol {0}")]
    OtherProtocol(u16),
    #[error("its bytes are no request")]
    Broken,
    #[error("its request did not arrive whole")]
    SlowRequest,
    #[error("it was idle")]
    Idle,
    #[error("the engine ended its subscription")]
    EngineGone,
}

/// Serves `stream` until its client is done, a limit is broken, or the sender of `stopping` is dropped.
pub(super) async fn serve<S: AsyncRead + AsyncWrite>(
    stream: S,
    context: Arc<ServerContext>,
    stopping: watch::Receiver<()>,
) -> Result<(), Closed> {
    let _open = Counted::new(&context, |metrics| &metrics.connections);
    let (mut connection, encoding) = Connection::open(stream, context, stopping).await?;
    connection.run(encoding).await
}

/// Tells a client that is not served why, in its encoding.
pub(super) async fn refuse<S: AsyncRead + AsyncWrite>(
    stream: S,
    context: Arc<ServerContext>,
    error: WireError,
    stopping: watch::Receiver<()>,
) -> Result<(), Closed> {
    let (mut connection, encoding) = Connection::open(stream, context, stopping).await?;
    Ok(connection.outbox.send(&encoding.error(error)).await?)
}

struct Connection<S> {
    context: Arc<ServerContext>,
    inbox: Inbox<ReadHalf<S>>,
    outbox: Outbox<WriteHalf<S>>,
    pages: Pages,
    subscription: Option<Subscribed>,
    stopping: watch::Receiver<()>,
}

struct Subscribed {
    feed: Feed,
    to: ReplyTo,
    _counted: Counted,
}

impl<S: AsyncRead + AsyncWrite> Connection<S> {
    /// Takes the handshake.
    async fn open(
        stream: S,
        context: Arc<ServerContext>,
        stopping: watch::Receiver<()>,
    ) -> Result<(Self, Encoding), Closed> {
        let (from, to) = tokio::io::split(stream);
        let (mut inbox, mut outbox) = (Inbox::new(from), Outbox::new(to));
        let encoding = timeout(limits::HANDSHAKE, handshake(&mut inbox)).await.map_err(|_| Closed::Handshake)??;
        if let Opening::Binary { protocol } = encoding {
            outbox.hold(
                &Welcome { protocol: PROTOCOL, instance: context.instance, version: context.version.into() }.to_bytes(),
            );
            if protocol != PROTOCOL {
                outbox.release().await?;
                return Err(Closed::OtherProtocol(protocol));
            }
        }
        let encoding = match encoding {
            Opening::Binary { .. } => Encoding::Binary,
            Opening::Json => Encoding::Json,
        };
        Ok((Self { context, inbox, outbox, pages: Pages::default(), subscription: None, stopping }, encoding))
    }

    async fn run(&mut self, encoding: Encoding) -> Result<(), Closed> {
        let mut partial_since = None;
        loop {
            while let Some(incoming) = encoding.next(&mut self.inbox) {
                partial_since = None;
                match incoming {
                    Incoming::Refused(answer) => self.outbox.send(&answer).await?,
                    Incoming::Broken(answer) => {
                        self.outbox.send(&answer).await?;
                        return Err(Closed::Broken);
                    }
                    Incoming::Asked(to, Asked::Hello) => {
                        let answer = json::hello(&to, &self.context);
                        self.count_request();
                        self.outbox.send(&answer).await?;
                    }
                    Incoming::Asked(to, Asked::Call(call)) => {
                        if !self.answer(encoding, to, *call).await? {
                            return Ok(());
                        }
                    }
                }
                if self.stopping.has_changed().is_err() {
                    return Ok(());
                }
            }
            self.outbox.release().await?;
            if self.inbox.ended() {
                return Ok(());
            }
            let (limit, broken) = match (self.inbox.peek(), &self.subscription) {
                ([], Some(_)) => (None, Closed::Idle),
                ([], None) => (Some(Instant::now() + limits::IDLE), Closed::Idle),
                _ => {
                    let since = *partial_since.get_or_insert_with(Instant::now);
                    (Some(since + limits::REQUEST_ARRIVES), Closed::SlowRequest)
                }
            };
            tokio::select! {
                biased;
                _ = self.stopping.changed() => return Ok(()),
                filled = self.inbox.fill() => filled?,
                message = next_message(&mut self.subscription) => self.outbox.send(&message?).await?,
                () = reached(limit) => return Err(broken),
            }
        }
    }

    /// Answers one request; whether the client is still there.
    async fn answer(&mut self, encoding: Encoding, to: ReplyTo, call: Call) -> Result<bool, Closed> {
        let began = std::time::Instant::now();
        let timed = call.freshness == Freshness::Cached;
        let (sink, mut progress) = watch::channel(None);
        let answer = {
            let Self { context, inbox, outbox, pages, .. } = self;
            let mut work = pin!(dispatch::answer(context, pages, call, &sink));
            loop {
                tokio::select! {
                    biased;
                    answer = &mut work => break answer,
                    // A welcome waits for a quick answer, to go out with it, but not for a slow one.
                    released = outbox.release(), if outbox.holds() => released?,
                    Ok(()) = progress.changed() => {
                        let latest = progress.borrow_and_update().clone();
                        if let Some(latest) = latest {
                            outbox.send(&to.push(&Push::Progress(latest))).await?;
                        }
                    }
                    filled = inbox.fill(), if inbox.wants_more() => {
                        filled?;
                        if inbox.ended() && encoding == Encoding::Binary {
                            return Ok(false);
                        }
                    }
                }
            }
        };
        if answer.is_err() {
            self.pages.clear();
        }
        match answer {
            Ok(Answer::Reply(reply)) => self.outbox.send(&to.reply(Ok(reply))).await?,
            Err(error) => self.outbox.send(&to.reply(Err(error))).await?,
            Ok(Answer::Several(mut replies)) => {
                while let Some(reply) = replies.recv().await {
                    self.outbox.send(&to.reply(reply)).await?;
                }
            }
            Ok(Answer::Subscribed(first, feed)) => {
                let live = to.push(&Push::Live(feed.reached()));
                self.outbox.send(&to.reply(Ok(skillmeat_protocol::reply::Reply::Subscribed(first)))).await?;
                self.outbox.send(&live).await?;
                let counted = Counted::new(&self.context, |metrics| &metrics.subscribers);
                self.subscription = Some(Subscribed { feed, to, _counted: counted });
            }
        }
        self.count_request();
        if timed {
            self.context.engine.metrics().request_latency.record(began.elapsed());
        }
        Ok(true)
    }

    fn count_request(&self) {
        self.context.engine.metrics().requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the opening bytes said.
enum Opening {
    Binary { protocol: u16 },
    Json,
}

async fn handshake<R: AsyncRead + Unpin>(inbox: &mut Inbox<R>) -> Result<Opening, Closed> {
    loop {
        match inbox.peek() {
            [] => {}
            [b'{', ..] => return Ok(Opening::Json),
            [b'S', ..] => {
                if let Some(opening) = inbox.peek().first_chunk::<PREAMBLE_LEN>() {
                    let protocol = protocol_of(opening).ok_or(Closed::Foreign)?;
                    inbox.take(PREAMBLE_LEN);
                    return Ok(Opening::Binary { protocol });
                }
            }
            _ => return Err(Closed::Foreign),
        }
        if inbox.ended() {
            return Err(Closed::Handshake);
        }
        inbox.fill().await?;
    }
}

/// The next message of the subscription; never, without one.
async fn next_message(subscription: &mut Option<Subscribed>) -> Result<Vec<u8>, Closed> {
    match subscription {
        Some(subscribed) => {
            let push = subscribed.feed.next().await.ok_or(Closed::EngineGone)?;
            Ok(subscribed.to.push(&push))
        }
        None => std::future::pending().await,
    }
}

async fn reached(limit: Option<Instant>) {
    match limit {
        Some(limit) => sleep_until(limit).await,
        None => std::future::pending().await,
    }
}

/// One more in a gauge for as long as it lives.
struct Counted {
    metrics: Arc<Metrics>,
    gauge: fn(&Metrics) -> &AtomicU64,
}

impl Counted {
    fn new(context: &ServerContext, gauge: fn(&Metrics) -> &AtomicU64) -> Self {
        let metrics = context.engine.metrics().clone();
        gauge(&metrics).fetch_add(1, Ordering::Relaxed);
        Self { metrics, gauge }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.gauge)(&self.metrics).fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
