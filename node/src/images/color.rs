//! From a picture's own colours to those of every screen.
//!
//! What a picture's numbers mean may be said by a profile in it, which goes with everything else that is no pixel. So they
//! are made to mean sRGB first, as everybody takes them to without a profile.

use image::DynamicImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// A profile larger than this is not looked at: those of cameras and screens have a few KiB.
const PROFILE_BYTES_MAX: usize = 1 << 20;

/// Pixels of 8-bit RGB or RGBA. With a profile that is for other colours, or that cannot be read, they stay as they are.
pub(super) fn to_srgb(image: DynamicImage, profile: Option<&[u8]>) -> DynamicImage {
    match profile {
        Some(profile) if profile.len() <= PROFILE_BYTES_MAX => {
            converted(&image, profile).unwrap_or(image)
        }
        Some(_) | None => image,
    }
}

fn converted(image: &DynamicImage, profile: &[u8]) -> Option<DynamicImage> {
    let own = ColorProfile::new_from_slice(profile).ok()?;
    if own.color_space != DataColorSpace::Rgb {
        return None;
    }
    let layout = match image {
        DynamicImage::ImageRgb8(_) => Layout::Rgb,
        DynamicImage::ImageRgba8(_) => Layout::Rgba,
        _ => return None,
    };
    let srgb = ColorProfile::new_srgb();
    let transform = own.create_transform_8bit(layout, &srgb, layout, TransformOptions::default());
    let transform = transform.ok()?;
    let row = image.width() as usize * layout.channels();
    let mut pixels = image.as_bytes().to_vec();
    // Row by row: the whole of it is there twice as it is.
    let mut before = vec![0; row];
    for row in pixels.chunks_exact_mut(row) {
        before.copy_from_slice(row);
        transform.transform(&before, row).ok()?;
    }
    let (width, height) = (image.width(), image.height());
    match layout {
        Layout::Rgb => image::RgbImage::from_raw(width, height, pixels).map(Into::into),
        _ => image::RgbaImage::from_raw(width, height, pixels).map(Into::into),
    }
}
