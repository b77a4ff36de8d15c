//! libFuzzer around the property `frontmatter`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| skillmeat_tests::fuzz::markdown::frontmatter(data));
