//! Inputs out of inputs: what libFuzzer does well, in a few lines that a seed repeats exactly.

use crate::model::rng::Rng;

/// Texts that parsers care about.
const WORDS: [&[u8]; 20] = [
    b"\n",
    b"\r\n",
    b"\"",
    b"'''",
    b"[[",
    b"]]",
    b"[a.b]",
    b" = ",
    b"{}",
    b"\\u0000",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\x1b[",
    b"..",
    b"/",
    b"---\n",
    b": ",
    b"&a [*a]",
    b"\xc2\x9b",
    b"18446744073709551616",
];

/// Inputs grow no further than this.
const LONGEST: usize = 64 * 1024;

/// Endless inputs near those of a corpus.
#[derive(Debug)]
pub struct Mutations<'c> {
    corpus: &'c [Vec<u8>],
    rng: Rng,
}

impl<'c> Mutations<'c> {
    /// Near `corpus`, which must not be empty.
    pub fn of(corpus: &'c [Vec<u8>], seed: u64) -> Self {
        Self { corpus, rng: Rng::new(seed) }
    }

    /// One to four changes of `data`.
    fn change(&mut self, data: &mut Vec<u8>) {
        for _ in 0..=self.rng.below(4) {
            let at = self.rng.below(data.len() as u64 + 1) as usize;
            let end = (at + self.rng.below(16) as usize).min(data.len());
            match self.rng.below(7) {
                0 => data.truncate(at),
                1 => drop(data.drain(at..end)),
                2 => drop(data.splice(at..at, self.rng.pick(&WORDS).iter().copied())),
                3 if at < data.len() => data[at] ^= 1 << self.rng.below(8),
                4 if at < data.len() => data[at] = self.rng.below(256) as u8,
                5 => {
                    let piece = data[at..end].to_vec();
                    drop(data.splice(at..at, piece));
                }
                _ => {
                    let other = self.rng.pick(self.corpus);
                    let from = self.rng.below(other.len() as u64 + 1) as usize;
                    let to = (from + self.rng.below(64) as usize).min(other.len());
                    drop(data.splice(at..at, other[from..to].iter().copied()));
                }
            }
        }
        data.truncate(LONGEST);
    }
}

impl Iterator for Mutations<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut data = self.rng.pick(self.corpus);
        self.change(&mut data);
        Some(data)
    }
}
