//! The benchmark command keeps working: every quick group in its smallest form. The times that it measures are not
//! judged here; what it counts is.

use skillmeat_tests::bench::options::Extent;
use skillmeat_tests::bench::row::{Row, Target, Unit};
use skillmeat_tests::bench::table::{self, Machine, NAME};
use skillmeat_tests::bench::{self, Context, FAILED, GROUPS, Programs, When};

use crate::binaries;

fn context() -> Context {
    let reference_client = env!("CARGO_BIN_EXE_reference-client").into();
    Context::new(Extent::Tiny, 7, Programs { shipped: binaries(), reference_client })
}

#[test]
fn every_group_gives_rows_that_can_be_printed() {
    let groups: Vec<_> = GROUPS.iter().filter(|group| group.when == When::Always).collect();
    let rows = bench::run(&context(), &groups);
    for group in &groups {
        assert!(rows.iter().any(|row| row.group == group.name && row.ours.is_some()), "{}: {rows:#?}", group.name);
    }
    for row in &rows {
        assert_ne!(row.name, FAILED, "{row:?}");
        assert!(row.ours.is_some() || row.note.is_some(), "{row:?}");
        assert!(row.ours.is_none_or(|ours| ours.value.is_finite() && ours.value >= 0.0), "{row:?}");
        let against = row.reference.as_ref().map_or(0, |reference| reference.name.chars().count());
        assert!(row.name.chars().count() + against <= NAME, "the table would be too wide: {row:?}");
        let needs_reference = matches!(row.target, Some(Target::RatioAtMost(_) | Target::Equal));
        assert!(!needs_reference || row.ours.is_none() || row.reference.is_some() || row.note.is_some(), "{row:?}");
    }
    // What is counted is the same on every machine, however slow.
    let counted = |group: &str, name: &str| {
        let found: Vec<_> = rows.iter().filter(|row| row.group == group && row.name.contains(name)).collect();
        assert!(!found.is_empty() && found.iter().all(|row| row.met() == Some(true)), "{group}, {name}: {found:#?}");
    };
    counted("growth", "for one change");
    counted("start", "cold: files read");
    counted("storm", "unlike a fresh daemon's");
    let machine = Machine::here();
    assert!(machine.ram > 0 && !machine.kernel.is_empty(), "{machine:?}");
    assert!(table::text(&machine, &rows).lines().all(|line| line.chars().count() <= 150));
    assert_eq!(table::json(&machine, &rows)["rows"].as_array().map(Vec::len), Some(rows.len()));
}

#[test]
fn a_group_that_fails_is_a_row_and_hinders_no_other() {
    static BROKEN: bench::Group =
        bench::Group { name: "broken", about: "fails", run: |_| panic!("on purpose"), when: When::Always };
    static WORKS: bench::Group = bench::Group {
        name: "works",
        about: "does not",
        run: |_| vec![Row::without("works", "x", Unit::Count, "nothing to measure")],
        when: When::Always,
    };
    let rows = bench::run(&context(), &[&BROKEN, &WORKS]);
    assert_eq!((rows[0].name.as_str(), rows[0].note.as_deref()), (FAILED, Some("on purpose")));
    assert_eq!(rows[1].group, "works");
}

#[test]
fn an_interrupted_run_ends_with_what_it_has() {
    static FIRST: bench::Group = bench::Group {
        name: "first",
        about: "is interrupted",
        run: |ctx| {
            ctx.interrupted().store(true, std::sync::atomic::Ordering::Relaxed);
            ctx.progress("never said");
            unreachable!("the group was left")
        },
        when: When::Always,
    };
    assert_eq!(bench::run(&context(), &[&FIRST, &FIRST]), []);
}
