//! Where values come from: defaults < file < environment < flags; and what is said when they make no sense.

use super::{Address, BlobBackend, Config, MaybeAddress, TlsMode, cluster};
use crate::auth::ACCESS_LIFE_MS_MAX;
use crate::backup::PlaceName;
use figment::Figment;
use figment::Provider;
use figment::error::{Error as FigmentError, Kind};
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Read when `--config` names no other and it exists.
const FILE_DEFAULT: &str = "/etc/easel/easel.toml";
const ENV_PREFIX: &str = "EASEL_";
/// A name is proposed for a wrong one when they are at least this alike (1 is equal).
const LIKENESS_MIN: f64 = 0.6;

/// Everything a configuration is made from, taken from the process once and passed as data.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// What `--config` said.
    pub(crate) file: Option<PathBuf>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) flags: Vec<Flag>,
}

#[derive(Debug)]
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    pub(crate) value: String,
}

/// The configuration and where each value is from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) values: Vec<Effective>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Effective {
    pub(crate) key: String,
    /// As TOML writes it.
    pub(crate) value: String,
    pub(crate) json: serde_json::Value,
    pub(crate) source: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// What is written cannot be meant.
    #[error("{}", .0.join("\n"))]
    Wrong(Vec<String>),
    /// What is written is clear, and this release will not do it.
    #[error("{0}")]
    Refused(String),
}

/// Reads and checks everything. All unknown keys are told at once.
pub(crate) fn load(sources: &Sources) -> Result<Loaded, LoadError> {
    let known = known_keys();
    let mut wrong = Vec::new();
    let mut layers = Vec::new();
    if let Some(path) = file_to_read(sources)? {
        layers.push(read_file(&path, &known, &mut wrong)?);
    }
    layers.push(read_environment(&sources.environment, &known, &mut wrong));
    layers.push(read_flags(&sources.flags, &known, &mut wrong));
    if !wrong.is_empty() {
        return Err(LoadError::Wrong(wrong));
    }
    let config = extract(&layers).map_err(LoadError::Wrong)?;
    check(&config)?;
    let values = effective(&config, &layers);
    Ok(Loaded { config, values })
}

/// Values of one origin, by dotted key.
struct Layer {
    values: BTreeMap<String, (Value, Origin)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Origin {
    File(PathBuf),
    Environment(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

type Known = BTreeMap<String, Value>;

fn known_keys() -> Known {
    let profiles = Serialized::defaults(Config::default())
        .data()
        .expect("the defaults are a table of plain values");
    let mut known = Known::new();
    for dict in profiles.into_values() {
        flatten("", dict, &mut known);
    }
    known
}

fn flatten(prefix: &str, dict: Dict, into: &mut BTreeMap<String, Value>) {
    for (name, value) in dict {
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Dict(_, inner) => flatten(&key, inner, into),
            leaf => {
                into.insert(key, leaf);
            }
        }
    }
}

fn file_to_read(sources: &Sources) -> Result<Option<PathBuf>, LoadError> {
    match &sources.file {
        Some(path) => Ok(Some(path.clone())),
        None => Ok(Path::new(FILE_DEFAULT)
            .is_file()
            .then(|| FILE_DEFAULT.into())),
    }
}

fn read_file(path: &Path, known: &Known, wrong: &mut Vec<String>) -> Result<Layer, LoadError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        LoadError::Wrong(vec![format!(
            "cannot read the configuration file {}: {error}",
            path.display()
        )])
    })?;
    let profiles = Toml::string(&text).data().map_err(|error| {
        LoadError::Wrong(vec![format!(
            "{} is not TOML: {}",
            path.display(),
            error.kind
        )])
    })?;
    let mut flat = BTreeMap::new();
    for dict in profiles.into_values() {
        let dict = without_wrong_sections(dict, &path.display().to_string(), known, wrong);
        flatten("", dict, &mut flat);
    }
    let mut values = BTreeMap::new();
    for (key, value) in flat {
        if known.contains_key(&key) {
            values.insert(key, (value, Origin::File(path.to_owned())));
        } else if known.keys().any(|k| k.starts_with(&format!("{key}."))) {
            wrong.push(format!(
                "{}: {key} is a section, not a value; write [{key}]",
                path.display()
            ));
        } else {
            wrong.push(unknown(
                &key,
                &path.display().to_string(),
                known,
                str::to_owned,
            ));
        }
    }
    Ok(Layer { values })
}

