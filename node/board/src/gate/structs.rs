//! One struct of an update: its references, its content, its length in clocks.

use super::reader::Reader;
use super::{Limits, Profile, Refusal, json};

const HAS_ORIGIN: u8 = 0x80;
const HAS_RIGHT_ORIGIN: u8 = 0x40;
const HAS_PARENT_SUB: u8 = 0x20;
const KIND: u8 = 0x1f;

/// The two structs that are no items.
const GARBAGE: u8 = 0;
const SKIP: u8 = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Id {
    pub(super) client: u64,
    pub(super) clock: u64,
}

/// What an item leans on. Garbage and skips lean on nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Refs<'u> {
    pub(super) origin: Option<Id>,
    pub(super) right_origin: Option<Id>,
    /// Only without origins: those know their parent.
    pub(super) parent: Option<Parent<'u>>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Parent<'u> {
    pub(super) owner: Owner<'u>,
    /// Under this key; without one it stands in the list.
    pub(super) key: Option<&'u str>,
}

/// The shared type that something is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner<'u> {
    Root(&'u str),
    Item(Id),
}

impl Refs<'_> {
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> {
        let parent = match self.parent {
            Some(Parent {
                owner: Owner::Item(id),
                ..
            }) => Some(id),
            Some(Parent {
                owner: Owner::Root(_),
                ..
            })
            | None => None,
        };
        [self.origin, self.right_origin, parent]
            .into_iter()
            .flatten()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Skip,
    Garbage,
    /// Deleted and its content forgotten.
    Deleted,
    /// A shared type, in which other items may live.
    Type,
    /// A formatting mark.
    Format,
    /// Anything else.
    Value,
}

/// The beginning of a struct: all but its content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'u> {
    info: u8,
    pub(super) refs: Refs<'u>,
}

impl<'u> Head<'u> {
    pub(super) fn read(reader: &mut Reader<'u>, limits: &Limits) -> Result<Head<'u>, Refusal> {
        let info = reader.byte()?;
        let refs = match info {
            GARBAGE | SKIP => Refs::default(),
            _ => read_refs(reader, limits, info)?,
        };
        Ok(Head { info, refs })
    }

    /// Reads the content behind this head and returns it with its length in clocks.
    pub(super) fn read_content(
        &self,
        reader: &mut Reader<'_>,
        limits: &Limits,
        values_left: &mut u32,
    ) -> Result<(Content, u64), Refusal> {
        match self.info {
            GARBAGE => Ok((Content::Garbage, reader.length()?)),
            SKIP => Ok((Content::Skip, reader.length()?)),
            info => read_content(reader, limits, values_left, info & KIND),
        }
    }
}

fn read_refs<'u>(reader: &mut Reader<'u>, limits: &Limits, info: u8) -> Result<Refs<'u>, Refusal> {
    let mut refs = Refs::default();
    if info & HAS_ORIGIN != 0 {
        refs.origin = Some(read_id(reader)?);
    }
    if info & HAS_RIGHT_ORIGIN != 0 {
        refs.right_origin = Some(read_id(reader)?);
    }
    if info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN) == 0 {
        let owner = match reader.var_uint()? {
            0 => Owner::Item(read_id(reader)?),
            1 => Owner::Root(reader.string("name", limits.key_bytes_max)?),
            _ => return Err(Refusal::Malformed("an unknown kind of parent")),
        };
        let key = match info & HAS_PARENT_SUB {
            0 => None,
            _ => Some(reader.string("key", limits.key_bytes_max)?),
        };
        refs.parent = Some(Parent { owner, key });
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
        1 => Ok((Content::Deleted, reader.length()?)),
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
            Ok((Content::Format, 1))
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
        // When one is deleted, yrs 0.28 uses what it has freed: the process may end.
        9 => Err(Refusal::Unsupported("a document inside the document")),
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
        123 => reader.take(8).map(|_| ()),
        // yrs writes small ones back as plain numbers, so two readers of one board would differ.
        122 if limits.profile == Profile::Board => Err(Refusal::Unsupported("a big integer")),
        122 => reader.take(8).map(|_| ()),
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
