//! Branches of an artifact, for people, and their names beside the versions at their tips.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use skillmeat_protocol::reply::{BranchInfo, BranchesReply, FollowersReply};

use super::table::{Cell, Table};
use super::term::{Tone, count, escape};

/// The current one of each collection first.
pub fn write_list(out: &mut dyn Write, reply: &BranchesReply, colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for info in &reply.branches {
        let hash = info.hash.map_or_else(|| "no files".to_owned(), |hash| hash.short());
        table.row([
            if info.current { "*" } else { "" }.into(),
            Cell::new(&info.branch, if info.current { Tone::Bold } else { Tone::Plain }),
            Cell::new(hash, Tone::Dim),
            format!("collection {}", info.collection).into(),
            Cell::new(if info.kept || info.hash.is_none() { "" } else { "not kept" }, Tone::Notice),
        ]);
    }
    table.write(out, colour)?;
    let number = count(reply.branches.len() as u64, "branch", "branches");
    writeln!(out, "{number} of {}; * is what the collection has now", escape(&reply.artifact))
}

/// Copies that follow a branch by its name; nothing where there are none.
pub fn write_followers(out: &mut dyn Write, reply: &FollowersReply, colour: bool) -> io::Result<()> {
    let mut table = Table::new(0);
    for one in &reply.followers {
        let state = if one.present { one.state.as_str() } else { "there is no such branch" };
        table.row([
            Cell::new(&one.branch, if one.present { Tone::Plain } else { Tone::Notice }),
            format!("followed by {} ({})", one.project_name, one.profile).into(),
            Cell::new(state, if one.present { Tone::Dim } else { Tone::Notice }),
            Cell::new(&one.project, Tone::Dim),
        ]);
    }
    table.write(out, colour)
}

/// Names of branches by the version at their tips. What nobody ever named is not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<u64, Vec<String>>);

impl Names {
    /// Those of an answer. Where they are in several collections, each is named with its own.
    pub fn of(reply: &BranchesReply) -> Self {
        let named = || reply.branches.iter().filter(|info| info.at.is_some());
        let collections: BTreeSet<&str> = named().map(|info| info.collection.as_str()).collect();
        let name = |info: &BranchInfo| {
            let place = if collections.len() > 1 { format!("{}/", info.collection) } else { String::new() };
            format!("{place}{}{}", info.branch, if info.current { "*" } else { "" })
        };
        let mut names: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for info in named() {
            if let Some(version) = info.version {
                names.entry(version).or_default().push(name(info));
            }
        }
        Self(names)
    }

    /// Those of which this version is the tip; the current one of its collection has a star.
    pub fn at(&self, version: u64) -> &[String] {
        self.0.get(&version).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use skillmeat_protocol::hash::ContentHash;

    pub(in crate::render) fn reply() -> BranchesReply {
        let info = |branch: &str, current, version: u8| BranchInfo {
            collection: "default".into(),
            collection_id: "c".into(),
            branch: branch.into(),
            current,
            version: Some(version.into()),
            hash: Some(ContentHash([version; 32])),
            at: Some("2026-01-02T03:04:05Z".into()),
            kept: version != 2,
        };
        let clock = "0000000000000001:1".parse().expect("a clock");
        let branches = vec![info("main", true, 4), info("next", false, 5), info("old", false, 2)];
        BranchesReply { clock, fresh: true, stale: None, artifact: "skill:pdf".into(), branches }
    }

    #[test]
    fn branches_are_a_table() {
        let mut out = Vec::new();
        write_list(&mut out, &reply(), false).expect("memory");
        let want = "*  main  04040404  collection default
   next  05050505  collection default
   old   02020202  collection default  not kept
3 branches of skill:pdf; * is what the collection has now
";
        assert_eq!(String::from_utf8(out).expect("text"), want);
    }

    #[test]
    fn names_stand_at_their_tips() {
        let mut reply = reply();
        let names = Names::of(&reply);
        assert_eq!(
            (names.at(4), names.at(5), names.at(3)),
            (&["main*".to_owned()][..], &["next".to_owned()][..], &[][..])
        );
        reply.branches[1].collection = "team".into();
        reply.branches[2].at = None;
        let names = Names::of(&reply);
        assert_eq!((names.at(4), names.at(5)), (&["default/main*".to_owned()][..], &["team/next".to_owned()][..]));
        assert_eq!(names.at(2), &[] as &[String], "nobody named it");
    }
}
