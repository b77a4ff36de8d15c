//! What is known of versions, and what there is to be written down of one.

use super::branches::Switch;
use super::followings::{Advance, Turn};
use crate::database::value::named;
use crate::history::{ContentId, OperationId};
use crate::model::Timestamp;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::ArtifactKey;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::PathBuf;

/// Numbers versions of all artifacts in the order in which they were first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId(pub i64);

impl VersionId {
    /// The one of this number as a request says it; later than all where there can be none.
    pub fn numbered(number: u64) -> Self {
        Self(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// What brought a content to a place. The first three are the original's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// It was deployed into a project.
    Deployment,
    /// It came from the other side: by `pull`, `push` or `sync`.
    Sync,
    /// Somebody edited it where it is.
    LocalModification,
    /// Two sides were joined.
    Merge,
    /// An earlier state was put back.
    Rollback,
    /// It came from outside of every collection.
    Import,
    /// Its source has something newer.
    Refresh,
}

impl Origin {
    pub(super) const ALL: [Self; 7] = [
        Self::Deployment,
        Self::Sync,
        Self::LocalModification,
        Self::Merge,
        Self::Rollback,
        Self::Import,
        Self::Refresh,
    ];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Sync => "sync",
            Self::LocalModification => "local_modification",
            Self::Merge => "merge",
            Self::Rollback => "rollback",
            Self::Import => "import",
            Self::Refresh => "refresh",
        }
    }
}

named!(Origin, Origin::ALL, Origin::as_str);

/// Where an artifact is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// In a project.
    Project {
        /// The project's directory.
        path: PathBuf,
        /// Under which profile.
        profile: String,
    },
    /// In a collection.
    Collection {
        /// Its id, which a renamed collection keeps.
        id: String,
    },
}

/// A content of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub id: VersionId,
    /// Of which artifact.
    pub key: ArtifactKey,
    /// The recorded hash.
    pub hash: ContentHash,
    /// What it is made of; none when only its hash is known.
    pub content: Option<ContentId>,
    /// What it was made of: none, one, or two for a merge.
    pub parents: Vec<VersionId>,
    /// What brought it where it was first seen.
    pub origin: Origin,
    /// When it was first seen.
    pub at: Timestamp,
    /// Where.
    pub spot: Spot,
    /// The operation that made it; none when it was found.
    pub operation: Option<OperationId>,
}

/// A version as it stands in its row: for lists of thousands, of which nothing is copied that is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow<'r> {
    /// Its number.
    pub id: VersionId,
    /// The recorded hash.
    pub hash: ContentHash,
    /// Whether its content is there.
    pub is_kept: bool,
    /// What it was made of.
    pub parents: [Option<VersionId>; 2],
    /// What brought it where it was first seen.
    pub origin: Origin,
    /// When it was first seen.
    pub at: Timestamp,
    /// Where.
    pub spot: SpotRow<'r>,
    /// The operation that made it; none when it was found.
    pub operation: Option<OperationId>,
}

/// A place as it stands in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotRow<'r> {
    /// Whether it is in a project; in a collection else.
    pub is_project: bool,
    /// The project's directory, or the collection's id.
    pub root: Cow<'r, OsStr>,
    /// Of a project.
    pub profile: &'r str,
}

impl<'v> From<&'v Version> for VersionRow<'v> {
    fn from(version: &'v Version) -> Self {
        let parent = |at| version.parents.get(at).copied();
        let (is_project, root, profile) = match &version.spot {
            Spot::Project { path, profile } => (true, path.as_os_str(), profile.as_str()),
            Spot::Collection { id } => (false, OsStr::new(id), ""),
        };
        Self {
            id: version.id,
            hash: version.hash,
            is_kept: version.content.is_some(),
            parents: [parent(0), parent(1)],
            origin: version.origin,
            at: version.at,
            spot: SpotRow { is_project, root: Cow::Borrowed(root), profile },
            operation: version.operation,
        }
    }
}

/// Once that a version came to be somewhere, or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Its number, in the order in which they were made.
    pub id: i64,
    /// Which artifact.
    pub key: ArtifactKey,
    /// Where.
    pub spot: Spot,
    /// What is there since; none when nothing is.
    pub version: Option<VersionId>,
    /// What brought it there.
    pub origin: Origin,
    /// When.
    pub at: Timestamp,
    /// The operation that did it; none when it was found.
    pub operation: Option<OperationId>,
}

/// A version that another was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// Of which artifact; another one's for a fork or after a rename.
    pub key: ArtifactKey,
    /// Which.
    pub hash: ContentHash,
}

/// What a deployment record says that a copy came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The recorded hash.
    pub hash: ContentHash,
    /// When that was deployed, if the record says.
    pub at: Option<Timestamp>,
}

/// How something came to be where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The operation that is written down put it there. What is not new there was made of `parents`, or else of what was
    /// there before.
    Made {
        /// At most two.
        parents: Vec<Ancestor>,
    },
    /// It was there already, however it came there.
    Found {
        /// In a project, what the record says.
        baseline: Option<Baseline>,
    },
}

/// Something to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which artifact.
    pub key: ArtifactKey,
    /// Where.
    pub spot: Spot,
    /// What is there; none for nothing.
    pub hash: Option<ContentHash>,
    /// The same in the content store, if it is there.
    pub content: Option<ContentId>,
    /// What brought it there.
    pub origin: Origin,
    /// How.
    pub cause: Cause,
}

/// What the history keeps of a part of an operation, beside the swaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The artifacts that it was about.
    pub artifacts: Vec<ArtifactKey>,
    /// What it put where, in this order.
    pub seen: Vec<Seen>,
    /// The branches that it made the current ones, after that.
    pub switches: Vec<Switch>,
    /// The branches that it gave another tip, beside the current ones.
    pub advances: Vec<Advance>,
    /// The copies that follow another branch since.
    pub turns: Vec<Turn>,
}
