//! Texts of the files that a fresh home has, byte for byte as the original writes them (formats-core §1.1, §1.2, §2).

use super::edit::dialect::basic_string;
use crate::model::Timestamp;

/// `config.toml`.
pub const DEFAULT_CONFIG: &str = "\
[settings]
default-collection = \"default\"
update-strategy = \"prompt\"

[analytics]
enabled = true
retention-days = 90

[artifact_search]
indexing_mode = \"opt_in\"
";

/// `collection.lock` of a collection without artifacts.
pub const EMPTY_LOCK: &str = "[lock]\nversion = \"1.0.0\"\n\n[lock.entries]\n";

/// `collection.toml` of a collection without artifacts. The empty list comes first because the original writes plain
/// values before tables, and its times are UTC without `Z`.
pub fn empty_collection(name: &str, created: Timestamp) -> String {
    let at = created.to_string();
    let at = at.trim_end_matches('Z');
    let name = basic_string(name);
    format!(
        "artifacts = []\n\n[collection]\nname = {name}\nversion = \"1.0.0\"\ncreated = \"{at}\"\nupdated = \"{at}\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::{config, lock, manifest};
    use std::path::Path;

    #[test]
    fn what_is_written_reads_back_without_problems() {
        let text = empty_collection("tëam \"x\\y\"\t\n\u{7f}", Timestamp(1_795_248_682_781_486));
        assert!(
            text.starts_with("artifacts = []\n\n[collection]\nname = \"tëam \\\"x\\\\y\\\"\t\\n\\u007f\"\n"),
            "{text}"
        );
        assert!(text.ends_with("created = \"2026-11-21T08:11:22.781486\"\nupdated = \"2026-11-21T08:11:22.781486\"\n"));
        let read = manifest::parse(text.as_bytes(), Path::new("/c"));
        assert_eq!((read.name.as_deref(), read.problems), (Some("tëam \"x\\y\"\t\n\u{7f}"), vec![]));
        assert_eq!(lock::parse(EMPTY_LOCK.as_bytes(), Path::new("/l")), (vec![], vec![]));
        let (config, problems) = config::parse(DEFAULT_CONFIG.as_bytes(), Path::new("/c"), Path::new("/h"));
        assert_eq!((config, problems), (config::Config::default(), vec![]));
    }
}
