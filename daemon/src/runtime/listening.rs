//! Where the daemon listens: at the socket that systemd hands over, at its own place, or beside it.

use super::run::StartError;
use crate::os::private_dir::PrivateDirError;
use crate::server::{ListenError, Listener};
use skillmeat_protocol::endpoint::Places;

/// Listens on the socket that systemd hands over, else on our own; also says why it is not where it should be. Called within
/// the runtime.
pub(super) fn listen(places: &Places) -> Result<(Listener, Option<String>), StartError> {
    #[cfg(target_os = "linux")]
    if let Some(listener) = listenfd::ListenFd::from_env().take_unix_listener(0).ok().flatten() {
        let what = "listening on the socket of systemd";
        let adopted = Listener::adopt(listener).map_err(|source| StartError::Thread { what, source });
        return adopted.map(|listener| (listener, None));
    }
    match (Listener::bind(&places.endpoint), places.fallback()) {
        // A directory that cannot be made or used; one that is not to be trusted is refused.
        (Err(ListenError::Directory(why @ PrivateDirError::Io { .. })), Some(other)) => {
            let note = format!(
                "{why}; listening on {other} instead; set XDG_RUNTIME_DIR to a directory of yours that can be written to, \
                 or unset it"
            );
            tracing::warn!("{note}");
            Ok((Listener::bind(&other)?, Some(note)))
        }
        (bound, _) => Ok((bound?, None)),
    }
}
