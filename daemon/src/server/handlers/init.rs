//! `init`: home, config and default collection, where they are missing.

use super::super::ServerContext;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::reply::InitReply;

/// Answers `init`.
pub(in crate::server) async fn answer(context: &ServerContext) -> Result<InitReply, WireError> {
    let files = context.files.clone();
    let made = super::blocking(move || files.init()).await?;
    let reply = made.map_err(|error| {
        WireError::new(ErrorCode::Io, format!("cannot prepare the home: {error}"))
            .path(context.places.home.display().to_string())
    })?;
    context.engine.look_at_home();
    Ok(reply)
}
