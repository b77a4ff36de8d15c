//! What the Markdown of an artifact declares of itself (formats-core §3.1).
//!
//! The original runs two parsers and merges them; this is their union for the fields that the daemon shows. Frontmatter
//! in the wild is often not quite YAML (`argument-hint: [a] [b]`), so when the YAML parser refuses, lines of the form
//! `key: value` are taken instead, as the original does.

use super::layout::manifest_names;
use super::yaml::{self, Field};
use crate::model::{Metadata, TreeKind};
use skillmeat_protocol::ids::ArtifactType;
use std::collections::HashSet;

/// Frontmatter beyond this is not read; Claude Code's own limits on what it shows are far lower.
const MAX_FRONTMATTER: usize = 64 * 1024;
/// Bytes of the body in which its first line of text is looked for.
const BODY: usize = 4 * 1024;

/// The original's limit, in characters, on a description that is taken from the text.
const DESCRIPTION_FROM_BODY: usize = 200;

/// What was declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontmatter {
    /// A label only: artifacts are named by their path (#24).
    pub name: Option<String>,
    /// The rest.
    pub metadata: Metadata,
}

/// Which file of an artifact has its frontmatter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataFile {
    /// The artifact is one file, and that is it.
    Itself,
    /// The first of these, exact names directly in the artifact's directory. Never a file beside it: the original takes
    /// one stray `command.md` for the manifest of all its neighbours (#25).
    Within(&'static [&'static str]),
    /// Artifacts of this kind declare nothing.
    None,
}

/// Where an artifact of this type and shape declares its metadata.
pub const fn metadata_file(kind: ArtifactType, tree: TreeKind) -> MetadataFile {
    match (kind, tree) {
        (ArtifactType::Hook | ArtifactType::Mcp | ArtifactType::Workflow, _) => MetadataFile::None,
        (ArtifactType::Composite, TreeKind::File) => MetadataFile::None,
        (_, TreeKind::File) => MetadataFile::Itself,
        (_, TreeKind::Directory) => match manifest_names(kind) {
            [] => MetadataFile::None,
            names => MetadataFile::Within(names),
        },
    }
}

/// `manifest` with its gaps filled from the files: what somebody set in the collection counts more.
pub fn complete(manifest: Metadata, from_files: Metadata) -> Metadata {
    Metadata {
        title: manifest.title.or(from_files.title),
        description: manifest.description.or(from_files.description),
        version: manifest.version.or(from_files.version),
        author: manifest.author.or(from_files.author),
        license: manifest.license.or(from_files.license),
        tags: if manifest.tags.is_empty() { from_files.tags } else { manifest.tags },
    }
}

/// Reads the frontmatter of `text`. Without a description in it, the first line of the body that is no heading is one.
pub fn parse(text: &str) -> Frontmatter {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (block, body) = split(text).or_else(|| split(text.trim_start())).unwrap_or(("", text));
    let fields = if block.len() > MAX_FRONTMATTER {
        Vec::new()
    } else {
        yaml::top_level(block).unwrap_or_else(|_| key_value_lines(block))
    };
    let mut found = Frontmatter::default();
    for (key, field) in fields {
        let metadata = &mut found.metadata;
        let slot = match folded(&key).as_str() {
            "name" => &mut found.name,
            "title" => &mut metadata.title,
            "description" => &mut metadata.description,
            "version" => &mut metadata.version,
            "author" => &mut metadata.author,
            "license" => &mut metadata.license,
            "tags" => {
                metadata.tags = tags(field);
                continue;
            }
            _ => continue,
        };
        if let Field::Text(text) = field {
            *slot = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        }
    }
    let description = &mut found.metadata.description;
    *description = description.take().or_else(|| description_from(body));
    found
}

/// The keys of the frontmatter of `text`, in lower case without `-` and `_`, as the original compares them.
pub fn keys(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some((block, _)) = split(text).or_else(|| split(text.trim_start())) else { return Vec::new() };
    if block.len() > MAX_FRONTMATTER {
        return Vec::new();
    }
    let fields = yaml::top_level(block).unwrap_or_else(|_| key_value_lines(block));
    fields.into_iter().map(|(key, _)| folded(&key)).collect()
}

/// The part of a file that [`parse`] looks at: its frontmatter and the beginning of its body.
pub fn head(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(length(bytes) + BODY)]
}

/// Its frontmatter alone: all that says a version.
pub fn matter(bytes: &[u8]) -> &[u8] {
    &bytes[..length(bytes)]
}

