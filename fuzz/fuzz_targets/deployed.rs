//! libFuzzer around the property `deployed`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::project::deployed(data));
