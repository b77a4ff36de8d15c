//! `.skillmeat-project.toml`: the name of a project (formats-core §5).

use super::problems::Problems;
use super::toml_text::Document;
use skillmeat_protocol::reply::Problem;
use std::path::Path;

/// Reads the project's name; none when the file does not say.
pub fn parse(bytes: &[u8], path: &Path) -> (Option<String>, Vec<Problem>) {
    let document = match Document::parse(bytes, path) {
        Ok(document) => document,
        Err(problem) => return (None, vec![problem]),
    };
    let mut problems = Problems::default();
    let project = document.root().section("project", &mut problems);
    let name = project.and_then(|project| project.text("name", &mut problems));
    (name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned), problems.into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_or_what_is_wrong() {
        for (text, name, key) in [
            (
                "[project]\npath = \"/p\"\nname = \"web app\"\ncreated_at = \"2026-11-21T08:11:24\"\n",
                Some("web app"),
                None,
            ),
            ("[project]\nname = \" \"\n", None, None),
            ("", None, None),
            ("[project]\nname = 3\n", None, Some(Some("project.name"))),
            ("project = 3\n", None, Some(Some("project"))),
            ("[project\n", None, Some(None)),
        ] {
            let (found, problems) = parse(text.as_bytes(), Path::new("/p/.claude/.skillmeat-project.toml"));
            assert_eq!(found.as_deref(), name, "{text}");
            assert_eq!(problems.first().map(|p| p.key.as_deref()), key, "{text}");
        }
    }
}
