//! `instance:generation`: a point in the history of one daemon process.
//!
//! A generation counts published changes. A clock of another instance means nothing to this one, so whoever presents
//! it gets a fresh snapshot (the rule that git's fsmonitor and watchman share).

use crate::codec::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A point in the history of one daemon process; text `16-hex-digits:decimal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Clock {
    /// Random per daemon process.
    pub instance: u64,
    /// Published changes so far.
    pub generation: u64,
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}:{}", self.instance, self.generation)
    }
}

impl FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (instance, generation) = text.split_once(':')?;
            Some(Self { instance: u64::from_str_radix(instance, 16).ok()?, generation: generation.parse().ok()? })
        };
        parse().ok_or_else(|| format!("'{text}' is not a clock (instance:generation)"))
    }
}

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
