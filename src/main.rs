//! The `liveness` binary.
fn main() {}
