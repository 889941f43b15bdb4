//! What people bring and what becomes of it.

use super::decode::{Format, SIDE_MAX, decode};
use super::samples::{
    BLUE, GREEN, RED, SECRET, WHITE, bombs, claiming, deep, lossy_webp, png, quarters, sound,
    turned_jpeg, written,
};
use super::{AVATAR_SIDES, Refused, encode};
use image::{DynamicImage, GenericImageView, ImageFormat};

const PIXELS_MAX: u64 = 40_000_000;

fn refusal(bytes: &[u8]) -> Option<Refused> {
    decode(bytes, PIXELS_MAX).err()
}

fn reread(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).unwrap()
}

fn is_near(pixel: [u8; 4], color: [u8; 3]) -> bool {
    pixel
        .iter()
        .zip(color)
        .all(|(have, want)| have.abs_diff(want) < 40)
}

/// The colours of its four quarters, row by row.
fn colors(image: &DynamicImage) -> String {
    let (width, height) = image.dimensions();
    let name = |x, y| {
        let pixel = image.get_pixel(x, y).0;
        let known = [("R", RED), ("G", GREEN), ("B", BLUE), ("W", WHITE)];
        let found = known.iter().find(|(_, color)| is_near(pixel, *color));
        found.map_or("?", |(name, _)| *name)
    };
    let (left, right) = (width / 4, width * 3 / 4);
    let (top, bottom) = (height / 4, height * 3 / 4);
    [(left, top), (right, top), (left, bottom), (right, bottom)]
        .map(|(x, y)| name(x, y))
        .concat()
}

#[test]
fn every_kind_is_written_anew_as_what_it_was() {
    for (media, bytes) in sound() {
        let (image, format) = decode(&bytes, PIXELS_MAX).unwrap();
        let full = encode::full(&image, format).unwrap();
        assert_eq!((full.media, full.width, full.height), (media, 60, 40));
        let again = reread(&full.bytes);
        assert_eq!(again.dimensions(), (60, 40));
        assert_eq!(colors(&again), "RGBW", "{media}");
        let web = encode::web(&image).unwrap();
        assert_eq!((web.media, web.width, web.height), ("image/webp", 60, 40));
        assert_eq!(colors(&reread(&web.bytes)), "RGBW");
        assert_eq!(encode::blurhash(&image).unwrap().len(), 28);
        // The same again is the same, or nobody would know it.
        assert_eq!(encode::full(&image, format).unwrap().bytes, full.bytes);
    }
    let (_, format) = decode(&lossy_webp(8, 8), PIXELS_MAX).unwrap();
    assert_eq!(format, Format::WebpLossy);
    let lossless = written(&quarters(8, 8), ImageFormat::WebP);
    let (_, format) = decode(&lossless, PIXELS_MAX).unwrap();
    assert_eq!(format, Format::WebpLossless);
}

#[test]
fn a_large_picture_is_made_smaller_for_the_page() {
    for ((width, height), expected) in [
        ((4_100, 30), (2_048, 14)),
        ((30, 4_100), (14, 2_048)),
        ((2_048, 10), (2_048, 10)),
        ((5_000, 1), (2_048, 1)),
    ] {
        let web = encode::web(&quarters(width, height)).unwrap();
        assert_eq!((web.width, web.height), expected);
        assert_eq!(reread(&web.bytes).dimensions(), expected);
    }
}

#[test]
fn an_avatar_is_the_middle_square_in_each_size() {
    let made = encode::avatar(&quarters(300, 100)).unwrap();
    let sides: Vec<_> = made.iter().map(|[webp, _]| webp.width).collect();
    assert_eq!(sides, AVATAR_SIDES);
    for [webp, png] in &made {
        assert_eq!((webp.media, png.media), ("image/webp", "image/png"));
        for form in [webp, png] {
            let image = reread(&form.bytes);
            assert_eq!(image.dimensions(), (form.width, form.width));
            assert_eq!(colors(&image), "RGBW");
        }
    }
    // Of a picture smaller than that, too.
    assert_eq!(encode::avatar(&quarters(1, 1)).unwrap().len(), 4);
}

#[test]
fn a_picture_is_turned_the_right_way_up_and_says_no_more_where_it_was_taken() {
    for (orientation, expected) in [
        (1, "RGBW"),
        (2, "GRWB"),
        (3, "WBGR"),
        (4, "BWRG"),
        (5, "RBGW"),
        (6, "BRWG"),
        (7, "WGBR"),
        (8, "GWRB"),
    ] {
        let sent = turned_jpeg(orientation);
        assert!(sent.windows(SECRET.len()).any(|part| part == SECRET));
        let (image, format) = decode(&sent, PIXELS_MAX).unwrap();
        let kept = encode::full(&image, format).unwrap();
        let size = match orientation > 4 {
            true => (24, 16),
            false => (16, 24),
        };
        assert_eq!((kept.width, kept.height), size, "{orientation}");
        assert_eq!(colors(&reread(&kept.bytes)), expected, "{orientation}");
        for form in [kept, encode::web(&image).unwrap()] {
            for gone in [SECRET, b"Exif"] {
                assert!(!form.bytes.windows(gone.len()).any(|part| part == gone));
            }
        }
    }
}

#[test]
fn what_hangs_behind_a_picture_is_gone() {
    let script = b"<script>alert(1)</script>PK\x03\x04";
    for (media, mut bytes) in sound() {
        bytes.extend_from_slice(script);
        // A WebP that is longer than it says may be refused as well.
        let Ok((image, format)) = decode(&bytes, PIXELS_MAX) else {
            assert_eq!(media, "image/webp");
            continue;
        };
        let kept = encode::full(&image, format).unwrap();
        assert!(
            !kept.bytes.windows(8).any(|part| part == b"<script>"),
            "{media}"
        );
    }
}

