//! Elements of an array that come, go and move, while its layout, commas and comments stay.
//!
//! The original writes one element per line. People write them in one line, or with notes beside them; so what is
//! inserted takes the layout of its neighbour, and what goes takes its own line with it, and nothing else.

use super::source::{Edits, Source};
use std::ops::Range;
use toml_edit::Array;

/// An element of the array as it shall be.
#[derive(Clone, Debug)]
pub(super) struct Element {
    /// Which element of the array it was, if it was there.
    pub(super) old: Option<usize>,
    /// How it is written.
    pub(super) text: String,
}

/// Makes the elements of `array` be `new`, in this order.
pub(super) fn rewrite(source: &Source<'_>, edits: &mut Edits, array: &Array, new: &[Element]) {
    let places: Vec<_> = array.iter().filter_map(toml_edit::Value::span).collect();
    let kept_in_order: Vec<_> = new.iter().filter_map(|element| element.old).collect();
    if kept_in_order.is_empty() {
        if let Some(place) = array.span().filter(|_| !(new.is_empty() && places.is_empty())) {
            edits.replace(place, source.lines(&whole(new)));
        }
        return;
    }
    let mut slots = kept_in_order.clone();
    slots.sort_unstable();
    for (index, place) in places.iter().enumerate() {
        if slots.binary_search(&index).is_err() {
            edits.replace(removed(source, place), "");
        }
    }
    let fill = |edits: &mut Edits, slot: usize, element: &Element| {
        let place = places[slot].clone();
        if source.text[place.clone()] != element.text {
            edits.replace(place, element.text.as_str());
        }
    };
    if slots == kept_in_order {
        let mut before = None;
        for element in new {
            match element.old {
                Some(slot) => {
                    fill(edits, slot, element);
                    before = Some(slot);
                }
                None => match before {
                    Some(slot) => insert_after(source, edits, &places[slot], &element.text),
                    None => insert_before(source, edits, &places[slots[0]], &element.text),
                },
            }
        }
        return;
    }
    // They changed places: the places stay, and are filled anew.
    let mut rest = slots.iter();
    for element in new {
        match rest.next() {
            Some(slot) => fill(edits, *slot, element),
            None => insert_after(source, edits, &places[slots[slots.len() - 1]], &element.text),
        }
    }
}

/// The array as the original writes it.
fn whole(new: &[Element]) -> String {
    if new.is_empty() {
        return "[]".to_owned();
    }
    let lines: String = new.iter().map(|element| format!("    {},\n", element.text)).collect();
    format!("[\n{lines}]")
}

/// Whether `place` is the first thing on its line.
fn begins_line(source: &Source<'_>, place: &Range<usize>) -> bool {
    source.text[source.line_start(place.start)..place.start].trim().is_empty()
}

/// The place after the comma that follows directly; none when something else does.
fn after_comma(source: &Source<'_>, at: usize) -> Option<usize> {
    let rest = &source.text[at..];
    let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    rest[spaces..].starts_with(',').then_some(at + spaces + 1)
}

/// Whether nothing but a comment follows on the line.
fn ends_line(source: &Source<'_>, at: usize) -> bool {
    let rest = source.text[at..source.line_end(at)].trim();
    (rest.is_empty() || rest.starts_with('#')) && source.text[at..].contains('\n')
}

/// What goes with the element at `place`: its line if it has one, else itself and the comma behind it. A comma that is
/// left before the closing bracket is allowed.
fn removed(source: &Source<'_>, place: &Range<usize>) -> Range<usize> {
    let comma = after_comma(source, place.end);
    let end = comma.unwrap_or(place.end);
    if begins_line(source, place) && ends_line(source, end) {
        return source.line_start(place.start)..source.line_end(end);
    }
    let spaces = source.text[end..].len() - source.text[end..].trim_start_matches([' ', '\t']).len();
    if comma.is_some() { place.start..end + spaces } else { place.clone() }
}

fn indent<'s>(source: &'s Source<'_>, place: &Range<usize>) -> &'s str {
    if begins_line(source, place) { &source.text[source.line_start(place.start)..place.start] } else { "    " }
}

fn insert_after(source: &Source<'_>, edits: &mut Edits, place: &Range<usize>, text: &str) {
    let indent = indent(source, place);
    match after_comma(source, place.end) {
        Some(at) if ends_line(source, at) => {
            let at = source.line_end(at);
            edits.replace(at..at, source.lines(&format!("{indent}{text},\n")));
        }
        Some(at) => edits.replace(at..at, format!(" {text},")),
        None if begins_line(source, place) => {
            edits.replace(place.end..place.end, source.lines(&format!(",\n{indent}{text}")));
        }
        None => edits.replace(place.end..place.end, format!(", {text}")),
    }
}

fn insert_before(source: &Source<'_>, edits: &mut Edits, place: &Range<usize>, text: &str) {
    if begins_line(source, place) {
        let (at, indent) = (source.line_start(place.start), indent(source, place));
        edits.replace(at..at, source.lines(&format!("{indent}{text},\n")));
    } else {
        edits.replace(place.start..place.start, format!("{text}, "));
    }
}
