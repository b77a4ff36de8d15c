//! libFuzzer around the property `preamble`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::wire::preamble(data));
