//! Methods about branches of artifacts: parameters as people write them.

use super::operations::{artifact, with};
use super::params::{fold, member};
use serde_json::{Map, Value};
use skillmeat_protocol::error::WireError;
use skillmeat_protocol::request::{BranchQuery, Operate, Operation, Request};

/// The methods read here, as `hello` lists them.
pub(super) const METHODS: [&str; 5] =
    ["branches.list", "branches.create", "branches.delete", "branches.switch", "branches.followers"];

/// Reads a request of one of [`METHODS`].
///
/// # Errors
/// `InvalidParams`.
pub(super) fn read(method: &str, mut params: Map<String, Value>) -> Result<Request, WireError> {
    fold(&mut params, "artifact", artifact)?;
    Ok(match method {
        "branches.list" => Request::Branches(BranchQuery::List(with(&["artifact"], params)?)),
        "branches.followers" => Request::Branches(BranchQuery::Followers(with(&["artifact"], params)?)),
        "branches.create" => Request::Branches(BranchQuery::Create(with(&["artifact", "branch"], params)?)),
        "branches.delete" => Request::Branches(BranchQuery::Delete(with(&["artifact", "branch"], params)?)),
        _ => {
            let dry_run = member(&params, "dry_run")?.unwrap_or(false);
            let operation = Operation::Switch(with(&["artifact", "branch"], params)?);
            Request::Operate(Operate { dry_run, operation })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::ask;
    use super::*;
    use serde_json::json;
    use skillmeat_protocol::error::ErrorCode;
    use skillmeat_protocol::request::{
        BranchCreate, BranchDelete, BranchList, Deploy, DeployBranch, PushBranch, Switch, Transfer, Which,
    };

    #[test]
    fn every_member_of_every_method_is_read() {
        let some = |text: &str| Some(text.to_owned());
        let (artifact, branch, collection) = (|| "skill:pdf".to_owned(), || "next".to_owned(), || some("team"));
        let create =
            BranchCreate { artifact: artifact(), branch: branch(), at: some("ab12"), collection: collection() };
        let delete = BranchDelete { artifact: artifact(), branch: branch(), collection: collection() };
        let switch = Operation::Switch(Switch { artifact: artifact(), branch: branch(), collection: collection() });
        let named = json!({"artifact": "Skills:pdf.md", "branch": "next", "collection": "team", "at": "ab12",
            "dry_run": true});
        let list = BranchList { artifact: artifact(), collection: collection() };
        let table = [
            ("branches.list", Request::Branches(BranchQuery::List(list.clone()))),
            ("branches.create", Request::Branches(BranchQuery::Create(create))),
            ("branches.delete", Request::Branches(BranchQuery::Delete(delete))),
            ("branches.switch", Request::Operate(Operate { dry_run: true, operation: switch })),
            ("branches.followers", Request::Branches(BranchQuery::Followers(list))),
        ];
        assert_eq!(table.each_ref().map(|(method, _)| *method), METHODS, "each method is tried");
        for (method, want) in table {
            assert_eq!(ask(method, named.clone()), Ok(want), "{method}");
            assert_eq!(ask(method, json!({})), Err(ErrorCode::InvalidParams), "{method}");
        }
        let deploy = Deploy {
            which: Which { artifacts: vec![artifact()], ..Which::default() },
            projects: vec!["app".to_owned()],
            ..Deploy::default()
        };
        let params = |branch: Value| json!({"artifacts": ["skill:pdf"], "projects": ["app"], "branch": branch});
        let operate = |operation| Ok(Request::Operate(Operate { dry_run: false, operation }));
        let with_branch = DeployBranch { deploy: deploy.clone(), branch: branch() };
        assert_eq!(ask("deploy", params(json!("next"))), operate(Operation::DeployBranch(with_branch)));
        assert_eq!(ask("deploy", params(Value::Null)), operate(Operation::Deploy(deploy)));
        let transfer = Transfer {
            which: Which { artifacts: vec![artifact()], ..Which::default() },
            project: "app".to_owned(),
            ..Transfer::default()
        };
        let params = |branch: Value| json!({"artifacts": ["skill:pdf"], "project": "app", "branch": branch});
        let onto = PushBranch { transfer: transfer.clone(), branch: branch() };
        assert_eq!(ask("push", params(json!("next"))), operate(Operation::PushBranch(onto)));
        assert_eq!(ask("push", params(Value::Null)), operate(Operation::Push(transfer)));
    }
}
