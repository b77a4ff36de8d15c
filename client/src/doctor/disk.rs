//! Can the directories be written to: a full or read-only disk shows in no mode bit.
//!
//! A small file is really written and brought to the disk, where nobody looks for files: never in the home or a project,
//! which are watched. The home is judged by what its file system says of itself.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use skillmeat_protocol::endpoint::{Endpoint, Places};
use skillmeat_protocol::reply::HealthReply;

use super::{Checks, Verdict};
use crate::os;

/// Bytes written: as much as the smallest thing that the daemon keeps takes up.
const PROBE: [u8; 4096] = [0; 4096];
/// Less free space than this is worth a note.
const LITTLE: u64 = 64 * 1024 * 1024;

/// Checks every directory that the daemon writes to. Where cache and log are, only a running daemon says.
pub(super) fn check(checks: &mut Checks, places: &Places, health: Option<&HealthReply>) {
    if places.home.is_dir() {
        let judged = os::disk_flaw(&places.home).map_err(|e| format!("cannot ask for its file system: {e}"));
        report(checks, "home", &places.home, judged.and_then(|flaw| flaw.map_or(Ok(()), Err)));
    }
    let cache = health.and_then(|health| Path::new(&health.cache).parent().map(Path::to_owned));
    let logs = health.map(|health| PathBuf::from(&health.logs));
    let socket = match &places.endpoint {
        Endpoint::Socket(path) => path.parent().map(Path::to_owned),
        Endpoint::Pipe(_) => None,
    };
    for (name, dir) in [("state", Some(places.state.clone())), ("cache", cache), ("logs", logs), ("endpoint", socket)] {
        // What is not there yet is made when it is needed, and checked then.
        if let Some(dir) = dir.filter(|dir| dir.is_dir()) {
            report(checks, name, &dir, probe(&dir).map_err(|e| format!("cannot be written to: {e}")));
        }
    }
}

fn report(checks: &mut Checks, name: &'static str, dir: &Path, judged: Result<(), String>) {
    let shown = dir.display();
    match (judged, os::free_bytes(dir)) {
        (Err(flaw), _) => {
            let advice = "free space there, or make it writable";
            checks.add(name, Verdict::Wrong, format!("{shown} {flaw}"), Some(advice.to_owned()));
        }
        (Ok(()), Some(free)) if free < LITTLE => {
            checks.add(name, Verdict::Note, format!("only {} KiB are free on the disk of {shown}", free / 1024), None);
        }
        (Ok(()), _) => checks.add(name, Verdict::Fine, format!("{shown} can be written to"), None),
    }
}

/// Writes a file, brings it to the disk, and removes it whatever happened.
fn probe(dir: &Path) -> io::Result<()> {
    struct Probe(PathBuf);
    impl Drop for Probe {
        fn drop(&mut self) {
            // What cannot be removed could not be written either, most likely; that is reported.
            let _ = std::fs::remove_file(&self.0);
        }
    }
    let path = dir.join(format!(".skillmeat-doctor.{}", std::process::id()));
    let mut file = File::create_new(&path)?;
    let probe = Probe(path);
    file.write_all(&PROBE)?;
    file.sync_all()?;
    drop(file);
    drop(probe);
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_probe_leaves_nothing_behind() {
        let temp = tempfile::tempdir().expect("temporary directory");
        probe(temp.path()).expect("writable");
        assert_eq!(std::fs::read_dir(temp.path()).expect("listed").count(), 0);
        probe(&temp.path().join("nothing")).expect_err("no directory");
        assert_eq!(os::disk_flaw(temp.path()).expect("asked"), None);
        assert!(os::free_bytes(temp.path()).is_some());
    }
}
