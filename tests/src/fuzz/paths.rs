//! Names and paths as files and people write them: what is accepted stays below its root, and what has a text form
//! keeps its meaning in it.

use std::ffi::OsStr;

use skillmeat_protocol::clock::Clock;
use skillmeat_protocol::drift::DriftState;
use skillmeat_protocol::hash::ContentHash;
use skillmeat_protocol::ids::{ArtifactKey, ArtifactType, normalized_name};
use skillmeatd::library::ignore::is_ignored;
use skillmeatd::library::layout::{Occupant, artifact_in_container, default_paths};
use skillmeatd::library::moment::{self, Naive};
use skillmeatd::library::portable::{nested_name_flaw, relative_path};
use skillmeatd::model::TreeKind;

use super::toml::{names_something, stays_inside};

/// One name or path.
pub fn paths(data: &[u8]) {
    let text = &String::from_utf8_lossy(data);
    if let Ok(path) = relative_path(text) {
        stays_inside(&path);
    }
    for kind in ArtifactType::ALL {
        if nested_name_flaw(text).is_none() {
            default_paths(kind, text).iter().for_each(|path| stays_inside(path));
        }
        for tree in [TreeKind::Directory, TreeKind::File] {
            let occupant = artifact_in_container(kind, text, tree);
            if let Some(Occupant::Artifact(key) | Occupant::ArtifactOrFolder { key, .. }) = occupant {
                assert_eq!(key.kind, kind);
                names_something(&key.name);
                assert!(text.split('/').all(|part| !is_ignored(OsStr::new(part))), "{key:?}");
            }
        }
    }
    words(text);
}

fn words(text: &str) {
    if let Ok(key) = text.parse::<ArtifactKey>() {
        assert!(!key.name.is_empty());
        // A name that ends in two extensions loses one each time it is read.
        if normalized_name(&key.name) == key.name {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
    }
    if let Ok(kind) = text.parse::<ArtifactType>() {
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    if let Ok(state) = text.parse::<DriftState>() {
        assert_eq!(state.as_str().parse(), Ok(state));
    }
    if let Ok(hash) = text.parse::<ContentHash>() {
        assert_eq!(hash.to_string(), text.to_ascii_lowercase());
    }
    if let Ok(clock) = text.parse::<Clock>() {
        assert_eq!(clock.to_string().parse(), Ok(clock));
    }
    if let Ok(at) = moment::parse(text, Naive::Utc) {
        assert_eq!(moment::parse(&at.to_string(), Naive::Utc).ok(), Some(at));
    }
}
