//! The connection string and the credentials. Neither is ever shown.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use eventstore::{ClientSettings, Endpoint};
use percent_encoding::percent_decode_str;
use tonic::metadata::{Ascii, MetadataValue};
use url::form_urlencoded;

/// Schemes, and whether the nodes are found by gossip. `kurrentdb` is the younger name of the same.
const SCHEMES: [(&str, bool); 6] = [
    ("esdb://", false),
    ("esdb+discover://", true),
    ("kurrentdb://", false),
    ("kurrentdb+discover://", true),
    ("kurrent://", false),
    ("kurrent+discover://", true),
];

/// The crate rests once so long before it connects, even where all is well.
const DISCOVERY_INTERVAL: (&str, &str) = ("discoveryinterval", "100");

/// The crate never connects in a single attempt; this is its default.
const DISCOVER_ATTEMPTS: (&str, &str) = ("maxdiscoverattempts", "3");

/// Durations for which -1 means for ever, which the crate cannot add to the clock.
const DURATIONS: [&str; 3] = ["keepaliveinterval", "keepalivetimeout", "defaultdeadline"];

/// How the store is reached.
pub struct Settings {
    client: ClientSettings,
    authorization: Option<MetadataValue<Ascii>>,
}

/// What is wrong with the settings; holds nothing of what is secret in them.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The connection string does not parse.
    #[error("the connection string of the event store is wrong: {0}")]
    ConnectionString(String),
    /// The file of the credentials cannot be read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file of the credentials is not what it should be.
    #[error("{}: must be one line `user:password`", .0.display())]
    FileForm(PathBuf),
    /// Two places name a user.
    #[error("both the connection string and the file of credentials name a user: leave one of them out")]
    TwoUsers,
}

/// A user and a password, of any characters.
struct Credentials {
    user: String,
    password: String,
}

impl Settings {
    /// Whether a text is meant as the connection string of a store.
    #[must_use]
    pub fn is_connection_string(text: &str) -> bool {
        SCHEMES.iter().any(|(scheme, _)| text.starts_with(scheme))
    }

    /// Parses a connection string, and reads the credentials where a file holds them.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] says what is wrong, without a word of what is secret.
    pub fn parse(text: &str, credentials_file: Option<&Path>) -> Result<Self, SettingsError> {
        let parts = Parts::split(text)?;
        let credentials = match (parts.user()?, credentials_file) {
            (Some(_), Some(_)) => return Err(SettingsError::TwoUsers),
            (None, Some(file)) => Some(read_credentials(file)?),
            (credentials, None) => credentials,
        };
        let rewritten = parts.for_the_crate()?;
        let client: ClientSettings =
            rewritten.parse().map_err(|error: eventstore::ClientSettingsParseError| {
                let why = error.error().map(ToString::to_string);
                wrong(why.unwrap_or_else(|| error.message().to_owned()))
            })?;
        Ok(match credentials {
            Some(credentials) => {
                Self { client: credentials.hand_to(&client)?, authorization: Some(credentials.header()?) }
            }
            None => Self { client, authorization: None },
        })
    }

    pub(super) const fn client(&self) -> &ClientSettings {
        &self.client
    }

    pub(super) const fn authorization(&self) -> Option<&MetadataValue<Ascii>> {
        self.authorization.as_ref()
    }

    /// The nodes, or where their gossip begins.
    pub(super) fn seeds(&self) -> &[Endpoint] {
        self.client.hosts()
    }
}

/// Names the nodes alone.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, seed) in self.seeds().iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{}:{}", seed.host, seed.port)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({self})")
    }
}