/// A slip in a section's name is told once and not with each of its keys; also when there are none under it.
fn without_wrong_sections(dict: Dict, place: &str, known: &Known, wrong: &mut Vec<String>) -> Dict {
    let sections: BTreeSet<&str> = known
        .keys()
        .filter_map(|key| Some(key.split_once('.')?.0))
        .collect();
    let mut is_right = |name: &String, value: &Value| {
        let Value::Dict(_, inner) = value else {
            return true;
        };
        if sections.contains(name.as_str()) || known.contains_key(name) {
            return true;
        }
        let hint = match nearest(sections.iter().copied(), |other| likeness(name, other)) {
            Some(section) => format!("did you mean [{section}]?"),
            // Its keys say more: one of them may be right, and only stand in the wrong section.
            None if !inner.is_empty() => return true,
            None => "`easel check-config` lists the keys there are".to_owned(),
        };
        wrong.push(format!("unknown section [{name}] in {place}; {hint}"));
        false
    };
    let mut dict = dict;
    dict.retain(|name, value| is_right(name, value));
    dict
}

fn read_environment(
    environment: &[(String, String)],
    known: &Known,
    wrong: &mut Vec<String>,
) -> Layer {
    let mut values = BTreeMap::new();
    for (name, text) in environment {
        let Some(rest) = name.strip_prefix(ENV_PREFIX) else {
            continue;
        };
        if is_from_kubernetes(rest) {
            continue;
        }
        let key = rest.to_ascii_lowercase().replace("__", ".");
        let Some(default) = known.get(&key) else {
            wrong.push(unknown(&key, "the environment", known, env_name));
            continue;
        };
        match like(default, text) {
            Ok(value) => {
                values.insert(key, (value, Origin::Environment(name.clone())));
            }
            Err(expected) => wrong.push(format!("{name} is \"{text}\" and should be {expected}")),
        }
    }
    Layer { values }
}

fn read_flags(flags: &[Flag], known: &Known, wrong: &mut Vec<String>) -> Layer {
    let mut values = BTreeMap::new();
    for flag in flags {
        let default = known
            .get(flag.key)
            .expect("a flag stands for a key that exists");
        match like(default, &flag.value) {
            Ok(value) => {
                values.insert(flag.key.to_owned(), (value, Origin::Flag(flag.name)));
            }
            Err(expected) => wrong.push(format!(
                "{} is \"{}\" and should be {expected}",
                flag.name, flag.value
            )),
        }
    }
    Layer { values }
}

/// Kubernetes gives every container such variables for a Service of the name `easel`; they are not meant for us.
fn is_from_kubernetes(rest: &str) -> bool {
    ["SERVICE_HOST", "SERVICE_PORT", "PORT"].iter().any(|name| {
        rest == *name
            || rest
                .strip_prefix(name)
                .is_some_and(|more| more.starts_with('_'))
    }) && !rest.contains("__")
}

fn env_name(key: &str) -> String {
    format!(
        "{ENV_PREFIX}{}",
        key.to_ascii_uppercase().replace('.', "__")
    )
}

/// Reads text as a value of the same kind as the default: text stays text even when it looks like a number.
fn like(default: &Value, text: &str) -> Result<Value, &'static str> {
    match default {
        Value::Bool(..) => text
            .parse::<bool>()
            .map(Value::from)
            .map_err(|_| "true or false"),
        Value::Num(..) => text
            .parse::<u64>()
            .map(Value::from)
            .map_err(|_| "a whole number"),
        Value::String(..)
        | Value::Char(..)
        | Value::Empty(..)
        | Value::Dict(..)
        | Value::Array(..) => Ok(Value::from(text)),
    }
}

fn unknown(key: &str, place: &str, known: &Known, write: impl Fn(&str) -> String) -> String {
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
    let alike = |other: &str| {
        // A right name in the wrong section counts, a little less than a slip in the right one.
        likeness(key, other).max(likeness(&last(key), &last(other)) * 0.95)
    };
    let hint = match nearest(known.keys().map(String::as_str), alike) {
        Some(other) => format!("did you mean {}?", write(other)),
        None => "`easel check-config` lists the keys there are".to_owned(),
    };
    format!("unknown key {} in {place}; {hint}", write(key))
}

/// How alike two names are; 1 is equal.
fn likeness(one: &str, other: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(one, other)
}

