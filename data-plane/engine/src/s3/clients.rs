//! The ways one bucket is asked. They differ in how long they wait and how often they ask again; requests of the first two
//! share one limit.

use std::{fs, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, Certificate, ClientOptions, Error, Result, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey},
    client::{HttpClient, HttpConnector as _},
};

use super::{
    connection::Connector,
    credentials::{FileCredentials, S3Credentials},
    options::{BucketNamedIn, S3Options},
};

/// How long an answer may be silent. A store that hangs is asked again after it, within the deadline of the call.
const USUAL_SILENCE: Duration = Duration::from_secs(20);
/// How long a copy or a completion may be silent: stores do all of the work before they answer.
const PATIENT_SILENCE: Duration = Duration::from_mins(5);
/// How long an answer may be silent when the question is whether the store is well.
const PROMPT_SILENCE: Duration = Duration::from_secs(4);
/// The pauses between one try and the next: drawn at random, from the first up to three times the one before.
const PAUSES: BackoffConfig =
    BackoffConfig { init_backoff: Duration::from_millis(50), max_backoff: Duration::from_secs(3), base: 3.0 };
/// How often a request is made again; so often that the time for it is over first, even if all pauses are short.
const MOST_RETRIES: usize = 1_000;
/// How many requests about the store's health run at once.
const PROMPT_CONNECTIONS: usize = 4;

/// The ways one bucket is asked.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    /// For everything that takes a moment.
    pub usual: AmazonS3,
    /// For copies and completions.
    pub patient: AmazonS3,
    /// The same without S3: for requests that `object_store` has no call for.
    pub http: HttpClient,
    /// Asks once, and is not held up by other requests.
    pub prompt: AmazonS3,
    /// The bucket's name.
    pub bucket: String,
    /// For how long a request is made again.
    pub retry_for: Duration,
}

impl Clients {
    pub fn new(options: &S3Options) -> Result<Self> {
        let usual = client_options(options, USUAL_SILENCE)?;
        let patient = client_options(options, PATIENT_SILENCE)?;
        let prompt = client_options(options, PROMPT_SILENCE)?.with_connect_timeout(PROMPT_SILENCE);
        let connector = Connector::new(options.connections);
        let retry = RetryConfig { backoff: PAUSES, max_retries: MOST_RETRIES, retry_timeout: options.retry_for };
        let once = RetryConfig { max_retries: 0, ..retry.clone() };
        let builder = builder(options);
        let build = |connector: &Connector, client: ClientOptions, retry: RetryConfig| {
            let builder = builder.clone().with_http_connector(connector.clone());
            builder.with_client_options(client).with_retry(retry).build()
        };
        Ok(Self {
            usual: build(&connector, usual, retry.clone())?,
            http: connector.connect(&patient)?,
            patient: build(&connector, patient, retry)?,
            prompt: build(&Connector::new(PROMPT_CONNECTIONS), prompt, once)?,
            bucket: options.bucket.clone(),
            retry_for: options.retry_for,
        })
    }
}

fn builder(options: &S3Options) -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&options.bucket)
        .with_region(&options.region)
        .with_virtual_hosted_style_request(options.named_in == BucketNamedIn::Host)
        .with_unsigned_payload(!options.sign_payload)
        // One key at a time, so that a refused deletion is refused with its reason.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    match &options.credentials {
        S3Credentials::Keys(keys) => {
            builder = builder.with_access_key_id(&keys.access_key_id).with_secret_access_key(&keys.secret_access_key);
            if let Some(token) = &keys.session_token {
                builder = builder.with_token(token);
            }
        }
        S3Credentials::File { path, profile } => {
            builder = builder.with_credentials(Arc::new(FileCredentials::new(path.clone(), profile.clone())));
        }
        S3Credentials::Platform(variables) => {
            for (name, value) in variables {
                if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
                    builder = builder.with_config(key, value);
                }
            }
        }
    }
    builder
}

fn client_options(options: &S3Options, silence: Duration) -> Result<ClientOptions> {
    let mut client = ClientOptions::new()
        .with_allow_http(options.allow_http)
        .with_timeout_disabled()
        .with_connect_timeout(Duration::from_secs(5))
        .with_read_timeout(silence)
        .with_pool_max_idle_per_host(options.connections);
    if let Some(path) = &options.ca_certificates {
        let pem = fs::read(path).map_err(|error| Error::Generic { store: "S3", source: Box::new(error) })?;
        for certificate in Certificate::from_pem_bundle(&pem)? {
            client = client.with_root_certificate(certificate);
        }
    }
    Ok(client)
}
