//! Registration against an engine that answers as told.

use super::super::super::testing::{World, project};
use super::*;
use skillmeat_protocol::request::Freshness;

fn terms() -> Terms {
    World::terms(Freshness::Synced)
}

/// A context whose home is `home`.
fn at_home(world: &mut World, home: &Path) {
    let context = Arc::get_mut(&mut world.context).expect("not shared yet");
    context.user_home = Some(home.to_path_buf());
    context.places.home = home.join(".skillmeat");
    context.places.state = home.join(".skillmeat/daemon");
}

#[tokio::test]
async fn directories_are_registered_under_their_real_path() {
    let temp = tempfile::tempdir().expect("temporary directory");
    let real = temp.path().canonicalize().expect("real").join("app");
    std::fs::create_dir(&real).expect("made");
    let real = real.to_str().expect("UTF-8");
    let world = World::of(Vec::new());
    let added = add(&world.context, &terms(), &format!("{real}/../app/.")).await.expect("registered");
    assert_eq!((added.path.as_str(), added.name.as_str(), added.state), (real, "app", ProjectState::Watched));
    let again = add(&world.context, &terms(), real).await.expect_err("twice");
    assert_eq!(again.code, ErrorCode::AlreadyExists);
    let listed = list(&world.context, &terms()).await.projects;
    assert_eq!(listed.iter().map(|project| project.path.as_str()).collect::<Vec<_>>(), [real]);
}

#[tokio::test]
async fn places_that_are_no_project_are_refused() {
    let temp = tempfile::tempdir().expect("temporary directory");
    let home = temp.path();
    for directory in [".skillmeat/daemon/run", ".skillmeat/collections/c/.claude", ".claude", "work"] {
        std::fs::create_dir_all(home.join(directory)).expect("made");
    }
    std::fs::write(home.join("file"), "").expect("written");
    let mut world = World::of(Vec::new());
    at_home(&mut world, home);
    let bad = [
        "",
        "file",
        "nowhere",
        ".skillmeat",
        ".skillmeat/daemon",
        ".skillmeat/daemon/run",
        ".skillmeat/collections",
        ".skillmeat/collections/c",
        ".skillmeat/collections/c/.claude",
        "work/..",
    ];
    for path in bad.map(|path| home.join(path)).iter().map(PathBuf::as_path).chain([Path::new("/"), Path::new("work")])
    {
        let error = add(&world.context, &terms(), path.to_str().expect("UTF-8")).await.expect_err("refused");
        assert_eq!(error.code, ErrorCode::BadPath, "{} {error}", path.display());
        assert!(error.path.is_some());
    }
    for path in ["work", ".claude"] {
        add(&world.context, &terms(), home.join(path).to_str().expect("UTF-8")).await.expect(path);
    }
}

#[tokio::test]
async fn projects_are_removed_by_path_or_by_an_unambiguous_name() {
    let world = World::of(vec![project("/w/app"), project("/w/lib"), project("/v/lib")]);
    let code = async |name| remove(&world.context, name).await.map(|info| info.path).map_err(|error| error.code);
    assert_eq!(code("lib").await, Err(ErrorCode::Ambiguous));
    assert_eq!(code("/v/lib").await, Ok("/v/lib".into()));
    assert_eq!(code("lib").await, Ok("/w/lib".into()));
    assert_eq!(code("app").await, Ok("/w/app".into()));
    for gone in ["app", "/w/app"] {
        let error = remove(&world.context, gone).await.expect_err("gone");
        assert_eq!((error.code, error.hint.as_deref()), (ErrorCode::NotFound, Some("skillmeat project list")));
    }
}
