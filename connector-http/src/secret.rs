//! A text that must never be printed.

use std::fmt;
use std::path::Path;

use order_core::{Error, Kind};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A password, key or token: wiped from memory when dropped and invisible in `Debug` and `Display`.
///
/// In a configuration file it is written as `{ env = "NAME" }` or `{ file = "/run/secrets/name" }`,
/// so that the file itself holds no secret; a plain text is accepted too.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Reads an environment variable.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] when it is absent, empty or not text.
    pub fn from_env(name: &str) -> Result<Self, Error> {
        let text = std::env::var(name).map_err(|_| {
            config(format!("environment variable {name} is not set"))
                .with_advice(format!("set {name} to the secret before starting"))
        })?;
        Self::non_empty(text.trim(), &format!("environment variable {name}"))
    }

    /// Reads a file; white space around the content is dropped.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] when it cannot be read or is empty.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| {
            config(format!("secret file {} cannot be read", path.display())).with_source(error)
        })?;
        Self::non_empty(text.trim(), &format!("secret file {}", path.display()))
    }

    fn non_empty(text: &str, origin: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(config(format!("{origin} is empty")));
        }
        Ok(Self::new(text))
    }

    /// Eight hexadecimal digits that tell two secrets apart, and say too little to find either:
    /// thirty-two bits of its SHA-256. For names of things that are kept per credential.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::digest(self.expose().as_bytes());
        hash.iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The text itself. Every call of this is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

fn config(message: String) -> Error {
    Error::not_applied(Kind::Config, message)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What may be written in a configuration, told without what was written.
const FORMS: &str = "a secret is a text, { env = \"NAME\" } or { file = \"/path\" }; nothing else";

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The cause is left out on purpose: it would quote what was written.
        let value = Value::deserialize(deserializer).map_err(|_| de::Error::custom(FORMS))?;
        let secret = match &value {
            Value::String(text) => Self::non_empty(text.trim(), "the secret"),
            Value::Object(map) if map.len() == 1 => {
                let text = |name: &str| map.get(name).and_then(Value::as_str);
                match (text("env"), text("file")) {
                    (Some(name), None) if is_name(name) => Self::from_env(name),
                    (Some(_), None) => Err(config(format!(
                        "the name of an environment variable has letters, digits and _ only; {FORMS}"
                    ))),
                    (None, Some(path)) => Self::from_file(path),
                    _ => Err(config(FORMS.to_owned())),
                }
            }
            Value::Object(_)
            | Value::Array(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_) => Err(config(FORMS.to_owned())),
        };
        secret.map_err(|error| de::Error::custom(error.report()))
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_printable_shows_the_text() {
        let secret = Secret::new("hunter2");
        assert_eq!(
            format!("{secret:?} {secret} {secret:#?}"),
            "Secret(…) … Secret(…)"
        );
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn a_configuration_names_a_variable_or_a_file_instead_of_the_secret() {
        let folder = std::env::temp_dir().join("connector-http-secret-test");
        std::fs::write(&folder, "from-file\n").unwrap();
        let text = format!(r#"{{"file": "{}"}}"#, folder.display());
        assert_eq!(
            serde_json::from_str::<Secret>(&text).unwrap().expose(),
            "from-file"
        );
        // PATH is the one variable that is set wherever cargo runs.
        let path: Secret = serde_json::from_str(r#"{"env": "PATH"}"#).unwrap();
        assert_eq!(path.expose(), std::env::var("PATH").unwrap().trim());
        assert_eq!(
            serde_json::from_str::<Secret>("\"plain\"")
                .unwrap()
                .expose(),
            "plain"
        );
    }

    #[test]
    fn a_missing_variable_or_file_says_which_and_a_wrong_shape_quotes_nothing() {
        let missing = Secret::from_env("CONNECTOR_HTTP_SURELY_ABSENT").unwrap_err();
        assert!(
            missing.to_string().contains("CONNECTOR_HTTP_SURELY_ABSENT"),
            "{missing}"
        );
        assert_eq!(missing.kind(), Kind::Config);
        let missing = Secret::from_file("/nonexistent/secret").unwrap_err();
        assert!(
            missing.to_string().contains("/nonexistent/secret"),
            "{missing}"
        );
        let wrong = serde_json::from_str::<Secret>(r#"{"envv": "hunter2"}"#).unwrap_err();
        assert!(!wrong.to_string().contains("hunter2"), "{wrong}");
    }
}
