//! A fresh SkillMeat home: the files that `skillmeat init` of the original makes, where they are missing.
//!
//! Nothing that is there is written to, not even an empty or damaged file: a person may be about to fill it. What is made is
//! as open to others as the home itself, which may be shared on purpose; the umask of whoever started the daemon says
//! nothing about that.

use crate::library::atomic::{SUFFIX, remove_temporaries};
use crate::library::init::{DEFAULT_CONFIG, EMPTY_LOCK, empty_collection};
use crate::model::Timestamp;
use skillmeat_protocol::endpoint::Places;
use skillmeat_protocol::reply::InitReply;
use std::fs::Metadata;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The collection that a fresh home has.
const DEFAULT_COLLECTION: &str = "default";
/// What the original makes in a collection; other containers come when they are needed.
const CONTAINERS: [&str; 4] = ["skills", "commands", "agents", "workflows"];

/// How the temporary names of files begin, wherever they are made: beside a person's own, which are left alone.
const PREFIX: &str = ".skillmeat-init.";

/// Makes what is missing; `now` is the new collection's date. A home whose `collections` has others but no `default` gets
/// one, as the settings that are made name it.
///
/// # Errors
/// Something cannot be made; what was made before it stays, and the next call goes on from there. The message names the
/// path.
pub fn init(places: &Places, now: Timestamp) -> io::Result<InitReply> {
    let collections = places.home.join("collections");
    let default = collections.join(DEFAULT_COLLECTION);
    let mut made = Made { openness: None, created: Vec::new() };
    made.directory(&places.home)?;
    made.openness = Some(std::fs::metadata(&places.home).map_err(about("look at", &places.home))?);
    made.file(&places.home.join("config.toml"), DEFAULT_CONFIG)?;
    made.directory(&collections)?;
    made.directory(&default)?;
    for container in CONTAINERS {
        made.directory(&default.join(container))?;
    }
    made.file(&default.join("collection.lock"), EMPTY_LOCK)?;
    // Last: it is what makes the directory a collection.
    made.file(&default.join("collection.toml"), &empty_collection(DEFAULT_COLLECTION, now))?;
    Ok(InitReply { home: places.home.display().to_string(), created: made.created })
}

/// Removes what a kill left of making files. Only for the holder of the instance lock, who alone makes them.
pub fn remove_leftovers(places: &Places) {
    for directory in [places.home.clone(), places.home.join("collections").join(DEFAULT_COLLECTION)] {
        if !directory.is_dir() {
            continue;
        }
        if let Err(error) = remove_temporaries(&directory, PREFIX) {
            tracing::warn!(%error, "a temporary file stays");
        }
    }
}

struct Made {
    /// Whose permissions to take; none for the home itself.
    openness: Option<Metadata>,
    created: Vec<String>,
}

impl Made {
    fn directory(&mut self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        std::fs::create_dir_all(path).map_err(about("make directory", path))?;
        if let Some(home) = &self.openness {
            set_mode(path, home, 0o777).map_err(about("set the permissions of", path))?;
        }
        self.created.push(path.display().to_string());
        Ok(())
    }

    /// Appears complete or not at all: the home is watched, and half a manifest would be reported as damage.
    fn file(&mut self, path: &Path, text: &str) -> io::Result<()> {
        // A link that leads nowhere is there, too.
        if path.symlink_metadata().is_ok() {
            return Ok(());
        }
        let directory = path.parent().unwrap_or(Path::new("/"));
        let mut file = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .tempfile_in(directory)
            .map_err(about("make", path))?;
        file.write_all(text.as_bytes()).map_err(about("write", path))?;
        if let Some(home) = &self.openness {
            set_mode(file.path(), home, 0o666).map_err(about("set the permissions of", path))?;
        }
        match file.persist_noclobber(path) {
            Ok(_) => {
                self.created.push(path.display().to_string());
                Ok(())
            }
            Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(e) => Err(about("make", path)(e.error)),
        }
    }
}

fn about(verb: &'static str, path: &Path) -> impl Fn(io::Error) -> io::Error {
    let path: PathBuf = path.to_owned();
    move |e| io::Error::new(e.kind(), format!("cannot {verb} {}: {e}", path.display()))
}

#[cfg(unix)]
fn set_mode(path: &Path, like: &Metadata, mask: u32) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(like.mode() & mask))
}

