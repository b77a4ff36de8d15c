//! Merging, against what is recorded: the cases of the fixtures and what git said of random texts.

mod cases;
mod corpus;
mod keys;
mod texts;
mod trees;
