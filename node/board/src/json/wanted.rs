//! What a caller wants an element to be, checked member by member.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use yrs::Any;

use super::joints::connector;
use super::read::{Object, STEPS_PER_PX, default_of, ink_json, line_json};
use super::runs::{self, Run};
use super::{Fault, image};
use crate::document::{End, Head, is_paint, real};
use crate::pen::{self, Ink};
use crate::schema::{
    COORDINATE_MAX, ElementType, LINE_VIA_MAX, PEN_POINTS_MAX, ROUTES, ShapeKind, StyleKey,
    StyleValue, TEXT_LENGTH_MAX, is_element_id, is_z,
};

/// Members that only the server writes.
const OURS: [&str; 6] = ["id", "type", "by", "created_at", "updated_by", "updated_at"];

/// An element as it is to become.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// As they are shown, and as they stand in the document; without those that are as their default.
    pub(super) members: BTreeMap<&'static str, (Value, Any)>,
    /// What is to stay as it is.
    pub(super) kept: BTreeSet<&'static str>,
    pub(super) text: Option<String>,
    /// Formats inside it; without them those that are there stay.
    pub(super) runs: Option<Vec<Run>>,
}

impl Wanted {
    pub(super) fn parent(&self) -> Option<&str> {
        self.members
            .get("parent")
            .and_then(|(shown, _)| shown.as_str())
    }
}

/// Reads all members. `before`: the element as it is; members that are the same are not looked at.
pub(super) fn read(
    known: ElementType,
    asked: &Object,
    before: Option<&Object>,
) -> Result<Wanted, Vec<Fault>> {
    let mut reading = Reading {
        known,
        before,
        wanted: Wanted::default(),
        faults: Vec::new(),
    };
    for (name, value) in asked {
        reading.member(name, value);
    }
    reading.needs(asked);
    reading.settle_text(asked);
    match reading.faults.is_empty() {
        true => Ok(reading.wanted),
        false => Err(reading.faults),
    }
}

/// All keys of this type that callers write, but `text`.
pub(super) fn keys(known: ElementType) -> impl Iterator<Item = &'static str> {
    let has_kind = matches!(known, ElementType::Shape | ElementType::Connector);
    let kind = has_kind.then_some("kind");
    let data = known.has_data().then_some("data");
    let order = (known == ElementType::Frame).then_some("order");
    let styles = known.styles().iter().map(|(key, _)| key.name());
    ["box", "z", "parent"]
        .into_iter()
        .chain(kind)
        .chain(data)
        .chain(order)
        .chain(styles)
}

