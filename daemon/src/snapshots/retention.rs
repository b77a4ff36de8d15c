//! Which snapshots are not worth their room any more. Pure.
//!
//! Only what operations took by themselves is ever given up without being asked for, and never the latest of them. What a
//! rollback would be taken back with stays for a time of its own.

use crate::library::snapshots::SnapshotEntry;
use crate::model::Timestamp;

/// Microseconds of a day.
const DAY: i64 = 24 * 3_600 * 1_000_000;

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The newest so many; 0 for all.
    pub keep: u32,
    /// Not older than so many days; 0 for any age.
    pub max_age_days: u32,
    /// Days for which those stay that were taken before a rollback.
    pub safety_days: u32,
    /// Which ones it is about.
    pub about: About,
}

/// Which snapshots a policy is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum About {
    /// Those that operations took.
    #[default]
    Automatic,
    /// Those that people took, too.
    All,
}

/// The ids of those that `policy` gives up, of `entries`, the newest first.
pub fn superfluous<'e>(entries: &'e [SnapshotEntry], policy: &Policy, now: Timestamp) -> Vec<&'e str> {
    let older_than = |entry: &SnapshotEntry, days: u32| now.0.saturating_sub(entry.at.0) > i64::from(days) * DAY;
    let concerned = entries.iter().filter(|entry| policy.about == About::All || entry.is_automatic());
    let mut gone = Vec::new();
    for (place, entry) in concerned.enumerate() {
        let too_many = policy.keep > 0 && place >= policy.keep as usize;
        let too_old = policy.max_age_days > 0 && older_than(entry, policy.max_age_days);
        let is_protected = entry.is_safety() && !older_than(entry, policy.safety_days);
        if place > 0 && (too_many || too_old) && !is_protected {
            gone.push(&*entry.id);
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of age, and `a`utomatic, `m`anual or `s`afety; the newest first.
    fn shelf(text: &str) -> Vec<SnapshotEntry> {
        let entry = |word: &str| {
            let (kind, days) = word.split_at(1);
            let message = match kind {
                "a" => "[auto] Before removing skill/x",
                "s" => "[auto] Before rollback",
                _ => "mine",
            };
            let days: i64 = days.parse().expect("days");
            SnapshotEntry {
                id: word.to_owned(),
                at: Timestamp(1_000 * DAY - days * DAY),
                message: message.to_owned(),
                artifact_count: None,
                tarball_path: String::new(),
            }
        };
        text.split_whitespace().map(entry).collect()
    }

    #[test]
    fn what_goes() {
        let policy = |keep, max_age_days, about| Policy { keep, max_age_days, safety_days: 30, about };
        use About::{All, Automatic};
        for (entries, policy, want) in [
            ("", policy(1, 1, All), ""),
            ("a0 a1 a2 a3", policy(2, 0, Automatic), "a2 a3"),
            ("a0 m1 a2 m3 a4 a5", policy(2, 0, Automatic), "a4 a5"),
            ("a0 m1 a2 m3 a4 a5", policy(2, 0, All), "a2 m3 a4 a5"),
            ("a0 a50 a99", policy(0, 90, Automatic), "a99"),
            ("a200 a300", policy(0, 90, Automatic), "a300"),
            ("a200", policy(1, 90, Automatic), ""),
            ("a0 s1 s29 s31 a32", policy(1, 0, Automatic), "s31 a32"),
            ("m100 m200", policy(1, 1, Automatic), ""),
            ("a0 a1 a2", policy(0, 0, All), ""),
        ] {
            assert_eq!(superfluous(&shelf(entries), &policy, Timestamp(1_000 * DAY)).join(" "), want, "{entries}");
        }
    }
}