/// Bytes of the frontmatter; none where there is none.
fn length(bytes: &[u8]) -> usize {
    let opened = bytes.trim_ascii_start().strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes.trim_ascii_start());
    let mut end = 0;
    if opened.starts_with(b"---") {
        let closing = |line: &&[u8]| line.trim_ascii_end() == b"---";
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let mut rules = 0;
        for line in lines {
            end += line.len();
            rules += usize::from(closing(&line));
            if rules == 2 {
                break;
            }
        }
    }
    end
}

/// Frontmatter and body: a line `---`, anything, a line `---`. Blanks may follow the dashes.
fn split(text: &str) -> Option<(&str, &str)> {
    let is_rule = |line: &str| line.trim_end_matches(['\n', '\r', ' ', '\t']) == "---";
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|line| line.ends_with('\n') && is_rule(line))?;
    let mut end = first.len();
    for line in lines {
        if is_rule(line) {
            return Some((&text[first.len()..end], &text[end + line.len()..]));
        }
        end += line.len();
    }
    None
}

/// `Argument_Hint`, `argument-hint` and `argumentHint` are one key.
fn folded(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// A list, or a string divided at commas; without repetitions.
fn tags(field: Field) -> Vec<String> {
    let items = match field {
        Field::List(items) => items,
        Field::Text(text) => text.split(',').map(str::to_owned).collect(),
    };
    let mut seen = HashSet::new();
    let tags = items.iter().map(|item| item.trim()).filter(|tag| !tag.is_empty() && seen.insert(*tag));
    tags.map(str::to_owned).collect()
}

/// `key: value` of every line that is not indented, for frontmatter that is not YAML. The lines below `key: |` or
/// `key: >` are its value, joined by spaces.
fn key_value_lines(block: &str) -> Vec<(String, Field)> {
    let mut fields = Vec::new();
    let mut lines = block.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with([' ', '\t', '#', '-']) {
            continue;
        }
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        let field = if matches!(value, "|" | ">" | "|-" | ">-" | "|+" | ">+") {
            let mut parts = Vec::new();
            while let Some(part) = lines.next_if(|next| next.is_empty() || next.starts_with([' ', '\t'])) {
                parts.push(part.trim());
            }
            Field::Text(parts.join(" "))
        } else if let Some(items) = value.strip_prefix('[').and_then(|v| v.strip_suffix(']')) {
            Field::List(items.split(',').map(|item| unquoted(item.trim()).to_owned()).collect())
        } else {
            Field::Text(unquoted(value).to_owned())
        };
        fields.push((key.trim().to_owned(), field));
    }
    fields
}

fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote).and_then(|t: &str| t.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

fn description_from(body: &str) -> Option<String> {
    let line = body.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    Some(line.chars().take(DESCRIPTION_FROM_BODY).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> String {
        let Frontmatter { name, metadata: m } = parse(text);
        let all =
            [("n", name), ("t", m.title), ("d", m.description), ("v", m.version), ("a", m.author), ("l", m.license)];
        let mut shown: Vec<_> = all.into_iter().filter_map(|(k, v)| Some(format!("{k}={}", v?))).collect();
        if !m.tags.is_empty() {
            shown.push(format!("tags={}", m.tags.join("|")));
        }
        shown.join(";")
    }

    #[test]
    fn frontmatter_as_it_is_written() {
        for (text, want) in [
            ("---\nname: pdf\ndescription: Reads\nversion: 1.0\n---\nBody\n", "n=pdf;d=Reads;v=1.0"),
            ("\u{feff}---\r\nname: pdf\r\ndescription: Reads\r\n---\r\nBody", "n=pdf;d=Reads"),
            ("\n \n---\nname: x\ndescription: D\n---", "n=x;d=D"),
            ("--- \t\nname: x\n---\t\nBody", "n=x;d=Body"),
            ("---\nTitle: T\nLICENSE: MIT\nAu-thor: me\ndescription: d\n---\n", "t=T;d=d;a=me;l=MIT"),
            ("---\ntags: [b, a, b]\ndescription: d\n---\n", "d=d;tags=b|a"),
            ("---\ntags:\n  - b\n  - a\ndescription: d\n---\n", "d=d;tags=b|a"),
            ("---\ntags: b, a ,,c\ndescription: d\n---\n", "d=d;tags=b|a|c"),
            ("---\ndescription: |\n  one\n  two\n---\n", "d=one\ntwo"),
            ("---\ndescription: >\n  one\n  two\n---\n", "d=one two"),
            ("---\ndescription: \"a: 'b' \\u00e9\"\nname: 'it''s'\n---\n", "n=it's;d=a: 'b' é"),
            ("---\ndescription:\nname: ~\n---\nBody", "d=Body"),
            ("---\nname: first\nname: second\ndescription: d\n---\n", "n=second;d=d"),
            ("---\n---\n# H\nBody\n\n---\nmore", "d=Body"),
            ("---\nmetadata:\n  version: 2\n  name: no\ndescription: d\n---\n", "d=d"),
        ] {
            assert_eq!(fields(text), want, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_yaml_is_read_by_lines() {
        for (text, want) in [
            ("---\nname: x\nargument-hint: [a] [b]\ndescription: Use: this\n---\n", "n=x;d=Use: this"),
            ("---\ndescription: Use: \"this\"\nversion: '2'\ntags: [a, 'b']\n---\n", "d=Use: \"this\";v=2;tags=a|b"),
            ("---\nx: y: z\ndescription: >-\n  one\n\n  two\nname: n\n---\n", "n=n;d=one  two"),
            ("---\nx: y: z\n  name: nested\n# title: no\n---\nBody", "d=Body"),
        ] {
            assert_eq!(fields(text), want, "{text:?}");
        }
    }

    #[test]
    fn the_body_describes_when_nothing_else_does() {
        for (text, want) in [
            ("# Title\n\n  First line.  \nsecond", "d=First line."),
            ("", ""),
            ("# only\n## headings\n", ""),
            ("---\nname: never closed\n", "d=---"),
            ("text\n---\nname: x\n---\n", "d=text"),
            ("---x\nname: y\n---\n", "d=---x"),
        ] {
            assert_eq!(fields(text), want, "{text:?}");
        }
        assert_eq!(parse(&"é".repeat(300)).metadata.description.map(|d| d.chars().count()), Some(200));
    }

    #[test]
    fn huge_frontmatter_is_skipped() {
        let text = format!("---\nname: x\nfill: {}\n---\nBody\n", "y".repeat(MAX_FRONTMATTER));
        assert_eq!(fields(&text), "d=Body");
    }

    #[test]
    fn the_manifest_counts_more_than_the_files() {
        let of = |title: Option<&str>, version: Option<&str>, tags: &[&str]| Metadata {
            title: title.map(str::to_owned),
            version: version.map(str::to_owned),
            tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            ..Metadata::default()
        };
        let both = complete(of(Some("m"), None, &[]), of(Some("f"), Some("1"), &["t"]));
        assert_eq!(both, of(Some("m"), Some("1"), &["t"]));
        assert_eq!(complete(of(None, None, &["m"]), of(None, None, &["f"])).tags, ["m"]);
    }

    #[test]
    fn where_metadata_is() {
        use MetadataFile::{Itself, Within};
        use TreeKind::{Directory, File};
        for (kind, tree, want) in [
            (ArtifactType::Skill, Directory, Within(&["SKILL.md"])),
            (ArtifactType::Command, Directory, Within(&["COMMAND.md", "command.md"])),
            (ArtifactType::Command, File, Itself),
            (ArtifactType::Agent, File, Itself),
            (ArtifactType::RuleFile, File, Itself),
            (ArtifactType::ProjectConfig, File, Itself),
            (ArtifactType::Composite, Directory, Within(&["COMPOSITE.md", "PLUGIN.md"])),
            (ArtifactType::Hook, Directory, MetadataFile::None),
            (ArtifactType::Workflow, File, MetadataFile::None),
            (ArtifactType::RuleFile, Directory, MetadataFile::None),
        ] {
            assert_eq!(metadata_file(kind, tree), want, "{kind} {tree:?}");
        }
    }

    #[test]
    fn the_head_of_a_file_says_what_all_of_it_says() {
        let rest = "text\n---\n".repeat(5_000);
        for start in [
            "---\nname: x\n---\n",
            "\u{feff}---\nname: x\n---\n",
            "\n\n--- \nname: x\n---\t\n# H\n",
            "---\nname: x\n",
            "# H\n\n",
            "",
        ] {
            let text = format!("{start}{rest}");
            let head = head(text.as_bytes());
            assert_eq!(parse(std::str::from_utf8(head).expect("ASCII but for the mark")), parse(&text), "{start:?}");
            assert!(head.len() <= start.len() + "text\n---\n".len() * 2 + BODY, "{start:?}");
        }
    }
}
