//! One connection to the daemon: who answers, one question, its replies.
//!
//! The preamble and the first request leave in one write; the daemon's welcome says which protocol it speaks. When it
//! speaks another one the connection is of no use and the caller learns who is newer.
//!
//! Homes share a socket's place when they share a runtime directory. A daemon writes its instance into the lock file of its
//! home before it serves anybody, so a welcome that says another one is from the daemon of another home.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::time::{Duration, Instant};

use skillmeat_protocol::codec;
use skillmeat_protocol::endpoint::{Endpoint, LockNote, Places};
use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::frame;
use skillmeat_protocol::preamble::{PROTOCOL, Welcome, preamble};
use skillmeat_protocol::reply::Reply;
use skillmeat_protocol::request::{Call, Format, Freshness, Request};

use crate::failure::{Failure, UNRESPONSIVE};
use crate::os::{self, Stream};

/// A daemon that is alive answers its preamble within this.
pub const WELCOME_WITHIN: Duration = Duration::from_secs(1);
/// More than any note of a daemon.
const NOTE_LIMIT: u64 = 16 * 1024;
/// Time for an answer to a request that names no deadline.
const DEFAULT_ANSWER: Duration = Duration::from_secs(30);
/// What a reply may take beyond the deadline in its request: the daemon answers `deadline_exceeded` itself.
const SLACK: Duration = Duration::from_secs(2);
/// The deadline of ordinary requests.
const ORDINARY_MS: u32 = 10_000;

/// An ordinary call with typed replies.
pub fn call(request: Request, freshness: Freshness) -> Call {
    Call { freshness, deadline_ms: ORDINARY_MS, format: Format::Typed, request }
}

/// How long to wait for an answer to `call`.
pub fn patience(call: &Call) -> Duration {
    match call.deadline_ms {
        0 => DEFAULT_ANSWER,
        ms => Duration::from_millis(u64::from(ms)) + SLACK,
    }
}

/// A connection to a daemon of our protocol.
#[derive(Debug)]
pub struct Connection {
    reader: BufReader<Stream>,
    /// Where it is.
    pub endpoint: Endpoint,
    /// Who it is.
    pub welcome: Welcome,
}

/// What came of trying to reach the daemon.
#[derive(Debug)]
pub enum Attempt {
    /// It has our question.
    Ready(Connection),
    /// It speaks another protocol; the ordering is the daemon's against ours.
    Skewed(Endpoint, Welcome, Ordering),
    /// Nobody listens.
    Nobody,
    /// Somebody accepted and closed without a word: it has more connections than it can even refuse, or it is ending.
    Closed,
}

/// Asks `call` of the daemon at `places`, or at the endpoint that its lock file names.
///
/// # Errors
/// When somebody listens who is not to be asked: another user, another program, a daemon that hangs.
pub fn attempt(places: &Places, call: &Call, within: Duration) -> Result<Attempt, Failure> {
    let first = attempt_at(places, &places.endpoint, call, within);
    if matches!(first, Ok(Attempt::Ready(_) | Attempt::Skewed(..))) {
        return first;
    }
    let attempt = match noted_endpoint(places) {
        Some(noted) if noted != places.endpoint => match attempt_at(places, &noted, call, within) {
            Ok(Attempt::Nobody) => first,
            other => other,
        },
        _ => first,
    };
    attempt.map_err(|failure| naming_holder(places, failure))
}

/// Says which process it is that does not answer. The note, not the socket, knows: a socket that systemd bound has
/// systemd for its peer. A note without a lock is a dead daemon's, and its number may be anybody's by now.
pub fn naming_holder(places: &Places, failure: Failure) -> Failure {
    let silent = failure.code == UNRESPONSIVE || failure.code == ErrorCode::DeadlineExceeded.as_str();
    if !silent || lock_is_free(places) != Some(false) {
        return failure;
    }
    match lock_note(places).filter(|note| note.pid > 0) {
        Some(note) => failure.of_process(note.pid),
        None => failure,
    }
}

/// The note of the daemon that holds, or last held, the lock.
pub fn lock_note(places: &Places) -> Option<LockNote> {
    let mut text = String::new();
    os::open_file(&places.lock_file()).ok()?.take(NOTE_LIMIT).read_to_string(&mut text).ok()?;
    Some(LockNote::from_text(&text)).filter(|note| !note.endpoint.is_empty())
}

/// The process that noted itself in the lock; 0 when none did.
pub fn noted_pid(places: &Places) -> u32 {
    lock_note(places).map_or(0, |note| note.pid)
}

fn noted_endpoint(places: &Places) -> Option<Endpoint> {
    lock_note(places).map(|note| Endpoint::from_text(&note.endpoint))
}

