//! JSON inside updates (formatting values and embeds), walked by the parser that yrs uses and thrown away.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Refusal;

/// Refuses what yrs would not turn into a value: wrong syntax, lone surrogates, numbers out of range, and nesting beyond
/// the parser's own bound of 128. Every value costs one of `values_left`.
pub(super) fn check(text: &str, values_left: &mut u32) -> Result<(), Refusal> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let walked = Walk { values_left }
        .deserialize(&mut parser)
        .and_then(|()| parser.end());
    walked.map_err(|_| Refusal::BadJson)
}

struct Walk<'w> {
    values_left: &'w mut u32,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        *self.values_left = self
            .values_left
            .checked_sub(1)
            .ok_or_else(|| D::Error::custom("too many values"))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        // yrs keeps integers as `i64`.
        i64::try_from(number).map(|_| ()).map_err(E::custom)
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items
            .next_element_seed(Walk {
                values_left: &mut *self.values_left,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_key::<String>()?.is_some() {
            entries.next_value_seed(Walk {
                values_left: &mut *self.values_left,
            })?;
        }
        Ok(())
    }
}
