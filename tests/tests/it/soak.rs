//! A few seconds of everything at once; the long version is `cargo run --bin soak`.

use std::time::Duration;

use skillmeat_tests::soak::table::Rule;
use skillmeat_tests::soak::{Options, run};

use crate::binaries;

/// Memory needs longer than this to say anything, and is not judged here.
#[test]
fn what_was_taken_is_given_back() {
    let options = Options {
        seed: 1,
        length: Duration::from_secs(6),
        period: Duration::from_secs(2),
        warm_up: Duration::from_secs(1),
    };
    let report = run(&binaries(), options, |_| {}).unwrap_or_else(|what| panic!("{what}"));
    println!("{report}");
    let exact: Vec<_> = report.lines().into_iter().filter(|line| line.rule == Rule::Exact).collect();
    assert_eq!(exact.len(), 3, "{report}");
    assert!(exact.iter().all(|line| line.flat), "{report}");
    assert!(report.samples.len() >= 3 && report.counts.comparisons >= 3, "{report}");
}
