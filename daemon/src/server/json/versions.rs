//! Methods about versions of artifacts: parameters as people write them.

use super::operations::{artifact, missing, with};
use super::params::{fold, member};
use serde_json::{Map, Value};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::request::{Operate, Operation, Request, VersionTag};

/// The methods read here, as `hello` lists them.
pub(super) const METHODS: [&str; 6] =
    ["versions.list", "versions.graph", "versions.show", "versions.restore", "versions.tag", "versions.untag"];

/// Reads a request of one of [`METHODS`].
///
/// # Errors
/// `InvalidParams`.
pub(super) fn read(method: &str, mut params: Map<String, Value>) -> Result<Request, WireError> {
    fold(&mut params, "artifact", artifact)?;
    Ok(match method {
        "versions.list" => Request::Versions(with(&["artifact"], params)?),
        "versions.graph" => Request::VersionGraph(with(&["artifact"], params)?),
        "versions.show" => Request::VersionShow(with(&["artifact", "version"], params)?),
        "versions.restore" => {
            let dry_run = member(&params, "dry_run")?.unwrap_or(false);
            let operation = Operation::Restore(with(&["artifact", "version"], params)?);
            Request::Operate(Operate { dry_run, operation })
        }
        "versions.tag" => Request::VersionTag(with(&["artifact", "version", "tag"], params)?),
        _ => {
            // One that names a version would seem to mean only that one's tag.
            params.remove("version");
            let tag: VersionTag = with(&["artifact", "tag"], params)?;
            if tag.tag.is_empty() {
                return Err(missing("tag"));
            }
            Request::VersionTag(tag)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::ask;
    use super::*;
    use serde_json::json;
    use skillmeat_protocol::error::ErrorCode;
    use skillmeat_protocol::request::{Profiles, Restore, VersionGraphQuery, VersionName, VersionsQuery};

    #[test]
    fn every_member_of_every_method_is_read() {
        let some = |text: &str| Some(text.to_owned());
        let (artifact, version) = (|| "skill:pdf".to_owned(), || "ab12".to_owned());
        let restore = Restore {
            artifact: artifact(),
            version: version(),
            project: some("app"),
            profiles: Profiles { profiles: vec!["codex".to_owned()], all_profiles: false },
            collection: some("team"),
        };
        let restore = Request::Operate(Operate { dry_run: true, operation: Operation::Restore(restore) });
        let tag = |version| Request::VersionTag(VersionTag { artifact: artifact(), version, tag: "good".to_owned() });
        let table = [
            (
                "versions.list",
                json!({"artifact": "Skills:pdf.md", "limit": 5, "before": 9}),
                Request::Versions(VersionsQuery { artifact: artifact(), limit: 5, before: Some(9) }),
            ),
            (
                "versions.graph",
                json!({"artifact": "skill:pdf"}),
                Request::VersionGraph(VersionGraphQuery { artifact: artifact() }),
            ),
            (
                "versions.show",
                json!({"artifact": "skill:pdf", "version": "ab12"}),
                Request::VersionShow(VersionName { artifact: artifact(), version: version() }),
            ),
            (
                "versions.restore",
                json!({"artifact": "skill:pdf", "version": "ab12", "project": "app", "profiles": ["codex"],
                    "collection": "team", "dry_run": true}),
                restore,
            ),
            ("versions.tag", json!({"artifact": "skill:pdf", "version": "ab12", "tag": "good"}), tag(Some(version()))),
            ("versions.untag", json!({"artifact": "skill:pdf", "version": "ab12", "tag": "good"}), tag(None)),
        ];
        assert_eq!(table.each_ref().map(|(method, ..)| *method), METHODS, "each method is tried");
        for (method, params, want) in table {
            assert_eq!(ask(method, params), Ok(want), "{method}");
        }
    }

    #[test]
    fn what_it_cannot_do_without_is_asked_for() {
        for (method, params) in [
            ("versions.list", json!({})),
            ("versions.list", json!({"artifact": "spell:pdf"})),
            ("versions.list", json!({"artifact": "skill:pdf", "before": "yesterday"})),
            ("versions.show", json!({"artifact": "skill:pdf"})),
            ("versions.restore", json!({"artifact": "skill:pdf", "project": "app"})),
            ("versions.tag", json!({"artifact": "skill:pdf", "tag": "good"})),
            ("versions.untag", json!({"artifact": "skill:pdf"})),
            ("versions.untag", json!({"artifact": "skill:pdf", "tag": ""})),
        ] {
            assert_eq!(ask(method, params.clone()), Err(ErrorCode::InvalidParams), "{method} {params}");
        }
    }
}
