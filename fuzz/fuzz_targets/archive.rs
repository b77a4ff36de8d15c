//! libFuzzer around the property `archive`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::snapshots::archive(data));
