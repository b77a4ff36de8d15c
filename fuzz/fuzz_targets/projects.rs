//! libFuzzer around the property `projects`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::registry::projects(data));
