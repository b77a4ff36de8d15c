//! libFuzzer around the property `paths`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::paths::paths(data));
