//! Frontmatter: any text has some, nothing in it multiplies, and neither byte order marks nor line endings matter.

use std::collections::HashSet;

use skillmeatd::library::frontmatter::{Frontmatter, parse};

/// What an artifact declares of itself.
pub fn frontmatter(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let found = parse(&text);
    holds(&found, text.len());
    if !text.starts_with('\u{feff}') {
        assert_eq!(parse(&format!("\u{feff}{text}")), found, "with a byte order mark");
    }
    if !text.contains('\r') {
        assert_eq!(parse(&text.replace('\n', "\r\n")), found, "with the line endings of Windows");
    }
}

fn holds(found: &Frontmatter, len: usize) {
    let metadata = &found.metadata;
    let declared =
        [&found.name, &metadata.title, &metadata.description, &metadata.version, &metadata.author, &metadata.license];
    for text in declared.into_iter().flatten() {
        // One that is taken from the body is cut, perhaps at a space.
        assert!(!text.is_empty() && text.trim_start() == text, "{text:?}");
    }
    let mut tags = HashSet::new();
    for tag in &metadata.tags {
        assert!(!tag.is_empty() && tag.trim() == tag && tags.insert(tag), "{tag:?}");
    }
    // An escape of two bytes can stand for a character of three, and folding may put a space between lines.
    let declared = declared.into_iter().flatten().chain(&metadata.tags).map(String::len).sum::<usize>();
    assert!(declared <= 2 * len, "{declared} bytes out of {len}");
}
