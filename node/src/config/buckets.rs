//! S3 buckets: whose they are and how to get in. The same keys for pictures and for backups.

use super::value::{ByteSize, Masked, Span};
use easel_cluster::BlobRules;
use easel_storage::bucket::BucketOptions;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where large content lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Blob {
    pub(crate) backend: BlobBackend,
    /// In this time all files are read through once; zero: only by hand.
    pub(crate) scrub_every: Span,
    /// Not faster than so much a second.
    pub(crate) scrub_rate: ByteSize,
    /// What nothing has named for so long is deleted; zero: never.
    pub(crate) collect_after: Span,
    pub(crate) bucket: String,
    /// What names in the bucket begin with.
    pub(crate) prefix: String,
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: Masked,
    pub(crate) secret_key_file: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BlobBackend {
    /// Files in the data folder.
    Embedded,
    S3,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Backup {
    /// A folder or `s3://bucket/prefix`; empty: none by the clock.
    pub(crate) to: String,
    pub(crate) every: Span,
    /// So many, the newest, stay; 0: all.
    pub(crate) keep: u32,
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: Masked,
    pub(crate) secret_key_file: PathBuf,
}

/// Who asks a bucket, and where.
#[derive(Debug, Clone)]
pub(crate) struct S3Access {
    endpoint: String,
    region: String,
    access_key: String,
    secret_key: Masked,
    secret_key_file: PathBuf,
}

impl Blob {
    /// How a node looks after those in its folder.
    pub(crate) fn rules(&self) -> BlobRules {
        let unless_zero = |span: Span| Some(span.0).filter(|span| !span.is_zero());
        BlobRules {
            scrub_every: unless_zero(self.scrub_every),
            scrub_bytes_per_second: self.scrub_rate.0,
            collect_after: unless_zero(self.collect_after),
        }
    }

    pub(crate) fn access(&self) -> S3Access {
        S3Access {
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            access_key: self.access_key.clone(),
            secret_key: self.secret_key.clone(),
            secret_key_file: self.secret_key_file.clone(),
        }
    }
}

impl Backup {
    pub(crate) fn access(&self) -> S3Access {
        S3Access {
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            access_key: self.access_key.clone(),
            secret_key: self.secret_key.clone(),
            secret_key_file: self.secret_key_file.clone(),
        }
    }
}

impl S3Access {
    /// With the secret read from its file, if it stands in one.
    pub(crate) fn to_bucket(&self, bucket: &str, prefix: &str) -> Result<BucketOptions, String> {
        let secret_key = match self.secret_key_file.as_os_str().is_empty() {
            true => self.secret_key.0.clone(),
            false => read_secret(&self.secret_key_file)?,
        };
        if self.access_key.is_empty() != secret_key.is_empty() {
            let why = "an access_key and its secret_key (or secret_key_file) belong together";
            return Err(why.to_owned());
        }
        Ok(BucketOptions {
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            access_key: self.access_key.clone(),
            secret_key,
        })
    }
}

fn read_secret(file: &Path) -> Result<String, String> {
    let read = std::fs::read_to_string(file);
    let text =
        read.map_err(|error| format!("cannot read secret_key_file {}: {error}", file.display()))?;
    Ok(text.trim().to_owned())
}

impl Default for Blob {
    fn default() -> Blob {
        Blob {
            backend: BlobBackend::Embedded,
            scrub_every: Span(7 * DAY),
            scrub_rate: ByteSize(16 << 20),
            collect_after: Span(DAY),
            bucket: String::new(),
            prefix: String::new(),
            endpoint: String::new(),
            region: "us-east-1".to_owned(),
            access_key: String::new(),
            secret_key: Masked::default(),
            secret_key_file: PathBuf::new(),
        }
    }
}

impl Default for Backup {
    fn default() -> Backup {
        Backup {
            to: String::new(),
            every: Span(DAY),
            keep: 14,
            endpoint: String::new(),
            region: "us-east-1".to_owned(),
            access_key: String::new(),
            secret_key: Masked::default(),
            secret_key_file: PathBuf::new(),
        }
    }
}
