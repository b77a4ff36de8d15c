//! Random operations; the long version is `cargo run --bin model`.

use skillmeat_tests::model::{Options, run};

use crate::binaries;

#[test]
fn incremental_equals_from_scratch() {
    for seed in [1, 2] {
        if let Err(disagreement) = run(&binaries(), Options { seed, operations: 150, batch: 8 }) {
            panic!("\n{disagreement}");
        }
    }
}
