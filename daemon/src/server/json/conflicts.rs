//! Methods about conflicts: parameters as people write them.

use super::operations::{artifact, with};
use super::params::{fold, member, whole};
use serde_json::{Map, Value};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::request::{Operate, Operation, Request};

/// The methods read here, as `hello` lists them.
pub(super) const METHODS: [&str; 6] = [
    "conflicts.list",
    "conflicts.show",
    "conflicts.read",
    "conflicts.resolve",
    "conflicts.continue",
    "conflicts.abort",
];

/// Reads a request of one of [`METHODS`].
///
/// # Errors
/// `InvalidParams`.
pub(super) fn read(method: &str, mut params: Map<String, Value>) -> Result<Request, WireError> {
    const NAMED: [&str; 2] = ["artifact", "project"];
    fold(&mut params, "artifact", artifact)?;
    let dry_run = member(&params, "dry_run")?.unwrap_or(false);
    Ok(match method {
        "conflicts.list" => Request::ConflictList(whole(params)?),
        "conflicts.show" => Request::ConflictShow(with(&NAMED, params)?),
        "conflicts.read" => Request::ConflictRead(with(&["artifact", "project", "side"], params)?),
        "conflicts.resolve" => Request::Resolve(with(&["artifact", "project", "choice"], params)?),
        "conflicts.continue" => {
            Request::Operate(Operate { dry_run, operation: Operation::ConflictContinue(with(&NAMED, params)?) })
        }
        _ => Request::Operate(Operate { dry_run, operation: Operation::ConflictAbort(with(&NAMED, params)?) }),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::ask;
    use super::*;
    use serde_json::json;
    use skillmeat_protocol::bytes::Bytes;
    use skillmeat_protocol::error::ErrorCode;
    use skillmeat_protocol::request::{
        ConflictChoice, ConflictListQuery, ConflictName, ConflictRead, ConflictShow, ConflictSide, Resolve,
    };

    #[test]
    fn every_member_of_every_method_is_read() {
        let some = |text: &str| Some(text.to_owned());
        let conflict =
            || ConflictName { artifact: "skill:pdf".to_owned(), project: "app".to_owned(), profile: some("codex") };
        let file = || Bytes::from(&b"a/b.md"[..]);
        let named = json!({"artifact": "Skills:pdf.md", "project": "app", "profile": "codex"});
        let also = |more: Value| {
            let mut all = named.clone();
            let more = more.as_object().expect("an object").clone();
            all.as_object_mut().expect("an object").extend(more);
            all
        };
        let resolve = |choice, file| Request::Resolve(Resolve { conflict: conflict(), file, choice });
        let operate = |dry_run, operation| Request::Operate(Operate { dry_run, operation });
        let table = [
            (
                "conflicts.list",
                json!({"project": "app", "closed": true, "limit": 7, "cursor": "9"}),
                Request::ConflictList(ConflictListQuery {
                    project: some("app"),
                    closed: true,
                    limit: 7,
                    cursor: some("9"),
                }),
            ),
            (
                "conflicts.show",
                also(json!({"file": "a/b.md"})),
                Request::ConflictShow(ConflictShow { conflict: conflict(), file: Some(file()) }),
            ),
            (
                "conflicts.read",
                also(json!({"file": "a/b.md", "side": "marked", "from": 7})),
                Request::ConflictRead(ConflictRead {
                    conflict: conflict(),
                    file: file(),
                    side: ConflictSide::Marked,
                    from: 7,
                }),
            ),
            (
                "conflicts.resolve",
                also(json!({"file": "a/b.md", "choice": {"content": "/x"}})),
                resolve(ConflictChoice::Content("/x".to_owned()), Some(file())),
            ),
            ("conflicts.continue", named.clone(), operate(false, Operation::ConflictContinue(conflict()))),
            ("conflicts.abort", also(json!({"dry_run": true})), operate(true, Operation::ConflictAbort(conflict()))),
        ];
        assert_eq!(table.each_ref().map(|(method, ..)| *method), METHODS, "each method is tried");
        for (method, params, want) in table {
            assert_eq!(ask(method, params), Ok(want), "{method}");
        }
        let both = also(json!({"choice": "both"}));
        assert_eq!(ask("conflicts.resolve", both), Ok(resolve(ConflictChoice::Both, None)));
    }

    #[test]
    fn what_it_cannot_do_without_is_asked_for() {
        for (method, params) in [
            ("conflicts.show", json!({"artifact": "skill:pdf"})),
            ("conflicts.read", json!({"artifact": "skill:pdf", "project": "app"})),
            ("conflicts.resolve", json!({"artifact": "skill:pdf", "project": "app"})),
            ("conflicts.resolve", json!({"artifact": "skill:pdf", "project": "app", "choice": "mine"})),
            ("conflicts.continue", json!({"project": "app"})),
            ("conflicts.abort", json!({"artifact": "spell:pdf", "project": "app"})),
        ] {
            assert_eq!(ask(method, params.clone()), Err(ErrorCode::InvalidParams), "{method} {params}");
        }
    }
}
