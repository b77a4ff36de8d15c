//! Groups of a collection: `groups` in `collection.toml` (formats-core §2.1, §2.3).
//!
//! Changes are made to the list as a whole, in memory, and what came out different is written: so several of them are
//! one change, and positions are always 0, 1, 2 … in the order of the file. A group that has no name stays as it is.

use super::collection;
use super::dialect::{Fields, Node};
use super::error::EditError;
use super::list::{self, Kept, Shape, WhenEmpty};
use super::source::{Before, Edits, Source};
use super::table::Change;
use crate::library::groups;
use crate::library::problems::Problems;
use crate::model::Timestamp;
use skillmeat_protocol::ids::ArtifactKey;
use skillmeat_protocol::reply::Group;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::path::Path;

const KEYS: [&str; 6] = ["name", "description", "color", "icon", "position", "members"];

const SHAPE: Shape = Shape { key: "groups", root: &collection::ROOT, order: |_| &KEYS, when_empty: WhenEmpty::Omitted };

/// A change to the groups. Places count from 0; one beyond the end is the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupChange {
    /// A new group at its `position`.
    Create(Group),
    /// Another name.
    Rename {
        /// The group.
        group: String,
        /// Its new name.
        to: String,
    },
    /// Other words and looks; what is none stays.
    Describe {
        /// The group.
        group: String,
        /// Description.
        description: Option<String>,
        /// Colour.
        color: Option<String>,
        /// Icon.
        icon: Option<String>,
    },
    /// A group with the same members and looks, behind the others.
    Copy {
        /// The group.
        group: String,
        /// The name of its copy.
        to: String,
    },
    /// Another place among the groups.
    Move {
        /// The group.
        group: String,
        /// Its place.
        place: usize,
    },
    /// The group goes; its members stay in the collection.
    Delete {
        /// The group.
        group: String,
    },
    /// More members, in this order, from `place` on, else at the end. One that is a member already is not added twice;
    /// with a place, it moves there.
    AddMembers {
        /// The group.
        group: String,
        /// `type:name`.
        members: Vec<String>,
        /// Where they go.
        place: Option<usize>,
    },
    /// Fewer members.
    RemoveMembers {
        /// The group.
        group: String,
        /// `type:name`.
        members: Vec<String>,
    },
    /// These members first, in this order; the others follow as they are.
    OrderMembers {
        /// The group.
        group: String,
        /// `type:name`.
        members: Vec<String>,
    },
}

/// Makes `changes`, one after the other, all or none.
///
/// # Errors
/// The file cannot be read, a group or member is not there, a name is taken, or a member is not `type:name`.
pub fn apply(before: &Before<'_>, changes: &[GroupChange], at: Timestamp) -> Result<String, EditError> {
    let source = collection::parse(before)?;
    let mut drafts = read(&source)?;
    for change in changes {
        make(before.file, &mut drafts, change)?;
    }
    write(before, &source, drafts, at)
}

/// Puts `new` in the place of `old` in every group.
pub(super) fn rename_member(before: &Before<'_>, old: &ArtifactKey, new: &ArtifactKey) -> Result<String, EditError> {
    let source = collection::parse(before)?;
    let drafts = read(&source)?;
    let count = list::elements(&source, &SHAPE)?.len();
    let mut kept: Vec<_> = (0..count).map(|index| Kept { index, changes: Vec::new() }).collect();
    for draft in drafts {
        let is_old = |member: &String| member.parse().as_ref() == Ok(old);
        if let Some(index) = draft.old.filter(|_| draft.group.members.iter().any(is_old)) {
            let members = draft.group.members.into_iter();
            let members = members.map(|member| if is_old(&member) { new.to_string() } else { member });
            kept[index].changes.push(Change::new("members", Node::texts(&members.collect::<Vec<_>>())));
        }
    }
    let mut edits = Edits::default();
    list::rewrite(&source, &mut edits, &SHAPE, &kept, &[])?;
    source.finish(edits)
}

/// A group, and which element of the file it is.
struct Draft {
    old: Option<usize>,
    group: Group,
}