fn attempt_at(places: &Places, endpoint: &Endpoint, call: &Call, within: Duration) -> Result<Attempt, Failure> {
    let mut request = Vec::new();
    frame::push(&mut request, &encoded(call)?).map_err(|e| lost(&e))?;
    let shared = matches!(endpoint, Endpoint::Socket(path) if !path.starts_with(&places.home));
    // What changes something waits until it is known who listens; everything else is not worth a second write.
    let (early, late) = request.split_at(if shared && is_write(&call.request) { 0 } else { request.len() });
    let deadline = Instant::now() + within;
    let welcome = open(endpoint, within).and_then(|mut stream| {
        stream.write_all(&[&preamble(PROTOCOL), early].concat())?;
        stream.set_deadline(Some(deadline))?;
        let mut reader = BufReader::with_capacity(16 * 1024, stream);
        Welcome::read(&mut reader).map(|welcome| (reader, welcome))
    });
    let (mut reader, welcome) = match welcome {
        Ok(welcomed) => welcomed,
        Err(error) => return refused(endpoint, &error),
    };
    if shared && is_of_another_home(places, &welcome) {
        let message = format!("{endpoint} is the socket of the daemon of another home than {}", places.home.display());
        let hint = "give this home a socket of its own: set XDG_RUNTIME_DIR to another directory, or SKILLMEAT_HOME";
        return Err(Failure::no_daemon(message).hint(hint).path(endpoint.to_string()));
    }
    Ok(match welcome.protocol.cmp(&PROTOCOL) {
        Ordering::Equal => {
            reader.get_mut().write_all(late).map_err(|e| lost(&e))?;
            Attempt::Ready(Connection { reader, endpoint: endpoint.clone(), welcome })
        }
        order => Attempt::Skewed(endpoint.clone(), welcome, order),
    })
}

fn is_write(request: &Request) -> bool {
    use Request as R;
    matches!(request, R::ProjectAdd(_) | R::ProjectRemove(_) | R::Init | R::Shutdown(_) | R::Operate(_))
}

/// Whether the daemon of `places` did not say this. A lock that is held without a note may be its: the note is on its way, or
/// somebody deleted the file, or the daemon is of a version that did not write its instance.
fn is_of_another_home(places: &Places, welcome: &Welcome) -> bool {
    match lock_note(places).map(|note| note.instance).filter(|instance| *instance != 0) {
        Some(instance) => instance != welcome.instance,
        None => lock_is_free(places) == Some(true),
    }
}

/// Connects and checks whose process listens; nothing has been sent yet.
fn open(endpoint: &Endpoint, within: Duration) -> io::Result<Stream> {
    let stream = Stream::connect(endpoint, within)?;
    if stream.peer_is_ours()? {
        Ok(stream)
    } else {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "the process that listens there belongs to another user"))
    }
}

fn refused(endpoint: &Endpoint, error: &io::Error) -> Result<Attempt, Failure> {
    use io::ErrorKind as Kind;
    let path = endpoint.to_string();
    match error.kind() {
        Kind::NotFound | Kind::ConnectionRefused | Kind::NotADirectory => Ok(Attempt::Nobody),
        Kind::UnexpectedEof | Kind::BrokenPipe | Kind::ConnectionReset => Ok(Attempt::Closed),
        Kind::TimedOut => Err(Failure::unresponsive(format!("what listens on {path} does not answer")).path(path)),
        Kind::PermissionDenied => {
            Err(Failure::new(ErrorCode::Refused, format!("cannot use the socket {path}: {error}")).path(path))
        }
        _ => Err(Failure::new(ErrorCode::Io, format!("cannot ask the daemon at {path}: {error}")).path(path)),
    }
}

fn encoded(call: &Call) -> Result<Vec<u8>, Failure> {
    let bytes = codec::encode(call).map_err(|e| Failure::new(ErrorCode::Internal, e.to_string()))?;
    if bytes.len() > frame::MAX_REQUEST {
        return Err(Failure::new(ErrorCode::TooLarge, "the request is longer than the protocol allows"));
    }
    Ok(bytes)
}

fn lost(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::TimedOut => Failure::new(ErrorCode::DeadlineExceeded, "the daemon did not answer in time")
            .hint("try again with --cached, or see 'skillmeat daemon logs'"),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
            Failure::new(ErrorCode::ShuttingDown, "the daemon closed the connection")
                .hint("see 'skillmeat daemon logs'")
        }
        _ => Failure::new(ErrorCode::Io, format!("lost the daemon: {error}")),
    }
}

