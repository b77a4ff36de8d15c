//! The table of design §6 as one function.
//!
//! Invariant: *unreadable* is never treated as *absent*. Whoever deletes on the strength of `removed` must be able to
//! rely on the collection really not having the artifact.

use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::hash::ContentHash;

/// What was recorded at deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// A record with a usable hash.
    Known(ContentHash),
    /// A record without one (old schemas): only agreement of both sides can be trusted.
    Unknown,
    /// No record: nobody deployed it.
    NoRecord,
}

/// One side now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Nothing is there.
    Absent,
    /// This content is there.
    Present(ContentHash),
    /// Something is there whose content cannot be known.
    Unreadable,
}

/// The state of one artifact in one project; `None` when there is nothing to speak of: no record, nothing on disk.
pub fn classify(baseline: Baseline, collection: Side, project: Side) -> Option<DriftState> {
    use DriftState as S;
    use Side::{Absent, Present, Unreadable};
    let state = match (baseline, collection, project) {
        (_, Unreadable, _) | (_, _, Unreadable) => S::Unreadable,

        (Baseline::NoRecord, Absent, Absent) => return None,
        (Baseline::NoRecord, Present(_), Absent) => S::Added,
        (Baseline::NoRecord, Present(_), Present(_)) => S::Foreign,
        (Baseline::NoRecord, Absent, Present(_)) => S::Untracked,

        // Gone on both sides: both made the same change.
        (_, Absent, Absent) => S::Converged,

        (Baseline::Unknown, Present(c), Present(p)) if c == p => S::InSync,
        (Baseline::Unknown, _, _) => S::Conflict,

        (Baseline::Known(_), Present(_), Absent) => S::Deleted,
        (Baseline::Known(b), Absent, Present(p)) if p == b => S::Removed,
        (Baseline::Known(_), Absent, Present(_)) => S::RemovedModified,
        (Baseline::Known(b), Present(c), Present(p)) => match (c == b, p == b) {
            (true, true) => S::InSync,
            (true, false) => S::Modified,
            (false, true) => S::Outdated,
            (false, false) if c == p => S::Converged,
            (false, false) => S::Conflict,
        },
    };
    Some(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use DriftState as S;

    const fn h(byte: u8) -> ContentHash {
        ContentHash([byte; 32])
    }

    /// Every combination of baseline {B, unknown, none} and side {absent, unreadable, B, C, D}.
    #[test]
    fn every_combination_has_the_state_of_the_table() {
        const B: Side = Side::Present(h(1));
        const C: Side = Side::Present(h(2));
        const D: Side = Side::Present(h(3));
        const A: Side = Side::Absent;
        const U: Side = Side::Unreadable;
        let sides = [A, U, B, C, D];
        #[rustfmt::skip]
        let tables: [(Baseline, [[Option<S>; 5]; 5]); 3] = [
            //  rows: collection, columns: project        A                    U                    B                           C                           D
            (Baseline::Known(h(1)), [
                /* A */ [Some(S::Converged), Some(S::Unreadable), Some(S::Removed),   Some(S::RemovedModified), Some(S::RemovedModified)],
                /* U */ [Some(S::Unreadable); 5],
                /* B */ [Some(S::Deleted),   Some(S::Unreadable), Some(S::InSync),    Some(S::Modified),        Some(S::Modified)],
                /* C */ [Some(S::Deleted),   Some(S::Unreadable), Some(S::Outdated),  Some(S::Converged),       Some(S::Conflict)],
                /* D */ [Some(S::Deleted),   Some(S::Unreadable), Some(S::Outdated),  Some(S::Conflict),        Some(S::Converged)],
            ]),
            (Baseline::Unknown, [
                /* A */ [Some(S::Converged), Some(S::Unreadable), Some(S::Conflict),  Some(S::Conflict),        Some(S::Conflict)],
                /* U */ [Some(S::Unreadable); 5],
                /* B */ [Some(S::Conflict),  Some(S::Unreadable), Some(S::InSync),    Some(S::Conflict),        Some(S::Conflict)],
                /* C */ [Some(S::Conflict),  Some(S::Unreadable), Some(S::Conflict),  Some(S::InSync),          Some(S::Conflict)],
                /* D */ [Some(S::Conflict),  Some(S::Unreadable), Some(S::Conflict),  Some(S::Conflict),        Some(S::InSync)],
            ]),
            (Baseline::NoRecord, [
                /* A */ [None,               Some(S::Unreadable), Some(S::Untracked), Some(S::Untracked),       Some(S::Untracked)],
                /* U */ [Some(S::Unreadable); 5],
                /* B */ [Some(S::Added),     Some(S::Unreadable), Some(S::Foreign),   Some(S::Foreign),         Some(S::Foreign)],
                /* C */ [Some(S::Added),     Some(S::Unreadable), Some(S::Foreign),   Some(S::Foreign),         Some(S::Foreign)],
                /* D */ [Some(S::Added),     Some(S::Unreadable), Some(S::Foreign),   Some(S::Foreign),         Some(S::Foreign)],
            ]),
        ];
        for (baseline, table) in tables {
            for (row, collection) in sides.into_iter().enumerate() {
                for (column, project) in sides.into_iter().enumerate() {
                    let got = classify(baseline, collection, project);
                    assert_eq!(got, table[row][column], "{baseline:?} / {collection:?} / {project:?}");
                }
            }
        }
    }
}