struct Reading<'r> {
    known: ElementType,
    before: Option<&'r Object>,
    wanted: Wanted,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn member(&mut self, name: &str, value: &Value) {
        let is_same = self.before.and_then(|before| before.get(name)) == Some(value);
        if OURS.contains(&name) {
            // The id and the type of what is being made are read by who makes it.
            let is_said_before = self.before.is_none() && (name == "id" || name == "type");
            if !is_same && !is_said_before {
                self.fault(name, "read-only", "this is not written this way");
            }
            return;
        }
        if name == "text" && self.known.has_text() {
            return self.text(value);
        }
        if name == "runs" && self.known.has_text() {
            return self.runs(value, is_same);
        }
        let Some(key) = keys(self.known).find(|key| *key == name) else {
            return self.fault(name, "unknown-member", "there is no such member");
        };
        if is_same {
            self.wanted.kept.insert(key);
        } else if !value.is_null() {
            match self.value(key, value) {
                Ok(Some(read)) => {
                    self.wanted.members.insert(key, read);
                }
                // As its default, so it need not stand there.
                Ok(None) => {}
                Err(fault) => self.faults.push(fault),
            }
        }
    }

    fn value(&self, key: &'static str, value: &Value) -> Result<Option<(Value, Any)>, Fault> {
        let pointer = format!("/{key}");
        Ok(match key {
            "box" => Some(bounds(&pointer, value)?),
            "z" | "order" => Some(word(
                &pointer,
                value,
                is_z,
                "a text of 1 to 256 letters and digits",
            )?),
            "parent" => Some(word(
                &pointer,
                value,
                is_element_id,
                "the id of an element",
            )?),
            "kind" if self.known == ElementType::Connector => {
                Some(choice(&pointer, value, &ROUTES)?)
            }
            "kind" => Some(choice(
                &pointer,
                value,
                &ShapeKind::ALL.map(ShapeKind::name),
            )?),
            "data" if matches!(self.known, ElementType::Pen | ElementType::Highlighter) => {
                Some(ink(value)?)
            }
            "data" if self.known == ElementType::Connector => Some(connector(value)?),
            "data" if self.known == ElementType::Image => Some(image::wanted(value)?),
            "data" => Some(line(value)?),
            _ => {
                let styles = self.known.styles().iter().map(|(key, _)| *key);
                let mut styles = styles.filter(|style| style.name() == key);
                let style = styles.next().expect("the other keys are styles");
                let (shown, stored) = self.style(&pointer, style, value)?;
                (Some(&shown) != default_of(self.known, style).as_ref()).then_some((shown, stored))
            }
        })
    }

    fn style(&self, pointer: &str, key: StyleKey, value: &Value) -> Result<(Value, Any), Fault> {
        match key.value() {
            StyleValue::Paint => word(
                pointer,
                value,
                is_paint,
                "a colour of the palette, #rrggbb or none",
            ),
            StyleValue::Choice(choices) => choice(pointer, value, choices),
            StyleValue::Number { min, max } => {
                let found = number(pointer, value)?;
                match (min..=max).contains(&found) {
                    true => Ok((real(found), found.into())),
                    false => Err(Fault::invalid(
                        pointer,
                        format!("must be from {min} to {max}"),
                    )),
                }
            }
            StyleValue::Flag => match value {
                Value::Bool(flag) => Ok((value.clone(), (*flag).into())),
                _ => Err(wrong_type(pointer, "true or false")),
            },
        }
    }

    fn text(&mut self, value: &Value) {
        match value {
            Value::Null => self.wanted.text = Some(String::new()),
            Value::String(text) if text.encode_utf16().count() <= TEXT_LENGTH_MAX as usize => {
                self.wanted.text = Some(text.clone());
            }
            Value::String(_) => {
                let detail = format!("has at most {TEXT_LENGTH_MAX} characters");
                self.fault("text", "invalid", &detail);
            }
            _ => self.faults.push(wrong_type("/text", "text")),
        }
    }

    fn runs(&mut self, value: &Value, is_same: bool) {
        let before = self.before.and_then(|before| before.get("runs"));
        match value {
            // Taken away below.
            Value::Null => {}
            _ => match runs::read(value, before) {
                Ok(read) => self.wanted.runs = Some(read),
                // Whatever a later version keeps in them.
                Err(_) if is_same => {}
                Err(fault) => self.faults.push(fault),
            },
        }
    }

    /// The text is that of the runs, where only these are said.
    fn settle_text(&mut self, asked: &Object) {
        let says = |name: &str| asked.get(name).is_some_and(|value| !value.is_null());
        let Some(runs) = &self.wanted.runs else {
            return;
        };
        let text = runs::text(runs);
        if !says("text") {
            return self.text(&Value::String(text));
        }
        if self.wanted.text.as_ref().is_some_and(|said| *said != text) {
            self.fault("runs", "invalid", "must say the same as the text");
        }
    }

    /// What may not be left out.
    fn needs(&mut self, asked: &Object) {
        let shows = |name: &str| self.before.is_none_or(|before| before.contains_key(name));
        let is_shape = self.known == ElementType::Shape;
        let needed = [
            ("box", true),
            ("kind", is_shape && shows("kind")),
            ("data", self.known.has_data() && shows("data")),
        ];
        for (name, is_needed) in needed {
            if is_needed && asked.get(name).is_none_or(Value::is_null) {
                self.fault(name, "missing-member", "this member is needed");
            }
        }
    }

    fn fault(&mut self, name: &str, code: &'static str, detail: &str) {
        let name = name.replace('~', "~0").replace('/', "~1");
        self.faults
            .push(Fault::new(format!("/{name}"), code, detail));
    }
}

