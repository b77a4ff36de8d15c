//! Projects that come, go, and lie in odd places.

use super::bench::Bench;
use super::world::{HOME, World, collection_root, copy, hash, original};
use crate::cache::Change;
use crate::engine::event::{Command, Event, Response};
use crate::engine::unit::Root;
use skillmeat_protocol::drift::DriftState as S;
use skillmeat_protocol::error::ErrorCode;
use skillmeat_protocol::event::CauseKind;
use skillmeat_protocol::reply::ProjectState;
use std::path::Path;
use std::time::Duration;

fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 1)]);
    world.project("/p", "default", &[("pdf", 1)]);
    world
}

fn remove(bench: &mut Bench, path: &str) {
    bench.command(Command::RemoveProject { path: path.into() });
    bench.settle();
}

#[test]
fn a_missing_project_keeps_its_last_answer_and_is_compared_when_it_is_back() {
    let mut bench = Bench::running(world());
    bench.world.proj("/p").gone = true;
    bench.touch("/p/.claude");
    bench.touch(copy("/p", "pdf"));
    bench.settle();
    assert_eq!(bench.view("/p").state, ProjectState::Missing);
    assert_eq!(bench.drift("/p", "pdf"), S::InSync);
    let [event] = &bench.announced[..] else { panic!("{:?}", bench.announced) };
    assert_eq!((event.cause.kind, event.available), (CauseKind::Availability, false));
    bench.forget();
    // A file system is mounted again: there are no events.
    bench.world.proj("/p").gone = false;
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.wait_in_turns(Duration::from_secs(6));
    assert_eq!(bench.view("/p").state, ProjectState::Watched);
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
    assert!(bench.announced[0].available && bench.announced[0].cause.kind == CauseKind::Availability);
    // And it is listened to again, although its records are what they were.
    bench.world.proj("/p").records[0].baseline = Some(9);
    bench.touch("/p/.claude/.skillmeat-deployed.toml");
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::Outdated);
    bench.assert_like_fresh();
    bench.wait_in_turns(Duration::from_secs(1));
    assert!(bench.state.deadline() > bench.time + Duration::from_secs(60), "no longer looked for");
}

#[test]
fn an_artifact_without_its_profile_root_says_nothing_by_itself() {
    let mut bench = Bench::running(world());
    bench.world.proj("/p").gone = true;
    bench.touch(copy("/p", "pdf"));
    bench.finish(copy("/p", "pdf"));
    assert_eq!(bench.drift("/p", "pdf"), S::InSync);
    bench.finish("/p");
    assert_eq!(bench.view("/p").state, ProjectState::Missing);
}

#[test]
fn a_container_that_is_moved_away_takes_its_artifacts_along() {
    let mut bench = Bench::running(world());
    // One rename: no event names what lay inside.
    let content = bench.world.files.remove(&copy("/p", "pdf")).expect("there");
    bench.touch("/p/.claude/skills");
    bench.touch("/p/.claude/skills.old");
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::Deleted);
    bench.world.files.insert(copy("/p", "pdf"), content);
    bench.touch("/p/.claude/skills");
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::InSync);
    // Another takes its place between two looks: the listing is the same.
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.touch("/p/.claude/skills");
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
    bench.world.files.insert(original("default", "pdf"), 9);
    bench.touch(collection_root("default").join("skills"));
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::Converged);
    bench.world.files.insert(copy("/p", "pdf"), 1);
    bench.touch("/p");
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::Outdated);
    bench.assert_like_fresh();
}

