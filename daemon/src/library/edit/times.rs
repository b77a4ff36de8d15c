//! Points in time as the original writes them: without offset, in the clock of their field (formats-core §1.3).

use super::dialect::Node;
use crate::model::Timestamp;
use jiff::tz::TimeZone;

/// `at` in universal time.
pub(super) fn utc(at: Timestamp) -> Node {
    local(at, &TimeZone::UTC)
}

/// `at` on the clock of `zone`. The fraction is left out when it is zero, as Python does.
pub(super) fn local(at: Timestamp, zone: &TimeZone) -> Node {
    let moment = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    let civil = moment.to_zoned(zone.clone()).datetime();
    Node::Text(if at.0.rem_euclid(1_000_000) == 0 { format!("{civil:.0}") } else { format!("{civil:.6}") })
}
