//! Coverage-guided search for bytes that break `validator`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| artifactstore_contracts_fuzz::validator(bytes));
