//! Random operations; the long version is `cargo run --bin model`.

use skillmeat_tests::model::{Options, run};

use crate::binaries;

/// Many small batches with one writer find what depends on the order of few events; several writers find races.
#[test]
fn incremental_equals_from_scratch() {
    let few = Options { seed: 1, operations: 120, batch: 8, writers: 1 };
    let many = Options { seed: 2, operations: 1_500, batch: 60, writers: 3 };
    for options in [few, many] {
        match run(&binaries(), options, |_| {}) {
            Ok(counts) => println!("{counts}"),
            Err(disagreement) => panic!("\n{disagreement}"),
        }
    }
}
