//! `config.toml`: the original's settings that concern the daemon, and the daemon's own keys beside them.
//!
//! The daemon's are `[daemon] collections`, `[notifications] desktop`, `[history]`, `[snapshots]`, `[strategy]` and
//! `[[hooks]]`. The original drops nothing from this
//! file when it sets a value, so they survive it. It writes every value set on the command line as a string, hence
//! `desktop = "true"` is read as well.

use super::observing::{self, Observing};
use super::problems::Problems;
use super::section::Section;
use super::snapshot_settings::{self, SnapshotSettings};
use super::strategies::{self, Strategies};
use super::toml_text::Document;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::reply::Problem;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml_edit::{Item, Value};

/// How long a hook command may run when it does not say.
pub const HOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest a hook command may run: one that hangs must not outlive an afternoon.
const HOOK_TIMEOUT_MAX_S: f64 = 3600.0;

/// What the daemon takes from `config.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `settings.default-collection`: the value of a `--collection` that was left out.
    pub default_collection: String,
    /// `daemon.collections`: collections outside the SkillMeat home, absolute.
    pub collection_paths: Vec<PathBuf>,
    /// `notifications.desktop`.
    pub desktop: DesktopNotifications,
    /// `[[hooks]]`, in file order.
    pub hooks: Vec<HookRule>,
    /// `search.project-roots`: where to look for projects, absolute.
    pub search_roots: Vec<PathBuf>,
    /// `[snapshots]`.
    pub snapshots: SnapshotSettings,
    /// `[history]`.
    pub observing: Observing,
    /// `[strategy]`.
    pub strategies: Strategies,
}

/// Whether drift is announced on the desktop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum DesktopNotifications {
    #[default]
    Off,
    On,
}

/// A command to run when an artifact comes into one of some states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRule {
    /// The states; never empty.
    pub on: Vec<DriftState>,
    /// Program and arguments, run without a shell; never empty.
    pub command: Vec<String>,
    /// When to give up on it.
    pub timeout: Duration,
}

impl Default for Config {
    /// What holds without a file.
    fn default() -> Self {
        Self {
            default_collection: "default".to_owned(),
            collection_paths: Vec::new(),
            desktop: DesktopNotifications::default(),
            hooks: Vec::new(),
            search_roots: Vec::new(),
            snapshots: SnapshotSettings::default(),
            observing: Observing::default(),
            strategies: Strategies::default(),
        }
    }
}

/// Reads the configuration; `home` is what `~` stands for. What cannot be used is a problem and has its default.
pub fn parse(bytes: &[u8], path: &Path, home: &Path) -> (Config, Vec<Problem>) {
    let document = match Document::parse(bytes, path) {
        Ok(document) => document,
        Err(problem) => return (Config::default(), vec![problem]),
    };
    let root = document.root();
    let mut problems = Problems::default();
    let mut config = Config::default();
    if let Some(name) = default_collection(&root, &mut problems) {
        config.default_collection = name;
    }
    if let Some(daemon) = root.section("daemon", &mut problems) {
        config.collection_paths = paths(&daemon, "collections", home, &mut problems);
    }
    if let Some(notifications) = root.section("notifications", &mut problems) {
        config.desktop = desktop(&notifications, &mut problems);
    }
    if let Some(search) = root.section("search", &mut problems) {
        config.search_roots = paths(&search, "project-roots", home, &mut problems);
    }
    if let Some(section) = root.section("snapshots", &mut problems) {
        config.snapshots = snapshot_settings::read(&section, &mut problems);
    }
    if let Some(history) = root.section("history", &mut problems) {
        config.observing = observing::read(&history, home, &mut problems);
    }
    if let Some(section) = root.section("strategy", &mut problems) {
        config.strategies = strategies::read(&section, &mut problems);
    }
    let hooks = root.sections("hooks", &mut problems);
    config.hooks = hooks.sections.iter().filter_map(|section| hook(section, &mut problems)).collect();
    (config, problems.into_vec())
}

/// Commands of the original write the name to top-level keys that its core never reads (#31, #32); they count as long as
/// the real key is absent, because whoever ran them meant it.
fn default_collection(root: &Section<'_>, problems: &mut Problems) -> Option<String> {
    let settings = root.section("settings", problems);
    let (section, key) = match settings.as_ref().filter(|settings| settings.has("default-collection")) {
        Some(settings) => (settings, "default-collection"),
        None => (root, ["default-collection", "active_collection"].into_iter().find(|key| root.has(key))?),
    };
    section.required_text(key, problems).map(str::to_owned)
}

fn desktop(section: &Section<'_>, problems: &mut Problems) -> DesktopNotifications {
    match flag(section, "desktop", problems) {
        Some(true) => DesktopNotifications::On,
        Some(false) | None => DesktopNotifications::Off,
    }
}

