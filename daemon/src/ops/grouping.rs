//! Groups of a collection. What the file would say anyway is no change: its `updated` stays too.

use super::lookup;
use super::manage;
use super::plan::{Change, Planned, word};
use super::planning::Planning;
use crate::engine::snapshot::{CollectionView, Snapshot};
use crate::library::edit::groups::GroupChange as Edit;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::{Group, Outcome};
use skillmeat_protocol::request::{GroupChange, GroupEdit, Which};
use std::path::Path;

/// What was decided of a request.
enum Decided {
    Do(Outcome, Edit),
    Nothing,
    Refused(String, Vec<String>),
}

/// Plans it.
///
/// # Errors
/// There is no such collection or group, or a name cannot be one.
pub fn plan(planning: &Planning<'_>, query: &GroupChange) -> Result<Vec<Planned>, WireError> {
    let collection = lookup::collection(planning.snapshot, query.collection.as_deref())?;
    let item = |outcome| Planned::of(None, &query.group, outcome).of_collection(&collection.name);
    let planned = match decide(planning.snapshot, &collection, query)? {
        Decided::Nothing => item(Outcome::Unchanged),
        Decided::Refused(why, ways) => item(Outcome::Refused).saying(why).ways(ways),
        Decided::Do(outcome, edit) => {
            let mut planned = item(outcome);
            let change = Change::Groups(vec![edit]);
            planned.edits.push(manage::in_manifest(Path::new(&*collection.path), change));
            planned
        }
    };
    Ok(vec![planned])
}

fn decide(snapshot: &Snapshot, collection: &CollectionView, query: &GroupChange) -> Result<Decided, WireError> {
    let name = query.group.clone();
    if let GroupEdit::Create { description, color, icon } = &query.edit {
        check_name(&name)?;
        if find(collection, &name).is_some() {
            let ways = vec![format!("skillmeat group add {} TYPE:NAME", word(&name))];
            return Ok(Decided::Refused("there is a group of this name already".to_owned(), ways));
        }
        let (description, color, icon) = (description.clone(), color.clone(), icon.clone());
        let group = Group { name, description, color, icon, position: i64::MAX, members: Vec::new() };
        return Ok(Decided::Do(Outcome::Created, Edit::Create(group)));
    }
    // It names the groups there are.
    lookup::group_members(collection, &name)?;
    let Some((at, group)) = find(collection, &name) else { return Ok(Decided::Nothing) };
    let recorded = |edit| Ok(Decided::Do(Outcome::Recorded, edit));
    match &query.edit {
        GroupEdit::Create { .. } => Ok(Decided::Nothing),
        GroupEdit::Delete => Ok(Decided::Do(Outcome::Removed, Edit::Delete { group: name })),
        GroupEdit::Move { to } => {
            let place = to_place(*to).min(collection.groups.len().saturating_sub(1));
            if place == at { Ok(Decided::Nothing) } else { recorded(Edit::Move { group: name, place }) }
        }
        GroupEdit::Copy { to } | GroupEdit::Rename { to } => {
            let copies = matches!(query.edit, GroupEdit::Copy { .. });
            check_name(to)?;
            if *to == name && !copies {
                return Ok(Decided::Nothing);
            }
            if find(collection, to).is_some() {
                return Ok(Decided::Refused(format!("there is a group '{to}' already"), Vec::new()));
            }
            let to = to.clone();
            match copies {
                true => Ok(Decided::Do(Outcome::Created, Edit::Copy { group: name, to })),
                false => recorded(Edit::Rename { group: name, to }),
            }
        }
        GroupEdit::Add { members, at } => {
            let (known, unknown) = in_manifest(snapshot, collection, members)?;
            if !unknown.is_empty() {
                let message = format!("collection '{}' does not have {}", collection.name, unknown.join(", "));
                return Ok(Decided::Refused(message, vec!["skillmeat list".to_owned()]));
            }
            if at.is_none() && known.iter().all(|member| group.members.iter().any(|there| same(there, member))) {
                return Ok(Decided::Nothing);
            }
            recorded(Edit::AddMembers { group: name, members: known, place: at.map(to_place) })
        }
        GroupEdit::Remove { members } => {
            let (members, unknown) = of_group(group, members);
            if unknown.is_empty() {
                return recorded(Edit::RemoveMembers { group: name, members });
            }
            Ok(Decided::Refused(format!("not in the group: {}", unknown.join(", ")), Vec::new()))
        }
        GroupEdit::Reorder { members } => {
            let (members, unknown) = of_group(group, members);
            let left: Vec<&String> = group.members.iter().filter(|there| !members.contains(there)).collect();
            if !unknown.is_empty() || !left.is_empty() || members.len() != group.members.len() {
                let mut why = "an order names each member once".to_owned();
                if !unknown.is_empty() {
                    why.push_str(&format!("; not in the group: {}", unknown.join(", ")));
                }
                if !left.is_empty() {
                    let left: Vec<&str> = left.into_iter().map(String::as_str).collect();
                    why.push_str(&format!("; not named: {}", left.join(", ")));
                }
                return Ok(Decided::Refused(why, Vec::new()));
            }
            if members == group.members {
                return Ok(Decided::Nothing);
            }
            recorded(Edit::OrderMembers { group: name, members })
        }
    }
}

fn find<'c>(collection: &'c CollectionView, name: &str) -> Option<(usize, &'c Group)> {
    collection.groups.iter().enumerate().find(|(_, group)| group.name == name)
}

fn to_place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn check_name(name: &str) -> Result<(), WireError> {
    if name.trim().is_empty() || name.contains(char::is_control) {
        let message = format!("'{}' cannot be the name of a group", name.escape_debug());
        return Err(WireError::new(ErrorCode::InvalidParams, message));
    }
    Ok(())
}

/// Whether two texts name one artifact; what is not `type:name` is itself only.
fn same(one: &str, other: &str) -> bool {
    one == other || matches!((one.parse::<ArtifactKey>(), other.parse()), (Ok(one), Ok(other)) if one == other)
}

/// The keys of `members` in the manifest, and what is not there.
///
/// # Errors
/// One is ambiguous, or names nothing.
fn in_manifest(
    snapshot: &Snapshot,
    collection: &CollectionView,
    members: &[String],
) -> Result<(Vec<String>, Vec<String>), WireError> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    if members.is_empty() {
        return Err(WireError::new(ErrorCode::InvalidParams, "no artifact is named").hint("name one as TYPE:NAME"));
    }
    for member in members {
        let which = Which { artifacts: vec![member.clone()], ..Which::default() };
        match lookup::originals(snapshot, &which, Some(&collection.id)) {
            Ok(found) => known.extend(found.iter().map(|original| original.key().to_string())),
            Err(error) if error.code == ErrorCode::NotFound => unknown.push(member.clone()),
            Err(error) => return Err(error),
        }
    }
    Ok((known, unknown))
}

/// `members` as the group writes them, and what it does not have. What is in no manifest any more can still leave.
fn of_group(group: &Group, members: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for member in members {
        let fits = |there: &&String| {
            let name = there.split_once(':').map_or(there.as_str(), |(_, name)| name);
            same(there, member) || name == member
        };
        let mut fitting = group.members.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(there), None) => known.push(there.clone()),
            // Two of one name: the caller hears which text it was.
            _ => unknown.push(member.clone()),
        }
    }
    (known, unknown)
}
