//! An image's `data` as JSON, and what a caller wants it to be.

use serde_json::{Value, json};
use yrs::Any;

use super::Fault;
use super::wanted::{array, members, needed, number, word, wrong_type};
use crate::blurhash;
use crate::document::{IMAGE_MEMBERS, Image, SIDE_MAX, is_asset_id, is_crop, is_side, real};

pub(super) fn image_json(image: &Image) -> Value {
    let mut shown = json!({ "asset": image.asset, "w": real(image.w), "h": real(image.h) });
    if let Some(crop) = image.crop {
        shown["crop"] = crop.map(real).to_vec().into();
    }
    for (name, is_flipped) in [("flip_x", image.flip_x), ("flip_y", image.flip_y)] {
        if is_flipped {
            shown[name] = true.into();
        }
    }
    if let Some(hash) = &image.blurhash {
        shown["blurhash"] = hash.as_str().into();
    }
    shown
}

/// As it is shown, and as it stands in the document.
pub(super) fn wanted(value: &Value) -> Result<(Value, Any), Fault> {
    let members = members(value, &IMAGE_MEMBERS)?;
    let given = |name: &str| members.get(name).filter(|value| !value.is_null());
    let asset = needed(members, "asset")?;
    let asset = word("/data/asset", asset, is_asset_id, "the id of an asset")?.0;
    let side = |name: &str| {
        let pointer = format!("/data/{name}");
        let side = number(&pointer, needed(members, name)?)?;
        match is_side(side) {
            true => Ok(side),
            false => Err(Fault::invalid(
                pointer,
                format!("must be from 1 to {SIDE_MAX}"),
            )),
        }
    };
    let flag = |name: &str| match given(name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(wrong_type(&format!("/data/{name}"), "true or false")),
    };
    let image = Image {
        asset: asset.as_str().unwrap_or_default().to_owned(),
        w: side("w")?,
        h: side("h")?,
        crop: given("crop").map(crop).transpose()?,
        flip_x: flag("flip_x")?,
        flip_y: flag("flip_y")?,
        blurhash: given("blurhash").map(hash).transpose()?,
    };
    let shown = image_json(&image);
    let stored = serde_json::from_value::<Any>(shown.clone())
        .map_err(|_| wrong_type("/data", "an object"))?;
    Ok((shown, stored))
}

fn crop(value: &Value) -> Result<[f64; 4], Fault> {
    let mut crop = [0.0; 4];
    for (at, entry) in array("/data/crop", value, 4)?.iter().enumerate() {
        crop[at] = number(&format!("/data/crop/{at}"), entry)?;
    }
    match is_crop(crop) {
        true => Ok(crop),
        false => Err(Fault::invalid(
            "/data/crop",
            "must lie within the picture, from 0 to 1",
        )),
    }
}

fn hash(value: &Value) -> Result<String, Fault> {
    let hash = word("/data/blurhash", value, blurhash::is_one, "a blurhash")?.0;
    Ok(hash.as_str().unwrap_or_default().to_owned())
}
