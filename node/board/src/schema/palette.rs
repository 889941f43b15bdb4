//! Colours by name. A name is drawn differently in the light and in the dark theme; `#rrggbb` is drawn as it is.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Theme; 2] = [Theme::Light, Theme::Dark];

    pub fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

/// One value for each theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Themed<T> {
    pub light: T,
    pub dark: T,
}

impl<T: Copy> Themed<T> {
    pub fn of(self, theme: Theme) -> T {
        match theme {
            Theme::Light => self.light,
            Theme::Dark => self.dark,
        }
    }
}

/// How one name is drawn: as a line or letters, as an area, and `black` letters on that area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swatch {
    pub stroke: &'static str,
    pub fill: &'static str,
    pub ink: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaletteColor {
    pub name: &'static str,
    pub swatch: Themed<Swatch>,
}

/// The board itself.
pub const CANVAS: Themed<&str> = Themed {
    light: "#f8f9fb",
    dark: "#16181d",
};

/// What a frame without a fill of its own is made of.
pub const SHEET: Themed<&str> = Themed {
    light: "#ffffff",
    dark: "#1e2127",
};

/// `black` letters on light and on dark areas of any colour.
pub const INK_DARK: &str = "#1f2328";
pub const INK_LIGHT: &str = "#f1f3f6";

/// In the order that a colour picker shows.
pub const PALETTE: [PaletteColor; 12] = [
    color(
        "black",
        ("#1f2328", "#3a4049", INK_LIGHT),
        ("#eceef2", "#2b3038", INK_LIGHT),
    ),
    color(
        "grey",
        ("#6b7280", "#e3e6eb", INK_DARK),
        ("#9aa3b0", "#444b56", INK_LIGHT),
    ),
    color(
        "red",
        ("#d4333f", "#ffd6d4", INK_DARK),
        ("#ff8080", "#7b2c33", INK_LIGHT),
    ),
    color(
        "orange",
        ("#cf5a12", "#ffe0c4", INK_DARK),
        ("#ffa061", "#7a4418", INK_LIGHT),
    ),
    color(
        "yellow",
        ("#a37508", "#fff0a6", INK_DARK),
        ("#f0cb58", "#5e4c12", INK_LIGHT),
    ),
    color(
        "green",
        ("#24823f", "#cff2d3", INK_DARK),
        ("#6ad189", "#235c36", INK_LIGHT),
    ),
    color(
        "teal",
        ("#0d8086", "#c5f0ee", INK_DARK),
        ("#52cbc9", "#185b5e", INK_LIGHT),
    ),
    color(
        "blue",
        ("#2563d4", "#d0e4ff", INK_DARK),
        ("#7aacff", "#254c8a", INK_LIGHT),
    ),
    color(
        "violet",
        ("#7442dd", "#e4daff", INK_DARK),
        ("#b49aff", "#4c3690", INK_LIGHT),
    ),
    color(
        "pink",
        ("#c9307b", "#ffd8ea", INK_DARK),
        ("#ff8cc3", "#7a2b58", INK_LIGHT),
    ),
    color(
        "brown",
        ("#8a5a34", "#ecdccb", INK_DARK),
        ("#cda177", "#5c4431", INK_LIGHT),
    ),
    color(
        "white",
        ("#ffffff", "#ffffff", INK_DARK),
        ("#ffffff", "#f4f5f7", INK_DARK),
    ),
];

type Triple = (&'static str, &'static str, &'static str);

const fn color(name: &'static str, light: Triple, dark: Triple) -> PaletteColor {
    PaletteColor {
        name,
        swatch: Themed {
            light: swatch(light),
            dark: swatch(dark),
        },
    }
}

const fn swatch((stroke, fill, ink): Triple) -> Swatch {
    Swatch { stroke, fill, ink }
}

#[cfg(test)]
mod tests {
    use super::{CANVAS, PALETTE, Theme};

    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_on_every_fill_is_readable() {
        for (color, theme) in PALETTE
            .iter()
            .flat_map(|color| Theme::ALL.map(|theme| (color, theme)))
        {
            let swatch = color.swatch.of(theme);
            let ratio = contrast(swatch.ink, swatch.fill);
            assert!(
                ratio >= 7.0,
                "{} in {}: {ratio:.2}",
                color.name,
                theme.name()
            );
        }
    }

    #[test]
    fn text_in_every_colour_but_white_is_readable_on_the_canvas() {
        for (color, theme) in PALETTE
            .iter()
            .flat_map(|color| Theme::ALL.map(|theme| (color, theme)))
        {
            if color.name == "white" {
                continue;
            }
            let ratio = contrast(color.swatch.of(theme).stroke, CANVAS.of(theme));
            assert!(
                ratio >= 3.6,
                "{} in {}: {ratio:.2}",
                color.name,
                theme.name()
            );
        }
    }
}
