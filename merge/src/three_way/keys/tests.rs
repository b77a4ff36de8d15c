//! Texts cut into keys are themselves again, and their merge is that of their meaning.

use super::document::{Map, Value};
use super::{Form, frontmatter, json, meaning, toml};
use serde_json::{Map as Object, Value as Json, json};

const JSON: [&str; 9] = [
    "{}",
    " {\r\n}\n",
    "{\"a\":1}",
    "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [1, {\"d\": \"}\"}],\n    \"e\": {}\n  }\n}\n",
    "\n{ \"a\" : \"x\\\"y\\\\\" , \"\\u0062\":null }  ",
    "{\"a\":{\"a\":{\"a\":-1.5e+3}},\"b\":true}",
    "{\"\":\"\",\" \":[]}",
    "{\"a\": [\n1,\n2\n]\n,\n\"b\":\t2}",
    "{\"k\":\"\u{20ac}\"}",
];

const TOML: [&str; 6] = [
    "",
    "# only a comment\n",
    "a = 1 # one\n\n# about b\nb = [\n  1, # inside\n  2,\n]\n[t]\nx.y = 1\nx.z = 2\n\n[t.u]\n# end\n",
    "text = \"\"\"\n[not.a.table]\n# no comment\n\"\"\"\nc = 'd'",
    "[[x]]\nn = 1\n[[x]]\nn = 2\n[x.sub]\nk = {a = 1, b = [2]}\n\n\n",
    "\"quoted key\" = 1\r\n[\"a.b\".c]\r\nd = 1979-05-27T07:32:00Z\r\n",
];

const FRONTMATTER: [&str; 5] = [
    "---\n---\n",
    "---\nname: pdf\n# about tags\ntags:\n- a\n- b\nmore:\n  deep: 1\n\n---\n",
    "---\r\nname: x\r\ntext: |\r\n  one\r\n\r\n  two\r\n---\r\n",
    "---\n\"quoted\": {a: b}\n'single': [1,\n  2]\nplain: a\n  b\n---",
    "---\n# first a comment\n\na: &x one\nb: *x\n--- \n",
];

fn object(text: &str) -> Option<Map<'_>> {
    match json::value(text.as_bytes())? {
        Value::Map(map) => Some(map),
        Value::Plain(_) => None,
    }
}

#[test]
fn what_is_put_together_again_is_the_text() {
    let maps = JSON.iter().map(|text| (text, object(text)));
    let maps = maps.chain(TOML.iter().map(|text| (text, toml::map(text.as_bytes(), &[]))));
    for (text, map) in maps.chain(FRONTMATTER.iter().map(|text| (text, frontmatter::map(text.as_bytes())))) {
        let again = map.unwrap_or_else(|| panic!("{text:?} has keys")).text();
        assert_eq!(String::from_utf8_lossy(&again), **text);
    }
}

#[test]
fn keys_are_found_where_they_are() {
    let keys = |map: Option<Map<'_>>| -> Vec<String> {
        let members = map.expect("it has keys").members.into_iter();
        members.map(|member| String::from_utf8_lossy(&member.key).replace('\0', ".")).collect()
    };
    assert_eq!(keys(object(JSON[4])), ["a", "b"]);
    assert_eq!(keys(toml::map(TOML[2].as_bytes(), &[])), ["a.", "b.", "[t.", "[t.u."]);
    assert_eq!(keys(toml::map(TOML[4].as_bytes(), &[])), ["[x.1", "[x.2", "[x.sub."]);
    assert_eq!(keys(frontmatter::map(FRONTMATTER[1].as_bytes())), ["name", "tags", "more"]);
    assert_eq!(keys(frontmatter::map(FRONTMATTER[3].as_bytes())), ["quoted", "single", "plain"]);
}

