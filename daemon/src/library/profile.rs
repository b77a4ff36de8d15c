//! Deployment profiles: which agent a directory such as `.codex` belongs to (formats-core §5).

use super::records::ParsedRecord;

/// A profile that the original has built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinProfile {
    /// Its id.
    pub id: &'static str,
    /// Its platform.
    pub platform: &'static str,
    /// Its directory in a project.
    pub root: &'static str,
}

/// The built-in profiles, in the order in which the original looks for them.
pub const BUILTIN: [BuiltinProfile; 4] = [
    BuiltinProfile { id: "claude_code", platform: "claude_code", root: ".claude" },
    BuiltinProfile { id: "codex", platform: "codex", root: ".codex" },
    BuiltinProfile { id: "gemini", platform: "gemini", root: ".gemini" },
    BuiltinProfile { id: "cursor", platform: "cursor", root: ".cursor" },
];

/// Platforms that the original can read; any other makes it lose the whole file.
pub const PLATFORMS: [&str; 6] = ["claude_code", "codex", "gemini", "cursor", "remote_git", "other"];

/// The profile whose root a directory of this name is: a built-in one, else the name without its dot.
pub fn profile_of_root(root: &str) -> &str {
    BUILTIN
        .iter()
        .find(|profile| profile.root == root)
        .map_or_else(|| root.strip_prefix('.').unwrap_or(root), |profile| profile.id)
}

/// The profile of a record that was read from a file in `file_root`: as written, else by the root it names, else by the
/// root it was found in. The original takes `.claude` for the last, and moves such records there when it writes (#12).
pub fn default_profile_of<'r>(record: &'r ParsedRecord, file_root: &'r str) -> &'r str {
    match (&record.profile_id, &record.root_dir) {
        (Some(id), _) => id,
        (None, Some(root)) => profile_of_root(root),
        (None, None) => profile_of_root(file_root),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::deployed;
    use jiff::tz::TimeZone;
    use std::path::Path;

    #[test]
    fn roots_name_profiles() {
        for (root, id) in [
            (".claude", "claude_code"),
            (".codex", "codex"),
            (".cursor", "cursor"),
            (".windsurf", "windsurf"),
            ("x", "x"),
        ] {
            assert_eq!(profile_of_root(root), id);
        }
    }

    #[test]
    fn a_record_is_of_the_profile_it_names() {
        for (line, want) in [
            ("deployment_profile_id = \"work\"\nprofile_root_dir = \".codex\"", "work"),
            ("profile_root_dir = \".codex\"", "codex"),
            ("", "gemini"),
        ] {
            let text = format!("[[deployed]]\nartifact_name = \"a\"\nartifact_type = \"skill\"\n{line}\n");
            let parsed = deployed::parse(text.as_bytes(), Path::new("/p"), &TimeZone::UTC);
            assert_eq!(default_profile_of(&parsed.records[0], ".gemini"), want);
        }
    }
}
