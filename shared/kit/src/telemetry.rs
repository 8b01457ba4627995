//! What a process says of itself: events and spans of `tracing`, on standard error, as text or as one JSON object a
//! line. Levels follow who must act: `error` an operator, now; `warn` an operator, some day; `info` nobody; `debug` and
//! `trace` are for whoever writes the code. File contents, tokens and tickets are never logged.

use std::{
    fmt,
    io::{self, IsTerminal as _},
    str::FromStr,
};

use serde::Deserialize;
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    fmt::{MakeWriter, layer},
    layer::SubscriberExt as _,
    registry,
    util::{SubscriberInitExt as _, TryInitError},
};

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line, for machines.
    Json,
}

/// What is logged: a level, or directives such as `info,artifactstore_store=debug`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct LogFilter(String);

/// A text that is not a [`LogFilter`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a log level: it is off, error, warn, info, debug or trace, or directives such as info,module=debug"
)]
pub struct LogFilterRefused(String);

impl FromStr for LogFilter {
    type Err = LogFilterRefused;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // EnvFilter would take any word for a module to be logged whole, and a misspelt level would silence the rest.
        let mut words = text.split(',').filter(|directive| !directive.contains(['=', '[']));
        let level = |word: &str| word.starts_with(char::is_alphabetic) && word.parse::<LevelFilter>().is_ok();
        let levels = words.all(level);
        if levels && EnvFilter::try_new(text).is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            Err(LogFilterRefused(text.to_owned()))
        }
    }
}

impl TryFrom<String> for LogFilter {
    type Error = LogFilterRefused;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Sets the subscriber of this process, on standard error. Only a binary may call this, once.
///
/// # Errors
/// The process has a subscriber already.
pub fn init(filter: &LogFilter, format: LogFormat) -> Result<(), TryInitError> {
    subscriber(filter, format, io::stderr().is_terminal(), io::stderr).try_init()
}

/// A subscriber that writes to `writer`, with colours or without.
pub fn subscriber<W>(filter: &LogFilter, format: LogFormat, colours: bool, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = match format {
        LogFormat::Text => layer().with_ansi(colours).with_writer(writer).boxed(),
        LogFormat::Json => layer().json().flatten_event(true).with_span_list(false).with_writer(writer).boxed(),
    };
    registry().with(EnvFilter::new(&filter.0)).with(lines)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, format: LogFormat) -> String {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = subscriber(&filter.parse().unwrap(), format, false, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            let _span = tracing::info_span!("request", request_id = "r-1").entered();
            tracing::info!(files = 3, "pushed");
            tracing::debug!("unseen");
        });
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn text_names_span_fields_and_message() {
        let text = logged("info", LogFormat::Text);
        assert!(text.contains("pushed files=3") && text.contains("request_id=\"r-1\""), "{text}");
        assert!(!text.contains("unseen"));
    }

    #[test]
    fn json_is_one_object_a_line() {
        let text = logged("warn,artifactstore_kit=debug", LogFormat::Json);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{text}");
        assert!(text.contains("\"message\":\"pushed\"") && text.contains("\"files\":3"), "{text}");
    }

    #[test]
    fn refuses_what_would_silently_log_nothing() {
        for text in ["", "inof", "verbose", "3", "info,inof", "a=b=c", "a=loud"] {
            assert!(text.parse::<LogFilter>().is_err(), "{text}");
        }
        for text in ["info", "WARN", "off", "info,artifactstore_store=debug", "warn,tonic=off"] {
            assert!(text.parse::<LogFilter>().is_ok(), "{text}");
        }
    }
}
