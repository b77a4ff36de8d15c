//! libFuzzer around the property `reply`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::wire::reply(data));
