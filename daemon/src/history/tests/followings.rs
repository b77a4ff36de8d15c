//! What copies follow, with the deployments that follow it.

use super::{NOW, Place};
use crate::history::{History, HistoryError};
use crate::model::{Deployment, Followed, Imprint, Timestamp};
use skillmeat_protocol::hash::ContentHash;
use std::path::Path;

fn copy(project: &str) -> Deployment {
    Deployment { key: "skill:a".parse().expect("a key"), project: project.into(), profile: "claude_code".into() }
}

fn follow(history: &History, copy: &Deployment, imprint: Option<&Imprint>) {
    let followed = Followed { collection: "team".into(), branch: "next".into() };
    let batch = history.batch(|batch| batch.follow(copy, &followed, imprint));
    batch.unwrap_or_else(|error: HistoryError| panic!("{error}"));
}

#[test]
fn an_imprint_lives_as_long_as_its_following() {
    let place = Place::new();
    let history = place.open();
    let imprint = Imprint { deployed_at: NOW, baseline: ContentHash([7; 32]) };
    let later = Imprint { deployed_at: Timestamp(NOW.0 + 1), ..imprint.clone() };
    let (here, there) = (copy("/w/a"), copy("/w/b"));
    follow(&history, &here, Some(&imprint));
    follow(&history, &there, Some(&imprint));
    follow(&history, &here, Some(&later));
    let known: Vec<_> = history.imprints().expect("reads").into_iter().collect();
    assert_eq!(known, [(here.clone(), later), (there.clone(), imprint)]);
    follow(&history, &there, None);
    assert_eq!(history.imprints().expect("reads").len(), 1);
    assert_eq!(history.followings().expect("reads").len(), 2, "it follows, of whatever deployment it is");
    history.batch(|batch| batch.unfollow(&here)).unwrap_or_else(|error: HistoryError| panic!("{error}"));
    let left: Vec<_> = history.followings().expect("reads").into_iter().map(|following| following.copy).collect();
    assert_eq!((left, place.count("following_imprints")), (vec![there], 0));
}

#[test]
fn an_imprint_that_was_changed_is_damage() {
    for column in ["deployed_at = deployed_at + 1", "baseline = zeroblob(32)", "project = '/w/b'"] {
        let place = Place::new();
        let history = place.open();
        let imprint = Imprint { deployed_at: NOW, baseline: ContentHash([7; 32]) };
        follow(&history, &copy("/w/a"), Some(&imprint));
        place.tamper(&format!("UPDATE following_imprints SET {column}"));
        let error = history.imprints().expect_err(column).to_string();
        let project = if column.starts_with("project") { "/w/b" } else { "/w/a" };
        assert!(error.contains(&format!("which deployment skill:a in {}", Path::new(project).display())), "{error}");
    }
}
