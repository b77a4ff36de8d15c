//! `rpc` and `socket`: for programs that speak JSON-RPC themselves.

use std::io::{self, BufRead, Read, Write};
use std::thread;

use skillmeat_protocol::error::exit;
use skillmeat_protocol::request::{Freshness, Request};

use super::Context;
use crate::failure::Done;
use crate::launch::{self, Start};
use crate::render::json;
use crate::transport::{self, Attempt, Lines, WELCOME_WITHIN, attempt};

/// Runs `rpc`: lines from standard input to the daemon, its lines to standard output, until it closes. The end of
/// standard input is passed on; the daemon answers what it has read and closes.
///
/// # Errors
/// When no daemon can be reached.
pub fn rpc(context: &mut Context<'_>) -> Done {
    // Any small question brings a daemon of our version up.
    let (connection, _) =
        launch::ask(context.around, &transport::call(Request::Metrics, Freshness::Cached), Start::IfNeeded)?;
    let mut stream = Lines::open(&connection.endpoint)?.into_stream()?;
    drop(connection);
    let mut writer = stream.writer()?;
    // Ends with its input or with this process; when the daemon closes first, nobody waits for it.
    let sender = thread::spawn(move || {
        let _ = copy_lines(&mut io::stdin().lock(), &mut writer);
        // The daemon may have closed already.
        let _ = writer.finish();
    });
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) if e.kind() == io::ErrorKind::ConnectionReset => break,
            Err(e) => return Err(e.into()),
        };
        context.out.write_all(&buffer[..read])?;
        context.out.flush()?;
    }
    drop(sender);
    Ok(exit::OK)
}

/// Copies line by line, so that what a person types is sent at once; empty lines are no requests.
fn copy_lines(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        let request = line.trim_ascii();
        if !request.is_empty() {
            // One write: a request and its line feed must not wait for each other.
            let mut bytes = request.to_vec();
            bytes.push(b'\n');
            to.write_all(&bytes)?;
        }
        line.clear();
    }
    Ok(())
}

/// Runs `socket`: prints where the daemon listens, or would listen.
///
/// # Errors
/// When there is no home.
pub fn socket(context: &mut Context<'_>) -> Done {
    let places = context.around.places()?;
    let call = transport::call(Request::Metrics, Freshness::Cached);
    // A daemon that was started in another session listens elsewhere.
    let endpoint = match attempt(&places, &call, WELCOME_WITHIN) {
        Ok(Attempt::Ready(connection)) => connection.endpoint,
        Ok(Attempt::Skewed(endpoint, ..)) => endpoint,
        Ok(Attempt::Nobody | Attempt::Closed) | Err(_) => places.endpoint,
    };
    if context.json {
        json::data(context.out, &format!("{{\"endpoint\":{}}}", json::string(&endpoint.to_string())))?;
    } else {
        writeln!(context.out, "{endpoint}")?;
    }
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use super::copy_lines;

    #[test]
    fn lines_are_copied_one_by_one() {
        let mut out = Vec::new();
        copy_lines(&mut &b"\n  {\"a\":1}  \r\n\n{\"b\":2}"[..], &mut out).expect("memory");
        assert_eq!(out, b"{\"a\":1}\n{\"b\":2}\n");
    }
}
