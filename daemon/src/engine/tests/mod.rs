//! The state as its driver sees it: events in, effects out. No threads, no disk, no sleeps.

mod announcing;
mod barriers;
mod bench;
mod classes;
mod collections;
mod followed;
mod growth;
mod loss;
mod marked;
mod model;
mod projects;
mod restart;
mod start;
mod trials;
mod world;
