//! What a command is told beside its command line: by environment variables, and where those say nothing by the file that
//! `ARTIFACTSTORE_CONFIG` names. A value that is empty says nothing.

use std::{env, fmt, path::PathBuf, str::FromStr};

use artifactstore_kit::{Settings, Sources};
use artifactstore_types::Fault;

use crate::faults;

/// Variables read here; the settings of a server pass them over.
pub const VARIABLES: &[&str] = &[EMBEDDED, SERVER, NAMESPACE, ACTOR];

const EMBEDDED: &str = "ARTIFACTSTORE_EMBEDDED";
const SERVER: &str = "ARTIFACTSTORE_SERVER";
const NAMESPACE: &str = "ARTIFACTSTORE_NAMESPACE";
const ACTOR: &str = "ARTIFACTSTORE_ACTOR";

/// What a command is told beside its command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// A directory to work on.
    pub embedded: Option<PathBuf>,
    /// A server to work on, where there is no directory.
    pub server: Option<String>,
    namespace: Option<Value>,
    actor: Option<Value>,
}

/// A value and who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Value {
    text: String,
    source: &'static str,
}

impl Told {
    /// What this process is told.
    pub fn of_process() -> Result<Self, Fault> {
        let sources = Sources::of_process(&[]).map_err(faults::settings_refused)?;
        // Variables that are for servers may be anything here.
        let file = Settings::load(&Sources { variables: Vec::new(), ..sources }).map_err(faults::settings_refused)?;
        Ok(Self::new(|name| env::var(name).ok(), file))
    }

    /// Whoever says where a store is says it alone: a server in the environment is not passed over for a directory in the
    /// file.
    fn new(variable: impl Fn(&str) -> Option<String>, file: Settings) -> Self {
        let variable = |name: &'static str| variable(name).filter(|value| !value.is_empty());
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        let value = |name: &'static str, key: &'static str, in_file: Option<String>| {
            let in_file = some(in_file).map(|text| Value { text, source: key });
            variable(name).map(|text| Value { text, source: name }).or(in_file)
        };
        let (embedded, server) = (variable(EMBEDDED).map(PathBuf::from), variable(SERVER));
        let (embedded, server) = if embedded.is_some() || server.is_some() {
            (embedded, server)
        } else {
            (file.embedded.filter(|directory| !directory.as_os_str().is_empty()), some(file.server))
        };
        Self {
            embedded,
            server,
            namespace: value(NAMESPACE, "namespace", file.namespace),
            actor: value(ACTOR, "actor", file.actor),
        }
    }

    /// The namespace to work in.
    pub fn namespace<T: FromStr<Err: fmt::Display>>(&self) -> Result<Option<T>, Fault> {
        self.namespace.as_ref().map(Value::parse).transpose()
    }

    /// On whose behalf changes are made.
    pub fn actor<T: FromStr<Err: fmt::Display>>(&self) -> Result<Option<T>, Fault> {
        self.actor.as_ref().map(Value::parse).transpose()
    }
}

impl Value {
    fn parse<T: FromStr<Err: fmt::Display>>(&self) -> Result<T, Fault> {
        self.text.parse().map_err(|refused| faults::settings_refused(format!("{}: {refused}", self.source)))
    }
}

#[cfg(test)]
mod tests {
    use artifactstore_types::{Actor, Namespace};

    use super::*;

    fn told(variables: &[(&str, &str)], file: Settings) -> Told {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Told::new(find, file)
    }

    fn file(embedded: Option<&str>, server: Option<&str>) -> Settings {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Settings {
            embedded: embedded.map(PathBuf::from),
            server: text(server),
            namespace: text(Some("filed")),
            actor: text(Some("from the file")),
            ..Settings::default()
        }
    }

    #[test]
    fn the_environment_comes_before_the_file() {
        let told = told(&[(SERVER, "http://env"), (NAMESPACE, "env"), (ACTOR, "")], file(Some("dir"), None));
        assert_eq!((told.embedded.as_deref(), told.server.as_deref()), (None, Some("http://env")));
        assert_eq!(told.namespace::<Namespace>().unwrap().unwrap().as_str(), "env");
        assert_eq!(told.actor::<Actor>().unwrap().unwrap().as_str(), "from the file", "what is empty says nothing");
    }

    #[test]
    fn the_file_says_where_nothing_else_does() {
        let told = told(&[(SERVER, "")], file(None, Some("http://file")));
        assert_eq!((told.embedded.as_deref(), told.server.as_deref()), (None, Some("http://file")));
    }

    #[test]
    fn a_value_that_is_none_is_refused_with_the_place_it_came_from() {
        let fault = told(&[(NAMESPACE, "../x")], Settings::default()).namespace::<Namespace>().unwrap_err();
        assert!(fault.code == "AS-CLI-0006" && fault.message.contains(NAMESPACE), "{fault}");
    }
}