/// A truth value, also as a string; none when it is not there or none.
pub(super) fn flag(section: &Section<'_>, key: &str, problems: &mut Problems) -> Option<bool> {
    match section.scalar(key, problems).as_deref() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        None => None,
        Some(other) => {
            problems.push(section.problem(key, format!("must be true or false, is '{other}'")));
            None
        }
    }
}

/// The absolute paths at `key`. One string stands for a list of one, as `config set` cannot write a list.
pub(super) fn paths(section: &Section<'_>, key: &str, home: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    let texts = one_or_more(section, key, problems);
    let mut paths = Vec::with_capacity(texts.len());
    for text in texts {
        let path = match text.strip_prefix('~') {
            Some("") => home.to_owned(),
            Some(rest) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
            _ => PathBuf::from(text),
        };
        if path.is_absolute() && !text.contains('\0') {
            paths.push(path);
        } else {
            let hint = "start it with / or ~/".to_owned();
            let message = format!("'{}' is not an absolute path", text.escape_debug());
            problems.push(Problem { hint: Some(hint), ..section.problem(key, message) });
        }
    }
    paths
}

fn one_or_more<'d>(section: &Section<'d>, key: &str, problems: &mut Problems) -> Vec<&'d str> {
    match section.item(key).and_then(Item::as_str) {
        Some(text) => vec![text],
        None => section.strings(key, problems),
    }
}

/// A hook of which every part can be used; half a hook would run the wrong thing or at the wrong time.
fn hook(section: &Section<'_>, problems: &mut Problems) -> Option<HookRule> {
    let before = problems.count();
    let mut on = Vec::new();
    for text in one_or_more(section, "on", problems) {
        match text.parse::<DriftState>() {
            Ok(state) if on.contains(&state) => {}
            Ok(state) => on.push(state),
            Err(message) => problems.push(section.problem("on", message)),
        }
    }
    if on.is_empty() && problems.count() == before {
        let hint = "for example on = [\"modified\", \"conflict\"]".to_owned();
        problems.push(Problem { hint: Some(hint), ..section.problem("on", "names no state") });
    }
    let command = command(section, problems);
    let timeout = timeout(section, problems);
    (problems.count() == before).then_some(HookRule { on, command, timeout })
}

fn command(section: &Section<'_>, problems: &mut Problems) -> Vec<String> {
    let hint = || Some("write program and arguments as an array, such as [\"notify-send\", \"drift\"]".to_owned());
    if section.item("command").is_some_and(Item::is_str) {
        let message = "must be an array: commands are run without a shell";
        problems.push(Problem { hint: hint(), ..section.problem("command", message) });
        return Vec::new();
    }
    let before = problems.count();
    let words: Vec<String> = section.strings("command", problems).into_iter().map(str::to_owned).collect();
    let nothing = words.first().is_none_or(|program| program.trim().is_empty());
    if problems.count() == before && (nothing || words.iter().any(|word| word.contains('\0'))) {
        problems.push(Problem { hint: hint(), ..section.problem("command", "names no program") });
    }
    words
}

