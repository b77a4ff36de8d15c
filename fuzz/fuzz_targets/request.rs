//! libFuzzer around the property `request`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::wire::request(data));