pub(super) fn wrong_type(pointer: &str, wanted: &str) -> Fault {
    Fault::new(pointer, "wrong-type", format!("must be {wanted}"))
}

pub(super) fn number(pointer: &str, value: &Value) -> Result<f64, Fault> {
    let number = value
        .as_f64()
        .ok_or_else(|| wrong_type(pointer, "a number"))?;
    match number.abs() <= COORDINATE_MAX {
        // There is one zero.
        true => Ok(number + 0.0),
        false => Err(Fault::invalid(
            pointer,
            "must be from -10000000 to 10000000",
        )),
    }
}

pub(super) fn word(
    pointer: &str,
    value: &Value,
    fits: impl Fn(&str) -> bool,
    wanted: &str,
) -> Result<(Value, Any), Fault> {
    let Value::String(word) = value else {
        return Err(wrong_type(pointer, wanted));
    };
    match fits(word) {
        true => Ok((value.clone(), word.as_str().into())),
        false => Err(Fault::invalid(pointer, format!("must be {wanted}"))),
    }
}

pub(super) fn choice(
    pointer: &str,
    value: &Value,
    choices: &[&str],
) -> Result<(Value, Any), Fault> {
    let wanted = format!("one of {}", choices.join(", "));
    word(pointer, value, |word| choices.contains(&word), &wanted)
}

pub(super) fn array<'v>(pointer: &str, value: &'v Value, len: usize) -> Result<&'v [Value], Fault> {
    match value {
        Value::Array(entries) if entries.len() == len => Ok(entries),
        _ => Err(wrong_type(pointer, &format!("{len} numbers"))),
    }
}

fn bounds(pointer: &str, value: &Value) -> Result<(Value, Any), Fault> {
    let entries = array(pointer, value, 5)?;
    let mut read = [0.0; 5];
    for (at, entry) in entries.iter().enumerate() {
        let pointer = format!("{pointer}/{at}");
        read[at] = number(&pointer, entry)?;
        if (at == 2 || at == 3) && read[at] < 0.0 {
            return Err(Fault::invalid(pointer, "must not be below 0"));
        }
    }
    let shown = read.map(real).to_vec().into();
    Ok((shown, Any::from(read.map(Any::from).to_vec())))
}

pub(super) fn place(pointer: &str, value: &Value) -> Result<(f64, f64), Fault> {
    let entries = array(pointer, value, 2)?;
    Ok((
        number(&format!("{pointer}/0"), &entries[0])?,
        number(&format!("{pointer}/1"), &entries[1])?,
    ))
}

/// The members of `data`, none beside those that are known.
pub(super) fn members<'v>(value: &'v Value, known: &[&str]) -> Result<&'v Object, Fault> {
    let Value::Object(members) = value else {
        return Err(wrong_type("/data", "an object"));
    };
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => {
            let name = name.replace('~', "~0").replace('/', "~1");
            let pointer = format!("/data/{name}");
            Err(Fault::new(
                pointer,
                "unknown-member",
                "there is no such member",
            ))
        }
        None => Ok(members),
    }
}

pub(super) fn needed<'v>(members: &'v Object, name: &str) -> Result<&'v Value, Fault> {
    members
        .get(name)
        .filter(|value| !value.is_null())
        .ok_or_else(|| {
            let pointer = format!("/data/{name}");
            Fault::new(pointer, "missing-member", "this member is needed")
        })
}

