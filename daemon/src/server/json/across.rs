//! Methods about one artifact in many projects: parameters as people write them.

use super::operations::{artifact, missing, with};
use super::params::{fold, member, whole};
use serde_json::{Map, Value};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::request::{FanOut, Operate, Operation, Request};

/// The methods read here, as `hello` lists them.
pub(super) const METHODS: [&str; 3] = ["blast_radius", "promote", "fan_out"];

/// Reads a request of one of [`METHODS`].
///
/// # Errors
/// `InvalidParams`.
pub(super) fn read(method: &str, mut params: Map<String, Value>) -> Result<Request, WireError> {
    for name in ["artifact", "artifacts"] {
        fold(&mut params, name, artifact)?;
    }
    let dry_run = member(&params, "dry_run")?.unwrap_or(false);
    let operation = match method {
        "blast_radius" => return Ok(Request::BlastRadius(with(&["artifact"], params)?)),
        "promote" => Operation::Promote(with(&["project", "artifact"], params)?),
        _ => {
            let fan_out: FanOut = whole(params)?;
            if fan_out.which.artifacts.is_empty() && fan_out.which.group.is_none() && !fan_out.which.all {
                return Err(missing("artifacts"));
            }
            Operation::FanOut(fan_out)
        }
    };
    Ok(Request::Operate(Operate { dry_run, operation }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::ask;
    use super::*;
    use serde_json::json;
    use skillmeat_protocol::error::ErrorCode;
    use skillmeat_protocol::request::{BlastRadiusQuery, Profiles, Promote, Strategy, Which};

    #[test]
    fn every_member_of_every_method_is_read() {
        let some = |text: &str| Some(text.to_owned());
        let radius = BlastRadiusQuery { artifact: "skill:pdf".into(), collection: some("team") };
        let promote = Promote {
            project: "app".into(),
            artifact: "skill:pdf".into(),
            profiles: Profiles { profiles: vec!["codex".into()], all_profiles: false },
            strategy: Some(Strategy::Overwrite),
            force: true,
            fan_out: true,
        };
        let which = Which { artifacts: vec!["skill:pdf".into()], group: some("g"), all: true };
        let fan_out = FanOut { which, collection: some("team"), include_merges: true };
        let operate = |operation| Request::Operate(Operate { dry_run: true, operation });
        let table = [
            ("blast_radius", json!({"artifact": "Skills:pdf.md", "collection": "team"}), Request::BlastRadius(radius)),
            (
                "promote",
                json!({"artifact": "Skills:pdf.md", "project": "app", "profiles": ["codex"], "strategy": "overwrite",
                    "force": true, "fan_out": true, "dry_run": true}),
                operate(Operation::Promote(promote)),
            ),
            (
                "fan_out",
                json!({"artifacts": ["Skills:pdf.md"], "group": "g", "all": true, "collection": "team",
                    "include_merges": true, "dry_run": true}),
                operate(Operation::FanOut(fan_out)),
            ),
        ];
        assert_eq!(table.each_ref().map(|(method, ..)| *method), METHODS, "each method is tried");
        for (method, params, want) in table {
            assert_eq!(ask(method, params), Ok(want), "{method}");
        }
    }

    #[test]
    fn what_it_cannot_do_without_is_asked_for() {
        for (method, params) in [
            ("blast_radius", json!({})),
            ("blast_radius", json!({"artifact": "spell:pdf"})),
            ("promote", json!({"artifact": "skill:pdf"})),
            ("promote", json!({"project": "app"})),
            ("promote", json!({"project": "app", "artifact": "skill:pdf", "strategy": "best"})),
            ("fan_out", json!({})),
            ("fan_out", json!({"artifacts": [], "include_merges": true})),
        ] {
            assert_eq!(ask(method, params.clone()), Err(ErrorCode::InvalidParams), "{method} {params}");
        }
    }
}