fn nearest<'a>(
    names: impl Iterator<Item = &'a str>,
    alike: impl Fn(&str) -> f64,
) -> Option<&'a str> {
    names
        .map(|name| (alike(name), name))
        .filter(|(score, _)| *score >= LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

fn extract(layers: &[Layer]) -> Result<Config, Vec<String>> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    for (key, (value, _)) in layers.iter().flat_map(|layer| &layer.values) {
        figment = figment.merge(Serialized::default(key, value));
    }
    figment.extract().map_err(|error| explain(error, layers))
}

fn explain(error: FigmentError, layers: &[Layer]) -> Vec<String> {
    error
        .into_iter()
        .map(|error| {
            let key = error.path.join(".");
            let why = match &error.kind {
                Kind::UnknownVariant(found, expected) => {
                    let expected: Vec<_> =
                        expected.iter().map(|name| format!("\"{name}\"")).collect();
                    format!("\"{found}\" is not one of {}", expected.join(", "))
                }
                other => other.to_string(),
            };
            match origin(&key, layers) {
                Some(origin) => format!("{key} ({origin}): {why}"),
                None => format!("{key}: {why}"),
            }
        })
        .collect()
}

fn origin<'a>(key: &str, layers: &'a [Layer]) -> Option<&'a Origin> {
    layers
        .iter()
        .rev()
        .find_map(|layer| layer.values.get(key).map(|(_, origin)| origin))
}

/// A word alone would be taken for the name of a part, with all that it has to tell.
fn is_log_level(text: &str) -> bool {
    const WORDS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
    text.split(',')
        .all(|part| part.contains(['=', '[']) || is_level(part.trim()))
        && tracing_subscriber::EnvFilter::try_new(text).is_ok()
}

