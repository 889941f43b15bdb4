//! One struct of an update: its references, its content, its length in clocks.

use super::reader::Reader;
use super::{Limits, Profile, Refusal, json};

const HAS_ORIGIN: u8 = 0x80;
const HAS_RIGHT_ORIGIN: u8 = 0x40;
const HAS_PARENT_SUB: u8 = 0x20;
const KIND: u8 = 0x1f;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) client: u64,
    pub(super) clock: u64,
}

/// What an item leans on. Garbage and skips lean on nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Refs {
    pub(super) origin: Option<Id>,
    pub(super) right_origin: Option<Id>,
    pub(super) parent: Option<Id>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Skip,
    Garbage,
    /// A shared type, in which other items may live.
    Type,
    /// Anything else.
    Value,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Struct {
    pub(super) refs: Refs,
    pub(super) content: Content,
    pub(super) len: u64,
}

impl Struct {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        limits: &Limits,
        values_left: &mut u32,
    ) -> Result<Struct, Refusal> {
        let info = reader.byte()?;
        match info {
            0 => Ok(Struct {
                refs: Refs::default(),
                content: Content::Garbage,
                len: reader.length()?,
            }),
            10 => Ok(Struct {
                refs: Refs::default(),
                content: Content::Skip,
                len: reader.length()?,
            }),
            _ => {
                let refs = read_refs(reader, limits, info)?;
                let (content, len) = read_content(reader, limits, values_left, info & KIND)?;
                Ok(Struct { refs, content, len })
            }
        }
    }
}

fn read_refs(reader: &mut Reader<'_>, limits: &Limits, info: u8) -> Result<Refs, Refusal> {
    let mut refs = Refs::default();
    if info & HAS_ORIGIN != 0 {
        refs.origin = Some(read_id(reader)?);
    }
    if info & HAS_RIGHT_ORIGIN != 0 {
        refs.right_origin = Some(read_id(reader)?);
    }
    if info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN) == 0 {
        match reader.var_uint()? {
            0 => refs.parent = Some(read_id(reader)?),
            1 => {
                reader.string("name", limits.key_bytes_max)?;
            }
            _ => return Err(Refusal::Malformed("an unknown kind of parent")),
        }
        if info & HAS_PARENT_SUB != 0 {
            reader.string("key", limits.key_bytes_max)?;
        }
    }
    Ok(refs)
}

fn read_id(reader: &mut Reader<'_>) -> Result<Id, Refusal> {
    Ok(Id {
        client: reader.var_uint()?,
        clock: reader.clock()?,
    })
}

fn read_content(
    reader: &mut Reader<'_>,
    limits: &Limits,
    values_left: &mut u32,
    kind: u8,
) -> Result<(Content, u64), Refusal> {
    match kind {
        1 => Ok((Content::Value, reader.length()?)),
        // Strings of JSON, written by yjs before version 13. yrs 0.28 reads one string too many.
        2 => Err(Refusal::Unsupported("content of a kind that yjs gave up")),
        3 => {
            reader.bytes("byte array", limits.binary_bytes_max)?;
            Ok((Content::Value, 1))
        }
        4 => match utf16_len(reader.string("text", limits.string_bytes_max)?) {
            0 => Err(Refusal::Malformed("an empty struct or deletion")),
            len => Ok((Content::Value, len)),
        },
        5 => {
            json::check(
                reader.string("value", limits.string_bytes_max)?,
                values_left,
            )?;
            Ok((Content::Value, 1))
        }
        6 => {
            reader.string("key", limits.key_bytes_max)?;
            json::check(
                reader.string("value", limits.string_bytes_max)?,
                values_left,
            )?;
            Ok((Content::Value, 1))
        }
        7 => {
            read_type(reader, limits)?;
            Ok((Content::Type, 1))
        }
        8 => {
            let len = reader.length()?;
            for _ in 0..len {
                read_any(reader, limits, values_left, limits.value_depth_max)?;
            }
            Ok((Content::Value, len))
        }
        9 => {
            read_document(reader, limits, values_left)?;
            Ok((Content::Value, 1))
        }
        // 11 was a draft ("move") that neither yjs 13 nor yrs reads.
        _ => Err(Refusal::Malformed("an unknown kind of content")),
    }
}

/// Clocks count what JavaScript counts.
fn utf16_len(text: &str) -> u64 {
    text.chars().map(|c| c.len_utf16() as u64).sum()
}

fn read_type(reader: &mut Reader<'_>, limits: &Limits) -> Result<(), Refusal> {
    match reader.byte()? {
        // Array, map, text; XML fragment, XML text.
        0 | 1 | 2 | 4 | 6 => Ok(()),
        3 => reader.string("name", limits.key_bytes_max).map(|_| ()),
        // yjs writes a name behind it that yrs does not read.
        5 => Err(Refusal::Unsupported("an XML hook")),
        // Types of yrs alone (weak links, undefined): a yjs peer would fail on them.
        _ => Err(Refusal::Malformed("an unknown shared type")),
    }
}

fn read_document(
    reader: &mut Reader<'_>,
    limits: &Limits,
    values_left: &mut u32,
) -> Result<(), Refusal> {
    if limits.profile == Profile::Board {
        return Err(Refusal::Unsupported("a document inside the document"));
    }
    reader.string("name", limits.key_bytes_max)?;
    if reader.clone().byte()? != ANY_MAP {
        return Err(Refusal::Malformed("a document without options"));
    }
    read_any(reader, limits, values_left, limits.value_depth_max)
}

const ANY_MAP: u8 = 118;

fn read_any(
    reader: &mut Reader<'_>,
    limits: &Limits,
    values_left: &mut u32,
    depth_left: u32,
) -> Result<(), Refusal> {
    let too_many = Refusal::TooMany {
        what: "values",
        max: u64::from(limits.values_max),
    };
    *values_left = values_left.checked_sub(1).ok_or(too_many)?;
    match reader.byte()? {
        // undefined, null, true, false
        127 | 126 | 121 | 120 => Ok(()),
        125 => reader.skip_var_int(),
        124 => reader.take(4).map(|_| ()),
        123 | 122 => reader.take(8).map(|_| ()),
        119 => reader.string("value", limits.string_bytes_max).map(|_| ()),
        116 => reader
            .bytes("byte array", limits.binary_bytes_max)
            .map(|_| ()),
        ANY_MAP => {
            let depth_left = depth_left.checked_sub(1).ok_or(Refusal::TooDeep {
                max: limits.value_depth_max,
            })?;
            for _ in 0..reader.count("values", u64::from(*values_left))? {
                reader.string("key", limits.key_bytes_max)?;
                read_any(reader, limits, values_left, depth_left)?;
            }
            Ok(())
        }
        117 => {
            let depth_left = depth_left.checked_sub(1).ok_or(Refusal::TooDeep {
                max: limits.value_depth_max,
            })?;
            for _ in 0..reader.count("values", u64::from(*values_left))? {
                read_any(reader, limits, values_left, depth_left)?;
            }
            Ok(())
        }
        _ => Err(Refusal::Malformed("an unknown kind of value")),
    }
}