/// The groups by position, as the reader gives them.
fn read(source: &Source<'_>) -> Result<Vec<Draft>, EditError> {
    list::elements(source, &SHAPE)?;
    let mut unsaid = Problems::default();
    let listed = source.document.root().sections(SHAPE.key, &mut unsaid).sections;
    let drafts = listed
        .iter()
        .enumerate()
        .filter_map(|(index, section)| Some(Draft { old: Some(index), group: groups::group(section, &mut unsaid)? }));
    let mut drafts: Vec<_> = drafts.collect();
    drafts.sort_by_key(|draft| draft.group.position);
    Ok(drafts)
}

fn make(file: &Path, drafts: &mut Vec<Draft>, change: &GroupChange) -> Result<(), EditError> {
    match change {
        GroupChange::Create(group) => {
            free(file, drafts, &group.name)?;
            let mut group = group.clone();
            group.members = members(file, &group.members)?;
            let place = usize::try_from(group.position).unwrap_or_default().min(drafts.len());
            drafts.insert(place, Draft { old: None, group });
        }
        GroupChange::Rename { group, to } => {
            let index = find(file, drafts, group)?;
            if group != to {
                free(file, drafts, to)?;
            }
            drafts[index].group.name.clone_from(to);
        }
        GroupChange::Describe { group, description, color, icon } => {
            let index = find(file, drafts, group)?;
            let group = &mut drafts[index].group;
            let fields = [(&mut group.description, description), (&mut group.color, color), (&mut group.icon, icon)];
            for (field, new) in fields {
                if let Some(new) = new {
                    field.clone_from(new);
                }
            }
        }
        GroupChange::Copy { group, to } => {
            let index = find(file, drafts, group)?;
            free(file, drafts, to)?;
            let group = Group { name: to.clone(), ..drafts[index].group.clone() };
            drafts.push(Draft { old: None, group });
        }
        GroupChange::Move { group, place } => {
            let index = find(file, drafts, group)?;
            let draft = drafts.remove(index);
            drafts.insert((*place).min(drafts.len()), draft);
        }
        GroupChange::Delete { group } => {
            let index = find(file, drafts, group)?;
            drafts.remove(index);
        }
        GroupChange::AddMembers { group, members: added, place } => {
            let index = find(file, drafts, group)?;
            let there = &mut drafts[index].group.members;
            let mut added = members(file, added)?;
            match place {
                Some(place) => {
                    let new = identities(&added);
                    there.retain(|member| !new.contains(&identity(member)));
                    let place = (*place).min(there.len());
                    there.splice(place..place, added);
                }
                None => {
                    let old = identities(there);
                    added.retain(|member| !old.contains(&identity(member)));
                    there.append(&mut added);
                }
            }
        }
        GroupChange::RemoveMembers { group, members } => {
            let index = find(file, drafts, group)?;
            let there = &mut drafts[index].group.members;
            are_members(file, group, there, members)?;
            let gone = identities(members);
            there.retain(|member| !gone.contains(&identity(member)));
        }
        GroupChange::OrderMembers { group, members } => {
            let index = find(file, drafts, group)?;
            let there = &mut drafts[index].group.members;
            are_members(file, group, there, members)?;
            let places: HashMap<_, _> = members.iter().rev().map(|member| identity(member)).zip(0..).collect();
            // Counted from the end, so that one who is not named comes after all who are.
            there.sort_by_key(|member| Reverse(places.get(&identity(member)).copied()));
        }
    }
    Ok(())
}

fn find(file: &Path, drafts: &[Draft], name: &str) -> Result<usize, EditError> {
    let found = drafts.iter().position(|draft| draft.group.name == name);
    found.ok_or_else(|| EditError::missing(file, format!("group '{}'", name.escape_debug())))
}

fn free(file: &Path, drafts: &[Draft], name: &str) -> Result<(), EditError> {
    if name.trim().is_empty() {
        return Err(EditError::refused(file, name, "a group has a name"));
    }
    match find(file, drafts, name) {
        Ok(_) => Err(EditError::taken(file, format!("a group '{}'", name.escape_debug()))),
        Err(_) => Ok(()),
    }
}

