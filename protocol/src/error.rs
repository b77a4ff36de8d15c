//! Errors on the wire: a stable code, what happened, what to do, and where.

use crate::codec::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Stable error names. Order is the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A parameter is missing or malformed.
    InvalidParams,
    /// No such method.
    UnknownMethod,
    /// The bytes are not a message.
    ParseError,
    /// The directory belongs to no registered project.
    NotRegistered,
    /// The named project, collection or artifact does not exist.
    NotFound,
    /// It is already there.
    AlreadyExists,
    /// A name fits more than one thing.
    Ambiguous,
    /// A path cannot be used: not absolute, not UTF-8, not a directory, outside its root.
    BadPath,
    /// A file could not be read or written.
    Io,
    /// The answer exceeds what one reply may hold.
    TooLarge,
    /// The request outlived its deadline.
    DeadlineExceeded,
    /// The daemon is stopping.
    ShuttingDown,
    /// Client and daemon speak different protocols.
    VersionMismatch,
    /// Refused: another user, or an older client asking a newer daemon to stop.
    Refused,
    /// A defect in the daemon; the log has it.
    Internal,
}

impl ErrorCode {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidParams => "invalid_params",
            Self::UnknownMethod => "unknown_method",
            Self::ParseError => "parse_error",
            Self::NotRegistered => "not_registered",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Ambiguous => "ambiguous",
            Self::BadPath => "bad_path",
            Self::Io => "io",
            Self::TooLarge => "too_large",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::ShuttingDown => "shutting_down",
            Self::VersionMismatch => "version_mismatch",
            Self::Refused => "refused",
            Self::Internal => "internal",
        }
    }

    /// The number in a JSON-RPC error object.
    pub const fn json_rpc(self) -> i32 {
        match self {
            Self::ParseError => -32700,
            Self::UnknownMethod => -32601,
            Self::InvalidParams => -32602,
            Self::Internal => -32603,
            _ => -32000,
        }
    }
}

/// An error for a person or a program.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct WireError {
    /// Stable name.
    pub code: ErrorCode,
    /// What happened; lower case, no full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The file or directory concerned.
    pub path: Option<String>,
}

impl WireError {
    /// An error without hint or path.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, path: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the file or directory concerned.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for WireError {}

/// Exit codes of `skillmeat`.
pub mod exit {
    /// Done; with `--exit-code`, nothing drifted.
    pub const OK: u8 = 0;
    /// With `--exit-code`: something drifted.
    pub const DRIFT: u8 = 1;
    /// With `--exit-code`: something needs a decision.
    pub const CONFLICT: u8 = 2;
    /// The request failed.
    pub const FAILED: u8 = 3;
    /// No daemon, and none could be started.
    pub const NO_DAEMON: u8 = 4;
    /// The command line is wrong.
    pub const USAGE: u8 = 64;
}
