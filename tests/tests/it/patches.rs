//! Differences, applied again. With `git apply` and `patch`, for as long as one likes: `cargo run --bin torture -- patches`.

use skillmeat_tests::patches::programs::{self, Options, Readers};

#[test]
fn the_patch_of_two_trees_makes_the_second_of_the_first() {
    let options = Options { times: 3000, seed: 1, by: Readers::Ours };
    let report = programs::run(options).unwrap_or_else(|what| panic!("{what}"));
    assert!(report.of("of which nothing differs") < 1000, "{report}");
}
