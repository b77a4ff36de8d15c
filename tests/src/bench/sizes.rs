//! Sizes of the programs that people install.

use std::fs;

use super::Context;
use super::row::{Figure, Row, Unit};

const GROUP: &str = "sizes";

/// See the module.
pub fn run(ctx: &Context) -> Vec<Row> {
    let shipped = &ctx.programs.shipped;
    [("skillmeatd", &shipped.daemon), ("skillmeat", &shipped.client)]
        .into_iter()
        .map(|(name, path)| {
            let size = fs::metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).len();
            Row::new(GROUP, name, Unit::Bytes, Figure::of(size as f64))
        })
        .collect()
}
