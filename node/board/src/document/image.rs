//! A picture on the board: which file it shows, and which part of it.

use std::collections::HashMap;

use yrs::Any;

use super::element::number;
use crate::blurhash;

/// What is under an image's `data`. The file lies outside the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Id of the asset.
    pub asset: String,
    /// Size of the whole picture, in its own pixels.
    pub w: f64,
    pub h: f64,
    /// The part that is shown, `[x, y, w, h]` in fractions of the picture; it fills the box.
    pub crop: Option<[f64; 4]>,
    pub flip_x: bool,
    pub flip_y: bool,
    /// What it looks like from far away.
    pub blurhash: Option<String>,
}

/// The members of an image's `data` that this version knows.
pub(crate) const IMAGE_MEMBERS: [&str; 7] =
    ["asset", "w", "h", "crop", "flip_x", "flip_y", "blurhash"];

/// No side of a picture has more pixels.
pub(crate) const SIDE_MAX: f64 = 65_535.0;
/// A part with a shorter side than this, as a fraction, could not be taken hold of again.
const CROP_SIDE_MIN: f64 = 0.001;
const ASSET_ID_CHARS: usize = 26;

/// Nothing when it names no asset, or not what this version takes for one: it is then shown as a placeholder.
/// Whatever else in it cannot be read counts as left out.
pub(crate) fn image(data: Option<&Any>) -> Option<Image> {
    let Some(Any::Map(data)) = data else {
        return None;
    };
    let asset = match data.get("asset") {
        Some(Any::String(asset)) if is_asset_id(asset) => asset.to_string(),
        _ => return None,
    };
    let side = |name: &str| {
        data.get(name)
            .and_then(number)
            .filter(|side| is_side(*side))
    };
    let flag = |name: &str| matches!(data.get(name), Some(Any::Bool(true)));
    let (w, h) = side("w").zip(side("h"))?;
    Some(Image {
        asset,
        w,
        h,
        crop: crop(data),
        flip_x: flag("flip_x"),
        flip_y: flag("flip_y"),
        blurhash: match data.get("blurhash") {
            Some(Any::String(hash)) if blurhash::is_one(hash) => Some(hash.to_string()),
            _ => None,
        },
    })
}

fn crop(data: &HashMap<String, Any>) -> Option<[f64; 4]> {
    let Some(Any::Array(entries)) = data.get("crop") else {
        return None;
    };
    let read: Vec<f64> = entries.iter().map_while(number).collect();
    let crop = <[f64; 4]>::try_from(read).ok()?;
    (entries.len() == crop.len() && is_crop(crop)).then_some(crop)
}

pub(crate) fn is_side(side: f64) -> bool {
    (1.0..=SIDE_MAX).contains(&side)
}

/// Whether it lies within the picture.
pub(crate) fn is_crop([x, y, w, h]: [f64; 4]) -> bool {
    let lies = |from: f64, side: f64| {
        from >= 0.0 && side >= CROP_SIDE_MIN && from + side <= 1.0 + f64::EPSILON * 4.0
    };
    lies(x, w) && lies(y, h)
}

/// `ast_` and 26 characters.
pub(crate) fn is_asset_id(id: &str) -> bool {
    id.strip_prefix("ast_").is_some_and(|rest| {
        rest.len() == ASSET_ID_CHARS
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}
