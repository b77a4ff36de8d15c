//! Names and paths written in files: what they may be, so that nothing read can lead out of its root.

use skillmeat_protocol::ids::normalized_name;

/// Why a written path cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFlaw {
    /// Nothing is named: empty, or only `.`.
    #[error("the path is empty")]
    Empty,
    /// Not below the root.
    #[error("the path is absolute")]
    Absolute,
    /// More `..` than directories before it.
    #[error("the path leaves its directory")]
    Escapes,
    /// Holds a character that no path can.
    #[error("the path holds a NUL character")]
    Nul,
}

/// `text` as a relative path with `/` between components and without `.` and `..`.
///
/// `\` separates too: the original writes the separators of its system, and names cannot hold either (formats-core
/// §2.1). `..` is resolved here, by text, so that the result stays inside even where directories are links.
///
/// # Errors
/// The path is empty, absolute on any system, or leaves its root.
pub fn relative_path(text: &str) -> Result<String, PathFlaw> {
    if text.contains('\0') {
        return Err(PathFlaw::Nul);
    }
    if text.starts_with(['/', '\\']) {
        return Err(PathFlaw::Absolute);
    }
    let mut parts = Vec::new();
    for part in text.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(PathFlaw::Escapes)?;
            }
            part => parts.push(part),
        }
    }
    match parts.first().map(|first| first.as_bytes()) {
        None => Err(PathFlaw::Empty),
        // Looked for in what is left: `./C:/x` is a drive to the Windows that gets the result.
        Some([letter, b':', ..]) if letter.is_ascii_alphabetic() => Err(PathFlaw::Absolute),
        Some(_) => Ok(parts.join("/")),
    }
}

/// What is wrong with an artifact's name in a manifest (formats-core §2.1), if anything.
pub fn name_flaw(name: &str) -> Option<&'static str> {
    if normalized_name(name).trim().is_empty() {
        Some("the name is empty")
    } else if name.contains(['/', '\\']) {
        Some("the name holds a path separator")
    } else if name.contains("..") {
        Some("the name holds '..'")
    } else if name.starts_with('.') {
        Some("the name starts with a dot")
    } else if name.contains(char::is_control) {
        Some("the name holds a control character")
    } else {
        None
    }
}

/// As [`name_flaw`], for names that may be nested: `frontend/component` is `commands/frontend/component.md`.
pub fn nested_name_flaw(name: &str) -> Option<&'static str> {
    name.split('/').find_map(name_flaw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for (text, want) in [
            ("skills/pdf", Ok("skills/pdf")),
            ("skills\\pdf", Ok("skills/pdf")),
            ("./skills//pdf/", Ok("skills/pdf")),
            ("skills/../commands/x.md", Ok("commands/x.md")),
            ("skills/..pdf", Ok("skills/..pdf")),
            ("..", Err(PathFlaw::Escapes)),
            ("a/../../b", Err(PathFlaw::Escapes)),
            ("a\\..\\..\\b", Err(PathFlaw::Escapes)),
            ("/etc/passwd", Err(PathFlaw::Absolute)),
            ("\\\\server\\share", Err(PathFlaw::Absolute)),
            ("C:\\x", Err(PathFlaw::Absolute)),
            ("./C:/x", Err(PathFlaw::Absolute)),
            ("a/../c:x", Err(PathFlaw::Absolute)),
            ("", Err(PathFlaw::Empty)),
            ("a/..", Err(PathFlaw::Empty)),
            ("a\0b", Err(PathFlaw::Nul)),
        ] {
            assert_eq!(relative_path(text), want.map(str::to_owned), "{text:?}");
        }
    }

    #[test]
    fn names() {
        for good in ["pdf", "my.skill", "a b", "ünïcode", "x-"] {
            assert_eq!(name_flaw(good), None, "{good}");
        }
        for bad in ["", " ", " .md", "a/b", "a\\b", "a..b", ".hidden", "a\nb", "a\0"] {
            assert!(name_flaw(bad).is_some(), "{bad:?}");
        }
        assert_eq!(nested_name_flaw("frontend/component"), None);
        for bad in ["/x", "a//b", "a/../b", "a/.git", "a/"] {
            assert!(nested_name_flaw(bad).is_some(), "{bad}");
        }
    }
}
