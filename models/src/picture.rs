use image::ImageDecoder as _;
use image::codecs::jpeg::JpegDecoder;
use image::metadata::Orientation;
use std::io::Cursor;
use thiserror::Error;

/// Longest side that is decoded, in pixels. The page sends 640.
pub const MAX_SIDE: u32 = 1920;
/// Shortest side, in pixels: cameras take 320 x 240 and more, and in less the eyes and the skin of a face at arm's length
/// cannot be measured.
pub const MIN_SIDE: u32 = 240;

/// A decoded picture: RGB, 8 bits a channel, row by row.
#[derive(Debug, Clone)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

/// Why bytes are no picture that can be measured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PictureError {
    /// They are no JPEG, or a broken one.
    #[error("not a JPEG that can be decoded: {0}")]
    Broken(String),
    /// Another decoder could show something else than what is measured here.
    #[error("not a baseline JPEG of one image, upright and with one scan of each colour")]
    Ambiguous,
    /// The end is missing.
    #[error("the JPEG is cut off: its end marker is missing")]
    Truncated,
    /// The sides are out of range; nothing was decoded.
    #[error("{width} x {height} pixels: each side must have {MIN_SIDE} to {MAX_SIDE}")]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
}

impl Picture {
    /// Takes RGB bytes, row by row; none where their number is not width x height x 3.
    #[must_use]
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Option<Self> {
        (rgb.len() == width as usize * height as usize * 3).then_some(Self { width, height, rgb })
    }

    /// Decodes a JPEG. The sides are checked before memory is taken for the pixels.
    ///
    /// # Errors
    /// When it is none, is cut off, or is too large or too small.
    pub fn decode(jpeg: &[u8]) -> Result<Self, PictureError> {
        let broken = |error: image::ImageError| PictureError::Broken(error.to_string());
        if !jpeg.starts_with(&[0xFF, 0xD8]) {
            return Err(PictureError::Broken("it does not begin like one".into()));
        }
        let mut decoder = JpegDecoder::new(Cursor::new(jpeg)).map_err(broken)?;
        let (width, height) = decoder.dimensions();
        if [width, height].iter().any(|side| !(MIN_SIDE..=MAX_SIDE).contains(side)) {
            return Err(PictureError::Size { width, height });
        }
        if !jpeg.ends_with(&[0xFF, 0xD9]) {
            return Err(PictureError::Truncated);
        }
        let is_upright =
            decoder.orientation().is_ok_and(|orientation| orientation == Orientation::NoTransforms);
        if !(is_upright && is_plain(jpeg)) {
            return Err(PictureError::Ambiguous);
        }
        let image = image::DynamicImage::from_decoder(decoder).map_err(broken)?;
        Ok(Self { width, height, rgb: image.into_rgb8().into_raw() })
    }

    /// Width in pixels.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// The bytes: red, green, blue of each pixel, row by row.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }
}

/// Whether all decoders see the same in a JPEG: baseline coding (ITU-T T.81, SOF0 or SOF1), one frame, each component in one
/// scan, and nothing behind the end. A progressive one may hold scans that one decoder reads and another gives up on.
fn is_plain(jpeg: &[u8]) -> bool {
    let Some(markers) = markers(jpeg) else { return false };
    let is_frame = |marker: u8| matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
    let frames: Vec<_> = markers.iter().filter(|(marker, _)| is_frame(*marker)).collect();
    let [(0xC0 | 0xC1, frame)] = frames[..] else { return false };
    let scans = markers.iter().filter(|(marker, _)| *marker == 0xDA);
    let scanned: u32 = scans.filter_map(|(_, scan)| scan.first()).copied().map(u32::from).sum();
    frame.get(5).is_some_and(|components| u32::from(*components) == scanned)
}

/// The segments up to the end, each with its marker; none where they do not follow each other or something is behind the end.
fn markers(jpeg: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut markers = Vec::new();
    let mut rest = jpeg.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        rest = rest.strip_prefix(&[0xFF])?;
        // A marker may be preceded by any number of fill bytes.
        let filled = rest.iter().position(|byte| *byte != 0xFF)?;
        let (marker, behind) = (*rest.get(filled)?, rest.get(filled + 1..)?);
        if marker == 0xD9 {
            return behind.is_empty().then_some(markers);
        }
        let length = usize::from(u16::from_be_bytes(*behind.first_chunk()?));
        markers.push((marker, behind.get(2..length)?));
        rest = behind.get(length..)?;
        if marker == 0xDA {
            let is_end = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7);
            rest = rest.get(rest.windows(2).position(is_end)?..)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let pixels = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 90]));
        pixels.write_with_encoder(image::codecs::jpeg::JpegEncoder::new(&mut bytes)).unwrap();
        bytes
    }

    /// Overwrites height and width in the frame header.
    fn with_sides(mut bytes: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
        let frame = bytes.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
        bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        bytes
    }

    #[test]
    fn decodes_what_it_should() {
        let picture = Picture::decode(&jpeg(320, 240)).unwrap();
        assert_eq!((picture.width(), picture.height(), picture.rgb().len()), (320, 240, 320 * 240 * 3));
    }

    #[test]
    fn refuses_by_the_header_alone() {
        let huge = with_sides(jpeg(320, 240), 20_000, 20_000);
        assert_eq!(Picture::decode(&huge).unwrap_err(), PictureError::Size { width: 20_000, height: 20_000 });
        assert!(matches!(Picture::decode(&jpeg(320, 239)), Err(PictureError::Size { .. })));
    }

    #[test]
    fn refuses_what_another_decoder_may_show_otherwise() {
        let plain = jpeg(320, 240);
        let place = |marker: u8| plain.windows(2).position(|pair| pair == [0xFF, marker]).unwrap();
        let ambiguous = |bytes: Vec<u8>| matches!(Picture::decode(&bytes), Err(PictureError::Ambiguous));
        let scan = &plain[place(0xDA)..plain.len() - 2];
        let with = |at: usize, more: &[u8]| [&plain[..at], more, &plain[at..]].concat();
        assert!(ambiguous(with(plain.len() - 2, scan)), "a second scan");
        assert!(ambiguous([&plain[..], &plain].concat()), "a second image");
        // Exif, big endian, of one entry: the orientation, turned upside down.
        let exif =
            b"\xFF\xE1\x00\x22Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0";
        assert!(ambiguous(with(2, exif)), "turned when it is shown");
        let upright: Vec<u8> =
            exif.iter().enumerate().map(|(at, byte)| if at == 29 { 1 } else { *byte }).collect();
        assert!(Picture::decode(&with(2, &upright)).is_ok());
        assert!(
            Picture::decode(&with(place(0xDA), b"\xFF\xFF\xFE\0\x03!")).is_ok(),
            "a comment, and a fill byte"
        );
        let mut progressive = plain.clone();
        progressive[place(0xC0) + 1] = 0xC2;
        assert!(Picture::decode(&progressive).is_err());
    }

    #[test]
    fn refuses_what_is_broken() {
        let whole = jpeg(320, 240);
        assert!(matches!(Picture::decode(b""), Err(PictureError::Broken(_))));
        assert!(matches!(Picture::decode(b"\x89PNG\r\n"), Err(PictureError::Broken(_))));
        assert!(matches!(Picture::decode(&whole[..20]), Err(PictureError::Broken(_))));
        assert_eq!(Picture::decode(&whole[..whole.len() - 200]).unwrap_err(), PictureError::Truncated);
    }
}
