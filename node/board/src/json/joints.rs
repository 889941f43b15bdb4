//! What a caller wants the ends of a connector to be.

use std::collections::HashMap;

use serde_json::Value;
use yrs::{Any, ReadTxn};

use super::read::{Object, joints_json, plain};
use super::wanted::{choice, head, members, needed, place, put_heads, word, wrong_type};
use super::{Fault, find};
use crate::document::{Binding, Joint, Mode, is_word, joint_any};
use crate::schema::{ElementType, Head, MODES, is_element_id};

pub(super) fn connector(value: &Value) -> Result<(Value, Any), Fault> {
    let members = members(value, &["from", "to", "from_head", "to_head"])?;
    let (from_head, to_head) = (head(members, "from_head")?, head(members, "to_head")?);
    let from = joint(members, "from", from_head, (0.0, 0.0))?;
    let to = joint(members, "to", to_head, (1.0, 1.0))?;
    let mut stored = HashMap::from([
        ("from".to_owned(), joint_any(&from, None)),
        ("to".to_owned(), joint_any(&to, None)),
    ]);
    put_heads(&mut stored, from_head, to_head);
    Ok((joints_json(&from, &to), Any::from(stored)))
}

fn joint(data: &Object, name: &str, head: Head, default: (f64, f64)) -> Result<Joint, Fault> {
    let pointer = format!("/data/{name}");
    let Value::Object(end) = needed(data, name)? else {
        return Err(wrong_type(&pointer, "an object"));
    };
    if let Some(unknown) = end
        .keys()
        .find(|key| !["element", "at", "mode", "last"].contains(&key.as_str()))
    {
        let unknown = unknown.replace('~', "~0").replace('/', "~1");
        let pointer = format!("{pointer}/{unknown}");
        return Err(Fault::new(
            pointer,
            "unknown-member",
            "there is no such member",
        ));
    }
    let said = |key: &str| end.get(key).filter(|value| !value.is_null());
    let at_pointer = format!("{pointer}/at");
    let at = match said("at") {
        Some(at) => Some(place(&at_pointer, at)?),
        None => None,
    };
    let Some(element) = said("element") else {
        let (x, y) =
            at.ok_or_else(|| Fault::new(at_pointer, "missing-member", "this member is needed"))?;
        return Ok(Joint {
            x,
            y,
            binding: None,
            head,
        });
    };
    let element_pointer = format!("{pointer}/element");
    word(
        &element_pointer,
        element,
        is_element_id,
        "the id of an element",
    )?;
    let (x, y) = at.unwrap_or((0.5, 0.5));
    for (index, number) in [x, y].into_iter().enumerate() {
        if !(0.0..=1.0).contains(&number) {
            let pointer = format!("{at_pointer}/{index}");
            return Err(Fault::invalid(pointer, "must be from 0 to 1"));
        }
    }
    let mode = match said("mode") {
        None => Mode::Auto,
        Some(mode) => match choice(&format!("{pointer}/mode"), mode, &MODES)?.0 == MODES[1] {
            true => Mode::Fixed,
            false => Mode::Auto,
        },
    };
    let (last_x, last_y) = match said("last") {
        Some(last) => place(&format!("{pointer}/last"), last)?,
        None => default,
    };
    let element = element.as_str().unwrap_or_default().to_owned();
    Ok(Joint {
        x: last_x,
        y: last_y,
        binding: Some(Binding {
            element,
            x,
            y,
            mode,
        }),
        head,
    })
}

/// What is wrong with what the ends are bound to: an end sits on an element that is there and has an area.
pub(super) fn fault<T: ReadTxn>(txn: &T, id: &str, data: &Value) -> Option<Fault> {
    ["from", "to"].into_iter().find_map(|name| {
        let element = data.get(name)?.get("element")?.as_str()?;
        let pointer = format!("/data/{name}/element");
        let Some(map) = find(txn, element).filter(|_| element != id) else {
            return Some(Fault::invalid(pointer, "there is no such element"));
        };
        let known = match plain(txn, &map, "type") {
            Some(Any::String(name)) => ElementType::from_name(&name),
            _ => None,
        };
        match known {
            Some(
                ElementType::Pen
                | ElementType::Highlighter
                | ElementType::Line
                | ElementType::Connector,
            ) => {
                let detail = "strokes, lines and connectors hold no ends";
                Some(Fault::invalid(pointer, detail))
            }
            Some(_) | None => None,
        }
    })
}

/// What a later version keeps beside what is known of an end stays.
pub(super) fn with_the_rest(there: Option<&Any>, stored: Any) -> Any {
    let (Some(Any::Map(there)), Any::Map(new)) = (there, &stored) else {
        return stored;
    };
    let is_later = |mode: &Any| {
        is_word(mode) && !matches!(mode, Any::String(word) if MODES.contains(&word.as_ref()))
    };
    let mut all: HashMap<String, Any> = there.as_ref().clone();
    all.retain(|key, value| match key.as_str() {
        "element" | "at" | "last" => false,
        "mode" => new.contains_key("element") && is_later(value),
        _ => true,
    });
    for (key, value) in new.iter() {
        let is_first = matches!(value, Any::String(word) if word.as_ref() == MODES[0]);
        if !(key == "mode" && is_first && all.contains_key("mode")) {
            all.insert(key.clone(), value.clone());
        }
    }
    Any::from(all)
}
