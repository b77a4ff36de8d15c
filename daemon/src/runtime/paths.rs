//! Where the daemon keeps what nobody else looks for: the cache and the logs.
//!
//! By the platform's conventions (`directories`), or below `<home>/daemon` when `SKILLMEAT_HOME` redirects everything,
//! so that a test or a second instance is isolated completely.

use directories::ProjectDirs;
use skillmeat_protocol::endpoint::Places;
use std::path::PathBuf;

/// The daemon's own directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// Path of `cache.db`.
    pub cache: PathBuf,
    /// Directory of the log files.
    pub logs: PathBuf,
}

impl Directories {
    /// Applies the rule above.
    pub fn of(places: &Places) -> Self {
        let own = || Self { cache: places.state.join("cache").join("cache.db"), logs: places.state.join("logs") };
        if places.redirected {
            return own();
        }
        let Some(dirs) = ProjectDirs::from("", "", "skillmeat") else { return own() };
        let state = dirs.state_dir().unwrap_or_else(|| dirs.cache_dir());
        Self { cache: dirs.cache_dir().join("cache.db"), logs: state.join("logs") }
    }
}
