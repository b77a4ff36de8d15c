//! The client against a daemon that speaks the real protocol with canned answers.
#![cfg(unix)]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

mod asking;
mod command_lines;
mod conversation;
mod diff;
mod executable;
mod fake;
mod launch;
mod operations;
mod samples;
