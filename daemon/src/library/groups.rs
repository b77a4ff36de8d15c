//! Groups and tag definitions of a collection, two lists in its manifest (formats-core §2.1, §2.3).
//!
//! The original keeps them in a database while it runs and writes them here; for the daemon the file is the truth.

use super::problems::Problems;
use super::section::Section;
use skillmeat_protocol::reply::{Group, TagDefinition};

/// The groups, by position; those at the same position in file order.
pub(super) fn groups(root: &Section<'_>, problems: &mut Problems) -> Vec<Group> {
    let listed = root.sections("groups", problems);
    let mut groups: Vec<_> = listed.sections.iter().filter_map(|section| group(section, problems)).collect();
    groups.sort_by_key(|group| group.position);
    groups
}

/// The tag definitions, in file order.
pub(super) fn tags(root: &Section<'_>, problems: &mut Problems) -> Vec<TagDefinition> {
    let listed = root.sections("tag_definitions", problems);
    listed.sections.iter().filter_map(|section| tag(section, problems)).collect()
}

pub(super) fn group(section: &Section<'_>, problems: &mut Problems) -> Option<Group> {
    Some(Group {
        name: section.required_text("name", problems)?.to_owned(),
        description: text(section, "description", problems),
        color: text(section, "color", problems),
        icon: text(section, "icon", problems),
        position: section.integer("position", problems).unwrap_or_default(),
        members: section.strings("members", problems).into_iter().map(str::to_owned).collect(),
    })
}

fn tag(section: &Section<'_>, problems: &mut Problems) -> Option<TagDefinition> {
    let name = section.required_text("name", problems);
    let slug = section.required_text("slug", problems);
    Some(TagDefinition {
        name: name?.to_owned(),
        slug: slug?.to_owned(),
        color: text(section, "color", problems),
        description: text(section, "description", problems),
    })
}

/// An absent text is an empty one, as in the original.
fn text(section: &Section<'_>, key: &str, problems: &mut Problems) -> String {
    section.text(key, problems).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::toml_text::Document;
    use skillmeat_protocol::reply::Problem;
    use std::path::Path;

    fn read(text: &str) -> (Vec<Group>, Vec<TagDefinition>, Vec<Problem>) {
        let document = Document::parse(text.as_bytes(), Path::new("/c/collection.toml")).expect("valid TOML");
        let mut problems = Problems::default();
        let groups = groups(&document.root(), &mut problems);
        (groups, tags(&document.root(), &mut problems), problems.into_vec())
    }

    #[test]
    fn both_spellings_and_the_order() {
        let (groups, tags, problems) = read(
            "tag_definitions = [\n    { name = \"Review\", slug = \"review\", color = \"#22c55e\" },\n]\n\
             groups = [\n    { name = \"late\", position = 2, members = [\"skill:a\"] },\n    { name = \"early\" },\n]\n",
        );
        assert_eq!(problems, []);
        assert_eq!(groups.iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["early", "late"]);
        assert_eq!(groups[1].members, ["skill:a"]);
        assert_eq!((tags[0].slug.as_str(), tags[0].description.as_str()), ("review", ""));
        let (groups, ..) = read("[[groups]]\nname = \"b\"\nicon = \"layers\"\n[[groups]]\nname = \"a\"\n");
        assert_eq!(
            groups.iter().map(|g| (g.name.as_str(), g.icon.as_str())).collect::<Vec<_>>(),
            [("b", "layers"), ("a", "")]
        );
    }

    #[test]
    fn what_lacks_its_name_is_a_problem() {
        let (groups, tags, problems) = read(
            "[[groups]]\ncolor = \"red\"\n[[groups]]\nname = \"g\"\nposition = \"1\"\nmembers = [\"a\", 2]\n\
             [[tag_definitions]]\nname = \"n\"\n",
        );
        let found: Vec<_> = problems.iter().map(|p| (p.line.unwrap_or(0), p.key.as_deref().unwrap_or(""))).collect();
        assert_eq!(
            found,
            [
                (1, "groups[0].name"),
                (5, "groups[1].position"),
                (6, "groups[1].members[1]"),
                (7, "tag_definitions[0].slug"),
            ]
        );
        assert_eq!((groups.len(), tags.len()), (1, 0));
    }
}