#[test]
fn a_removed_project_leaves_nothing_behind() {
    let mut bench = Bench::running(world());
    let routes = bench.state.routes.len();
    bench.world.project("/q", "default", &[("pdf", 1)]);
    bench.world.files.insert(copy("/q", "mine"), 1);
    bench.command(Command::AddProject { path: "/q".into() });
    bench.settle();
    bench.edit(&copy("/q", "pdf"), 9);
    bench.touch("/q/.claude/.skillmeat-deployed.toml");
    bench.forget();
    let slot = *bench.state.projects_by_path.get(Path::new("/q")).expect("registered");
    remove(&mut bench, "/q");
    bench.world.projects.remove(Path::new("/q"));
    assert!(bench.snapshot().projects.get("/q").is_none());
    assert_eq!(bench.state.routes.len(), routes);
    assert!(bench.state.dependents.values().all(|projects| !projects.contains(&slot)));
    assert!(bench.state.users.values().all(|projects| !projects.contains(&slot)));
    assert!(bench.state.trees.values().all(|tree| tree.root != Root::Project(slot)));
    assert!(bench.state.work.is_empty() && bench.state.work.open_roots().next().is_none());
    assert_eq!(bench.unwatched, [Path::new("/q")]);
    assert!(bench.persisted.iter().any(|c| matches!(c, Change::ProjectGone { path } if path == Path::new("/q"))));
    assert_eq!(bench.saved_projects.last().map(Vec::len), Some(1));
    bench.wait_in_turns(Duration::from_secs(1));
    bench.edit_and_settle(&original("default", "pdf"), 9);
    bench.assert_like_fresh();
}

#[test]
fn registering_twice_and_removing_the_unknown_are_refused() {
    let mut bench = Bench::running(world());
    let cases = [
        (Command::AddProject { path: "/p".into() }, ErrorCode::AlreadyExists),
        (Command::RemoveProject { path: "/nowhere".into() }, ErrorCode::NotFound),
    ];
    for (command, want) in cases {
        let waiter = bench.command(command);
        let answer = bench.answers.iter().find(|(who, _)| *who == waiter);
        let Some((_, Response::Done(Err(error)))) = answer else { panic!("{answer:?}") };
        assert_eq!(error.code, want);
    }
    assert!(bench.saved_projects.is_empty());
}

#[test]
fn what_others_listen_to_is_not_unwatched_with_a_project() {
    // Somebody registers the user's home, which holds collections and other projects.
    for inside in ["/home/u", HOME, "/home/u/.skillmeat/collections/default"] {
        let mut world = world();
        world.project(inside, "default", &[("pdf", 1)]);
        let mut bench = Bench::running(world);
        remove(&mut bench, inside);
        bench.world.projects.remove(Path::new(inside));
        assert!(bench.unwatched.is_empty(), "{inside}: {:?}", bench.unwatched);
        bench.edit_and_settle(&original("default", "pdf"), 9);
        assert_eq!(bench.drift("/p", "pdf"), S::Outdated);
    }
    let mut world = world();
    world.project("/p/sub", "default", &[("pdf", 1)]);
    world.links.insert(copy("/p", "pdf"), "/elsewhere/.claude/shared.md".into());
    world.project("/elsewhere", "default", &[("pdf", 1)]);
    let mut bench = Bench::running(world);
    remove(&mut bench, "/elsewhere");
    assert!(bench.unwatched.is_empty(), "a link of another project leads there");
    remove(&mut bench, "/p");
    assert!(bench.unwatched.is_empty());
    remove(&mut bench, "/p/sub");
    assert_eq!(bench.unwatched, [Path::new("/p/sub")]);
}

#[test]
fn events_in_a_project_inside_another_concern_the_inner_one() {
    let mut world = world();
    world.project("/p/sub", "default", &[("pdf", 1)]);
    let mut bench = Bench::running(world);
    bench.edit_and_settle(&copy("/p/sub", "pdf"), 9);
    assert_eq!((bench.drift("/p", "pdf"), bench.drift("/p/sub", "pdf")), (S::InSync, S::Modified));
    assert_eq!(bench.announced.len(), 1);
    bench.assert_like_fresh();
}

#[test]
fn a_file_that_a_link_leads_to_belongs_to_the_artifact() {
    let mut world = world();
    world.links.insert(copy("/p", "pdf"), "/elsewhere/shared.md".into());
    let mut bench = Bench::running(world);
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.touch("/elsewhere/shared.md");
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::Modified);
    bench.world.links.clear();
    bench.edit_and_settle(&copy("/p", "pdf"), 8);
    bench.touch("/elsewhere/shared.md");
    assert!(bench.jobs.is_empty());
}

