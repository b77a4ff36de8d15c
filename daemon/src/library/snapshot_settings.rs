//! `[snapshots]` of `config.toml`: which snapshots of collections are taken without being asked for, and what of them is kept.

use super::problems::Problems;
use super::section::Section;

/// When collections are packed by themselves, and what of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotSettings {
    /// `snapshots.automatic`: before what replaces or removes something, and after deploying and syncing.
    pub automatic: AutomaticSnapshots,
    /// `snapshots.keep`: so many automatic ones of each collection; 0 for all.
    pub keep: u32,
    /// `snapshots.max-age-days`: not longer than so many days; 0 for ever.
    pub max_age_days: u32,
    /// `snapshots.safety-days`: what a rollback is taken back with stays at least so long.
    pub safety_days: u32,
}

/// Whether collections are packed by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum AutomaticSnapshots {
    #[default]
    On,
    Off,
}

impl Default for SnapshotSettings {
    fn default() -> Self {
        Self { automatic: AutomaticSnapshots::default(), keep: 20, max_age_days: 90, safety_days: 30 }
    }
}

/// Reads the section; what cannot be used is a problem and has its default. Written by the command line of the original,
/// numbers are texts too.
pub(super) fn read(section: &Section<'_>, problems: &mut Problems) -> SnapshotSettings {
    let mut settings = SnapshotSettings::default();
    match section.scalar("automatic", problems).as_deref() {
        Some("true") | None => {}
        Some("false") => settings.automatic = AutomaticSnapshots::Off,
        Some(other) => {
            problems.push(section.problem("automatic", format!("must be true or false, is '{other}'")));
        }
    }
    let numbers = [
        ("keep", &mut settings.keep),
        ("max-age-days", &mut settings.max_age_days),
        ("safety-days", &mut settings.safety_days),
    ];
    for (key, setting) in numbers {
        let Some(text) = section.scalar(key, problems) else { continue };
        match text.parse() {
            Ok(number) => *setting = number,
            Err(_) => problems.push(section.problem(key, format!("must be a whole number from 0, is '{text}'"))),
        }
    }
    settings
}
