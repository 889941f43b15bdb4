//! A board's preview as pixels: drawn with the font that boards have and no other, reading nothing from anywhere.

use easel_board::scene::{self, Rgb};
use easel_board::schema::Theme;
use image::{DynamicImage, RgbImage};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree, fontdb};
use std::sync::{Arc, LazyLock};

/// Easel Text as TTF, regular and bold; empty when the client was not built before the server, and then no text is drawn.
const FONT_FILES: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/font.rs"));

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for file in FONT_FILES {
        fonts.load_font_data(file.to_vec());
    }
    let family = fonts.faces().next().map(|face| face.families[0].0.clone());
    if let Some(family) = family {
        // Whatever the preview asks for.
        fonts.set_sans_serif_family(family);
    }
    Arc::new(fonts)
});

/// On the ground that boards have. `None` when it is no SVG, or too large to be drawn.
pub(crate) fn raster(svg: &[u8], theme: Theme, width: u32) -> Option<DynamicImage> {
    let options = Options {
        fontdb: FONTS.clone(),
        font_family: "sans-serif".to_owned(),
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let tree = Tree::from_data(svg, &options).ok()?;
    let size = tree.size();
    let scale = width as f32 / size.width();
    let height = (size.height() * scale).round() as u32;
    let mut drawn = Pixmap::new(width, height.max(1))?;
    drawn.fill(ground(theme));
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut drawn.as_mut(),
    );
    // On a ground without holes, what is drawn has none, so there is nothing to divide by.
    let colors = drawn.data().chunks_exact(4).flat_map(|pixel| &pixel[..3]);
    let image = RgbImage::from_raw(drawn.width(), drawn.height(), colors.copied().collect())?;
    Some(DynamicImage::ImageRgb8(image))
}

fn ground(theme: Theme) -> Color {
    let Rgb(r, g, b) = scene::canvas(theme);
    Color::from_rgba8(r, g, b, 255)
}

#[cfg(test)]
mod tests {
    use super::{FONT_FILES, raster};
    use easel_board::schema::Theme;

    fn svg(content: &str) -> String {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="640" height="400"
            viewBox="0 0 640 400" font-family="Inter,system-ui,sans-serif">{content}</svg>"#
        )
    }

    /// How many pixels are not of the ground.
    fn inked(content: &str) -> usize {
        let image = raster(svg(content).as_bytes(), Theme::Light, 480).unwrap();
        assert_eq!((image.width(), image.height()), (480, 300));
        let image = image.into_rgb8();
        let ground = *image.get_pixel(0, 0);
        image.pixels().filter(|pixel| **pixel != ground).count()
    }

    #[test]
    fn shapes_are_drawn_and_text_if_there_is_the_font() {
        assert_eq!(inked(""), 0);
        assert!(inked(r#"<rect x="100" y="100" width="200" height="100" fill="red"/>"#) > 10_000);
        let text = inked(
            r#"<text font-size="40" fill="black"><tspan x="100" y="200">Words</tspan></text>"#,
        );
        assert_eq!(text > 100, !FONT_FILES[0].is_empty());
    }

    #[test]
    fn marks_let_what_they_cross_shine_through() {
        let black = r#"<rect width="640" height="400" fill="black"/>"#;
        let mark = r#"<g style="mix-blend-mode:multiply"><rect width="640" height="400" fill="yellow"/></g>"#;
        let pixel = |content: &str| {
            let drawn = raster(svg(content).as_bytes(), Theme::Light, 64).unwrap();
            drawn.to_rgb8().get_pixel(32, 20).0
        };
        assert_eq!(pixel(&format!("{black}{mark}")), [0, 0, 0]);
        // On the ground alone it is as yellow as the ground is bright.
        assert!(matches!(pixel(mark), [240..=255, 240..=255, 0]));
    }

    #[test]
    fn nothing_is_read_from_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("red.png");
        std::fs::write(&file, crate::images::samples::png(8, 8)).unwrap();
        let place = file.display();
        assert_eq!(
            inked(&format!(
                r#"<image width="100" height="100" xlink:href="{place}"/>"#
            )),
            0
        );
    }

    #[test]
    fn what_is_no_svg_is_not_drawn() {
        for bytes in [&b""[..], b"<", b"<svg", b"\x89PNG"] {
            assert!(raster(bytes, Theme::Dark, 480).is_none());
        }
    }
}
