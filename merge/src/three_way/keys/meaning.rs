//! What three texts mean, merged without regard to how it is written.
//!
//! TOML can say one thing at several places of a text, so a merge of its pieces may join what belongs together. Its result counts
//! only if it means what the merge of the meanings is.

use super::toml::{self, Lists};
use serde_json::{Map, Value};
use toml_edit::{Item, Table};

/// What both sides made of a value, where each may be absent; the outer option is none for a conflict.
pub(super) fn merged(base: Option<&Value>, ours: Option<&Value>, theirs: Option<&Value>) -> Option<Option<Value>> {
    match (base, ours, theirs) {
        (_, one, other) if one == other => Some(one.cloned()),
        (base, one, other) if one == base => Some(other.cloned()),
        (base, one, other) if other == base => Some(one.cloned()),
        (Some(Value::Object(base)), Some(Value::Object(one)), Some(Value::Object(other))) => {
            let mut object = Map::new();
            for key in base.keys().chain(one.keys()).chain(other.keys()) {
                if let Some(value) = merged(base.get(key), one.get(key), other.get(key))? {
                    object.insert(key.clone(), value);
                }
            }
            Some(Some(Value::Object(object)))
        }
        _ => None,
    }
}

/// The same of a whole text, with the elements of `lists` by what tells them apart; none if two are the same. A list that is not
/// there is an empty one.
pub(super) fn of_document(root: &Table, lists: Lists<'_>) -> Option<Value> {
    let Value::Object(mut object) = of_toml(root) else { return None };
    for (list, by) in lists {
        let elements = match root.get(list) {
            Some(Item::ArrayOfTables(elements)) => elements,
            Some(_) => continue,
            None => {
                object.insert((*list).to_owned(), Value::Object(Map::new()));
                continue;
            }
        };
        let mut known = Map::new();
        for element in elements {
            let identity = String::from_utf8(toml::identity(element, by)?).ok()?;
            if known.insert(identity, of_toml(element)).is_some() {
                return None;
            }
        }
        object.insert((*list).to_owned(), Value::Object(known));
    }
    Some(Value::Object(object))
}

/// What TOML means: its tables as objects, lists of tables as lists, and every other value as it is written.
pub(super) fn of_toml(table: &Table) -> Value {
    let item = |item: &Item| match item {
        Item::Table(table) => of_toml(table),
        Item::ArrayOfTables(tables) => Value::Array(tables.iter().map(of_toml).collect()),
        Item::Value(value) => Value::String(value.clone().decorated("", "").to_string()),
        Item::None => Value::Null,
    };
    Value::Object(table.iter().map(|(key, value)| (key.to_owned(), item(value))).collect())
}
