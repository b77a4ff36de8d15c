//! Method names, and parameters as people write them.
//!
//! Artifact types and states are accepted in every spelling that files and the command line accept, and normalised
//! here, at the edge; everything behind sees the closed enums.

use super::super::encoding::Asked;
use super::{across, branches, conflicts, history, operations, versions};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::error::{ErrorCode, WireError};
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType};
use skillmeat_protocol::request::{Call, Format, Freshness, Request};

/// The methods that change no artifact, as `hello` lists them.
pub(super) const METHODS: [&str; 18] = [
    "hello",
    "status",
    "list",
    "show",
    "diff",
    "projects.list",
    "projects.add",
    "projects.remove",
    "projects.discover",
    "collections.list",
    "collections.show",
    "subscribe",
    "sync",
    "verify",
    "health",
    "metrics",
    "init",
    "shutdown",
];

/// Every method.
pub(super) fn methods() -> impl Iterator<Item = &'static str> {
    METHODS
        .into_iter()
        .chain(operations::METHODS)
        .chain(versions::METHODS)
        .chain(history::METHODS)
        .chain(branches::METHODS)
        .chain(across::METHODS)
        .chain(conflicts::METHODS)
}

/// Reads a request.
///
/// # Errors
/// `UnknownMethod`, `InvalidParams`.
pub(super) fn read(method: &str, mut params: Map<String, Value>) -> Result<Asked, WireError> {
    params.retain(|_, value| !value.is_null());
    let freshness: Freshness = member(&params, "freshness")?.unwrap_or_default();
    let deadline_ms: u32 = member(&params, "deadline_ms")?.unwrap_or(0);
    fold(&mut params, "type", |text| text.parse().map(ArtifactType::as_str).map_err(|e| invalid(&e)))?;
    fold(&mut params, "types", |text| text.parse().map(ArtifactType::as_str).map_err(|e| invalid(&e)))?;
    fold(&mut params, "states", |text| text.parse().map(DriftState::as_str).map_err(|e: String| invalid(&e)))?;
    let request = match method {
        "hello" => return Ok(Asked::Hello),
        "status" => Request::Status(whole(params)?),
        "list" => Request::List(whole(params)?),
        "show" => {
            if let Some(artifact) = member::<String>(&params, "artifact")? {
                let key: ArtifactKey = artifact.parse().map_err(|e: String| invalid(&e))?;
                params.insert("type".to_owned(), key.kind.as_str().into());
                params.insert("name".to_owned(), key.name.into());
            }
            Request::Show(whole(params)?)
        }
        "diff" => {
            fold(&mut params, "artifact", operations::artifact)?;
            Request::Diff(whole(params)?)
        }
        "projects.list" => Request::Projects,
        "projects.add" => Request::ProjectAdd(whole(params)?),
        "projects.remove" => Request::ProjectRemove(whole(params)?),
        "projects.discover" => Request::Discover(whole(params)?),
        "collections.list" => Request::Collections,
        "collections.show" => Request::CollectionShow(whole(params)?),
        "subscribe" => Request::Subscribe(whole(params)?),
        "sync" => Request::Sync(whole(params)?),
        "verify" => Request::Verify(whole(params)?),
        "health" => Request::Health,
        "metrics" => Request::Metrics,
        "init" => Request::Init,
        "shutdown" => Request::Shutdown(whole(params)?),
        _ if versions::METHODS.contains(&method) => versions::read(method, params)?,
        _ if branches::METHODS.contains(&method) => branches::read(method, params)?,
        _ if history::METHODS.contains(&method) => history::read(method, params)?,
        _ if across::METHODS.contains(&method) => across::read(method, params)?,
        _ if conflicts::METHODS.contains(&method) => conflicts::read(method, params)?,
        _ => operations::read(method, params)?.ok_or_else(|| {
            let known: Vec<_> = methods().collect();
            WireError::new(ErrorCode::UnknownMethod, format!("there is no method '{method}'"))
                .hint(format!("methods: {}", known.join(", ")))
        })?,
    };
    Ok(Asked::Call(Box::new(Call { freshness, deadline_ms, format: Format::Json, request })))
}

