//! Methods about the history as a whole: parameters as people write them.

use super::operations::artifact;
use super::params::{fold, whole};
use serde_json::{Map, Value};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::request::Request;

/// The methods read here, as `hello` lists them.
pub(super) const METHODS: [&str; 3] = ["history.list", "history.gc", "history.verify"];

/// Reads a request of one of [`METHODS`].
///
/// # Errors
/// `InvalidParams`.
pub(super) fn read(method: &str, mut params: Map<String, Value>) -> Result<Request, WireError> {
    fold(&mut params, "artifact", artifact)?;
    Ok(match method {
        "history.list" => Request::History(whole(params)?),
        "history.gc" => Request::HistoryGc(whole(params)?),
        _ => Request::HistoryVerify,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::ask;
    use super::*;
    use serde_json::json;
    use skillmeat_protocol::error::ErrorCode;
    use skillmeat_protocol::request::{HistoryGc, HistoryQuery};

    #[test]
    fn every_member_of_every_method_is_read() {
        let some = |text: &str| Some(text.to_owned());
        let query = HistoryQuery {
            artifact: some("skill:pdf"),
            project: some("app"),
            collection: some("team"),
            since: some("7d"),
            limit: 5,
            before: some("7o1"),
        };
        let params = json!({"artifact": "Skills:pdf.md", "project": "app", "collection": "team", "since": "7d", "limit": 5,
            "before": "7o1"});
        let table = [
            ("history.list", params, Request::History(query)),
            (
                "history.gc",
                json!({"dry_run": true, "days": 7}),
                Request::HistoryGc(HistoryGc { dry_run: true, days: Some(7) }),
            ),
            ("history.verify", json!({}), Request::HistoryVerify),
        ];
        assert_eq!(table.each_ref().map(|(method, ..)| *method), METHODS, "each method is tried");
        for (method, params, want) in table {
            assert_eq!(ask(method, params), Ok(want), "{method}");
        }
        assert_eq!(ask("history.list", json!({})), Ok(Request::History(HistoryQuery::default())));
        for (method, params) in [
            ("history.list", json!({"artifact": "spell:pdf"})),
            ("history.list", json!({"since": 7})),
            ("history.gc", json!({"days": -1})),
        ] {
            assert_eq!(ask(method, params.clone()), Err(ErrorCode::InvalidParams), "{method} {params}");
        }
    }
}
