//! Compiles the protocol of EventStoreDB to Rust, without `protoc`.

use std::error::Error;

const PROTOS: &str = "src/event_log/wire/protos";
const FILES: [&str; 4] = ["streams.proto", "persistent.proto", "gossip.proto", "serverfeatures.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PROTOS}");
    let descriptors = protox::compile(FILES, [PROTOS])?;
    tonic_build::configure().bytes(["."]).compile_fds(descriptors)?;
    Ok(())
}
