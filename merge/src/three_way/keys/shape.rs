//! TOML in which lists have elements with names: one is the same wherever it stands.
//!
//! For files that a program writes and people edit. Lines are never merged in them: two sides that each add an element of one name
//! would make two of it, and nothing that reads the file would know which counts.

use super::LARGEST;
use super::toml::{self, Lists, identity};
use std::collections::BTreeMap;
use std::ops::Range;
use toml_edit::{Document, DocumentMut, Item, Key, TableLike, Value};

/// What is known of such a file.
#[derive(Clone, Copy, Debug)]
pub struct TomlShape<'a> {
    /// Lists of tables at the top, and the keys whose texts tell the elements of each apart.
    pub lists: &'a [(&'a str, &'a [&'a str])],
    /// Keys, of any table, that only say when something was: of two different moments the later one is taken.
    pub moments: &'a [&'a str],
}

/// A text, with the lists that are written as empty ones in it left out.
struct Expanded<'a> {
    text: String,
    empty: Vec<&'a str>,
}

impl<'a> TomlShape<'a> {
    /// What becomes of three texts by their keys, if no key is in conflict. A side that did not change is the other, byte for
    /// byte; everything else is taken as its side wrote it.
    pub fn merge(&self, base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
        match () {
            () if ours == theirs || theirs == base => return Some(ours.to_vec()),
            () if ours == base => return Some(theirs.to_vec()),
            () if [base, ours, theirs].iter().any(|text| text.len() > LARGEST) => return None,
            () => {}
        }
        let text = |bytes| std::str::from_utf8(bytes).ok();
        let (base, ours, theirs) = (text(base)?, text(ours)?, text(theirs)?);
        self.merge_tables(base, ours, theirs).or_else(|| {
            // A list within one line is one value, until it is a list of tables.
            let (base, ours, theirs) = (self.expanded(base)?, self.expanded(ours)?, self.expanded(theirs)?);
            let merged = self.merge_tables(&base.text, &ours.text, &theirs.text)?;
            let mut empty = ours.empty;
            empty.extend(theirs.empty);
            with_empty(merged, &empty)
        })
    }

    fn merge_tables(&self, base: &str, ours: &str, theirs: &str) -> Option<Vec<u8>> {
        let (ours, theirs) = self.settled(base, ours, theirs)?;
        toml::merge(self.lists, base.as_bytes(), ours.as_bytes(), theirs.as_bytes())
    }

    /// Both sides, each with the later of two moments that both set.
    fn settled(&self, base: &str, ours: &str, theirs: &str) -> Option<(String, String)> {
        let [before, one, other] = [base, ours, theirs].map(|text| moments(text, self.lists, self.moments));
        let (before, one, other) = (before?, one?, other?);
        let (mut for_us, mut for_them) = (Vec::new(), Vec::new());
        for (path, here) in &one {
            let Some(there) = other.get(path) else { continue };
            let was = before.get(path).map(|place| &base[place.clone()]);
            let (mine, yours) = (&ours[here.clone()], &theirs[there.clone()]);
            if mine == yours || was == Some(mine) || was == Some(yours) {
                continue;
            }
            match mine < yours {
                true => for_us.push((here.clone(), yours)),
                false => for_them.push((there.clone(), mine)),
            }
        }
        Some((replaced(ours, for_us), replaced(theirs, for_them)))
    }

    /// Lists within one line as lists of tables, behind everything else.
    fn expanded(&self, text: &str) -> Option<Expanded<'a>> {
        let places = Document::parse(text).ok()?;
        let values: DocumentMut = text.parse().ok()?;
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let (mut empty, mut gone, mut tables) = (Vec::new(), Vec::new(), String::new());
        for (list, _) in self.lists {
            let Some(Item::Value(Value::Array(array))) = values.get(list) else { continue };
            let (key, item) = places.as_table().get_key_value(list)?;
            let begin = text[..key.span()?.start].rfind('\n').map_or(0, |at| at + 1);
            let behind = item.span()?.end;
            let stop = text[behind..].find('\n').map_or(text.len(), |at| behind + at + 1);
            // A comment there has no other place.
            if !text[behind..stop].trim().is_empty() {
                return None;
            }
            gone.push((begin..stop, ""));
            if array.is_empty() {
                empty.push(*list);
            }
            for element in array {
                tables.push_str(&format!("{end}[[{}]]{end}", Key::new(*list)));
                for (key, value) in element.as_inline_table()? {
                    tables.push_str(&format!("{} = {}{end}", Key::new(key), value.clone().decorated("", "")));
                }
            }
        }
        let mut text = replaced(text, gone);
        if !tables.is_empty() && !text.is_empty() && !text.ends_with('\n') {
            text.push_str(end);
        }
        text.push_str(&tables);
        Some(Expanded { text, empty })
    }
}

