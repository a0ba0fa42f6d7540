//! Countries by their two-letter code.

use core::fmt;

/// A country by its ISO 3166-1 alpha-2 code, always two capitals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country(pub(crate) [u8; 2]);

impl Country {
    /// The country of a two-letter code in either case; `UK` and `EL` are read as `GB` and `GR`.
    ///
    /// Only the shape is checked: a code that no country has is harmless, because nothing matches it.
    #[must_use]
    pub const fn new(code: &str) -> Option<Self> {
        let bytes = code.as_bytes();
        if bytes.len() != 2 || !bytes[0].is_ascii_alphabetic() || !bytes[1].is_ascii_alphabetic() {
            return None;
        }
        let code = [bytes[0].to_ascii_uppercase(), bytes[1].to_ascii_uppercase()];
        Some(match &code {
            b"UK" => Self(*b"GB"),
            b"EL" => Self(*b"GR"),
            _ => Self(code),
        })
    }

    /// The two capitals.
    #[must_use]
    pub fn code(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("")
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
