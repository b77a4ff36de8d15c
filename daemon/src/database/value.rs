//! How single values stand in columns, in every database of the daemon.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Error, Result, ToSql};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactType;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::model::{RecordSchema, Timestamp, TreeKind};

/// A column holds something that this program never writes there.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not among the values of its column")]
struct Unexpected(String);

/// The error of a column that holds `text`.
pub(crate) fn unexpected(text: &str) -> FromSqlError {
    FromSqlError::other(Unexpected(text.to_owned()))
}

/// A path or file name to store: TEXT where it is Unicode, so that people can read it, else BLOB.
pub(crate) struct OsText<'a>(pub(crate) &'a OsStr);

impl<'a> OsText<'a> {
    pub(crate) fn path(path: &'a Path) -> Self {
        Self(path.as_os_str())
    }
}

impl ToSql for OsText<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(match self.0.to_str() {
            Some(text) => text.into(),
            None => os_bytes(self.0).into(),
        })
    }
}

/// A path read back.
pub(crate) struct StoredPath(pub(crate) PathBuf);

impl FromSql for StoredPath {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Text(_) => Ok(Self(value.as_str()?.into())),
            ValueRef::Blob(bytes) => Ok(Self(os_string(bytes).into())),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

#[cfg(unix)]
pub(crate) fn os_bytes(text: &OsStr) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(text).to_vec()
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(windows)]
pub(crate) fn os_bytes(text: &OsStr) -> Vec<u8> {
    std::os::windows::ffi::OsStrExt::encode_wide(text).flat_map(u16::to_le_bytes).collect()
}

#[cfg(windows)]
fn os_string(bytes: &[u8]) -> OsString {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    std::os::windows::ffi::OsStringExt::from_wide(&units)
}

/// A value stored as JSON text.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0).map_err(|e| Error::ToSqlConversionFailure(Box::new(e)))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

/// A path within JSON: a string where it is Unicode, else a list of the platform's bytes.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum JsonPath {
    Text(String),
    Bytes(Vec<u8>),
}

/// A list of paths stored as JSON text.
pub(crate) struct PathList<'a>(pub(crate) &'a [PathBuf]);

impl ToSql for PathList<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let paths = self.0.iter().map(|path| match path.to_str() {
            Some(text) => JsonPath::Text(text.to_owned()),
            None => JsonPath::Bytes(os_bytes(path.as_os_str())),
        });
        let text = serde_json::to_string(&paths.collect::<Vec<_>>());
        Ok(text.map_err(|e| Error::ToSqlConversionFailure(Box::new(e)))?.into())
    }
}

/// A list of paths read back.
pub(crate) struct StoredPaths(pub(crate) Vec<PathBuf>);

impl FromSql for StoredPaths {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let Json(paths) = Json::<Vec<JsonPath>>::column_result(value)?;
        let restored = paths.into_iter().map(|path| match path {
            JsonPath::Text(text) => text.into(),
            JsonPath::Bytes(bytes) => os_string(&bytes).into(),
        });
        Ok(Self(restored.collect()))
    }
}

/// A value of the domain, in its column form. Names are those of the schema's checks.
pub(crate) struct Col<T>(pub(crate) T);

impl ToSql for Col<ContentHash> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(self.0.0.as_slice().into())
    }
}

impl FromSql for Col<ContentHash> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(|bytes| Self(ContentHash(bytes)))
    }
}

impl ToSql for Col<Timestamp> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(self.0.0.into())
    }
}

impl FromSql for Col<Timestamp> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|micros| Self(Timestamp(micros)))
    }
}

/// Unsigned 64 bits as SQLite's signed ones: inode and device numbers use the highest bit.
impl ToSql for Col<u64> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(self.0.cast_signed().into())
    }
}

impl FromSql for Col<u64> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|bits| Self(bits.cast_unsigned()))
    }
}

/// Enums stand in columns by name.
macro_rules! named {
    ($type:ty, $all:expr, $name:expr) => {
        impl rusqlite::ToSql for $crate::database::value::Col<$type> {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                let name: fn($type) -> &'static str = $name;
                Ok(name(self.0).into())
            }
        }

        impl rusqlite::types::FromSql for $crate::database::value::Col<$type> {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                let name: fn($type) -> &'static str = $name;
                let text = value.as_str()?;
                let found = $all.into_iter().find(|known| name(*known) == text);
                found.map(Self).ok_or_else(|| $crate::database::value::unexpected(text))
            }
        }
    };
}
pub(crate) use named;

named!(ArtifactType, ArtifactType::ALL, ArtifactType::as_str);
named!(DriftState, DriftState::ALL, DriftState::as_str);
named!(TreeKind, [TreeKind::File, TreeKind::Directory], |kind| match kind {
    TreeKind::File => "file",
    TreeKind::Directory => "directory",
});
named!(RecordSchema, [RecordSchema::Deployed, RecordSchema::Sync, RecordSchema::Plan], |schema| match schema {
    RecordSchema::Deployed => "deployed",
    RecordSchema::Sync => "sync",
    RecordSchema::Plan => "plan",
});