#[test]
fn what_is_not_what_its_name_says_is_told() {
    let cases = [
        (Form::Json, "{\"a\": 1, \"a\": 2}"),
        (Form::Json, "[{\"a\": 1, \"\\u0061\": 2}]"),
        (Form::Json, "{\"a\": 1,}"),
        (Form::Json, "{\"a\": 1} x"),
        (Form::Json, ""),
        (Form::Toml, "a = 1\na = 2\n"),
        (Form::Toml, "a = \n"),
        (Form::Markdown, "no frontmatter\n"),
        (Form::Markdown, "---\na: 1\n"),
        (Form::Markdown, "---\na: 1\na: 2\n---\n"),
        (Form::Markdown, "---\na: [1\n---\n"),
        (Form::Markdown, "---\n{a: 1}\n---\n"),
        (Form::Markdown, "---\n- a\n---\n"),
        (Form::Markdown, "---\n? [a]\n: 1\n---\n"),
        (Form::Markdown, "---\na: 1\rb: 2\n---\n"),
    ];
    for (form, text) in cases {
        assert!(!form.is_whole(text.as_bytes()), "{text:?}");
    }
    assert!(Form::Json.is_whole(b"[1, {}]") && !Form::Json.is_whole(&"[".repeat(100_000).into_bytes()));
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn value(&mut self, depth: u64) -> Json {
        match self.below(5) {
            0 | 1 if depth > 0 => Json::Object(self.object(depth - 1)),
            2 => json!([self.below(3), {"a": self.below(2)}]),
            3 => json!("text"),
            _ => json!(self.below(4)),
        }
    }

    fn object(&mut self, depth: u64) -> Object<String, Json> {
        (0..self.below(5)).map(|_| (self.key(), self.value(depth))).collect()
    }

    fn key(&mut self) -> String {
        char::from(b'a' + self.below(6) as u8).to_string()
    }

    fn edited(&mut self, object: &Object<String, Json>, depth: u64) -> Object<String, Json> {
        let mut object = object.clone();
        for _ in 0..self.below(3) {
            let key = self.key();
            match (self.below(4), object.get(&key).cloned()) {
                (0, _) => drop(object.shift_remove(&key)),
                (1 | 2, Some(Json::Object(inner))) if depth > 0 => {
                    let inner = self.edited(&inner, depth - 1);
                    object.insert(key, Json::Object(inner));
                }
                _ => drop(object.insert(key, self.value(depth))),
            }
        }
        object
    }
}

#[test]
fn meanings_are_merged_by_key() {
    let cases = [
        (json!({"a": 1}), json!({"a": 2}), json!({"a": 1, "b": 1}), Some(json!({"a": 2, "b": 1}))),
        (json!({"a": 1}), json!({}), json!({"a": 1}), Some(json!({}))),
        (json!({"a": 1}), json!({}), json!({"a": 2}), None),
        (
            json!({"a": {"x": 1}}),
            json!({"a": {"x": 2}}),
            json!({"a": {"x": 1, "y": 1}}),
            Some(json!({"a": {"x": 2, "y": 1}})),
        ),
        (json!({"a": {"x": 1}}), json!({}), json!({"a": {"x": 1, "y": 1}}), None),
        (json!({}), json!({"a": {"x": 1}}), json!({"a": {"y": 1}}), None),
        (json!([1]), json!([1, 2]), json!([0, 1]), None),
    ];
    for (base, ours, theirs, want) in cases {
        let found = meaning::merged(Some(&base), Some(&ours), Some(&theirs)).flatten();
        assert_eq!(found, want, "{base} {ours} {theirs}");
    }
}

#[test]
fn random_objects_are_merged_as_their_meaning_is() {
    let mut random = Random(20);
    let (mut merged, mut refused) = (0, 0);
    for number in 0..4000 {
        let base = random.object(2);
        let (ours, theirs) = (random.edited(&base, 2), random.edited(&base, 2));
        let pretty = random.below(2) == 0;
        let text = |object: &Object<String, Json>| {
            if pretty { serde_json::to_vec_pretty(object) } else { serde_json::to_vec(object) }.expect("JSON")
        };
        let [before, one, other] = [&base, &ours, &theirs].map(text);
        let found = Form::Json.merge(&before, &one, &other);
        assert_eq!(found, Form::Json.merge(&before, &other, &one), "{number}: symmetric");
        if let Some(alone) = Form::Json.merge(&before, &one, &before) {
            assert_eq!(alone, one, "{number}: one side only");
        }
        let [base, ours, theirs] = [base, ours, theirs].map(Json::Object);
        let want = meaning::merged(Some(&base), Some(&ours), Some(&theirs)).flatten();
        match found {
            Some(bytes) => {
                let meaning: Json = serde_json::from_slice(&bytes).expect("JSON");
                assert_eq!(Some(meaning), want, "{number}: {base} {ours} {theirs}");
                merged += 1;
            }
            // Keys in another order, or an emptied object, which is written in another way.
            None => refused += usize::from(want.is_some()),
        }
    }
    assert!(merged > 2000 && refused < 200, "{merged} {refused}");
}

