//! The `liveness` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    liveness::cli::main()
}
