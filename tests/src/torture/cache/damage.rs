//! What can happen to the bytes of a database or its log.

use std::fmt;

use super::pages;
use crate::model::rng::Rng;

/// Bytes of a page: SQLite's default, which the cache keeps.
pub const PAGE: usize = 4096;
/// Bytes of the header of a log.
const LOG_HEADER: usize = 32;

/// One way to damage a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// One bit is another.
    Flip {
        /// Which byte.
        at: usize,
        /// Which bit of it.
        bit: u32,
    },
    /// Nothing is left from here on.
    Cut {
        /// The length that is left.
        length: usize,
    },
    /// A page of zeros.
    Zero {
        /// Which page, from 0.
        page: usize,
    },
    /// Two pages in each other's place.
    Swap {
        /// The one.
        a: usize,
        /// The other.
        b: usize,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flip { at, bit } => write!(f, "bit {bit} of byte {at} flipped"),
            Self::Cut { length } => write!(f, "cut to {length} bytes"),
            Self::Zero { page } => write!(f, "page {page} zeroed"),
            Self::Swap { a, b } => write!(f, "pages {a} and {b} swapped"),
        }
    }
}

impl Damage {
    /// The bytes after it.
    pub fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        match *self {
            Self::Flip { at, bit } => bytes[at] ^= 1 << bit,
            Self::Cut { length } => bytes.truncate(length),
            Self::Zero { page } => bytes[page * PAGE..(page + 1) * PAGE].fill(0),
            Self::Swap { a, b } => {
                let (low, high) = (a.min(b) * PAGE, a.max(b) * PAGE);
                let (front, back) = bytes.split_at_mut(high);
                front[low..low + PAGE].swap_with_slice(&mut back[..PAGE]);
            }
        }
        bytes
    }

    /// What was hit, for counting.
    pub fn kind(&self, bytes: &[u8]) -> String {
        match *self {
            Self::Flip { at, .. } if at < 100 => "a bit of the file header".to_owned(),
            Self::Flip { at, .. } => format!("a bit of {}", kind_of_page(bytes, at / PAGE)),
            Self::Cut { .. } => "cut off".to_owned(),
            Self::Zero { page } => format!("zeroed {}", kind_of_page(bytes, page)),
            Self::Swap { .. } => "two pages swapped".to_owned(),
        }
    }
}

/// The first byte of a page says what it is; the first page begins with the file header.
fn kind_of_page(bytes: &[u8], page: usize) -> &'static str {
    match bytes[page * PAGE + if page == 0 { 100 } else { 0 }] {
        2 => "an inner page of an index",
        5 => "an inner page of a table",
        10 => "a leaf of an index",
        13 => "a leaf of a table",
        _ => "another page",
    }
}

/// Flips evenly over the file and every bit of the header, every page zeroed and swapped with the next, and every length
/// around a page's border.
pub fn all(bytes: &[u8], flips: u64) -> Vec<Damage> {
    let mut all: Vec<Damage> = (0..100).map(|at| Damage::Flip { at, bit: (at % 8) as u32 }).collect();
    for n in 0..flips as usize {
        all.push(Damage::Flip { at: n * bytes.len() / flips as usize, bit: (n % 8) as u32 });
    }
    for page in 0..pages(bytes) {
        all.push(Damage::Zero { page });
        all.push(Damage::Cut { length: page * PAGE });
        all.push(Damage::Cut { length: page * PAGE + PAGE / 2 });
        if page + 1 < pages(bytes) {
            all.push(Damage::Swap { a: page, b: page + 1 });
        }
    }
    all
}

/// So many of them, at random.
pub fn some(bytes: &[u8], number: usize, seed: u64) -> Vec<Damage> {
    let mut rng = Rng::new(seed);
    let all = all(bytes, bytes.len() as u64);
    (0..number).map(|_| rng.pick(&all)).collect()
}

/// A random damage to a log: its header, a frame's header, or content.
pub(crate) fn of_log(log: &[u8], rng: &mut Rng) -> Damage {
    let length = log.len().max(1) as u64;
    match rng.below(4) {
        0 => Damage::Cut { length: rng.below(length) as usize },
        1 => Damage::Flip { at: rng.below(length.min(LOG_HEADER as u64)) as usize, bit: rng.below(8) as u32 },
        _ => Damage::Flip { at: rng.below(length) as usize, bit: rng.below(8) as u32 },
    }
}