#[test]
fn what_is_no_picture_is_told_by_its_content() {
    for bytes in [
        &b""[..],
        b"\x89PNG",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"BM\x3a\0\0\0",
        b"\0\0\0\x1cftypavif",
        b"II*\0",
        b"RIFF\x04\0\0\0WAVE",
        b"PK\x03\x04",
    ] {
        assert_eq!(refusal(bytes), Some(Refused::Type), "{bytes:?}");
    }
}

#[test]
fn a_header_that_says_too_much_is_believed_and_refused() {
    let too_many = Some(Refused::TooManyPixels { max: PIXELS_MAX });
    for (kind, bytes) in bombs(10_000, 10_000) {
        assert_eq!(refusal(&bytes), too_many, "{kind}");
    }
    for (kind, bytes) in bombs(65_000, 65_000) {
        let expected = match kind {
            "webp" => too_many,
            _ => Some(Refused::TooLong { max: SIDE_MAX }),
        };
        assert_eq!(refusal(&bytes), expected, "{kind}");
    }
    // Long and thin, few pixels: too long all the same.
    for (kind, bytes) in bombs(16_384, 1) {
        match kind {
            "webp" => continue,
            _ => assert_eq!(
                refusal(&bytes),
                Some(Refused::TooLong { max: SIDE_MAX }),
                "{kind}"
            ),
        }
    }
    let sound = png(10, 10);
    assert!(decode(&sound, 100).is_ok());
    let max = 99;
    assert_eq!(
        decode(&sound, max).err(),
        Some(Refused::TooManyPixels { max })
    );
}

#[test]
fn a_picture_may_take_four_bytes_for_each_pixel_that_it_may_have() {
    let max = 10_000;
    assert!(
        decode(&deep(70, 71), max).is_ok(),
        "half the pixels, twice the bytes"
    );
    let refused = decode(&deep(99, 100), max).err();
    assert_eq!(refused, Some(Refused::TooManyPixels { max }));
    assert!(decode(&png(99, 100), max).is_ok());
    // What somebody tried: a few bytes that want 460 MB, of 7,600 times 7,600 pixels. Nothing of it is decoded.
    let wide = claiming(deep(8, 8), 7_600, 7_600);
    let max = 60_000_000;
    let refused = decode(&wide, max).err();
    assert_eq!(refused, Some(Refused::TooManyPixels { max }));
}

#[test]
fn half_a_picture_is_none() {
    for (media, bytes) in sound() {
        for cut in [1, 2, 3, 5] {
            let half = &bytes[..bytes.len() * cut / 6];
            assert!(decode(half, PIXELS_MAX).is_err(), "{media} {cut}/6");
        }
    }
    let turned = turned_jpeg(6);
    assert_eq!(refusal(&turned[..turned.len() - 2]), Some(Refused::Broken));
}

/// Whatever bytes are changed, there is a picture or a refusal, never a panic.
#[test]
fn damaged_pictures_do_no_harm() {
    for (_, bytes) in sound() {
        for seed in 0..200u64 {
            let mut damaged = bytes.clone();
            let hash = blake3::hash(&seed.to_le_bytes());
            for four in hash.as_bytes().chunks_exact(4).take(1 + seed as usize % 8) {
                let at = u32::from_le_bytes([four[0], four[1], four[2], 0]) as usize;
                let at = at % damaged.len();
                damaged[at] = four[3];
            }
            if let Ok((image, format)) = decode(&damaged, 1_000_000) {
                encode::full(&image, format).unwrap();
            }
        }
    }
}

#[test]
fn colors_of_a_profile_become_those_of_every_screen() {
    let wide = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let srgb = moxcms::ColorProfile::new_srgb().encode().unwrap();
    let said = [180, 90, 70];
    let decoded = |profile: Option<&[u8]>, alpha: bool| {
        let [r, g, b] = said;
        let rgba = image::RgbaImage::from_pixel(9, 7, image::Rgba([r, g, b, 255]));
        let rgba = DynamicImage::ImageRgba8(rgba);
        let image = match alpha {
            true => rgba,
            false => DynamicImage::ImageRgb8(rgba.into_rgb8()),
        };
        let mut out = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut out);
        if let Some(profile) = profile {
            image::ImageEncoder::set_icc_profile(&mut encoder, profile.to_vec()).unwrap();
        }
        image.write_with_encoder(encoder).unwrap();
        let (image, _) = decode(&out, PIXELS_MAX).unwrap();
        let [r, g, b, _] = image.get_pixel(8, 6).0;
        [r, g, b]
    };
    let differ = |have: [u8; 3], want: [u8; 3]| {
        let each = have
            .iter()
            .zip(want)
            .map(|(one, other)| one.abs_diff(other));
        each.max()
    };
    for alpha in [false, true] {
        // By the matrices of the two spaces: 193.5, 83.4, 63.4.
        let narrower = decoded(Some(&wide), alpha);
        assert!(differ(narrower, [193, 83, 63]) <= Some(2), "{narrower:?}");
        let same = decoded(Some(&srgb), alpha);
        assert!(differ(same, said) <= Some(1), "{same:?}");
        assert_eq!(decoded(None, alpha), said);
        assert_eq!(decoded(Some(b"no profile"), alpha), said);
    }
}
