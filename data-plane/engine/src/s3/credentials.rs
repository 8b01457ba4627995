//! What requests are signed with: keys that are given, keys from a file that may change while the process runs, or what
//! the platform gives the process. Nothing of it is ever shown.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;
use object_store::{CredentialProvider, Error, Result, aws::AwsCredential};

/// What requests are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum S3Credentials {
    /// These keys.
    Keys(S3Keys),
    /// The keys of a profile in a file of the AWS command line's form. It is read again when it has changed.
    File {
        /// The file.
        path: PathBuf,
        /// The section in it.
        profile: String,
    },
    /// What the platform gives: a web identity, a container's or an instance's role, by the variables the AWS tools use
    /// (`AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN`, `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` and their like).
    Platform(BTreeMap<String, String>),
}

/// A pair of keys.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Keys {
    /// The name of the pair.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// What goes with keys that are given for a while.
    pub session_token: Option<String>,
}

impl fmt::Debug for S3Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Keys").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// No credentials are in any of the usual places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no S3 credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor AWS_SHARED_CREDENTIALS_FILE, nor \
     ~/.aws/credentials, nor what a platform sets"
)]
pub struct CredentialsMissing;

/// Variables by which a platform says where its credentials are.
const PLATFORM: [&str; 6] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

impl S3Credentials {
    /// The credentials in the usual places, the first that has some: keys among the variables, a credentials file
    /// (named, or in the home directory), a platform's. `variable` looks a variable of the environment up. An instance's
    /// role is not guessed at: asking for it takes seconds where there is none.
    ///
    /// # Errors
    /// None of the places has any.
    pub fn find(variable: impl Fn(&str) -> Option<String>) -> std::result::Result<Self, CredentialsMissing> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        if let (Some(access_key_id), Some(secret_access_key)) =
            (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"))
        {
            let session_token = variable("AWS_SESSION_TOKEN");
            return Ok(Self::Keys(S3Keys { access_key_id, secret_access_key, session_token }));
        }
        let profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
        if let Some(path) = variable("AWS_SHARED_CREDENTIALS_FILE") {
            return Ok(Self::File { path: path.into(), profile });
        }
        let platform: BTreeMap<_, _> =
            PLATFORM.iter().filter_map(|name| Some(((*name).to_owned(), variable(name)?))).collect();
        if !platform.is_empty() {
            return Ok(Self::Platform(platform));
        }
        let at_home = variable("HOME").map(|home| Path::new(&home).join(".aws/credentials"));
        let path = at_home.filter(|path| path.is_file()).ok_or(CredentialsMissing)?;
        Ok(Self::File { path, profile })
    }
}

/// Keys from a file, read again when it has changed.
#[derive(Debug)]
pub(super) struct FileCredentials {
    path: PathBuf,
    profile: String,
    read: Mutex<Option<(Version, Arc<AwsCredential>)>>,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    modified: SystemTime,
    bytes: u64,
}

impl FileCredentials {
    pub fn new(path: PathBuf, profile: String) -> Self {
        Self { path, profile, read: Mutex::new(None) }
    }

    fn load(&self) -> io::Result<Arc<AwsCredential>> {
        let metadata = fs::metadata(&self.path)?;
        let version = Version { modified: metadata.modified()?, bytes: metadata.len() };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, keys)) = read.as_ref().filter(|(found, _)| *found == version) {
            return Ok(Arc::clone(keys));
        }
        let keys = find_profile(&fs::read_to_string(&self.path)?, &self.profile);
        let S3Keys { access_key_id: key_id, secret_access_key: secret_key, session_token: token } =
            keys.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it has no keys for the profile"))?;
        let keys = Arc::new(AwsCredential { key_id, secret_key, token });
        *read = Some((version, Arc::clone(&keys)));
        Ok(keys)
    }
}

#[async_trait]
impl CredentialProvider for FileCredentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> Result<Arc<AwsCredential>> {
        // A file of a few lines that lies in memory: cheaper here than the way to another thread.
        self.load().map_err(|error| Error::Unauthenticated {
            path: format!("credentials of profile {} in {}", self.profile, self.path.display()),
            source: Box::new(error),
        })
    }
}

/// The keys of a profile in the text of a credentials file: sections in brackets, lines of `name = value`.
fn find_profile(text: &str, profile: &str) -> Option<S3Keys> {
    let mut inside = false;
    let mut values = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = section.trim() == profile;
        } else if let (true, Some((name, value))) = (inside && !line.starts_with(['#', ';']), line.split_once('=')) {
            values.insert(name.trim(), value.trim().to_owned());
        }
    }
    Some(S3Keys {
        access_key_id: values.remove("aws_access_key_id")?,
        secret_access_key: values.remove("aws_secret_access_key")?,
        session_token: values.remove("aws_session_token"),
    })
}

#[cfg(test)]
#[path = "credentials/tests.rs"]
mod tests;
