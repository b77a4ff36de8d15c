//! A text cut into keys, and the merge of three.
//!
//! Nothing is left out when a text is cut: what stands around keys and values belongs to one of them and is merged like them, so a
//! map put together again is the text that it came from, and what both sides changed beside their values is a conflict too.

use std::borrow::Cow;
use std::collections::HashMap;

/// Keys with values, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Map<'a> {
    /// What stands before the first key.
    pub(super) open: &'a [u8],
    /// The keys.
    pub(super) members: Vec<Member<'a>>,
    /// What stands between two of them.
    pub(super) separator: &'static [u8],
    /// What stands behind the last.
    pub(super) close: &'a [u8],
}

/// One key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member<'a> {
    /// What makes it the same key in another text.
    pub(super) key: Cow<'a, [u8]>,
    /// What stands before its value: the key as it is written, and what belongs to it.
    pub(super) head: &'a [u8],
    /// Its value.
    pub(super) value: Value<'a>,
    /// What stands between its value and the separator.
    pub(super) trail: &'a [u8],
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Taken as a whole.
    Plain(&'a [u8]),
    /// Merged by its keys.
    Map(Map<'a>),
}

impl<'a> Map<'a> {
    /// The text.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(self.open);
        for (at, member) in self.members.iter().enumerate() {
            if at > 0 {
                text.extend_from_slice(self.separator);
            }
            text.extend_from_slice(member.head);
            match &member.value {
                Value::Plain(bytes) => text.extend_from_slice(bytes),
                Value::Map(map) => map.write(text),
            }
            text.extend_from_slice(member.trail);
        }
        text.extend_from_slice(self.close);
    }

    /// Whether no key is there twice. Only of such maps there is a merge.
    pub(super) fn has_distinct_keys(&self) -> bool {
        self.positions().len() == self.members.len()
    }

    fn positions(&self) -> HashMap<&[u8], usize> {
        self.members.iter().enumerate().map(|(at, member)| (&*member.key, at)).collect()
    }

    /// What `ours` and `theirs` made of it, if no key is in conflict. New keys stand where their side put them; where both put
    /// some at the same place, in the order of the first of each.
    pub(super) fn merge(&self, ours: &Self, theirs: &Self) -> Option<Self> {
        let positions = self.positions();
        let (mut by_us, mut by_them) = (self.slots(&positions, ours)?, self.slots(&positions, theirs)?);
        let mut members = Vec::new();
        for at in 0..=self.members.len() {
            let (new, other) = (std::mem::take(&mut by_us.new[at]), std::mem::take(&mut by_them.new[at]));
            members.extend(joined(new, other));
            let Some(member) = self.members.get(at) else { break };
            match (by_us.known[at], by_them.known[at]) {
                (Some(one), Some(other)) => members.push(member.merge(one, other)?),
                (Some(kept), None) | (None, Some(kept)) if kept != member => return None,
                _ => {}
            }
        }
        let merged = Self {
            open: three(self.open, ours.open, theirs.open)?,
            members: once(members),
            separator: self.separator,
            close: three(self.close, ours.close, theirs.close)?,
        };
        merged.has_distinct_keys().then_some(merged)
    }

    /// Where the members of a side belong among ours; none if it put them into another order.
    fn slots<'s>(&self, positions: &HashMap<&[u8], usize>, side: &'s Self) -> Option<Slots<'s, 'a>> {
        let count = self.members.len();
        let mut slots = Slots { known: vec![None; count], new: vec![Vec::new(); count + 1] };
        let mut next = 0;
        for member in &side.members {
            match positions.get(&*member.key) {
                Some(at) if *at < next => return None,
                Some(at) => {
                    slots.known[*at] = Some(member);
                    next = at + 1;
                }
                None => slots.new[next].push(member.clone()),
            }
        }
        Some(slots)
    }
}

/// The members of a side, by the member of the base that they are, or before which they were put.
struct Slots<'s, 'a> {
    known: Vec<Option<&'s Member<'a>>>,
    new: Vec<Vec<Member<'a>>>,
}

impl<'a> Member<'a> {
    fn merge(&self, ours: &Self, theirs: &Self) -> Option<Self> {
        let value = match (&self.value, &ours.value, &theirs.value) {
            (_, one, other) if one == other => one.clone(),
            (base, one, other) if one == base => other.clone(),
            (base, one, other) if other == base => one.clone(),
            (Value::Map(base), Value::Map(one), Value::Map(other)) => Value::Map(base.merge(one, other)?),
            _ => return None,
        };
        Some(Self {
            key: self.key.clone(),
            head: three(self.head, ours.head, theirs.head)?,
            value,
            trail: three(self.trail, ours.trail, theirs.trail)?,
        })
    }
}

/// New members of both sides at one place. One that both added is there twice if they differ, and once if not.
fn joined<'a>(mut one: Vec<Member<'a>>, mut other: Vec<Member<'a>>) -> Vec<Member<'a>> {
    if other.iter().any(|member| one.contains(member)) {
        other.retain(|member| !one.contains(member));
        one.append(&mut other);
        one.sort_by(|a, b| a.key.cmp(&b.key));
        return one;
    }
    let first = |run: &[Member<'a>]| run.first().map(|member| member.key.clone());
    if first(&other) < first(&one) {
        std::mem::swap(&mut one, &mut other);
    }
    one.append(&mut other);
    one
}

/// Without those that both sides added at different places, alike but for the empty lines before.
fn once(members: Vec<Member<'_>>) -> Vec<Member<'_>> {
    let bare = |member: &Member<'_>| (member.head.trim_ascii_start().to_vec(), member.trail.to_vec());
    let mut first: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut kept: Vec<Member<'_>> = Vec::with_capacity(members.len());
    for member in members {
        match first.get(&*member.key) {
            Some(at) if kept[*at].value == member.value && bare(&kept[*at]) == bare(&member) => {}
            _ => {
                first.entry(member.key.to_vec()).or_insert(kept.len());
                kept.push(member);
            }
        }
    }
    kept
}

/// The side that changed it, if not both did.
fn three<'a>(base: &'a [u8], ours: &'a [u8], theirs: &'a [u8]) -> Option<&'a [u8]> {
    match () {
        () if ours == theirs || theirs == base => Some(ours),
        () if ours == base => Some(theirs),
        () => None,
    }
}
