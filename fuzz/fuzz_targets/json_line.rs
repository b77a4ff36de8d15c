//! libFuzzer around the property `json_line`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::lines::json_line(data));
