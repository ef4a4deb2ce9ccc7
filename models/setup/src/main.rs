//! Prepares the models and the inference library that the service needs; see the README beside it.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use liveness_model_setup::setup::{Outcome, Setup};

/// Fetches, checks and converts the models and the inference library that the service needs.
///
/// What is there and right is kept: a second run needs no network.
#[derive(Parser)]
struct Arguments {
    /// Folder that the files are made in
    #[arg(long, value_name = "DIR", default_value = "models/built")]
    out: PathBuf,

    /// Folder that downloads are kept in [default: cache/ in the folder of --out]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Manifest that pins everything
    #[arg(long, value_name = "FILE", default_value = "models/manifest.toml")]
    manifest: PathBuf,

    /// Fetch the picture that the converter's test needs, too
    #[arg(long)]
    test_material: bool,

    /// For developers: convert all models anew and write their sha256 into the manifest
    #[arg(long)]
    record: bool,
}

fn main() -> Result<()> {
    let Arguments { out, cache, manifest, test_material, record } = Arguments::parse();
    let cache = cache.unwrap_or_else(|| out.join("cache"));
    let mut terminal = std::io::stdout().lock();
    Setup { manifest, out, cache, test_material, record }.run(|report| {
        let file = report.file.display();
        match report.outcome {
            Outcome::Kept => writeln!(terminal, "  kept    {file}")?,
            Outcome::Made => writeln!(terminal, "  made    {file}")?,
            Outcome::Absent(from) => writeln!(terminal, "  absent  {file} (optional; from {from})")?,
        }
        Ok(())
    })
}
