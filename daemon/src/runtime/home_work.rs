//! Work on files that the server asks for and that is none of its own: a fresh home, a search for projects.

use super::home_files;
use crate::clock::Clock;
use crate::scan::discover;
use crate::server::HomeFiles;
use skillmeat_protocol::endpoint::Places;
use skillmeat_protocol::reply::{DiscoverReply, InitReply, Progress};
use skillmeat_protocol::request::DiscoverQuery;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// See [`HomeFiles`].
pub(super) struct HomeWork {
    pub(super) places: Places,
    pub(super) clock: Clock,
}

impl HomeFiles for HomeWork {
    fn init(&self) -> io::Result<InitReply> {
        home_files::init(&self.places, self.clock.wall())
    }

    fn discover(
        &self,
        query: &DiscoverQuery,
        registered: &dyn Fn(&Path) -> bool,
        progress: &mut dyn FnMut(Progress),
        cancelled: &AtomicBool,
    ) -> DiscoverReply {
        let search = discover::Search { root: PathBuf::from(&query.root), depth: query.depth };
        discover::discover(&search, registered, progress, cancelled)
    }
}
