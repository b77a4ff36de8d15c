//! Answers that come in pages, put together.

use skillmeat_protocol::reply::{ConflictListReply, ListReply, Reply, StatusReply};
use skillmeat_protocol::request::{Call, Format, Request};

use super::Context;
use crate::failure::{Failure, Stop};
use crate::launch::{self, Start};
use crate::render::json;
use crate::transport::{Connection, unexpected};

/// Asks for JSON, prints it in its envelope, and returns the connection for more.
///
/// # Errors
/// As [`launch::ask`].
pub fn print_json(context: &mut Context<'_>, mut call: Call) -> Result<Connection, Stop> {
    call.format = Format::Json;
    let (mut connection, reply) = launch::ask(context.around, &call, Start::IfNeeded)?;
    let text = json_text(&mut connection, &mut call, reply)?;
    json::data(context.out, &text)?;
    Ok(connection)
}

/// The JSON text of an answer, all its pages. Nothing is printed before the last has come: half an object is worse
/// than an error.
///
/// # Errors
/// When a later page fails.
pub fn json_text(connection: &mut Connection, call: &mut Call, first: Reply) -> Result<String, Failure> {
    let mut page = match first {
        Reply::Json(text) => return Ok(text),
        Reply::JsonPage(page) => page,
        other => return Err(unexpected(&other)),
    };
    let mut text = std::mem::take(&mut page.head);
    let mut separator = "";
    loop {
        if !page.body.is_empty() {
            text.push_str(separator);
            text.push_str(&page.body);
            separator = ",";
        }
        let Some(next) = page.next else { break };
        set_cursor(&mut call.request, next);
        page = match connection.ask(call)? {
            Reply::JsonPage(page) => page,
            other => return Err(unexpected(&other)),
        };
    }
    text.push_str(&page.tail);
    Ok(text)
}

pub(super) fn set_cursor(request: &mut Request, cursor: String) {
    match request {
        Request::Status(query) => query.cursor = Some(cursor),
        Request::List(query) => query.cursor = Some(cursor),
        Request::Diff(query) => query.cursor = Some(cursor),
        Request::ConflictList(query) => query.cursor = Some(cursor),
        // Nothing else is paged; the daemon would repeat its answer, which is then the last.
        _ => {}
    }
}

/// All pages of a status.
///
/// # Errors
/// When a later page fails.
pub fn status(connection: &mut Connection, call: &mut Call, first: Reply) -> Result<StatusReply, Failure> {
    let Reply::Status(mut whole) = first else {
        return Err(unexpected(&first));
    };
    while let Some(next) = whole.next.take() {
        set_cursor(&mut call.request, next);
        let page = match connection.ask(call)? {
            Reply::Status(page) => page,
            other => return Err(unexpected(&other)),
        };
        whole.fresh &= page.fresh;
        whole.stale = whole.stale.or(page.stale);
        whole.next = page.next;
        for project in page.projects {
            match whole.projects.last_mut() {
                // A page may end inside a project.
                Some(last) if last.path == project.path => last.items.extend(project.items),
                _ => whole.projects.push(project),
            }
        }
    }
    Ok(whole)
}

/// All pages of a list.
///
/// # Errors
/// When a later page fails.
pub fn list(connection: &mut Connection, call: &mut Call, first: Reply) -> Result<ListReply, Failure> {
    let Reply::List(mut whole) = first else {
        return Err(unexpected(&first));
    };
    while let Some(next) = whole.next.take() {
        set_cursor(&mut call.request, next);
        let page = match connection.ask(call)? {
            Reply::List(page) => page,
            other => return Err(unexpected(&other)),
        };
        whole.fresh &= page.fresh;
        whole.stale = whole.stale.or(page.stale);
        whole.next = page.next;
        whole.artifacts.extend(page.artifacts);
    }
    Ok(whole)
}

/// All pages of a list of conflicts.
///
/// # Errors
/// When a later page fails.
pub fn conflicts(connection: &mut Connection, call: &mut Call, first: Reply) -> Result<ConflictListReply, Failure> {
    let Reply::ConflictList(mut whole) = first else {
        return Err(unexpected(&first));
    };
    while let Some(next) = whole.next.take() {
        set_cursor(&mut call.request, next);
        let page = match connection.ask(call)? {
            Reply::ConflictList(page) => page,
            other => return Err(unexpected(&other)),
        };
        whole.fresh &= page.fresh;
        whole.stale = whole.stale.or(page.stale);
        (whole.next, whole.more) = (page.next, page.more);
        whole.conflicts.extend(page.conflicts);
    }
    Ok(whole)
}
