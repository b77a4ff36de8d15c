//! Seals: what tells a row that was stored from one that was damaged since.
//!
//! SQLite notices damage to the structure of its pages and none to the values in them. A flipped bit in the hash of an
//! artifact, beside the fingerprint that says that nothing needs to be read again, would be a wrong answer until somebody
//! edits that artifact. So what each row means is stored with a checksum over it, and one that does not match is damage as
//! any other: the database is set aside and everything is read again.
//!
//! The sum is over the values of the domain and not over columns, so it covers how they are stored, too. It need not
//! withstand anybody: whoever can write to the cache can write to the files. Each step is a bijection of the state and of
//! the word that goes in, so a change within one word of eight bytes is always noticed, and any other but once in 2^64.
//!
//! The values go in by way of [`Hash`], whose details may differ between compilers; a cache of another build is then read
//! again once.

use rusqlite::types::FromSqlError;
use rusqlite::{Result, Row};
use std::hash::{Hash, Hasher};

/// Odd, with bits everywhere: the golden ratio in 64 bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A row does not say what was stored.
#[derive(Debug, thiserror::Error)]
#[error("a row of table {0} was changed by something else than this program")]
struct Broken(&'static str);

/// The seal over a value, in its column form.
pub(super) fn seal(value: &impl Hash) -> i64 {
    let mut sum = Sum(SPREAD);
    value.hash(&mut sum);
    sum.finish().cast_signed()
}

/// Passes what was read from `table` on if the seal in column `column` of `row` is that over `value`.
pub(super) fn check(table: &'static str, row: &Row<'_>, column: usize, value: &impl Hash) -> Result<()> {
    if row.get::<_, i64>(column)? == seal(value) {
        return Ok(());
    }
    Err(FromSqlError::other(Broken(table)).into())
}

struct Sum(u64);

impl Hasher for Sum {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            // With their number, or a zero at the end of a text would not count.
            let mut word = [0, 0, 0, 0, 0, 0, 0, rest.len() as u8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(SPREAD);
        self.0 ^= self.0 >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_changes_the_seal() {
        let text = "a text of some length, with a rest after the last word";
        let bytes = text.as_bytes().to_vec();
        let whole = seal(&bytes);
        for at in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert_ne!(seal(&flipped), whole, "bit {at}");
        }
    }

    #[test]
    fn order_and_borders_count() {
        assert_ne!(seal(&("ab", "c")), seal(&("a", "bc")));
        assert_ne!(seal(&[1_u64, 2]), seal(&[2_u64, 1]));
        assert_ne!(seal(&"a"), seal(&"a\0"));
        assert_ne!(seal(&None::<u64>), seal(&Some(0_u64)));
    }
}