/// What no single value shows.
pub(crate) fn check(config: &Config) -> Result<(), LoadError> {
    let Address(http) = config.listen.http;
    let MaybeAddress(ops) = config.listen.ops;
    let is_safe = config.tls.mode != TlsMode::Off || !config.proxy.trusted.is_empty();
    if !http.ip().is_loopback() && !is_safe {
        return Err(LoadError::Refused(in_the_clear(http)));
    }
    if let Some(at) = ops.filter(|at| !at.ip().is_loopback()) {
        return Err(LoadError::Refused(ops_beyond_loopback(at)));
    }
    let mut wrong = wrong_tls(config);
    wrong.extend(wrong_buckets(config));
    wrong.extend(cluster::wrong(config));
    if http.port() != 0 && ops == Some(http) {
        wrong.push(
            "listen.http and listen.ops are the same address; give them different ports".to_owned(),
        );
    }
    let access_ttl = config.auth.access_ttl.0;
    if !(Duration::from_secs(1)..=Duration::from_millis(ACCESS_LIFE_MS_MAX)).contains(&access_ttl) {
        wrong.push("auth.access_ttl is not between 1s and 10m".to_owned());
    }
    if !is_log_level(&config.log.level) {
        wrong.push(format!(
            "log.level is \"{}\"; write error, warn, info, debug or trace, or for single parts as in \"info,easel=debug\"",
            config.log.level
        ));
    }
    for (key, is_zero) in [
        ("realtime.message_max", config.realtime.message_max.0 == 0),
        (
            "realtime.ping_every",
            config.realtime.ping_every.0.is_zero(),
        ),
        (
            "realtime.silent_max",
            config.realtime.silent_max.0.is_zero(),
        ),
        (
            "realtime.messages_per_second",
            config.realtime.messages_per_second == 0,
        ),
        (
            "realtime.messages_burst",
            config.realtime.messages_burst == 0,
        ),
        ("realtime.seats_max", config.realtime.seats_max == 0),
        ("limits.connections", config.limits.connections == 0),
        ("limits.body", config.limits.body.0 == 0),
        ("limits.image", config.limits.image.0 == 0),
        ("limits.avatar", config.limits.avatar.0 == 0),
        ("limits.image_pixels", config.limits.image_pixels == 0),
        ("limits.avatar_pixels", config.limits.avatar_pixels == 0),
        (
            "limits.upload_timeout",
            config.limits.upload_timeout.0.is_zero(),
        ),
        (
            "limits.header_timeout",
            config.limits.header_timeout.0.is_zero(),
        ),
        (
            "limits.body_timeout",
            config.limits.body_timeout.0.is_zero(),
        ),
    ] {
        if is_zero {
            wrong.push(format!("{key} is zero, with which nothing would work"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(LoadError::Wrong(wrong))
    }
}

fn wrong_buckets(config: &Config) -> Vec<String> {
    let (blob, backup) = (&config.blob, &config.backup);
    let mut wrong = Vec::new();
    if blob.backend == BlobBackend::S3 && blob.bucket.is_empty() {
        wrong.push("blob.backend is \"s3\", and blob.bucket names none".to_owned());
    }
    if blob.scrub_rate.0 == 0 {
        wrong.push("blob.scrub_rate is zero, with which nothing would be read".to_owned());
    }
    // Longer than an upload and the command that names it can take.
    let after = blob.collect_after.0;
    if !after.is_zero() && after < Duration::from_secs(60 * 60) {
        let why = "blob.collect_after is less than an hour, in which a picture may still be on its way; \"0s\" is never";
        wrong.push(why.to_owned());
    }
    if !backup.to.is_empty()
        && let Err(why) = PlaceName::parse(&backup.to)
    {
        wrong.push(format!("backup.to: {why}"));
    }
    for (key, secret, file) in [
        ("blob", &blob.secret_key, &blob.secret_key_file),
        ("backup", &backup.secret_key, &backup.secret_key_file),
    ] {
        if !secret.0.is_empty() && !file.as_os_str().is_empty() {
            wrong.push(format!(
                "{key}.secret_key and {key}.secret_key_file are both set; one is enough"
            ));
        }
    }
    wrong
}

fn wrong_tls(config: &Config) -> Vec<String> {
    let tls = &config.tls;
    let mut wrong = Vec::new();
    for (key, file) in [
        ("tls.cert_file", &tls.cert_file),
        ("tls.key_file", &tls.key_file),
    ] {
        match (tls.mode, file.as_os_str().is_empty()) {
            (TlsMode::Files, true) => {
                wrong.push(format!("tls.mode is \"files\", and {key} names none"));
            }
            (TlsMode::Off | TlsMode::SelfSigned, false) => {
                wrong.push(format!(
                    "{key} is set and not used; write tls.mode = \"files\""
                ));
            }
            (TlsMode::Files, false) | (TlsMode::Off | TlsMode::SelfSigned, true) => {}
        }
    }
    if let Some(url) = &config.public_url
        && tls.mode != TlsMode::Off
        && !url.is_https()
    {
        wrong.push(format!(
            "public_url is {url}; with TLS it begins with https://"
        ));
    }
    wrong
}

fn in_the_clear(at: SocketAddr) -> String {
    format!(
        "listen.http is {at}, which others on the network can reach, and there is no TLS: passwords and boards would \
         travel in the clear. Give it a certificate (tls.mode = \"files\", tls.cert_file, tls.key_file), or one of its \
         own for trying (tls.mode = \"self-signed\"); or say which proxies with TLS stand in front of it \
         (proxy.trusted); or stay on loopback (127.0.0.1, [::1], localhost) and come by a tunnel: \
         ssh -L {port}:127.0.0.1:{port} this-machine, then open http://127.0.0.1:{port} there.",
        port = port_to_name(at),
    )
}

fn ops_beyond_loopback(at: SocketAddr) -> String {
    format!(
        "listen.ops is {at}, which others on the network can reach, and it has no TLS and asks nobody who they are. It \
         listens on loopback only; from another machine: ssh -L {port}:127.0.0.1:{port} this-machine.",
        port = port_to_name(at),
    )
}

fn port_to_name(at: SocketAddr) -> u16 {
    match at.port() {
        0 => 8080,
        port => port,
    }
}

fn effective(config: &Config, layers: &[Layer]) -> Vec<Effective> {
    let profiles = Serialized::defaults(config)
        .data()
        .expect("a configuration is a table of plain values");
    let mut flat = BTreeMap::new();
    for dict in profiles.into_values() {
        flatten("", dict, &mut flat);
    }
    flat.into_iter()
        .map(|(key, value)| Effective {
            source: origin(&key, layers).map_or("default".to_owned(), Origin::to_string),
            // For text, lists of it, numbers and truth values JSON's notation is within TOML's.
            value: json(&value).to_string(),
            json: json(&value),
            key,
        })
        .collect()
}

fn json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value)
        .expect("a configuration's values are text, numbers and truth values")
}

#[cfg(test)]
mod tests;
