//! libFuzzer around the property `manifest`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::collection::manifest(data));
