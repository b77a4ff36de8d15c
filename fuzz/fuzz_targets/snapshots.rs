//! libFuzzer around the property `snapshots`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::snapshots::snapshots(data));
