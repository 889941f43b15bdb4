//! From pixels to the files that are kept. Always the same bytes for the same pixels, so that a picture sent twice is known.

use super::decode::Format;
use fast_image_resize::{ResizeOptions, Resizer};
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder};

/// The longer side of what a page shows.
const WEB_SIDE_MAX: u32 = 2_048;
const WEB_QUALITY: f32 = 82.0;
/// For the full size there is no other original.
const FULL_QUALITY: u8 = 90;
/// Of 1 (best) to 30.
const GIF_SPEED: i32 = 10;
pub(crate) const AVATAR_SIDES: [u32; 4] = [32, 64, 128, 256];
/// Enough for the few waves that a blurhash is made of.
const BLUR_SIDE_MAX: u32 = 32;
const BLUR_WAVES: (u32, u32) = (4, 3);

/// A file to be kept.
pub(crate) struct Form {
    pub(crate) media: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Form {
    fn of(image: &DynamicImage, media: &'static str, bytes: Vec<u8>) -> Form {
        Form {
            media,
            width: image.width(),
            height: image.height(),
            bytes,
        }
    }
}

/// `None` when the encoder will not have it.
pub(super) fn full(image: &DynamicImage, format: Format) -> Option<Form> {
    Some(match format {
        Format::Png => Form::of(image, "image/png", png(image)?),
        Format::Jpeg => {
            let mut out = Vec::new();
            let mut encoder = JpegEncoder::new_with_quality(&mut out, FULL_QUALITY);
            encoder.encode_image(image).ok()?;
            Form::of(image, "image/jpeg", out)
        }
        Format::Gif => {
            let mut out = Vec::new();
            let mut encoder = GifEncoder::new_with_speed(&mut out, GIF_SPEED);
            let (width, height) = (image.width(), image.height());
            encoder
                .encode(image.as_bytes(), width, height, color(image))
                .ok()?;
            // What ends the file is written when the encoder goes.
            drop(encoder);
            Form::of(image, "image/gif", out)
        }
        Format::WebpLossy => Form::of(image, "image/webp", webp(image, FULL_QUALITY.into())?),
        Format::WebpLossless => {
            let mut out = Vec::new();
            let (width, height) = (image.width(), image.height());
            WebPEncoder::new_lossless(&mut out)
                .encode(image.as_bytes(), width, height, color(image))
                .ok()?;
            Form::of(image, "image/webp", out)
        }
    })
}

pub(super) fn web(image: &DynamicImage) -> Option<Form> {
    let longer = image.width().max(image.height());
    if longer <= WEB_SIDE_MAX {
        return Some(Form::of(image, "image/webp", webp(image, WEB_QUALITY)?));
    }
    let small = fitted(image, WEB_SIDE_MAX)?;
    let bytes = webp(&small, WEB_QUALITY)?;
    Some(Form::of(&small, "image/webp", bytes))
}

pub(super) fn avatar(image: &DynamicImage) -> Option<Vec<[Form; 2]>> {
    // Of what does not fit into a square the middle is shown.
    let square = ResizeOptions::new().fit_into_destination(Some((0.5, 0.5)));
    AVATAR_SIDES
        .into_iter()
        .map(|side| {
            let small = resized(image, side, side, &square)?;
            let webp = Form::of(&small, "image/webp", webp(&small, WEB_QUALITY)?);
            Some([webp, Form::of(&small, "image/png", png(&small)?)])
        })
        .collect()
}

pub(super) fn blurhash(image: &DynamicImage) -> Option<String> {
    let small = fitted(image, BLUR_SIDE_MAX)?.into_rgba8();
    let (across, down) = BLUR_WAVES;
    blurhash::encode(across, down, small.width(), small.height(), small.as_raw()).ok()
}

/// As large as fits into a square of this side.
fn fitted(image: &DynamicImage, side: u32) -> Option<DynamicImage> {
    let longer = image.width().max(image.height());
    let scaled = |length: u32| {
        let scaled = u64::from(length) * u64::from(side) / u64::from(longer);
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    let (width, height) = (scaled(image.width()), scaled(image.height()));
    resized(image, width, height, &ResizeOptions::new())
}

fn resized(
    image: &DynamicImage,
    width: u32,
    height: u32,
    options: &ResizeOptions,
) -> Option<DynamicImage> {
    let mut small = DynamicImage::new(width, height, image.color());
    Resizer::new()
        .resize(image, &mut small, Some(options))
        .ok()?;
    Some(small)
}

fn color(image: &DynamicImage) -> ExtendedColorType {
    image.color().into()
}

pub(crate) fn png(image: &DynamicImage) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    PngEncoder::new_with_quality(&mut out, CompressionType::Default, FilterType::Adaptive)
        .write_image(
            image.as_bytes(),
            image.width(),
            image.height(),
            color(image),
        )
        .ok()?;
    Some(out)
}

pub(crate) fn webp(image: &DynamicImage, quality: f32) -> Option<Vec<u8>> {
    let (bytes, width, height) = (image.as_bytes(), image.width(), image.height());
    let encoder = match image.color().has_alpha() {
        true => webp::Encoder::from_rgba(bytes, width, height),
        false => webp::Encoder::from_rgb(bytes, width, height),
    };
    Some(encoder.encode_simple(false, quality).ok()?.to_vec())
}
