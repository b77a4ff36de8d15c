//! The top level of a YAML mapping, which is all that frontmatter needs.
//!
//! Reads the parser's events and builds no tree, so that depth costs no stack, and follows no alias, so that nothing
//! can multiply. PyYAML would resolve an alias; in the frontmatter of an artifact there is none to be missed.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

/// The value of a top-level key; mappings, aliases and nulls are left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// A scalar, as text: `1.10` stays `1.10`.
    Text(String),
    /// The scalars of a list.
    List(Vec<String>),
}

/// Keys and values of the mapping that `yaml` is, in order; none when it is something else.
///
/// # Errors
/// It is not YAML.
pub(super) fn top_level(yaml: &str) -> Result<Vec<(String, Field)>, ScanError> {
    let mut fields = Vec::new();
    // Open collections, counting the outermost mapping.
    let mut depth = 0usize;
    let mut is_mapping = false;
    let mut key: Option<Option<String>> = None;
    let mut list: Option<Vec<String>> = None;
    for event in Parser::new_from_str(yaml) {
        let event = event?.0;
        // A key of the outermost mapping waits in `key`; a complex key waits as none.
        let at_value = depth == 1 && key.is_some();
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                if depth == 0 {
                    is_mapping = matches!(event, Event::MappingStart(..));
                } else if at_value && matches!(event, Event::SequenceStart(..)) {
                    list = Some(Vec::new());
                }
                depth += 1;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                depth -= 1;
                if depth == 1 {
                    key = match (key.take(), list.take()) {
                        (None, _) => Some(None),
                        (Some(Some(name)), Some(items)) => {
                            fields.push((name, Field::List(items)));
                            None
                        }
                        (Some(_), _) => None,
                    };
                }
            }
            Event::Scalar(text, style, ..) => match depth {
                1 if at_value => {
                    if let Some(name) = key.take().flatten()
                        && !is_null(&text, style)
                    {
                        fields.push((name, Field::Text(text.into_owned())));
                    }
                }
                1 => key = Some(Some(text.into_owned())),
                2 => {
                    if let Some(items) = &mut list
                        && !is_null(&text, style)
                    {
                        items.push(text.into_owned());
                    }
                }
                _ => {}
            },
            Event::Alias(_) if depth == 1 => key = if at_value { None } else { Some(None) },
            _ => {}
        }
    }
    if !is_mapping {
        fields.clear();
    }
    Ok(fields)
}

fn is_null(text: &str, style: ScalarStyle) -> bool {
    style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(yaml: &str) -> String {
        match top_level(yaml) {
            Err(_) => "error".to_owned(),
            Ok(fields) => fields
                .iter()
                .map(|(key, field)| match field {
                    Field::Text(text) => format!("{key}={text:?};"),
                    Field::List(items) => format!("{key}={items:?};"),
                })
                .collect(),
        }
    }

    #[test]
    fn only_the_top_level_counts() {
        for (yaml, want) in [
            ("a: 1.10\nb: 'x: y'\nc: \"q\\n\"\n", "a=\"1.10\";b=\"x: y\";c=\"q\\n\";"),
            ("a: |\n  one\n  two\nb: >-\n  one\n  two\n", "a=\"one\\ntwo\\n\";b=\"one two\";"),
            ("t: [a, 'b', 3]\nu:\n- x\n- y: z\n- [deep]\n- w\n", "t=[\"a\", \"b\", \"3\"];u=[\"x\", \"w\"];"),
            ("m:\n  a: 1\n  b: [c]\nz: end\n", "z=\"end\";"),
            ("n:\nm: ~\no: null\np: \"\"\nl: [~, a]\n", "p=\"\";l=[\"a\"];"),
            ("? [complex, key]\n: value\n? {a: b}\n: [x]\nz: end\n", "z=\"end\";"),
            ("a: &x one\nb: *x\n*x : c\nz: end\n", "a=\"one\";z=\"end\";"),
            ("a: one\r\nb: two\r\n", "a=\"one\";b=\"two\";"),
            ("- a: b\n", ""),
            ("just text", ""),
            ("", ""),
            ("# comment\na: b # other\n", "a=\"b\";"),
            ("a: b: c\n", "error"),
            ("a: [x\n", "error"),
            ("a: \"x\n", "error"),
            ("a: b\n\tc: d\n", "error"),
        ] {
            assert_eq!(show(yaml), want, "{yaml}");
        }
    }

    #[test]
    fn neither_aliases_nor_depth_can_hurt() {
        let mut bomb = "a0: &a0 [x, x]\n".to_owned();
        for i in 1..40 {
            bomb.push_str(&format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}]\n", i - 1));
        }
        assert_eq!(top_level(&bomb).map(|fields| fields.len()).ok(), Some(40));
        for deep in
            ["a: ".to_owned() + &"[".repeat(30_000), "- ".repeat(30_000), "a: ".to_owned() + &"{a: ".repeat(15_000)]
        {
            // The parser may accept or refuse; it must come back.
            drop(top_level(&deep));
        }
    }
}