fn are_members(file: &Path, group: &str, there: &[String], members: &[String]) -> Result<(), EditError> {
    let there = identities(there);
    let stranger = members.iter().find(|member| !there.contains(&identity(member)));
    stranger.map_or(Ok(()), |member| {
        let what = format!("member '{}' in group '{}'", member.escape_debug(), group.escape_debug());
        Err(EditError::missing(file, what))
    })
}

/// What two spellings of a member share; what is not `type:name` is itself only.
fn identity(member: &str) -> String {
    member.parse().map_or_else(|_| member.to_owned(), |key: ArtifactKey| key.to_string())
}

fn identities(members: &[String]) -> HashSet<String> {
    members.iter().map(|member| identity(member)).collect()
}

/// `texts` as the original writes members, each once.
fn members(file: &Path, texts: &[String]) -> Result<Vec<String>, EditError> {
    let mut seen = HashSet::new();
    let mut members = Vec::with_capacity(texts.len());
    for text in texts {
        let key: ArtifactKey = text.parse().map_err(|why: String| EditError::refused(file, text, why))?;
        let member = key.to_string();
        if seen.insert(member.clone()) {
            members.push(member);
        }
    }
    Ok(members)
}

fn write(before: &Before<'_>, source: &Source<'_>, mut drafts: Vec<Draft>, at: Timestamp) -> Result<String, EditError> {
    for (position, draft) in (0_i64..).zip(&mut drafts) {
        draft.group.position = position;
    }
    let old = read(source)?;
    let count = list::elements(source, &SHAPE)?.len();
    let mut kept = Vec::new();
    // Where each group is in the file that comes out, before they are put in order.
    let mut places = vec![None; drafts.len()];
    for index in 0..count {
        let was = old.iter().find(|draft| draft.old == Some(index));
        let now = drafts.iter().position(|draft| draft.old == Some(index));
        match (was, now) {
            (Some(was), Some(now)) => {
                places[now] = Some(kept.len());
                kept.push(Kept { index, changes: differences(&was.group, &drafts[now].group) });
            }
            (None, _) => kept.push(Kept { index, changes: Vec::new() }),
            (Some(_), None) => {}
        }
    }
    let mut new = Vec::new();
    for (place, draft) in places.iter_mut().zip(&drafts) {
        if draft.old.is_none() {
            *place = Some(kept.len() + new.len());
            new.push(fields(&draft.group));
        }
    }
    let mut edits = Edits::default();
    list::rewrite(source, &mut edits, &SHAPE, &kept, &new)?;
    collection::touch(source, &mut edits, None, at)?;
    let text = source.finish(edits)?;

    let wanted: Vec<usize> = places.into_iter().flatten().collect();
    let mut slots = wanted.clone();
    slots.sort_unstable();
    if slots == wanted {
        return Ok(text);
    }
    let mut order: Vec<usize> = (0..kept.len() + new.len()).collect();
    for (slot, element) in slots.into_iter().zip(wanted) {
        order[slot] = element;
    }
    let source = Source::parse(&Before { text: Some(&text), ..*before })?;
    let mut edits = Edits::default();
    list::reorder(&source, &mut edits, &SHAPE, &order)?;
    source.finish(edits)
}

fn values(group: &Group) -> [(&'static str, Node); 6] {
    [
        ("name", Node::from(group.name.as_str())),
        ("description", Node::from(group.description.as_str())),
        ("color", Node::from(group.color.as_str())),
        ("icon", Node::from(group.icon.as_str())),
        ("position", Node::number(group.position)),
        ("members", Node::texts(&group.members)),
    ]
}

fn differences(was: &Group, now: &Group) -> Vec<Change> {
    let pairs = values(was).into_iter().zip(values(now));
    pairs.filter(|(was, now)| was != now).map(|(_, (key, node))| Change::new(key, node)).collect()
}

fn fields(group: &Group) -> Fields {
    values(group).into_iter().map(|(key, node)| (key.to_owned(), node)).collect()
}
