//! Members as bodies write them: checked as they are read, so that nobody checks twice.

use super::access::{self, role_word};
use super::time;
use easel_storage::Time;
use easel_storage::people::Scope;
use easel_storage::sharing::Role;
use serde::de::{Deserialize, Deserializer, Error};
use std::fmt::Display;
use std::str::FromStr;

/// Text with a rule of its own.
#[derive(Debug, Clone)]
pub(super) struct Text<T>(pub(super) T);

impl<'de, T: TryFrom<String>> Deserialize<'de> for Text<T>
where
    T::Error: Display,
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        T::try_from(text).map(Text).map_err(D::Error::custom)
    }
}

/// An id, or whatever else is written as one word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<T>(pub(super) T);

impl<'de, T: FromStr> Deserialize<'de> for Word<T>
where
    T::Err: Display,
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Word).map_err(D::Error::custom)
    }
}

/// RFC 3339.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment(pub(super) Time);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        time::parse_rfc3339(&text)
            .map(|ms| Moment(Time(ms)))
            .ok_or_else(|| D::Error::custom("not a time as RFC 3339 writes it"))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct RoleWord(pub(super) Role);

impl<'de> Deserialize<'de> for RoleWord {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        [Role::Viewer, Role::Commenter, Role::Editor, Role::Owner]
            .into_iter()
            .find(|role| role_word(*role) == text)
            .map(RoleWord)
            .ok_or_else(|| D::Error::custom("not one of viewer, commenter, editor, owner"))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ScopeWord(pub(super) Scope);

impl<'de> Deserialize<'de> for ScopeWord {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let found = access::SCOPES.iter().find(|(word, _)| *word == text);
        found
            .map(|(_, scope)| ScopeWord(*scope))
            .ok_or_else(|| D::Error::custom("not a scope"))
    }
}

/// A member of a merge patch (RFC 7396): absent leaves it, null takes it away.
pub(super) fn patched<'de, T, D>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(from).map(Some)
}
