//! Which directory is which collection.

use super::bench::Bench;
use super::world::{HOME, World, collection_root, copy, original};
use skillmeat_protocol::drift::DriftState as S;
use std::path::Path;

fn world() -> World {
    let mut world = World::default();
    world.collection("default", &[("pdf", 1)]);
    world.collection("team", &[("pdf", 1), ("csv", 2)]);
    world.project("/p", "default", &[("pdf", 1)]);
    world.project("/q", "team", &[("csv", 2)]);
    world
}

fn id_of(bench: &Bench, name: &str) -> String {
    bench.snapshot().collection(name).expect("known").id.to_string()
}

fn renamed(bench: &mut Bench, from: &str, to: &str) {
    bench.world.rename_collection(from, to);
    bench.touch(collection_root(from));
    bench.touch(collection_root(to));
}

#[test]
fn identity_follows_the_directory_and_its_former_name_still_resolves() {
    let mut bench = Bench::running(world());
    let id = id_of(&bench, "default");
    let saved = bench.saved_collections.len();
    renamed(&mut bench, "default", "mine");
    bench.settle();
    assert_eq!(id_of(&bench, "mine"), id);
    assert_eq!(id_of(&bench, "default"), id, "by its former name");
    assert_eq!(bench.saved_collections.len(), saved + 1);
    assert_eq!(bench.drift("/p", "pdf"), S::InSync);
    assert_eq!(bench.item("/p", "pdf").collection.as_ref().map(|c| &*c.name), Some("mine"));
    bench.edit_and_settle(&original("mine", "pdf"), 5);
    assert_eq!(bench.drift("/p", "pdf"), S::Outdated);
    bench.assert_like_fresh();
    bench.touch(Path::new(HOME).join("config.toml"));
    bench.settle();
    assert_eq!(bench.saved_collections.len(), saved + 1, "nothing changed, nothing saved");
}

#[test]
fn two_collections_that_swap_names_keep_their_identities() {
    let mut bench = Bench::running(world());
    let (a, b) = (id_of(&bench, "default"), id_of(&bench, "team"));
    renamed(&mut bench, "default", "t");
    renamed(&mut bench, "team", "default");
    renamed(&mut bench, "t", "team");
    bench.settle();
    assert_eq!((id_of(&bench, "default"), id_of(&bench, "team")), (b, a));
    assert_eq!(bench.drift("/q", "csv"), S::Removed, "names in records mean the present names");
    bench.assert_like_fresh();
}

#[test]
fn a_directory_put_in_the_place_of_another_is_the_same_collection_and_read_anew() {
    let mut bench = Bench::running(world());
    let id = id_of(&bench, "default");
    bench.world.collection("default", &[("pdf", 6)]);
    // Only the directory above says so: whatever lay in it was watched under another inode.
    bench.touch(Path::new(HOME).join("collections"));
    bench.settle();
    assert_eq!(id_of(&bench, "default"), id);
    assert_eq!(bench.drift("/p", "pdf"), S::Outdated);
    bench.assert_like_fresh();
}

#[test]
fn a_copy_is_another_collection() {
    let mut bench = Bench::running(world());
    let id = id_of(&bench, "default");
    bench.world.collection("copy", &[("pdf", 1)]);
    bench.touch(collection_root("copy"));
    bench.settle();
    assert_ne!(id_of(&bench, "copy"), id);
    assert_eq!(id_of(&bench, "default"), id);
    bench.assert_like_fresh();
}

#[test]
fn a_collection_that_goes_is_forgotten_and_comes_back_as_itself() {
    let mut bench = Bench::running(world());
    let id = id_of(&bench, "default");
    let collection = bench.world.collections.remove("default").expect("there");
    for order in [0, 1] {
        bench.touch(collection_root("default"));
        bench.touch(original("default", "pdf"));
        bench.settle_choosing(|n| order.min(n - 1));
        assert!(bench.snapshot().collections.iter().all(|c| &*c.name != "default"));
        let item = bench.item("/p", "pdf");
        assert_eq!(item.state, S::Removed);
        assert!(item.message.as_deref().is_some_and(|m| m.contains("no collection 'default'")), "{item:?}");
        bench.assert_like_fresh();
        bench.world.collections.insert("default".into(), collection.clone());
        bench.touch(collection_root("default"));
        bench.settle();
        assert_eq!(id_of(&bench, "default"), id);
        assert_eq!(bench.drift("/p", "pdf"), S::InSync);
        bench.assert_like_fresh();
        bench.world.collections.remove("default");
    }
}