/// The pieces of a connection string.
struct Parts<'a> {
    discover: bool,
    user: Option<&'a str>,
    hosts: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, SettingsError> {
        let found =
            SCHEMES.iter().find_map(|(scheme, discover)| Some((text.strip_prefix(scheme)?, *discover)));
        let (rest, discover) = found.ok_or_else(|| wrong("must begin with esdb:// or esdb+discover://"))?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let place = place.strip_suffix('/').unwrap_or(place);
        let (user, hosts) = match place.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, place),
        };
        if hosts.is_empty() || hosts.contains('/') {
            return Err(wrong(
                "must name host:port behind the scheme, and nothing behind it but ?settings; in user and password \
                 the characters @ / ? : % are written as %40 %2F %3F %3A %25",
            ));
        }
        Ok(Self { discover, user, hosts, query })
    }

    fn user(&self) -> Result<Option<Credentials>, SettingsError> {
        let Some(text) = self.user else { return Ok(None) };
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let decode = |part| {
            let decoded = percent_decode_str(part).decode_utf8();
            decoded.map(String::from).map_err(|_| wrong("user and password must be UTF-8 when decoded"))
        };
        Ok(Some(Credentials { user: decode(user)?, password: decode(password)? }))
    }

    /// As the crate understands it: without the user, whom it would not decode, and around what it gets wrong.
    fn for_the_crate(&self) -> Result<String, SettingsError> {
        let mut settings: Vec<(String, String)> = form_urlencoded::parse(self.query.as_bytes())
            .map(|(name, value)| (name.to_lowercase(), value.into_owned()))
            .filter(|(name, value)| !(DURATIONS.contains(&name.as_str()) && value == "-1"))
            // Each call has to see what was written before it: whatever was asked for, the leader answers.
            .filter(|(name, _)| name != "nodepreference")
            .filter(|(name, value)| !(name == DISCOVER_ATTEMPTS.0 && matches!(value.as_str(), "0" | "1")))
            .collect();
        for (name, value) in [DISCOVERY_INTERVAL, DISCOVER_ATTEMPTS, ("connectionname", "liveness")] {
            if settings.iter().all(|(given, _)| given != name) {
                settings.push((name.to_owned(), value.to_owned()));
            }
        }
        settings.push(("nodepreference".to_owned(), "leader".to_owned()));
        // The crate puts it into a header as it is, and panics where that cannot be.
        let name = settings.iter().find(|(name, _)| name == "connectionname");
        if name.is_some_and(|(_, name)| !name.bytes().all(|byte| (b' '..=b'~').contains(&byte))) {
            return Err(wrong("connectionName must be plain ASCII"));
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(settings).finish();
        // Of several seeds with +discover the crate keeps the first alone; without it, it asks all of them for gossip.
        let discover = if self.discover && !self.hosts.contains(',') { "+discover" } else { "" };
        Ok(format!("esdb{discover}://{}?{query}", self.hosts))
    }
}

impl Credentials {
    /// The crate takes them from a connection string alone, undecoded; its settings are written as a table and read
    /// back with them.
    fn hand_to(&self, client: &ClientSettings) -> Result<ClientSettings, SettingsError> {
        let refused = |_| wrong("its numbers must fit into 63 bits");
        let mut table = toml::Table::try_from(client).map_err(refused)?;
        let mut named = toml::Table::new();
        named.insert("login".to_owned(), self.user.clone().into());
        named.insert("password".to_owned(), self.password.clone().into());
        table.insert("default_user_name".to_owned(), named.into());
        table.try_into().map_err(|_| wrong("the crate does not take this user"))
    }

    fn header(&self) -> Result<MetadataValue<Ascii>, SettingsError> {
        let text = format!("Basic {}", BASE64.encode(format!("{}:{}", self.user, self.password)));
        let mut value =
            MetadataValue::try_from(text).map_err(|_| wrong("user and password make no header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn read_credentials(path: &Path) -> Result<Credentials, SettingsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::File { path: path.to_owned(), source })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let form = || SettingsError::FileForm(path.to_owned());
    let (user, password) = line.split_once(':').filter(|_| !line.contains('\n')).ok_or_else(form)?;
    if user.is_empty() {
        return Err(form());
    }
    Ok(Credentials { user: user.to_owned(), password: password.to_owned() })
}

fn wrong(what: impl Into<String>) -> SettingsError {
    SettingsError::ConnectionString(what.into())
}