/// Windows inherits permissions from the directory by itself.
#[cfg(not(unix))]
fn set_mode(_path: &Path, _like: &Metadata, _mask: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use skillmeat_protocol::endpoint::Env;
    use std::fs;

    const NOW: Timestamp = Timestamp(1_795_248_761_521_290);

    fn places(home: &Path) -> Places {
        Places::resolve(&Env { skillmeat_home: Some(home.to_owned()), ..Env::default() }).expect("has a home")
    }

    fn below(reply: &InitReply) -> Vec<String> {
        let home = Path::new(&reply.home);
        let name = |path: &String| Path::new(path).strip_prefix(home).expect("below").display().to_string();
        reply.created.iter().map(name).collect()
    }

    #[test]
    fn a_home_is_made_once() {
        let temp = tempfile::tempdir().expect("a temporary directory");
        let home = temp.path().join("a").join("home");
        let first = init(&places(&home), NOW).expect("made");
        let want = [
            "",
            "config.toml",
            "collections",
            "collections/default",
            "collections/default/skills",
            "collections/default/commands",
            "collections/default/agents",
            "collections/default/workflows",
            "collections/default/collection.lock",
            "collections/default/collection.toml",
        ];
        assert_eq!(below(&first), want);
        let manifest = fs::read_to_string(home.join("collections/default/collection.toml")).expect("made");
        assert!(manifest.contains("created = \"2026-11-21T08:12:41.521290\""), "{manifest}");
        assert_eq!(init(&places(&home), Timestamp(0)).expect("looked at").created, Vec::<String>::new());
        assert_eq!(fs::read_to_string(home.join("config.toml")).expect("made"), DEFAULT_CONFIG);
    }

    #[test]
    fn what_is_there_stays() {
        let temp = tempfile::tempdir().expect("a temporary directory");
        let home = temp.path();
        fs::write(home.join("config.toml"), "").expect("written");
        fs::create_dir_all(home.join("collections/default/skills/mine")).expect("made");
        fs::write(home.join("collections/default/collection.toml"), "damaged [").expect("written");
        let reply = init(&places(home), NOW).expect("made");
        assert_eq!(
            below(&reply),
            ["commands", "agents", "workflows", "collection.lock"].map(|n| format!("collections/default/{n}"))
        );
        assert_eq!(fs::read_to_string(home.join("config.toml")).expect("read"), "");
        let manifest = fs::read_to_string(home.join("collections/default/collection.toml"));
        assert_eq!(manifest.expect("read"), "damaged [");
    }

    #[test]
    fn what_a_kill_left_is_removed_and_nothing_else() {
        let temp = tempfile::tempdir().expect("a temporary directory");
        let places = places(temp.path());
        remove_leftovers(&places);
        init(&places, NOW).expect("made");
        let count = || fs::read_dir(temp.path().join("collections/default")).expect("made").count();
        let before = count();
        let paths = ["", "collections/default"].map(|name| temp.path().join(name));
        for directory in &paths {
            for name in [".skillmeat-init.0jLQnY.tmp", ".config.toml.0jLQnY.tmp"] {
                fs::write(directory.join(name), "half").expect("written");
            }
        }
        remove_leftovers(&places);
        assert_eq!(count(), before + 1);
        for directory in &paths {
            assert!(!directory.join(".skillmeat-init.0jLQnY.tmp").exists());
            assert!(directory.join(".config.toml.0jLQnY.tmp").exists(), "somebody else's");
        }
    }

    #[test]
    fn a_failure_names_the_path() {
        let temp = tempfile::tempdir().expect("a temporary directory");
        fs::write(temp.path().join("collections"), "a file").expect("written");
        let error = init(&places(temp.path()), NOW).expect_err("in the way").to_string();
        assert!(error.starts_with("cannot make directory ") && error.contains("collections"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn the_home_decides_who_may_read() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        for mode in [0o700, 0o750, 0o775] {
            let temp = tempfile::tempdir().expect("a temporary directory");
            fs::set_permissions(temp.path(), PermissionsExt::from_mode(mode)).expect("chmod");
            init(&places(temp.path()), NOW).expect("made");
            for (name, want) in [("config.toml", mode & 0o666), ("collections/default/skills", mode)] {
                assert_eq!(fs::metadata(temp.path().join(name)).expect("made").mode() & 0o777, want, "{name}");
            }
        }
    }
}
