//! `[history]` of `config.toml`: which edits are kept as versions although nobody asked for it.
//!
//! ```toml
//! [history]
//! observe = true                      # the default
//! observe-max-bytes = 16777216        # of one artifact
//! observe-after-seconds = 1.0         # of quiet
//! observe-except = ["~/src/secret"]   # projects
//! ```

use super::config::{flag, paths};
use super::problems::Problems;
use super::section::Section;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml_edit::{Item, Value};

/// Which edits are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observing {
    /// Whether any are.
    pub edits: Observe,
    /// Bytes of an artifact beyond which only its hash is written down.
    pub max_bytes: u64,
    /// Quiet after which an edit counts as finished.
    pub after: Duration,
    /// Projects whose edits are not kept.
    pub except: Vec<PathBuf>,
}

/// Whether edits are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Observe {
    #[default]
    On,
    Off,
}

/// The longest quiet that can be asked for: what is kept only after hours is kept by nobody's expectation.
const LONGEST_S: f64 = 3600.0;

impl Default for Observing {
    /// What holds without a file.
    fn default() -> Self {
        let (edits, max_bytes, after) = (Observe::On, 16 << 20, Duration::from_secs(1));
        Self { edits, max_bytes, after, except: Vec::new() }
    }
}

/// Reads the section; what cannot be used is a problem and has its default.
pub(super) fn read(section: &Section<'_>, home: &Path, problems: &mut Problems) -> Observing {
    let default = Observing::default();
    let edits = match flag(section, "observe", problems) {
        Some(false) => Observe::Off,
        _ => Observe::On,
    };
    let max_bytes = match section.item("observe-max-bytes") {
        None => default.max_bytes,
        Some(Item::Value(Value::Integer(n))) if *n.value() >= 0 => n.value().unsigned_abs(),
        Some(_) => {
            problems.push(section.problem("observe-max-bytes", "must be a number of bytes".to_owned()));
            default.max_bytes
        }
    };
    let seconds = match section.item("observe-after-seconds") {
        None => Some(default.after.as_secs_f64()),
        Some(Item::Value(Value::Integer(n))) => u32::try_from(*n.value()).ok().map(f64::from),
        Some(Item::Value(Value::Float(n))) => Some(*n.value()),
        Some(_) => None,
    };
    let after = match seconds {
        Some(seconds) if (0.0..=LONGEST_S).contains(&seconds) => Duration::from_secs_f64(seconds),
        _ => {
            let message = format!("must be a number from 0 to {LONGEST_S}");
            problems.push(section.problem("observe-after-seconds", message));
            default.after
        }
    };
    Observing { edits, max_bytes, after, except: paths(section, "observe-except", home, problems) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::config::parse;

    #[test]
    fn every_key_is_read_and_a_wrong_one_has_its_default() {
        let default = Observing::default;
        for (text, want, problem) in [
            ("", default(), None),
            ("observe = false", Observing { edits: Observe::Off, ..default() }, None),
            ("observe = \"false\"", Observing { edits: Observe::Off, ..default() }, None),
            ("observe = \"perhaps\"", default(), Some("history.observe")),
            ("observe-max-bytes = 0", Observing { max_bytes: 0, ..default() }, None),
            ("observe-max-bytes = -1", default(), Some("history.observe-max-bytes")),
            ("observe-max-bytes = \"much\"", default(), Some("history.observe-max-bytes")),
            ("observe-after-seconds = 0", Observing { after: Duration::ZERO, ..default() }, None),
            ("observe-after-seconds = 0.5", Observing { after: Duration::from_millis(500), ..default() }, None),
            ("observe-after-seconds = nan", default(), Some("history.observe-after-seconds")),
            ("observe-after-seconds = -1", default(), Some("history.observe-after-seconds")),
            ("observe-after-seconds = 9e9", default(), Some("history.observe-after-seconds")),
            (
                "observe-except = [\"/w\", \"~/x\"]",
                Observing { except: vec!["/w".into(), "/me/x".into()], ..default() },
                None,
            ),
            ("observe-except = \"w\"", default(), Some("history.observe-except")),
        ] {
            let text = format!("[history]\n{text}\n");
            let (config, problems) = parse(text.as_bytes(), Path::new("/h/config.toml"), Path::new("/me"));
            assert_eq!(config.observing, want, "{text}");
            assert_eq!(problems.first().and_then(|p| p.key.as_deref()), problem, "{text}");
        }
    }
}
