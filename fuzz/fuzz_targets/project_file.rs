//! libFuzzer around the property `project_file`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::project::project_file(data));
