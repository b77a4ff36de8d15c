//! libFuzzer around the property `lock`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::collection::lock(data));
