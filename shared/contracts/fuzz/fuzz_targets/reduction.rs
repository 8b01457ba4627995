//! Coverage-guided search for bytes that break `reduction`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| artifactstore_contracts_fuzz::reduction(bytes));