#[test]
fn what_happens_at_a_fresh_links_target_during_its_look_is_looked_at_again() {
    let mut bench = Bench::running(world());
    bench.world.links.insert(copy("/p", "pdf"), "/elsewhere/shared".into());
    bench.edit(&copy("/p", "pdf"), 9);
    let first = bench.look_at(copy("/p", "pdf"));
    // That look watches the target already, but nothing routes from there before it is taken in.
    bench.world.files.insert(copy("/p", "pdf"), 7);
    bench.touch("/elsewhere/shared/deep/new.md");
    bench.step(Event::Scanned(first));
    bench.settle();
    assert_eq!(bench.item("/p", "pdf").project_hash, Some(hash(7)));
}

#[test]
fn an_artifact_that_was_a_link_to_itself_is_still_listened_to() {
    let mut world = world();
    world.links.insert(copy("/p", "pdf"), copy("/p", "pdf"));
    let mut bench = Bench::running(world);
    bench.world.links.clear();
    bench.edit_and_settle(&copy("/p", "pdf"), 8);
    bench.edit_and_settle(&copy("/p", "pdf"), 9);
    assert_eq!(bench.item("/p", "pdf").project_hash, Some(hash(9)));
}

#[test]
fn what_happens_above_a_fresh_links_target_during_its_look_is_looked_at_again() {
    let mut bench = Bench::running(world());
    bench.world.links.insert(copy("/p", "pdf"), "/elsewhere/shared".into());
    bench.edit(&copy("/p", "pdf"), 9);
    let first = bench.look_at(copy("/p", "pdf"));
    bench.world.files.insert(copy("/p", "pdf"), 7);
    bench.touch("/elsewhere");
    bench.step(Event::Scanned(first));
    bench.settle();
    assert_eq!(bench.item("/p", "pdf").project_hash, Some(hash(7)));
}

#[test]
fn what_happens_below_a_links_target_while_it_is_found_to_be_there_is_looked_at_again() {
    let mut world = world();
    world.links.insert(copy("/p", "pdf"), "/elsewhere/shared".into());
    world.files.remove(&copy("/p", "pdf"));
    let mut bench = Bench::running(world);
    bench.world.files.insert(copy("/p", "pdf"), 9);
    bench.touch("/elsewhere/shared");
    let first = bench.look_at(copy("/p", "pdf"));
    // Where the link leads was known, but not that what is below it matters.
    bench.world.files.insert(copy("/p", "pdf"), 7);
    bench.touch("/elsewhere/shared/deep/new.md");
    bench.step(Event::Scanned(first));
    bench.settle();
    assert_eq!(bench.item("/p", "pdf").project_hash, Some(hash(7)));
}

#[test]
fn an_artifact_that_went_before_its_first_look_is_listed_no_more() {
    let mut bench = Bench::running(world());
    bench.edit(&copy("/p", "new"), 3);
    bench.finish("/p");
    bench.world.files.remove(&copy("/p", "new"));
    bench.settle();
    bench.assert_like_fresh();
}

#[test]
fn what_was_left_to_a_look_at_files_that_are_not_listed_any_more_is_looked_for_again() {
    let mut world = world();
    world.files.insert(copy("/p", "extra"), 3);
    let mut bench = Bench::running(world);
    bench.touch("/p/.claude/.skillmeat-deployed.toml");
    bench.world.files.remove(&copy("/p", "extra"));
    let without = bench.look_at("/p");
    // The files are known and present, so this is left to the look at them.
    bench.world.files.insert(copy("/p", "extra"), 4);
    bench.touch(copy("/p", "extra"));
    bench.step(Event::Scanned(without));
    bench.settle();
    bench.assert_like_fresh();
    assert_eq!(bench.item("/p", "extra").project_hash, Some(hash(4)));
}

#[test]
fn nothing_is_unwatched_while_a_look_may_rely_on_it() {
    let mut world = world();
    world.project("/q", "default", &[("pdf", 1)]);
    let mut bench = Bench::running(world);
    bench.world.links.insert(copy("/p", "pdf"), "/q/shared".into());
    bench.edit(&copy("/p", "pdf"), 9);
    let look = bench.look_at(copy("/p", "pdf"));
    remove(&mut bench, "/q");
    assert!(bench.unwatched.is_empty(), "that look has watched the link's target");
    bench.step(Event::Scanned(look));
    assert!(bench.unwatched.is_empty(), "and now there is a route to it");
    remove(&mut bench, "/p");
    bench.settle();
    assert_eq!(bench.unwatched, [Path::new("/p")]);
}
