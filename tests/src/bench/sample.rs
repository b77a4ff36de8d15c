//! Many measurements of the same thing, and what they say together.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Context;
use super::row::Figure;
use crate::model::rng::Rng;

/// Measured times.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Adds one.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// Adds all of another's.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Runs `work`, adds how long it took, and gives its value.
    pub fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let value = work();
        self.push(began.elapsed());
        value
    }

    /// Median and 99th percentile, in microseconds.
    ///
    /// # Panics
    /// Without a measurement.
    pub fn figure(&self) -> Figure {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        // Nearest rank: the smallest value that this share of all do not exceed.
        let quantile = |per_cent: usize| {
            let rank = (sorted.len() * per_cent).div_ceil(100).max(1);
            sorted[rank - 1].as_secs_f64() * 1e6
        };
        Figure { value: quantile(50), p99: Some(quantile(99)) }
    }
}

/// Runs the commands in turns, each once per turn, so that what else the machine does hits all alike, and each turn in
/// another order, so that nobody always follows the same one and finds what that left in the processor's caches; the first
/// turn is not counted. All are started in the same way, with nothing on standard input and output thrown away.
///
/// # Panics
/// When one cannot be started or fails.
pub fn interleaved(ctx: &Context, turns: usize, commands: &mut [Command]) -> Vec<Times> {
    let mut times = vec![Times::default(); commands.len()];
    for command in &mut *commands {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    }
    let mut order: Vec<usize> = (0..commands.len()).collect();
    let mut rng = Rng::new(ctx.seed);
    for turn in 0..=turns {
        ctx.check();
        rng.shuffle(&mut order);
        for &at in &order {
            let (command, times) = (&mut commands[at], &mut times[at]);
            let began = Instant::now();
            let status = command.status();
            let took = began.elapsed();
            assert!(status.as_ref().is_ok_and(|status| status.success()), "{command:?}: {status:?}");
            if turn > 0 {
                times.push(took);
            }
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let mut times = Times::default();
        for ms in (1..=100).rev() {
            times.push(Duration::from_millis(ms));
        }
        assert_eq!(times.figure(), Figure { value: 50_000.0, p99: Some(99_000.0) });
        let mut one = Times::default();
        one.push(Duration::from_micros(7));
        assert_eq!(one.figure(), Figure { value: 7.0, p99: Some(7.0) });
    }
}
