//! libFuzzer around the property `groups`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::collection::groups(data));