/// The same with lists that have no element written as empty ones, where some side did.
fn with_empty(merged: Vec<u8>, empty: &[&str]) -> Option<Vec<u8>> {
    let mut text = String::from_utf8(merged).ok()?;
    let document: DocumentMut = text.parse().ok()?;
    for (at, list) in empty.iter().enumerate() {
        if document.get(list).is_none() && !empty[..at].contains(list) {
            text.insert_str(0, &format!("{} = []\n", Key::new(*list)));
        }
    }
    text.parse::<DocumentMut>().ok()?;
    Some(text.into_bytes())
}

/// Where the values of `keys` stand, by the way to each.
fn moments(text: &str, lists: Lists<'_>, keys: &[&str]) -> Option<BTreeMap<Vec<Vec<u8>>, Range<usize>>> {
    fn each(
        table: &dyn TableLike,
        lists: Lists<'_>,
        keys: &[&str],
        way: &mut Vec<Vec<u8>>,
        found: &mut BTreeMap<Vec<Vec<u8>>, Range<usize>>,
    ) -> Option<()> {
        for (key, item) in table.iter() {
            way.push(key.as_bytes().to_vec());
            if let Some(table) = item.as_table_like() {
                each(table, &[], keys, way, found)?;
            } else if let Some(elements) = item.as_array_of_tables() {
                let by = lists.iter().find(|(list, _)| *list == key).map(|(_, by)| by);
                for element in by.into_iter().flat_map(|by| elements.iter().map(move |element| (element, by))) {
                    way.push(identity(element.0, element.1)?);
                    each(element.0, &[], keys, way, found)?;
                    way.pop();
                }
            } else if keys.contains(&key) {
                found.insert(way.clone(), item.span()?);
            }
            way.pop();
        }
        Some(())
    }
    let document = Document::parse(text).ok()?;
    let (mut way, mut found) = (Vec::new(), BTreeMap::new());
    each(document.as_table(), lists, keys, &mut way, &mut found)?;
    Some(found)
}

