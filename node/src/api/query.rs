//! Query strings: known names, each at most once, each checked.

use crate::http::problem::{Code, Problem};
use axum::http::Uri;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The parameters that are not yet taken.
#[derive(Debug)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    pub(super) fn of(uri: &Uri) -> Result<Params, Problem> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::new(Code::BadQuery).detail("the query string is malformed"))?;
        let mut params = BTreeMap::new();
        for (name, value) in pairs.0 {
            if params.insert(name.clone(), value).is_some() {
                return Err(bad(&name, "stands twice"));
            }
        }
        Ok(Params(params))
    }

    pub(super) fn take<T: FromStr>(
        &mut self,
        name: &str,
        wanted: &str,
    ) -> Result<Option<T>, Problem> {
        match self.0.remove(name) {
            Some(text) => text.parse().map(Some).map_err(|_| bad(name, wanted)),
            None => Ok(None),
        }
    }

    /// A number in the sequence of a board's changes.
    pub(super) fn seq(&mut self) -> Result<Option<u64>, Problem> {
        let seq = self.take::<u64>("seq", "is a whole number")?;
        match seq.is_some_and(|seq| seq > i64::MAX.unsigned_abs()) {
            true => Err(bad("seq", "is too large")),
            false => Ok(seq),
        }
    }

    /// One of some words; the first is what holds when there is none.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<T, Problem> {
        let Some(text) = self.0.remove(name) else {
            return Ok(choices[0].1);
        };
        let found = choices.iter().find(|(word, _)| *word == text);
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            bad(name, &format!("is one of {}", words.join(", ")))
        })
    }

    pub(super) fn finish(self) -> Result<(), Problem> {
        match self.0.into_keys().next() {
            Some(name) => Err(bad(&name, "does not exist here")),
            None => Ok(()),
        }
    }
}

fn bad(name: &str, wanted: &str) -> Problem {
    Problem::new(Code::BadQuery).detail(format!("the parameter {name} {wanted}"))
}
