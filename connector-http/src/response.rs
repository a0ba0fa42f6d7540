//! A success, and how its body becomes values.

use std::fmt;

use order_core::{Error, Kind};
use serde::de::DeserializeOwned;

use crate::answer::Answer;

/// A complete answer with a 2xx status.
pub struct Response(Answer);

impl Response {
    pub(crate) fn new(answer: Answer) -> Self {
        Self(answer)
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status()
    }

    /// A header's value; `None` when absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.header(name)
    }

    /// The bytes as they came.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.0.body()
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// [`Kind::Decode`] with the place of the first byte that is not UTF-8.
    pub fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(self.0.body()).map_err(|error| {
            self.unreadable(format!(
                "the answer is not valid UTF-8 (byte {} of {})",
                error.valid_up_to() + 1,
                self.0.body().len()
            ))
        })
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// [`Kind::Decode`]; after a mutation the effect is unknown, since the platform did say yes.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.parse(self.text()?)
    }

    /// The body as JSON, with the replacement character where it is not UTF-8. For lists, in which
    /// one bad entry must not hide the others.
    ///
    /// # Errors
    ///
    /// As for [`Response::json`], except for bytes that are not UTF-8.
    pub fn json_lossy<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.parse(&String::from_utf8_lossy(self.0.body()))
    }

    fn parse<T: DeserializeOwned>(&self, text: &str) -> Result<T, Error> {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.is_empty() {
            return Err(self.unreadable("the answer is empty, JSON was expected".to_owned()));
        }
        if start.starts_with('<') {
            let excerpt = self.0.excerpt();
            return Err(self.unreadable(format!(
                "the answer is a web page, JSON was expected: {excerpt}"
            )));
        }
        let deserializer = &mut serde_json::Deserializer::from_str(start);
        let value = serde_path_to_error::deserialize(&mut *deserializer).map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            self.unreadable(format!(
                "the answer does not fit at {path} (line {}, column {}): {}",
                inner.line(),
                inner.column(),
                category(&inner, &self.0)
            ))
        })?;
        deserializer.end().map_err(|error| {
            self.unreadable(format!(
                "the answer goes on after its JSON at column {}",
                error.column()
            ))
        })?;
        Ok(value)
    }

    /// An error of kind [`Kind::Decode`] about this answer, with the right effect.
    #[must_use]
    pub fn unreadable(&self, message: String) -> Error {
        Error::new(Kind::Decode, self.0.doubt(), message).with_operation(self.0.operation())
    }
}

/// What is wrong, without the texts of the platform that serde quotes.
fn category(error: &serde_json::Error, answer: &Answer) -> String {
    match error.classify() {
        serde_json::error::Category::Data => {
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            // Every second piece stood in quotes: a value, perhaps a name or a token.
            let pieces = text.split('"').enumerate();
            pieces
                .map(|(at, piece)| if at % 2 == 0 { piece } else { "\"…\"" })
                .collect()
        }
        serde_json::error::Category::Eof => "it ends in the middle".to_owned(),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            format!("it is not JSON: {}", answer.excerpt())
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