fn ink(value: &Value) -> Result<(Value, Any), Fault> {
    let members = members(value, &["w", "h", "points", "pressures"])?;
    let length = |name: &str| {
        let pointer = format!("/data/{name}");
        let length = number(&pointer, needed(members, name)?)?;
        match length >= 0.0 {
            #[allow(clippy::cast_possible_truncation)]
            true => Ok(length as f32),
            false => Err(Fault::invalid(pointer, "must not be below 0")),
        }
    };
    let (w0, h0) = (length("w")?, length("h")?);
    let points = match needed(members, "points")? {
        Value::Array(points) if (1..=PEN_POINTS_MAX).contains(&points.len()) => points,
        Value::Array(_) => {
            let detail = format!("has 1 to {PEN_POINTS_MAX} points");
            return Err(Fault::invalid("/data/points", detail));
        }
        _ => return Err(wrong_type("/data/points", "points")),
    };
    let mut steps = Vec::with_capacity(points.len());
    for (at, point) in points.iter().enumerate() {
        let (x, y) = place(&format!("/data/points/{at}"), point)?;
        steps.push((
            (x * STEPS_PER_PX).round() as i64,
            (y * STEPS_PER_PX).round() as i64,
        ));
    }
    let pressures = match members.get("pressures").filter(|value| !value.is_null()) {
        Some(value) => Some(pressures(value, points.len())?),
        None => None,
    };
    let ink = Ink {
        w0,
        h0,
        points: steps,
        pressures,
    };
    Ok((ink_json(&ink), pen::pack(&ink).into()))
}

fn pressures(value: &Value, len: usize) -> Result<Vec<u8>, Fault> {
    let wrong = || wrong_type("/data/pressures", "a number from 0 to 255 for each point");
    let Value::Array(entries) = value else {
        return Err(wrong());
    };
    if entries.len() != len {
        return Err(wrong());
    }
    let read = |entry: &Value| u8::try_from(entry.as_u64()?).ok();
    let read: Option<Vec<u8>> = entries.iter().map(read).collect();
    read.ok_or_else(wrong)
}

fn line(value: &Value) -> Result<(Value, Any), Fault> {
    let members = members(value, &["from", "via", "to", "from_head", "to_head"])?;
    let end = |at: &str, name: &str| {
        let (x, y) = place(&format!("/data/{at}"), needed(members, at)?)?;
        let head = head(members, name)?;
        Ok::<End, Fault>(End { x, y, head })
    };
    let (from, to) = (end("from", "from_head")?, end("to", "to_head")?);
    let mut stored = HashMap::from([
        ("from".to_owned(), place_any(from.x, from.y)),
        ("to".to_owned(), place_any(to.x, to.y)),
    ]);
    let via = course(members)?;
    if !via.is_empty() {
        let points: Vec<Any> = via.iter().map(|(x, y)| place_any(*x, *y)).collect();
        stored.insert("via".to_owned(), Any::from(points));
    }
    put_heads(&mut stored, from.head, to.head);
    Ok((line_json(from, &via, to), Any::from(stored)))
}

/// The points that a line goes through between its ends.
fn course(members: &Object) -> Result<Vec<(f64, f64)>, Fault> {
    let Some(value) = members.get("via").filter(|value| !value.is_null()) else {
        return Ok(Vec::new());
    };
    let points = match value {
        Value::Array(points) if points.len() <= LINE_VIA_MAX => points,
        Value::Array(_) => {
            let detail = format!("has at most {LINE_VIA_MAX} points");
            return Err(Fault::invalid("/data/via", detail));
        }
        _ => return Err(wrong_type("/data/via", "points")),
    };
    let points = points.iter().enumerate();
    points
        .map(|(at, point)| place(&format!("/data/via/{at}"), point))
        .collect()
}

pub(super) fn place_any(x: f64, y: f64) -> Any {
    Any::from(vec![Any::from(x), Any::from(y)])
}

pub(super) fn head(members: &Object, name: &str) -> Result<Head, Fault> {
    let Some(word) = members.get(name).filter(|value| !value.is_null()) else {
        return Ok(Head::None);
    };
    let (word, _) = choice(&format!("/data/{name}"), word, &Head::ALL.map(Head::name))?;
    let known = word.as_str().and_then(Head::from_name);
    Ok(known.expect("it is one of the names"))
}

pub(super) fn put_heads(stored: &mut HashMap<String, Any>, from: Head, to: Head) {
    for (key, head) in [("from_head", from), ("to_head", to)] {
        if head != Head::None {
            stored.insert(key.to_owned(), head.name().into());
        }
    }
}
