//! Pictures for tests: sound ones, and what somebody could send instead.

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use std::io::Cursor;

pub(crate) const RED: [u8; 3] = [230, 20, 20];
pub(crate) const GREEN: [u8; 3] = [20, 200, 20];
pub(crate) const BLUE: [u8; 3] = [20, 20, 230];
pub(crate) const WHITE: [u8; 3] = [250, 250, 250];
/// What stands in EXIF beside the place where a picture was taken.
pub(crate) const SECRET: &[u8] = b"52.5200N 13.4050E";

/// Four colours, so that it can be seen which way is up.
pub(crate) fn quarters(width: u32, height: u32) -> DynamicImage {
    let image = RgbaImage::from_fn(width, height, |x, y| {
        let [r, g, b] = match (x < width / 2, y < height / 2) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => WHITE,
        };
        Rgba([r, g, b, 255])
    });
    DynamicImage::ImageRgba8(image)
}

pub(crate) fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let image = match format {
        ImageFormat::Jpeg => DynamicImage::ImageRgb8(image.to_rgb8()),
        _ => image.clone(),
    };
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    written(&quarters(width, height), ImageFormat::Png)
}

pub(crate) fn lossy_webp(width: u32, height: u32) -> Vec<u8> {
    super::encode::webp(&quarters(width, height), 90.0).unwrap()
}

/// A picture of 16 × 24 with this orientation and a place in its EXIF.
pub(crate) fn turned_jpeg(orientation: u8) -> Vec<u8> {
    let plain = written(&quarters(16, 24), ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08".to_vec();
    // Two entries: the orientation (a short), and a text further on.
    exif.extend_from_slice(&[0, 2]);
    exif.extend_from_slice(&[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    let len = u32::try_from(SECRET.len()).unwrap();
    exif.extend_from_slice(&[0x01, 0x0e, 0, 2]);
    exif.extend_from_slice(&len.to_be_bytes());
    exif.extend_from_slice(&38u32.to_be_bytes());
    exif.extend_from_slice(&[0, 0, 0, 0]);
    exif.extend_from_slice(SECRET);
    let segment = u16::try_from(exif.len() + 2).unwrap();
    let (start, rest) = plain.split_at(2);
    [start, &[0xff, 0xe1], &segment.to_be_bytes(), &exif, rest].concat()
}

/// Sound files of a few bytes whose headers say that they are this large.
pub(crate) fn bombs(width: u16, height: u16) -> Vec<(&'static str, Vec<u8>)> {
    let small = quarters(8, 8);
    let png = claiming(
        written(&small, ImageFormat::Png),
        width.into(),
        height.into(),
    );

    let mut jpeg = written(&small, ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());

    let mut gif = written(&small, ImageFormat::Gif);
    gif[6..8].copy_from_slice(&width.to_le_bytes());
    gif[8..10].copy_from_slice(&height.to_le_bytes());

    let mut webp = lossy_webp(8, 8);
    let frame = webp
        .windows(3)
        .position(|three| three == [0x9d, 0x01, 0x2a])
        .unwrap();
    // Fourteen bits each.
    webp[frame + 3..frame + 5].copy_from_slice(&width.min(0x3fff).to_le_bytes());
    webp[frame + 5..frame + 7].copy_from_slice(&height.min(0x3fff).to_le_bytes());
    vec![("png", png), ("jpeg", jpeg), ("gif", gif), ("webp", webp)]
}

/// A PNG whose header tells of other sides.
pub(crate) fn claiming(mut png: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&png[12..29]);
    png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    png
}

/// Few bytes, few enough pixels, and sixteen bits to each colour: twice the memory that its pixels say.
pub(crate) fn deep(width: u32, height: u32) -> Vec<u8> {
    let image = image::DynamicImage::new_rgba16(width, height);
    written(&image, ImageFormat::Png)
}

/// One of each kind.
pub(crate) fn sound() -> Vec<(&'static str, Vec<u8>)> {
    let image = quarters(60, 40);
    vec![
        ("image/png", written(&image, ImageFormat::Png)),
        ("image/jpeg", written(&image, ImageFormat::Jpeg)),
        ("image/gif", written(&image, ImageFormat::Gif)),
        ("image/webp", written(&image, ImageFormat::WebP)),
        ("image/webp", lossy_webp(60, 40)),
    ]
}
