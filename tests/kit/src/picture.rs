use anyhow::{Context as _, Result};
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use std::path::Path;

/// Quality of the JPEGs, about what a browser's canvas makes at 0.85.
const QUALITY: u8 = 85;

/// Reads a PNG or JPEG.
///
/// # Errors
/// When the file is missing or neither.
pub fn read_picture(path: &Path) -> Result<RgbImage> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Ok(image::load_from_memory(&bytes).with_context(|| path.display().to_string())?.into_rgb8())
}

/// Encodes a frame as the page would.
///
/// # Errors
/// When the frame has a side that JPEG does not allow.
pub fn encode_jpeg(frame: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    frame.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))?;
    Ok(bytes)
}

/// Encodes frames, in order.
///
/// # Errors
/// As [`encode_jpeg`].
pub fn encode_jpegs(frames: &[RgbImage]) -> Result<Vec<Vec<u8>>> {
    frames.iter().map(encode_jpeg).collect()
}
