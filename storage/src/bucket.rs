//! A part of an S3 bucket: whole objects under a prefix, put, read, listed and deleted.
//!
//! Calls block until the server has answered, and are tried again for a while where that may help. They come from threads
//! that may block, never from a task: the requests themselves run on the runtime that the bucket was opened with.

mod client;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};
use tokio::runtime::Handle;

use client::Connector;

/// With pauses that grow, about half a minute.
const RETRIES_MAX: usize = 6;
const RETRY_FOR: Duration = Duration::from_secs(60);

/// Where a bucket is, and who asks.
#[derive(Clone, PartialEq, Eq)]
pub struct BucketOptions {
    /// `https://s3.example.org`; empty: Amazon's own, by region. With one, the bucket is named in the path.
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    /// What every name begins with; empty, or `a/b`.
    pub prefix: String,
    /// Empty, both: from `AWS_ACCESS_KEY_ID` and the other variables of Amazon's own tools, or the machine's role.
    pub access_key: String,
    pub secret_key: String,
}

impl fmt::Debug for BucketOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketOptions")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Why a bucket did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    #[error("there is no {name}")]
    Missing { name: String },
    #[error("{place}: {why}")]
    Failed { place: String, why: String },
}

/// An object as a listing tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Below the prefix.
    pub name: String,
    pub len: u64,
    /// By the server's clock, in milliseconds since the epoch.
    pub modified_ms: u64,
    pub tag: Option<String>,
}

/// An object's bytes.
#[derive(Debug, Clone)]
pub struct Object {
    pub bytes: Bytes,
    pub tag: Option<String>,
}

#[derive(Clone)]
pub struct Bucket {
    store: Arc<AmazonS3>,
    prefix: Path,
    /// For messages: `s3://bucket/prefix`.
    shown: String,
    runtime: Handle,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.shown).finish()
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Bucket {
    /// Asks nobody yet.
    pub fn open(options: &BucketOptions, runtime: Handle) -> Result<Bucket, BucketError> {
        let prefix = options.prefix.trim_matches('/');
        let shown = match prefix {
            "" => format!("s3://{}", options.bucket),
            prefix => format!("s3://{}/{prefix}", options.bucket),
        };
        let failed = |why: String| BucketError::Failed {
            place: shown.clone(),
            why,
        };
        let connector = match options.endpoint.starts_with("http://") {
            true => Connector::Http,
            false => Connector::Https,
        };
        let retry = RetryConfig {
            max_retries: RETRIES_MAX,
            retry_timeout: RETRY_FOR,
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::from_env()
            .with_http_connector(connector)
            .with_allow_http(connector == Connector::Http)
            .with_retry(retry)
            .with_bucket_name(&options.bucket)
            .with_region(&options.region);
        if !options.endpoint.is_empty() {
            builder = builder
                .with_endpoint(options.endpoint.trim_end_matches('/'))
                .with_virtual_hosted_style_request(false);
        }
        if !options.access_key.is_empty() {
            builder = builder
                .with_access_key_id(&options.access_key)
                .with_secret_access_key(&options.secret_key)
                .with_config(AmazonS3ConfigKey::Token, "");
        }
        let store = builder.build().map_err(|error| failed(error.to_string()))?;
        let prefix = Path::parse(prefix).map_err(|error| failed(error.to_string()))?;
        Ok(Bucket {
            store: Arc::new(store),
            prefix,
            shown,
            runtime,
        })
    }

    /// The same bucket, with names that begin with `part`.
    #[must_use]
    pub fn below(&self, part: &str) -> Bucket {
        Bucket {
            prefix: self.path(part),
            shown: format!("{}/{part}", self.shown),
            ..self.clone()
        }
    }

    /// Durable, by the server's word, when it returns. Replaces what was there.
    pub fn put(&self, name: &str, bytes: Bytes) -> Result<(), BucketError> {
        let path = self.path(name);
        let put = self.store.put(&path, PutPayload::from_bytes(bytes));
        let done = self.runtime.block_on(put);
        done.map(drop).map_err(|error| self.failed(name, error))
    }

    /// All of an object.
    pub fn get(&self, name: &str) -> Result<Object, BucketError> {
        self.get_with(name, GetOptions::default())
    }

    /// A part of one, which must not be empty.
    pub fn get_range(
        &self,
        name: &str,
        range: std::ops::Range<u64>,
    ) -> Result<Object, BucketError> {
        let options = GetOptions {
            range: Some(range.into()),
            ..GetOptions::default()
        };
        self.get_with(name, options)
    }

    fn get_with(&self, name: &str, options: GetOptions) -> Result<Object, BucketError> {
        let path = self.path(name);
        let got = self.runtime.block_on(async {
            let got = self.store.get_opts(&path, options).await?;
            let tag = got.meta.e_tag.clone();
            let bytes = got.bytes().await?;
            Ok(Object { bytes, tag })
        });
        got.map_err(|error| self.failed(name, error))
    }

    pub fn head(&self, name: &str) -> Result<Option<Listed>, BucketError> {
        let path = self.path(name);
        match self.runtime.block_on(self.store.head(&path)) {
            Ok(about) => Ok(Some(self.listed(about))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    /// Every object, in no order.
    pub fn each(&self, visit: &mut dyn FnMut(Listed)) -> Result<(), BucketError> {
        let prefix = Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty());
        let listing = self.runtime.block_on(async {
            let mut objects = self.store.list(prefix);
            while let Some(about) = objects.try_next().await? {
                visit(self.listed(about));
            }
            Ok(())
        });
        listing.map_err(|error| self.failed("", error))
    }

    /// One that is not there is fine.
    pub fn delete(&self, name: &str) -> Result<(), BucketError> {
        let path = self.path(name);
        match self.runtime.block_on(self.store.delete(&path)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    fn path(&self, name: &str) -> Path {
        let parts = self.prefix.parts();
        parts.chain(Path::from(name).parts()).collect()
    }

    fn listed(&self, about: ObjectMeta) -> Listed {
        let path = about.location.as_ref();
        let name = path.strip_prefix(self.prefix.as_ref()).unwrap_or(path);
        Listed {
            name: name.trim_start_matches('/').to_owned(),
            len: about.size,
            modified_ms: about.last_modified.timestamp_millis().max(0) as u64,
            tag: about.e_tag,
        }
    }

    fn failed(&self, name: &str, error: object_store::Error) -> BucketError {
        let place = match name {
            "" => self.shown.clone(),
            name => format!("{}/{name}", self.shown),
        };
        match error {
            object_store::Error::NotFound { .. } => BucketError::Missing { name: place },
            error => BucketError::Failed {
                place,
                why: chain(&error),
            },
        }
    }
}

/// With what stands behind it: the outermost says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let inner = error.to_string();
        // Many say again what is behind them.
        if !text.contains(&inner) {
            text = format!("{text}: {inner}");
        }
        source = error.source();
    }
    text
}