/// `text` with other text at places, none of which overlap.
fn replaced(text: &str, mut places: Vec<(Range<usize>, &str)>) -> String {
    let mut text = text.to_owned();
    places.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    for (place, with) in places {
        text.replace_range(place, with);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: TomlShape<'_> =
        TomlShape { lists: &[("items", &["type", "name"]), ("groups", &["name"])], moments: &["updated", "at"] };

    /// `a=1` is an element with a value, `a=1+x` one with a table of its own too.
    fn text(updated: u32, elements: &str) -> String {
        let mut text = format!("[collection]\nname = \"c\"\nupdated = \"{updated}\"\n");
        for element in elements.split_whitespace() {
            let (name, value) = element.split_once('=').expect("a value");
            let (value, inner) = value.split_once('+').map_or((value, None), |(value, inner)| (value, Some(inner)));
            text.push_str(&format!("\n[[items]]\nname = \"{name}\"\ntype = \"t\"\nvalue = {value}\n"));
            inner.into_iter().for_each(|inner| text.push_str(&format!("\n[items.metadata]\ntitle = \"{inner}\"\n")));
        }
        text
    }

    fn merged(base: &str, ours: &str, theirs: &str) -> Option<String> {
        let [base, ours, theirs] = [base, ours, theirs].map(str::as_bytes);
        let found = SHAPE.merge(base, ours, theirs);
        assert_eq!(found, SHAPE.merge(base, theirs, ours), "symmetric");
        found.map(|bytes| String::from_utf8(bytes).expect("text"))
    }

    #[test]
    fn elements_are_the_same_wherever_they_stand() {
        for (base, ours, theirs, want) in [
            ("a=1 b=1", "a=2 b=1", "a=1 b=2", Some("a=2 b=2")),
            ("a=1 b=1 c=1", "b=1 c=2", "a=1 b=1 c=1 d=1", Some("b=1 c=2 d=1")),
            ("a=1 b=1", "b=1", "a=1 b=1 c=1", Some("b=1 c=1")),
            ("a=1", "a=1 b=1", "a=1 c=1", Some("a=1 b=1 c=1")),
            ("a=1", "a=1 b=1", "a=1 b=1 c=1", Some("a=1 b=1 c=1")),
            ("a=1+x b=1+y", "a=1+z b=1+y", "b=1+y", None),
            ("a=1+x b=1+y", "a=1+z b=1+y", "a=2+x b=1+w", Some("a=2+z b=1+w")),
            ("a=1+x b=1+y c=1+z", "a=1+x c=1+z", "a=1+x b=1+y c=1+w", Some("a=1+x c=1+w")),
            ("a=1", "a=2", "a=3", None),
            ("a=1", "", "a=2", None),
            ("", "a=1", "a=2", None),
            ("a=1 b=1", "a=1 a=1 b=1", "a=1 b=2", None),
            ("a=1", "", "a=1 b=1", Some("b=1")),
        ] {
            let found = merged(&text(1, base), &text(2, ours), &text(3, theirs));
            assert_eq!(found, want.map(|want| text(3, want)), "{base} | {ours} | {theirs}");
        }
    }

    #[test]
    fn a_list_within_one_line_is_a_list() {
        for (base, ours, theirs, want) in [
            (
                "items = []\n[c]\nx = 1\n",
                "items = []\n[c]\nx = 2\n",
                "[c]\nx = 1\n\n[[items]]\nname = \"a\"\ntype = \"t\"\n",
                "[c]\nx = 2\n\n[[items]]\nname = \"a\"\ntype = \"t\"\n",
            ),
            (
                "[[groups]]\nname = \"a\"\n",
                "groups = []\n",
                "y = 1\n[[groups]]\nname = \"a\"\n",
                "groups = []\ny = 1\n",
            ),
            (
                "groups = [{ name = \"a\", n = 1 }]\n",
                "groups = [{ name = \"a\", n = 2 }]\n",
                "groups = [{ name = \"a\", n = 1 }, { name = \"b\" }]\n",
                "\n[[groups]]\nname = \"a\"\nn = 2\n\n[[groups]]\nname = \"b\"\n",
            ),
        ] {
            assert_eq!(merged(base, ours, theirs).as_deref(), Some(want), "{base} | {ours} | {theirs}");
        }
    }

    #[test]
    fn tables_by_name_and_their_moments() {
        let lock = |entries: &str| {
            let entry = |word: &str| {
                let (name, value) = word.split_once('=').expect("a value");
                format!("\n[lock.entries.\"{name}::t\"]\nhash = \"{value}\"\nat = \"{value}\"\n")
            };
            let entries: String = entries.split_whitespace().map(entry).collect();
            format!("[lock]\nversion = \"1\"\n{entries}")
        };
        for (base, ours, theirs, want) in [
            ("a=1 b=1", "a=2 b=1", "a=1 b=2", Some("a=2 b=2")),
            ("a=1 b=1", "b=1", "a=1 b=1 c=1", Some("b=1 c=1")),
            ("a=1", "a=2", "a=3", None),
        ] {
            assert_eq!(merged(&lock(base), &lock(ours), &lock(theirs)), want.map(lock), "{base} | {ours} | {theirs}");
        }
    }

    #[test]
    fn what_is_no_toml_is_not_merged() {
        assert_eq!(merged("a = 1\n", "a = 1\nb = 2\n", "a ="), None);
        assert_eq!(merged("a =", "a =", "b ="), Some("b =".to_owned()), "only one side changed");
    }
}
