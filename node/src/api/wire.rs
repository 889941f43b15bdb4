//! Members as bodies and answers write them: checked as they are read, so that nobody checks twice; and how the OpenAPI
//! document describes them.

use super::access::{self, role_word, scope_word};
use super::time;
use easel_storage::names::{DisplayName, Email, Label};
use easel_storage::people::Scope;
use easel_storage::sharing::Role;
use easel_storage::{
    AssetId, BoardId, InvitationId, LinkId, SessionId, Time, Title, TokenId, UserId,
};
use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A page of a list, or all of one that has no pages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    /// Passed back as `cursor` it brings the next page; `null` on the last.
    #[schema(required)]
    pub(super) next_cursor: Option<String>,
}

impl<T> List<T> {
    pub(super) fn whole(data: Vec<T>) -> List<T> {
        List {
            data,
            next_cursor: None,
        }
    }
}

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

// The derive of `ToSchema` follows no generic type of somebody else's, and does follow these names.
pub(super) type TitleText = Text<Title>;
pub(super) type NameText = Text<DisplayName>;
pub(super) type LabelText = Text<Label>;
pub(super) type EmailText = Text<Email>;
pub(super) type BoardWord = Word<BoardId>;
pub(super) type UserWord = Word<UserId>;
pub(super) type SessionWord = Word<SessionId>;
pub(super) type TokenWord = Word<TokenId>;
pub(super) type LinkWord = Word<LinkId>;
pub(super) type InvitationWord = Word<InvitationId>;

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
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

impl<T: Display> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
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

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&time::rfc3339(self.0.0))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct RoleWord(pub(super) Role);

impl<'de> Deserialize<'de> for RoleWord {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        ROLES
            .into_iter()
            .find(|role| role_word(*role) == text)
            .map(RoleWord)
            .ok_or_else(|| D::Error::custom("not one of viewer, commenter, editor, owner"))
    }
}

impl Serialize for RoleWord {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(role_word(self.0))
    }
}

const ROLES: [Role; 4] = [Role::Viewer, Role::Commenter, Role::Editor, Role::Owner];

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

impl Serialize for ScopeWord {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(scope_word(self.0))
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

/// A type that the OpenAPI document describes under a name.
pub(super) trait Described {
    const NAME: &'static str;

    fn describe(text: ObjectBuilder) -> ObjectBuilder;
}

fn described<T: Described>() -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    RefOr::T(Schema::Object(T::describe(text).build()))
}

macro_rules! described {
    ($($type:ty: $name:literal, $text:ident => $describe:expr;)*) => {$(
        impl Described for $type {
            const NAME: &'static str = $name;

            fn describe($text: ObjectBuilder) -> ObjectBuilder {
                $describe
            }
        }
    )*};
}

/// Types that stand for the words of a query's parameter: each has the names of a table of choices.
macro_rules! choice {
    ($($name:ident: $table:expr;)*) => {$(
        struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                super::wire::words($table.iter().map(|(word, _)| *word))
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

pub(super) use choice;

pub(super) fn words<'a>(words: impl Iterator<Item = &'a str>) -> RefOr<Schema> {
    let words: Vec<_> = words.collect();
    let text = ObjectBuilder::new().schema_type(Type::String);
    RefOr::T(Schema::Object(text.enum_values(Some(words)).build()))
}

/// The digits of every id.
fn id(text: ObjectBuilder, prefix: &str) -> ObjectBuilder {
    text.pattern(Some(format!("^{prefix}[0-9a-hjkmnp-tv-z]{{26}}$")))
}

described! {
    Title: "Title", text => text.min_length(Some(1)).max_length(Some(Title::CHARS_MAX));
    DisplayName: "DisplayName", text => text.min_length(Some(1)).max_length(Some(DisplayName::CHARS_MAX));
    Label: "Label", text => text.min_length(Some(1)).max_length(Some(Label::CHARS_MAX));
    Email: "Email", text => text.format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)));
    BoardId: "BoardId", text => id(text, BoardId::PREFIX);
    UserId: "UserId", text => id(text, UserId::PREFIX);
    SessionId: "SessionId", text => id(text, SessionId::PREFIX);
    TokenId: "TokenId", text => id(text, TokenId::PREFIX);
    LinkId: "LinkId", text => id(text, LinkId::PREFIX);
    InvitationId: "InvitationId", text => id(text, InvitationId::PREFIX);
    AssetId: "AssetId", text => id(text, AssetId::PREFIX);
    Moment: "Moment", text => text
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("RFC 3339; in answers in UTC with milliseconds."));
    RoleWord: "Role", text => text
        .enum_values(Some(ROLES.map(role_word)))
        .description(Some("Each may what those before it may."));
    ScopeWord: "Scope", text => text.enum_values(Some(access::SCOPES.map(|(word, _)| word)));
}

impl<T: Described> PartialSchema for Text<T> {
    fn schema() -> RefOr<Schema> {
        described::<T>()
    }
}

impl<T: Described> ToSchema for Text<T> {
    fn name() -> Cow<'static, str> {
        T::NAME.into()
    }
}

impl<T: Described> PartialSchema for Word<T> {
    fn schema() -> RefOr<Schema> {
        described::<T>()
    }
}

impl<T: Described> ToSchema for Word<T> {
    fn name() -> Cow<'static, str> {
        T::NAME.into()
    }
}

macro_rules! schema_of_itself {
    ($($type:ty),*) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                described::<$type>()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                <$type>::NAME.into()
            }
        }
    )*};
}

schema_of_itself!(Moment, RoleWord, ScopeWord);