/// As TOML: keys with numbers, then tables of such.
fn as_toml(object: &Object<String, Json>) -> String {
    let flat = |object: &Object<String, Json>| -> String {
        let numbers = object.iter().filter(|(_, value)| value.is_number());
        numbers.map(|(key, value)| format!("{key} = {value}\n")).collect()
    };
    let tables = object.iter().filter_map(|(key, value)| Some((key, value.as_object()?)));
    flat(object) + &tables.map(|(key, table)| format!("\n[{key}]\n{}", flat(table))).collect::<String>()
}

/// What TOML of that kind means.
fn meaning_of_toml(text: &[u8]) -> Json {
    let document: toml_edit::DocumentMut = std::str::from_utf8(text).expect("text").parse().expect("TOML");
    let number = |item: &toml_edit::Item| json!(item.as_integer().expect("a number"));
    let entry = |(key, item): (&str, &toml_edit::Item)| match item.as_table() {
        Some(table) => {
            let inner: Object<String, Json> = table.iter().map(|(key, item)| (key.to_owned(), number(item))).collect();
            (key.to_owned(), Json::Object(inner))
        }
        None => (key.to_owned(), number(item)),
    };
    Json::Object(document.iter().map(entry).collect())
}

/// As frontmatter: each value as JSON, which is YAML, every other one on a line of its own.
fn as_frontmatter(object: &Object<String, Json>) -> String {
    let line = |(key, value): (&String, &Json)| match value.is_number() {
        true => format!("{key}: {value}\n"),
        false => format!("{key}:\n  {value}\n"),
    };
    format!("---\n{}---\n", object.iter().map(line).collect::<String>())
}

fn meaning_of_frontmatter(text: &[u8]) -> Json {
    let text = std::str::from_utf8(text).expect("text").replace(":\n", ":");
    let lines = text.lines().filter(|line| *line != "---");
    let entry = |line: &str| {
        let (key, value) = line.split_once(':').expect("a key");
        (key.to_owned(), serde_json::from_str(value).expect("JSON"))
    };
    Json::Object(lines.map(entry).collect())
}

#[test]
fn random_tables_and_frontmatter_are_merged_as_their_meaning_is() {
    let mut random = Random(21);
    let mut merged = [0, 0];
    for number in 0..2000 {
        let base = random.object(1);
        let sides = [base.clone(), random.edited(&base, 1), random.edited(&base, 1)];
        // Frontmatter is merged by its top-level keys; what is below is taken as a whole.
        let whole = |value: &Json| json!([value]);
        let opaque = |object: &Object<String, Json>| object.iter().map(|(k, v)| (k.clone(), whole(v))).collect();
        let meant = [
            sides.clone().map(|side| meaning_of_toml(as_toml(&side).as_bytes())),
            sides.clone().map(|side| Json::Object(opaque(&side))),
        ];
        for (at, form) in [Form::Toml, Form::Markdown].into_iter().enumerate() {
            let [before, one, other] = match form {
                Form::Toml => sides.clone().map(|side| as_toml(&side)),
                _ => sides.clone().map(|side| as_frontmatter(&side)),
            };
            let found = form.merge(before.as_bytes(), one.as_bytes(), other.as_bytes());
            let swapped = form.merge(before.as_bytes(), other.as_bytes(), one.as_bytes());
            assert_eq!(found, swapped, "{number}: symmetric");
            let Some(found) = found else { continue };
            let [base, ours, theirs] = &meant[at];
            let want = meaning::merged(Some(base), Some(ours), Some(theirs)).flatten();
            let meaning = match form {
                Form::Toml => meaning_of_toml(&found),
                _ => match meaning_of_frontmatter(&found) {
                    Json::Object(object) => Json::Object(opaque(&object)),
                    other => other,
                },
            };
            assert_eq!(Some(meaning), want, "{number}: {before}\n{one}\n{other}");
            merged[at] += 1;
        }
    }
    assert!(merged.iter().all(|count| *count > 1000), "{merged:?}");
}
