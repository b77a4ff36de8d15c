//! Asking in the tests as a client does.

use super::super::encoding::Asked;
use super::params;
use serde_json::Value;
use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::request::Request;

/// What a method with these parameters asks for.
pub(super) fn ask(method: &str, params: Value) -> Result<Request, ErrorCode> {
    let Value::Object(params) = params else { panic!("an object") };
    match params::read(method, params) {
        Ok(Asked::Call(call)) => Ok(call.request),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.code),
    }
}
