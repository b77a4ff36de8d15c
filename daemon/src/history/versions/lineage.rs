//! What follows from who was made of whom: a pure function of parents.
//!
//! Nearness is counted in steps. Where several common ancestors are equally near, the one that was seen last counts, so
//! that the answer does not depend on which side is named first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::sight::VersionId;

/// Versions and what each was made of. Those that are not in it are taken to have come from nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineage {
    parents: BTreeMap<VersionId, Vec<VersionId>>,
}

impl FromIterator<(VersionId, Vec<VersionId>)> for Lineage {
    fn from_iter<I: IntoIterator<Item = (VersionId, Vec<VersionId>)>>(versions: I) -> Self {
        Self { parents: versions.into_iter().collect() }
    }
}

impl Lineage {
    /// Everything that a version was made of, itself included, with the fewest steps to each.
    fn above(&self, version: VersionId) -> BTreeMap<VersionId, usize> {
        let mut found = BTreeMap::from([(version, 0)]);
        let mut open = VecDeque::from([version]);
        while let Some(at) = open.pop_front() {
            let steps = found[&at] + 1;
            for parent in self.parents.get(&at).into_iter().flatten() {
                if !found.contains_key(parent) {
                    found.insert(*parent, steps);
                    open.push_back(*parent);
                }
            }
        }
        found
    }

    /// Whether `old` is `new` or was made into it.
    pub fn is_ancestor(&self, old: VersionId, new: VersionId) -> bool {
        self.above(new).contains_key(&old)
    }

    /// The nearest version that both were made of; one of them, when it was made into the other.
    pub fn common_ancestor(&self, one: VersionId, other: VersionId) -> Option<VersionId> {
        let (from_one, from_other) = (self.above(one), self.above(other));
        let common = from_one.iter().filter_map(|(id, steps)| Some((*id, steps + from_other.get(id)?)));
        common.min_by_key(|(id, steps)| (*steps, Reverse(*id))).map(|(id, _)| id)
    }

    /// The versions from `old` to `new`, both included, the oldest first: a shortest way. None when `new` was not made of
    /// `old`.
    pub fn path(&self, old: VersionId, new: VersionId) -> Option<Vec<VersionId>> {
        let mut came_from: BTreeMap<VersionId, VersionId> = BTreeMap::new();
        let mut seen = BTreeSet::from([new]);
        let mut open = VecDeque::from([new]);
        while let Some(at) = open.pop_front() {
            if at == old {
                let mut path = vec![old];
                while let Some(next) = path.last().and_then(|last| came_from.get(last)) {
                    path.push(*next);
                }
                return Some(path);
            }
            for parent in self.parents.get(&at).into_iter().flatten() {
                if seen.insert(*parent) {
                    came_from.insert(*parent, at);
                    open.push_back(*parent);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ```text
    /// 1 ── 2 ── 3 ──── 6 (merge of 3 and 5) ── 7
    ///  └── 4 ── 5 ────┘└─ 8 (merge of 5 and 3, again)
    /// 9 ── 10
    /// ```
    fn lineage() -> Lineage {
        let parents: [(i64, &[i64]); 10] = [
            (1, &[]),
            (2, &[1]),
            (3, &[2]),
            (4, &[1]),
            (5, &[4]),
            (6, &[3, 5]),
            (7, &[6]),
            (8, &[5, 3]),
            (9, &[]),
            (10, &[9]),
        ];
        let id = |id: &i64| VersionId(*id);
        parents.iter().map(|(child, parents)| (id(child), parents.iter().map(id).collect())).collect()
    }

    #[test]
    fn the_nearest_common_ancestor_whichever_side_is_named_first() {
        for (one, other, want) in [
            (3, 5, Some(1)),
            (2, 3, Some(2)),
            (3, 3, Some(3)),
            (7, 4, Some(4)),
            (7, 3, Some(3)),
            (6, 8, Some(5)),
            (1, 7, Some(1)),
            (3, 10, None),
            (9, 10, Some(9)),
            (10, 99, None),
        ] {
            let found = |a, b| lineage().common_ancestor(VersionId(a), VersionId(b)).map(|id| id.0);
            assert_eq!((found(one, other), found(other, one)), (want, want), "{one} {other}");
        }
    }

    #[test]
    fn the_way_from_an_ancestor_is_a_shortest_one_and_the_oldest_is_first() {
        let path = |old, new| -> Option<Vec<i64>> {
            Some(lineage().path(VersionId(old), VersionId(new))?.into_iter().map(|id| id.0).collect())
        };
        for (old, new, want) in [
            (1, 3, Some(vec![1, 2, 3])),
            (1, 1, Some(vec![1])),
            (4, 7, Some(vec![4, 5, 6, 7])),
            (5, 8, Some(vec![5, 8])),
            (3, 1, None),
            (3, 5, None),
            (9, 7, None),
        ] {
            assert_eq!(path(old, new), want, "{old} {new}");
            assert_eq!(lineage().is_ancestor(VersionId(old), VersionId(new)), want.is_some(), "{old} {new}");
        }
    }

    #[test]
    fn ten_thousand_edits_in_a_row_are_no_depth() {
        let chain: Lineage =
            (1..=10_000).map(|n| (VersionId(n), (n > 1).then(|| VersionId(n - 1)).into_iter().collect())).collect();
        assert_eq!(chain.path(VersionId(1), VersionId(10_000)).map(|path| path.len()), Some(10_000));
        assert_eq!(chain.common_ancestor(VersionId(10_000), VersionId(5_000)), Some(VersionId(5_000)));
    }
}
