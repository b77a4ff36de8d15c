//! libFuzzer around the property `collections`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::registry::collections(data));
