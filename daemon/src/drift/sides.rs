//! From trees to comparable sides.
//!
//! The original hashes junk (`.DS_Store`, `__pycache__`) but does not copy it, so a recorded hash may or may not
//! include it (formats-core §17 #6). A tree therefore has one hash without and, where it holds ignored files, one with
//! them; if either equals the baseline, the tree is unchanged, and if the two trees share one, they agree.

use super::classify::Side;
use crate::model::Tree;
use skillmeat_protocol::hash::ContentHash;

/// The two sides of an artifact, each as the hash that it is to be compared by.
pub fn compare(baseline: Option<ContentHash>, collection: &Tree, project: &Tree) -> (Side, Side) {
    let of = |tree: &Tree| match tree {
        Tree::Absent => Err(Side::Absent),
        Tree::Unreadable { .. } => Err(Side::Unreadable),
        Tree::Present(info) => Ok((info.hash, info.hash_with_ignored)),
    };
    let against_baseline = |(hash, all): (ContentHash, Option<ContentHash>)| match baseline {
        Some(b) if hash == b || all == Some(b) => b,
        _ => hash,
    };
    match (of(collection), of(project)) {
        (Ok(c), Ok(p)) => {
            let (c_hash, p_hash) = (against_baseline(c), against_baseline(p));
            let moved = |hash| Some(hash) != baseline;
            if moved(c_hash) && moved(p_hash) && share(c, p) {
                // They agree with or without ignored files: one hash must stand for both.
                return (Side::Present(c_hash), Side::Present(c_hash));
            }
            (Side::Present(c_hash), Side::Present(p_hash))
        }
        (c, p) => {
            let side =
                |s: Result<_, Side>| s.map_or_else(|side| side, |hashes| Side::Present(against_baseline(hashes)));
            (side(c), side(p))
        }
    }
}

fn share(a: (ContentHash, Option<ContentHash>), b: (ContentHash, Option<ContentHash>)) -> bool {
    let of_a = [Some(a.0), a.1];
    [Some(b.0), b.1].iter().any(|hash| hash.is_some() && of_a.contains(hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fingerprint, TreeInfo, TreeKind};
    use std::sync::Arc;

    const fn h(byte: u8) -> ContentHash {
        ContentHash([byte; 32])
    }

    fn tree(hash: u8, with_ignored: Option<u8>) -> Tree {
        Tree::Present(Arc::new(TreeInfo {
            kind: TreeKind::Directory,
            hash: h(hash),
            hash_with_ignored: with_ignored.map(h),
            fingerprint: Fingerprint([0; 16]),
            racy: false,
            file_count: 1,
            total_size: 1,
            version: None,
            linked: Vec::new(),
        }))
    }

    #[test]
    fn ignored_files_alone_are_never_drift() {
        let p = |byte| Side::Present(h(byte));
        let gone = Tree::Absent;
        let broken = Tree::Unreadable { message: "x".into() };
        let cases = [
            // baseline, collection, project, want
            (Some(1), tree(1, None), tree(1, None), (p(1), p(1))),
            (Some(1), tree(2, Some(1)), tree(1, None), (p(1), p(1))),
            (Some(1), tree(1, Some(9)), tree(2, Some(1)), (p(1), p(1))),
            (Some(1), tree(2, None), tree(3, Some(4)), (p(2), p(3))),
            (Some(1), tree(2, Some(5)), tree(5, Some(6)), (p(2), p(2))),
            (Some(1), tree(1, None), tree(2, Some(3)), (p(1), p(2))),
            (None, tree(2, None), tree(3, Some(2)), (p(2), p(2))),
            (Some(1), gone.clone(), tree(2, Some(1)), (Side::Absent, p(1))),
            (Some(1), broken.clone(), gone.clone(), (Side::Unreadable, Side::Absent)),
            (None, tree(7, None), broken, (p(7), Side::Unreadable)),
        ];
        for (baseline, collection, project, want) in cases {
            assert_eq!(compare(baseline.map(h), &collection, &project), want, "{baseline:?}");
        }
    }
}
