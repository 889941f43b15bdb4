//! From bytes that somebody sent to pixels, within bounds.

use super::{Refused, color};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// As far as every format reaches that we write.
pub(super) const SIDE_MAX: u32 = 16_383;
/// Of a decoded pixel. Deeper colours take twice as much, so such a picture may have half the pixels.
const PIXEL_BYTES_MAX: u64 = 4;
/// What a decoder may take beside the picture itself.
const SCRATCH_BYTES_MAX: u64 = 64 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Png,
    Jpeg,
    Gif,
    WebpLossy,
    WebpLossless,
}

impl Format {
    /// By what it holds, whatever it is called.
    fn of(bytes: &[u8]) -> Option<Format> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Format::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Format::Jpeg)
        } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
            Some(Format::Gif)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(match is_lossless_webp(bytes) {
                true => Format::WebpLossless,
                false => Format::WebpLossy,
            })
        } else {
            None
        }
    }

    fn known(self) -> ImageFormat {
        match self {
            Format::Png => ImageFormat::Png,
            Format::Jpeg => ImageFormat::Jpeg,
            Format::Gif => ImageFormat::Gif,
            Format::WebpLossy | Format::WebpLossless => ImageFormat::WebP,
        }
    }
}

/// Which kind of picture the first chunk with pixels is of.
fn is_lossless_webp(bytes: &[u8]) -> bool {
    let mut rest = &bytes[12..];
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        match &head[..4] {
            b"VP8L" => return true,
            b"VP8 " => return false,
            // A frame of a moving picture: its first 16 bytes say where it goes, then come chunks of its own.
            b"ANMF" => rest = after.get(16..).unwrap_or_default(),
            _ => {
                let len = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
                let padded = usize::try_from(len).unwrap_or(usize::MAX);
                let padded = padded.saturating_add(padded % 2);
                rest = after.get(padded..).unwrap_or_default();
            }
        }
    }
    false
}

/// The pixels, the right way up, in 8-bit RGB or RGBA, their colours sRGB.
pub(super) fn decode(bytes: &[u8], pixels_max: u64) -> Result<(DynamicImage, Format), Refused> {
    let format = Format::of(bytes).ok_or(Refused::Type)?;
    if format == Format::Jpeg && !ends_as_jpeg(bytes) {
        return Err(Refused::Broken);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.known());
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    let memory_max = pixels_max * PIXEL_BYTES_MAX;
    limits.max_alloc = Some(memory_max + SCRATCH_BYTES_MAX);
    reader.limits(limits);
    // Reads the header alone.
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Refused::Broken);
    }
    if width.max(height) > SIDE_MAX {
        return Err(Refused::TooLong { max: SIDE_MAX });
    }
    if u64::from(width) * u64::from(height) > pixels_max {
        return Err(Refused::TooManyPixels { max: pixels_max });
    }
    if decoder.total_bytes() > memory_max {
        return Err(Refused::TooManyPixels { max: pixels_max });
    }
    let orientation = decoder.orientation().map_err(refused)?;
    // What cannot be read of it leaves the pixels as they are.
    let profile = decoder.icc_profile().unwrap_or_default();
    let decoded = DynamicImage::from_decoder(decoder).map_err(refused)?;
    let image = match decoded.color().has_alpha() {
        true => DynamicImage::ImageRgba8(decoded.into_rgba8()),
        false => DynamicImage::ImageRgb8(decoded.into_rgb8()),
    };
    let mut image = color::to_srgb(image, profile.as_deref());
    image.apply_orientation(orientation);
    Ok((image, format))
}

fn refused(error: ImageError) -> Refused {
    use image::error::LimitErrorKind;
    match error {
        ImageError::Limits(limit) => match limit.kind() {
            LimitErrorKind::DimensionError => Refused::TooLong { max: SIDE_MAX },
            _ => Refused::Broken,
        },
        _ => Refused::Broken,
    }
}

/// The decoder paints over what a JPEG lacks, so that half of one would pass for a whole.
fn ends_as_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    // To the first scan, past segments that may hold a small picture with an end of its own.
    while let Some(&[0xff, marker]) = bytes.get(at..at + 2) {
        match marker {
            0xff => at += 1,
            0xda => return bytes[at..].windows(2).any(|two| two == [0xff, 0xd9]),
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => {
                let Some(&[high, low]) = bytes.get(at + 2..at + 4) else {
                    return false;
                };
                at += 2 + usize::from(u16::from_be_bytes([high, low]));
            }
        }
    }
    false
}
