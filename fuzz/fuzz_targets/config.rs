//! libFuzzer around the property `config`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::project::config(data));
