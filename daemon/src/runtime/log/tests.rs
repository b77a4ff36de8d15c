//! Levels, rotation, the limit of a day.

use super::capped::{Capped, Day, LIMIT_REACHED};
use super::*;
use crate::model::Timestamp;
use std::cell::Cell;

#[test]
fn a_day_is_cut_off_and_the_next_starts_anew() {
    let day = Cell::new(Day::of(Timestamp(0)));
    let mut out = Vec::new();
    let mut capped = Capped::new(&mut out, 10, 4, || day.get());
    for line in [b"abcde\n".as_slice(), b"x\n", b"y\n"] {
        capped.write_all(line).expect("written");
    }
    day.set(Day::of(Timestamp(86_400_000_000)));
    capped.write_all(b"next day\n").expect("written");
    capped.write_all(b"more\n").expect("written");
    let want = [b"abcde\n", LIMIT_REACHED, b"next day\n", LIMIT_REACHED].concat();
    assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&want));
}

#[test]
fn days_change_at_midnight_utc() {
    for (microseconds, name) in [
        (0, "1970-01-01"),
        (86_399_999_999, "1970-01-01"),
        (86_400_000_000, "1970-01-02"),
        (-1, "1969-12-31"),
        (1_795_219_200_000_000, "2026-11-21"),
    ] {
        assert_eq!(Day::of(Timestamp(microseconds)).to_string(), name);
    }
}

#[test]
fn levels() {
    for (level, ours, debug_of_others, misread) in [
        (None, Level::INFO, false, false),
        (Some(" "), Level::INFO, false, false),
        (Some("debug"), Level::DEBUG, false, false),
        (Some("WARN"), Level::WARN, false, false),
        (Some("skillmeatd=trace,notify=debug"), Level::TRACE, true, false),
        (Some("loud"), Level::INFO, false, true),
    ] {
        let (targets, message) = targets(level);
        let most = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR]
            .into_iter()
            .find(|level| targets.would_enable("skillmeatd::engine", level));
        assert_eq!((most, message.is_some()), (Some(ours), misread), "{level:?}");
        assert_eq!(targets.would_enable("notify::inotify", &Level::DEBUG), debug_of_others, "{level:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_plain_line_in_todays_private_file() {
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().expect("a temporary directory");
    let directory = temp.path().join("logs");
    let (writer, worker) = queued(files(&directory).expect("files"));
    let subscriber = tracing_subscriber::registry().with(lines(move || writer.clone(), targets(None).0));
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(path = "/p", "looked");
        tracing::info!(path = %"/p\n2026 ERROR\u{1b}[2J", "looked");
        tracing::debug!("not at this level");
    });
    drop(worker);
    let mode = std::fs::metadata(&directory).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let entries: Vec<_> = std::fs::read_dir(&directory).expect("listed").flatten().collect();
    let [file] = entries.as_slice() else { panic!("one file, not {entries:?}") };
    assert!(file.file_name().to_string_lossy().starts_with("skillmeatd.log.20"));
    let text = std::fs::read_to_string(file.path()).expect("read");
    let [first, second] = text.lines().collect::<Vec<_>>()[..] else { panic!("two lines, not {text:?}") };
    assert!(first.ends_with("looked path=\"/p\"") && second.contains("path=/p\\n2026 ERROR"), "{text:?}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(text.contains("Z  INFO skillmeatd::runtime::log::tests: "), "{text:?}");
    assert_eq!(size(&directory), text.len() as u64);
    std::fs::write(directory.join("other"), "not a log").expect("written");
    assert_eq!(size(&directory), text.len() as u64);
    assert_eq!(size(&temp.path().join("missing")), 0);
}

#[cfg(unix)]
#[test]
fn todays_file_counts_from_where_it_is() {
    let temp = tempfile::tempdir().expect("a temporary directory");
    let today = Day::of(Clock::start().wall());
    let full = std::fs::File::create(temp.path().join(format!("{FILE_PREFIX}.{today}"))).expect("made");
    full.set_len(DAY_LIMIT).expect("a sparse file");
    let mut writer = files(temp.path()).expect("files");
    writer.write_all(b"dropped\n").expect("taken");
    // At midnight the line rightly goes to another file; this one must not grow either way.
    assert_eq!(full.metadata().expect("metadata").len(), DAY_LIMIT);
}

/// Both halves, see [`crate::runtime::testing`].
#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_used_leaves_stderr() {
    use crate::runtime::testing;
    if let Some(directory) = testing::in_child() {
        std::fs::write(directory.join("taken"), "").expect("written");
        let logging = start(&Destination::Directory(directory.join("taken")), Some("loud"));
        assert!(logging.trouble().is_some_and(|why| why.contains("taken is a file")));
        testing::tell("started");
        std::process::exit(0);
    }
    let mut child = testing::Child::start("runtime::log::tests::a_directory_that_cannot_be_used_leaves_stderr");
    let (misread, trouble) = (child.line(), child.line());
    assert!(misread.ends_with("SKILLMEAT_LOG='loud' is no level; info is used"), "{misread}");
    assert!(trouble.contains(" WARN ") && trouble.contains("no log files: "), "{trouble}");
    assert_eq!(child.line(), "started");
}

/// Both halves, see [`crate::runtime::testing`].
#[cfg(unix)]
#[test]
fn panics_are_in_the_file() {
    use crate::runtime::testing;
    if let Some(directory) = testing::in_child() {
        let logging = start(&Destination::Directory(directory.clone()), None);
        let thread = std::thread::Builder::new().name("doomed".into()).spawn(|| panic!("a defect"));
        let _ = thread.expect("started").join();
        drop(logging);
        let file = std::fs::read_dir(&directory).expect("listed").flatten().next().expect("a file");
        let text = std::fs::read_to_string(file.path()).expect("read");
        std::process::exit(i32::from(!(text.contains("a defect") && text.contains("thread=\"doomed\""))));
    }
    let mut child = testing::Child::start("runtime::log::tests::panics_are_in_the_file");
    assert_eq!(child.wait().code(), Some(0));
}