fn timeout(section: &Section<'_>, problems: &mut Problems) -> Duration {
    let Some(item) = section.item("timeout-seconds") else {
        return HOOK_TIMEOUT;
    };
    let seconds = match item {
        // Far beyond the limit an integer loses digits, and nothing else.
        Item::Value(Value::Integer(n)) => Some(*n.value() as f64),
        Item::Value(Value::Float(n)) => Some(*n.value()),
        _ => None,
    };
    match seconds {
        Some(seconds) if seconds > 0.0 && seconds <= HOOK_TIMEOUT_MAX_S => Duration::from_secs_f64(seconds),
        _ => {
            let message = format!("must be a number above 0 and at most {HOOK_TIMEOUT_MAX_S}");
            problems.push(section.problem("timeout-seconds", message));
            HOOK_TIMEOUT
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::snapshot_settings::AutomaticSnapshots;

    fn read(text: &str) -> (Config, Vec<Problem>) {
        parse(text.as_bytes(), Path::new("/h/config.toml"), Path::new("/home/me"))
    }

    #[test]
    fn nothing_written_is_the_default() {
        for text in ["", "[settings]\nupdate-strategy = \"prompt\"\n", "[daemon]\n[search]\n[notifications]\n"] {
            assert_eq!(read(text), (Config::default(), vec![]), "{text}");
        }
    }

    #[test]
    fn the_default_collection_and_its_misspelt_keys() {
        for (text, want) in [
            ("[settings]\ndefault-collection = \"work\"\n", "work"),
            ("default-collection = \"a\"\nactive_collection = \"b\"\n", "a"),
            ("active_collection = \"b\"\n[settings]\n", "b"),
            ("active_collection = \"b\"\n[settings]\ndefault-collection = \"work\"\n", "work"),
        ] {
            let (config, problems) = read(text);
            assert_eq!((config.default_collection.as_str(), problems), (want, vec![]), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn paths_expand_the_home_directory() {
        let (config, problems) = read(
            "[daemon]\ncollections = [\"/srv/c\", \"~/c\", \"~\", \"c\", \"~other/c\"]\n\
             [search]\nproject-roots = \"~/projects\"\n",
        );
        let want = ["/srv/c", "/home/me/c", "/home/me"].map(PathBuf::from);
        assert_eq!(config.collection_paths, want);
        assert_eq!(config.search_roots, [PathBuf::from("/home/me/projects")]);
        assert_eq!(problems.iter().filter_map(|p| p.key.as_deref()).collect::<Vec<_>>(), ["daemon.collections"; 2]);
    }

    #[test]
    fn desktop_notifications_are_off_unless_asked_for() {
        for (value, want, problems) in [
            ("true", DesktopNotifications::On, 0),
            ("\"true\"", DesktopNotifications::On, 0),
            ("false", DesktopNotifications::Off, 0),
            ("\"yes\"", DesktopNotifications::Off, 1),
            ("[]", DesktopNotifications::Off, 1),
        ] {
            let (config, found) = read(&format!("[notifications]\ndesktop = {value}\n"));
            assert_eq!((config.desktop, found.len()), (want, problems), "{value}");
        }
    }

    #[test]
    fn what_is_kept_of_snapshots() {
        let usual = SnapshotSettings::default();
        for (body, want, wrong) in [
            ("", usual, 0),
            ("automatic = false", SnapshotSettings { automatic: AutomaticSnapshots::Off, ..usual }, 0),
            ("automatic = \"true\"\nkeep = \"5\"", SnapshotSettings { keep: 5, ..usual }, 0),
            (
                "keep = 0\nmax-age-days = 7\nsafety-days = 1",
                SnapshotSettings { keep: 0, max_age_days: 7, safety_days: 1, ..usual },
                0,
            ),
            ("keep = -1\nautomatic = 3\nmax-age-days = 1.5\nsafety-days = []", usual, 4),
        ] {
            let (config, problems) = read(&format!("[snapshots]\n{body}\n"));
            assert_eq!((config.snapshots, problems.len()), (want, wrong), "{body}: {problems:?}");
        }
    }

    #[test]
    fn hooks() {
        let (config, problems) = read(
            "[[hooks]]\non = [\"modified\", \"removed-modified\", \"modified\"]\ncommand = [\"echo\", \"\"]\n\
             [[hooks]]\non = \"conflict\"\ncommand = [\"x\"]\ntimeout-seconds = 0.5\n",
        );
        assert_eq!(problems, []);
        let want = [
            HookRule {
                on: vec![DriftState::Modified, DriftState::RemovedModified],
                command: vec!["echo".into(), String::new()],
                timeout: HOOK_TIMEOUT,
            },
            HookRule { on: vec![DriftState::Conflict], command: vec!["x".into()], timeout: Duration::from_millis(500) },
        ];
        assert_eq!(config.hooks, want);
    }

    #[test]
    fn half_a_hook_is_none() {
        for (body, key) in [
            ("command = [\"x\"]", "hooks[0].on"),
            ("on = []\ncommand = [\"x\"]", "hooks[0].on"),
            ("on = [\"modified\", \"gone\"]\ncommand = [\"x\"]", "hooks[0].on"),
            ("on = [3]\ncommand = [\"x\"]", "hooks[0].on[0]"),
            ("on = [\"modified\"]", "hooks[0].command"),
            ("on = [\"modified\"]\ncommand = \"x y\"", "hooks[0].command"),
            ("on = [\"modified\"]\ncommand = [\" \"]", "hooks[0].command"),
            ("on = [\"modified\"]\ncommand = [\"x\", 1]", "hooks[0].command[1]"),
            ("on = [\"modified\"]\ncommand = [\"x\"]\ntimeout-seconds = 0", "hooks[0].timeout-seconds"),
            ("on = [\"modified\"]\ncommand = [\"x\"]\ntimeout-seconds = nan", "hooks[0].timeout-seconds"),
            ("on = [\"modified\"]\ncommand = [\"x\"]\ntimeout-seconds = \"1\"", "hooks[0].timeout-seconds"),
            (
                "on = [\"modified\"]\ncommand = [\"x\"]\ntimeout-seconds = 9223372036854775807",
                "hooks[0].timeout-seconds",
            ),
        ] {
            let text = format!("[[hooks]]\n{body}\n[[hooks]]\non = \"added\"\ncommand = [\"ok\"]\n");
            let (config, problems) = read(&text);
            assert_eq!(config.hooks.len(), 1, "{body}");
            assert_eq!(problems.iter().filter_map(|p| p.key.as_deref()).collect::<Vec<_>>(), [key], "{body}");
        }
    }

    #[test]
    fn wrong_tables_leave_the_rest() {
        let (config, problems) = read("daemon = 1\nhooks = 2\nsearch = []\n[settings]\ndefault-collection = \"w\"\n");
        assert_eq!((config.default_collection.as_str(), problems.len()), ("w", 3));
        let (config, problems) = read("[settings\n");
        assert_eq!((config, problems[0].line), (Config::default(), Some(1)));
    }
}