pub(super) fn whole<T: DeserializeOwned>(params: Map<String, Value>) -> Result<T, WireError> {
    T::deserialize(Value::Object(params)).map_err(|error| invalid(&error))
}

pub(super) fn member<T: DeserializeOwned>(params: &Map<String, Value>, name: &str) -> Result<Option<T>, WireError> {
    let read = |value| T::deserialize(value).map_err(|error| invalid(&format_args!("{name}: {error}")));
    params.get(name).map(read).transpose()
}

/// Replaces a text, or each text of a list, by its normal spelling. What is no text is left for the reader to refuse.
pub(super) fn fold<N: Into<Value>>(
    params: &mut Map<String, Value>,
    name: &str,
    normal: impl Fn(&str) -> Result<N, WireError>,
) -> Result<(), WireError> {
    let values: &mut [Value] = match params.get_mut(name) {
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_mut(value),
        None => return Ok(()),
    };
    for value in values {
        if let Value::String(text) = value {
            *value = normal(text)?.into();
        }
    }
    Ok(())
}

pub(super) fn invalid(why: &dyn std::fmt::Display) -> WireError {
    WireError::new(ErrorCode::InvalidParams, why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use skillmeat_protocol::request::{Detail, Scope, ShowQuery, StatusQuery};

    fn ask(method: &str, params: Value) -> Result<Call, ErrorCode> {
        let Value::Object(params) = params else { panic!("an object") };
        match read(method, params) {
            Ok(Asked::Call(call)) => Ok(*call),
            Ok(Asked::Hello) => panic!("hello"),
            Err(error) => Err(error.code),
        }
    }

    #[test]
    fn every_listed_method_is_known() {
        for method in methods() {
            let known = ask_any(method);
            assert!(known, "{method}");
        }
        assert!(!ask_any("statuses") && methods().any(|method| method == "shutdown"));
    }

    fn ask_any(method: &str) -> bool {
        !matches!(read(method, Map::new()), Err(error) if error.code == ErrorCode::UnknownMethod)
    }

    #[test]
    fn parameters_are_read_as_people_write_them() {
        let given = json!({
            "scope": {"containing": "/w/app/src"}, "types": ["mcp-server", "Skills"], "states": ["in-sync"], "detail": "all",
            "collections": null, "freshness": "cached", "deadline_ms": 40, "colour": "blue",
        });
        let want = StatusQuery {
            scope: Scope::Containing("/w/app/src".into()),
            types: vec![ArtifactType::Mcp, ArtifactType::Skill],
            states: vec![DriftState::InSync],
            detail: Detail::All,
            ..StatusQuery::default()
        };
        let call = ask("status", given).expect("valid");
        assert_eq!((call.request, call.freshness, call.deadline_ms), (Request::Status(want), Freshness::Cached, 40));
        assert_eq!(ask("status", json!({})).expect("valid").request, Request::Status(StatusQuery::default()));
        let shown = Request::Show(ShowQuery { key: "skill:pdf".parse().expect("key"), collection: None });
        assert_eq!(ask("show", json!({"type": "skills", "name": "pdf"})).expect("valid").request, shown);
        assert_eq!(ask("show", json!({"artifact": "skill:pdf.md"})).expect("valid").request, shown);
    }

    #[test]
    fn wrong_parameters_say_so() {
        for (method, params) in [
            ("status", json!({"scope": "some"})),
            ("status", json!({"types": ["spell"]})),
            ("status", json!({"states": 7})),
            ("status", json!({"deadline_ms": -1})),
            ("status", json!({"freshness": "warm"})),
            ("show", json!({"name": "pdf"})),
            ("show", json!({"artifact": "pdf"})),
            ("projects.add", json!({})),
            ("subscribe", json!({"since": "yesterday"})),
        ] {
            assert_eq!(ask(method, params.clone()).err(), Some(ErrorCode::InvalidParams), "{method} {params}");
        }
    }
}
