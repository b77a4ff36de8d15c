//! libFuzzer around the property `terminal`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::terminal::terminal(data));