#[test]
fn a_collection_that_is_looked_at_while_it_goes_removes_nothing_by_itself() {
    let mut bench = Bench::running(world());
    let collection = bench.world.collections.remove("default").expect("there");
    bench.touch(collection_root("default").join("collection.toml"));
    bench.finish(collection_root("default"));
    assert_eq!(bench.drift("/p", "pdf"), S::InSync, "the list of collections decides");
    bench.world.collections.insert("default".into(), collection);
    bench.touch(collection_root("default"));
    bench.settle();
    assert!(bench.announced.is_empty(), "{:?}", bench.announced);
    bench.assert_like_fresh();
    // And it is listened to again, although its listing is what it was.
    bench.world.files.insert(original("default", "new"), 3);
    bench.touch(original("default", "new"));
    bench.settle();
    bench.assert_like_fresh();
}

#[test]
fn a_manifest_concerns_the_projects_that_use_it() {
    let mut bench = Bench::running(world());
    bench.world.coll("team").entries.remove("csv");
    bench.touch(collection_root("team").join("collection.toml"));
    bench.settle();
    assert_eq!((bench.drift("/p", "pdf"), bench.drift("/q", "csv")), (S::InSync, S::Removed));
    bench.world.coll("team").entries.insert("csv".into());
    bench.touch(collection_root("team").join("collection.toml"));
    bench.settle();
    assert_eq!(bench.drift("/q", "csv"), S::InSync);
    bench.assert_like_fresh();
}

#[test]
fn a_collection_named_by_records_before_it_exists_is_found_when_it_comes() {
    let mut world = world();
    world.project("/r", "later", &[("new", 3)]);
    let mut bench = Bench::running(world);
    assert_eq!(bench.drift("/r", "new"), S::Removed);
    bench.world.collection("later", &[("new", 3), ("more", 4)]);
    bench.touch(collection_root("later"));
    bench.settle();
    assert_eq!(bench.drift("/r", "new"), S::InSync);
    assert_eq!(bench.view("/r").added.len(), 1);
    bench.assert_like_fresh();
}

#[test]
fn locked_hashes_are_shown() {
    let mut bench = Bench::running(world());
    bench.world.coll("default").locked.insert("pdf".into(), 4);
    bench.touch(collection_root("default").join("collection.lock"));
    bench.settle();
    let view = bench.snapshot().collection("default").expect("known").artifacts[0].locked;
    assert_eq!(view, Some(super::world::hash(4)));
    bench.edit_and_settle(&original("default", "pdf"), 5);
    assert_eq!(bench.snapshot().collection("default").expect("known").artifacts[0].locked, view);
    assert_eq!(bench.drift("/p", "pdf"), S::Outdated);
    assert!(bench.world.files.contains_key(&copy("/p", "pdf")));
}

#[test]
fn a_directory_above_a_collection_takes_everything_in_it_along() {
    let mut world = world();
    let above = Path::new(HOME).join("collections");
    world.above.insert(collection_root("default"), above.clone());
    let mut bench = Bench::running(world);
    bench.world.files.insert(original("default", "pdf"), 5);
    bench.touch(above);
    bench.settle();
    assert_eq!(bench.drift("/p", "pdf"), S::Outdated);
    bench.assert_like_fresh();
}

#[test]
fn a_collection_that_was_away_only_while_it_was_first_looked_at_is_there() {
    let mut bench = Bench::running(world());
    bench.world.collection("late", &[("pdf", 1)]);
    bench.touch(collection_root("late"));
    bench.finish(HOME);
    let collection = bench.world.collections.remove("late").expect("just made");
    bench.finish(collection_root("late"));
    // Back before the list of collections is looked at: that finds what it found before.
    bench.world.collections.insert("late".into(), collection);
    bench.finish(HOME);
    bench.touch(collection_root("late"));
    bench.settle();
    bench.assert_like_fresh();
}
