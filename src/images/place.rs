use super::ImageError;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{ClientConfigKey, ObjectStore, RetryConfig};
use std::fmt;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// What a location in S3 begins with.
const SCHEME: &str = "s3://";
/// The longest that one request to S3 may take, unless `AWS_TIMEOUT` says otherwise: an image has some 100 kB.
const REQUEST_LIMIT: &str = "10 seconds";
/// The longest that a connection to S3 may take to come about, unless `AWS_CONNECT_TIMEOUT` says otherwise.
const CONNECT_LIMIT: &str = "3 seconds";
/// Times that a request to S3 is made anew, so that one fault of one of its machines is not seen.
const RETRIES: usize = 3;
/// No request is made anew later than this: somebody waits for the end of a capture.
const RETRY_LIMIT: Duration = Duration::from_secs(15);

/// Where objects are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a bucket, below a prefix that may be empty.
    Bucket {
        /// Name of the bucket.
        bucket: String,
        /// What all keys begin with.
        prefix: Key,
    },
}

impl Place {
    /// Whether the other place is this one or lies within it.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Folder(folder), Self::Folder(other)) => absolute(other).starts_with(absolute(folder)),
            (Self::Bucket { bucket, prefix }, Self::Bucket { bucket: other, prefix: within }) => {
                bucket == other && within.prefix_matches(prefix)
            }
            (Self::Folder(_), Self::Bucket { .. }) | (Self::Bucket { .. }, Self::Folder(_)) => false,
        }
    }

    /// Opens it; a folder is made, for this user alone, where it is missing.
    pub(super) fn open(&self) -> Result<Arc<dyn ObjectStore>, ImageError> {
        let failed = |source| ImageError::Store { place: self.clone(), source };
        Ok(match self {
            Self::Folder(folder) => {
                make(folder)
                    .map_err(|source| ImageError::Folder { folder: folder.display().to_string(), source })?;
                let files = LocalFileSystem::new_with_prefix(folder).map_err(failed)?;
                Arc::new(files.with_automatic_cleanup(true))
            }
            Self::Bucket { bucket, prefix } => {
                Arc::new(PrefixStore::new(s3(bucket).build().map_err(failed)?, prefix.clone()))
            }
        })
    }
}

/// Links are followed as far as the path exists, so that no place lies within another in disguise.
fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let real = path.ancestors().find_map(|known| Some((known.canonicalize().ok()?, known)));
    match real {
        Some((real, known)) => path.strip_prefix(known).map_or_else(|_| path.clone(), |rest| real.join(rest)),
        None => path,
    }
}

fn make(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The bucket, as the usual `AWS_…` variables reach it.
fn s3(bucket: &str) -> AmazonS3Builder {
    let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_LIMIT, ..RetryConfig::default() };
    // Deletes of single objects are the part of S3 that all services have.
    let s3 = AmazonS3Builder::from_env().with_disable_bulk_delete(true);
    let mut s3 = s3.with_bucket_name(bucket).with_retry(retry);
    for (variable, key, limit) in [
        ("AWS_TIMEOUT", ClientConfigKey::Timeout, REQUEST_LIMIT),
        ("AWS_CONNECT_TIMEOUT", ClientConfigKey::ConnectTimeout, CONNECT_LIMIT),
    ] {
        if std::env::var_os(variable).is_none() {
            s3 = s3.with_config(AmazonS3ConfigKey::Client(key), limit);
        }
    }
    let endpoint = s3.get_config_value(&AmazonS3ConfigKey::Endpoint);
    if endpoint.is_some_and(|endpoint| is_this_machine(&endpoint)) { s3.with_allow_http(true) } else { s3 }
}

fn is_this_machine(endpoint: &str) -> bool {
    match Url::parse(endpoint).as_ref().map(Url::host) {
        Ok(Some(Host::Domain(name))) => name == "localhost",
        Ok(Some(Host::Ipv4(address))) => address.is_loopback(),
        Ok(Some(Host::Ipv6(address))) => address.is_loopback(),
        Ok(None) | Err(_) => false,
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(place) = text.strip_prefix(SCHEME) else {
            return match text.split_once("://") {
                Some((scheme, _)) => {
                    Err(format!("`{scheme}://` is not known: name a folder or s3://bucket/prefix"))
                }
                None if text.is_empty() => Err("name a folder or s3://bucket/prefix".into()),
                None => Ok(Self::Folder(text.into())),
            };
        };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err("the bucket is missing: s3://bucket/prefix".into());
        }
        let prefix = Key::parse(prefix).map_err(|error| error.to_string())?;
        Ok(Self::Bucket { bucket: bucket.into(), prefix })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket { bucket, prefix } => write!(f, "{SCHEME}{bucket}/{prefix}"),
        }
    }
}