impl Connection {
    /// Sends another request.
    ///
    /// # Errors
    /// When the daemon is gone.
    pub fn send(&mut self, call: &Call) -> Result<(), Failure> {
        frame::write(self.reader.get_mut(), &encoded(call)?).map_err(|e| lost(&e))
    }

    /// Sends several requests at once; the daemon answers them in this order.
    ///
    /// # Errors
    /// When the daemon is gone.
    pub fn send_all(&mut self, calls: &[Call]) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        for call in calls {
            frame::push(&mut bytes, &encoded(call)?).map_err(|e| lost(&e))?;
        }
        self.reader.get_mut().write_all(&bytes).map_err(|e| lost(&e))
    }

    /// The next reply; the daemon's error reply is an error here. `None` waits without end.
    ///
    /// # Errors
    /// When the daemon refuses, is late, or is gone.
    pub fn reply(&mut self, within: Option<Duration>) -> Result<Reply, Failure> {
        let deadline = within.map(|within| Instant::now() + within);
        self.reader.get_mut().set_deadline(deadline).map_err(|e| lost(&e))?;
        let body = frame::read(&mut self.reader, frame::MAX_REPLY).map_err(|e| lost(&e))?;
        match codec::decode_reply(&body) {
            Ok(Reply::Error(error)) => Err(error.into()),
            Ok(reply) => Ok(reply),
            Err(error) => Err(Failure::new(ErrorCode::ParseError, format!("cannot read the daemon's answer: {error}"))),
        }
    }

    /// Sends `call` and waits for its one reply.
    ///
    /// # Errors
    /// When the daemon refuses, is late, or is gone.
    pub fn ask(&mut self, call: &Call) -> Result<Reply, Failure> {
        self.send(call)?;
        self.reply(Some(patience(call)))
    }
}

/// A reply of a kind that does not belong to the request.
pub fn unexpected(reply: &Reply) -> Failure {
    let text = format!("{reply:?}");
    let kind = text.split(['(', ' ']).next().unwrap_or_default();
    Failure::new(ErrorCode::ParseError, format!("the daemon answered something else: {kind}"))
}

/// A connection that speaks JSON lines; the daemon at its end has been reached before.
#[derive(Debug)]
pub struct Lines {
    stream: Stream,
}

impl Lines {
    /// Connects.
    ///
    /// # Errors
    /// When the daemon went away in the meantime, or is not ours.
    pub fn open(endpoint: &Endpoint) -> Result<Self, Failure> {
        open(endpoint, WELCOME_WITHIN).map(|stream| Self { stream }).map_err(|e| match refused(endpoint, &e) {
            Err(failure) => failure,
            Ok(_) => Failure::no_daemon(format!("nobody listens on {endpoint}")),
        })
    }

    /// Sends one line (with its line feed).
    ///
    /// # Errors
    /// When the daemon is gone.
    pub fn send(&mut self, line: &str) -> Result<(), Failure> {
        self.stream.write_all(line.as_bytes()).map_err(|e| lost(&e))
    }

    /// Reads one line within `within`; empty when the daemon closed.
    ///
    /// # Errors
    /// When it is late.
    pub fn line(&mut self, within: Duration) -> Result<String, Failure> {
        self.stream.set_deadline(Some(Instant::now() + within)).map_err(|e| lost(&e))?;
        let mut line = Vec::new();
        let mut byte = [0];
        // Unbuffered, because nothing after the line may be taken from the stream; lines read this way are short.
        while line.last() != Some(&b'\n') && self.stream.read(&mut byte).map_err(|e| lost(&e))? == 1 {
            line.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// The stream, for copying without end.
    ///
    /// # Errors
    /// When the deadline of an earlier read cannot be lifted.
    pub fn into_stream(mut self) -> Result<Stream, Failure> {
        self.stream.set_deadline(None).map_err(|e| lost(&e))?;
        Ok(self.stream)
    }
}

/// Whether the daemon's lock is free; `None` when that cannot be told. A lock taken here is released at once.
///
/// The daemon locks a file, which somebody may delete, and its home, where directories can be locked.
pub fn lock_is_free(places: &Places) -> Option<bool> {
    let file = is_free(os::open_file(&places.lock_file()));
    match file {
        Some(true) => is_free(os::open_dir(&places.home)).or(file),
        _ => file,
    }
}

fn is_free(opened: io::Result<File>) -> Option<bool> {
    match opened {
        Ok(file) => match file.try_lock() {
            Ok(()) => Some(true),
            Err(std::fs::TryLockError::WouldBlock) => Some(false),
            Err(std::fs::TryLockError::Error(_)) => None,
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(true),
        Err(_) => None,
    }
}
