//! Addresses of tracking pages.

use core::fmt::{self, Write};

use crate::{Carrier, Country};

/// A part of a tracking address that was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// No address is known for the carrier.
    Template,
    /// The carrier's page asks for the receiver's postcode.
    Postcode,
    /// The carrier's page asks for the country.
    Country,
    /// The carrier's page asks for the last digits of a telephone number.
    Phone,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Template => "no tracking address is known for the carrier",
            Self::Postcode => "the tracking address needs the receiver's postcode",
            Self::Country => "the tracking address needs the destination country",
            Self::Phone => "the tracking page asks for a telephone number",
        })
    }
}

#[cfg(feature = "std")]
impl std::error::Error for Missing {}

/// What goes into a tracking address.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct UrlParts<'a> {
    /// The code, as [`Detection::code`](crate::Detection::code) gives it.
    pub code: &'a str,
    /// The receiver's postcode.
    pub postcode: Option<&'a str>,
    /// The country the parcel goes to.
    pub country: Option<Country>,
    /// The language of the page, two small letters; English where absent.
    pub language: Option<&'a str>,
}

impl<'a> UrlParts<'a> {
    /// The code alone.
    #[must_use]
    pub const fn new(code: &'a str) -> Self {
        Self {
            code,
            postcode: None,
            country: None,
            language: None,
        }
    }

    /// With the receiver's postcode.
    #[must_use]
    pub const fn with_postcode(mut self, postcode: &'a str) -> Self {
        self.postcode = Some(postcode);
        self
    }

    /// With the country the parcel goes to.
    #[must_use]
    pub const fn with_country(mut self, country: Country) -> Self {
        self.country = Some(country);
        self
    }

    /// With the language of the page, two small letters.
    #[must_use]
    pub const fn with_language(mut self, language: &'a str) -> Self {
        self.language = Some(language);
        self
    }
}

/// A complete tracking address; [`Display`](fmt::Display) writes it.
#[derive(Clone, Copy, Debug)]
pub struct TrackingUrl<'a> {
    template: &'static str,
    seen: bool,
    parts: UrlParts<'a>,
}

impl TrackingUrl<'_> {
    /// Whether the address was seen in use in a public source; otherwise it is a guess that
    /// should not be sent to customers.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        self.seen
    }
}

impl Carrier {
    /// The address of the page that shows a parcel.
    ///
    /// # Errors
    ///
    /// Names the first part that the carrier's page needs and that was not given.
    pub fn tracking_url<'a>(self, parts: &UrlParts<'a>) -> Result<TrackingUrl<'a>, Missing> {
        let row = self.row();
        if row.url.is_empty() || parts.code.is_empty() {
            return Err(Missing::Template);
        }
        for need in row.needs {
            let given = match need {
                Missing::Postcode => parts.postcode.is_some_and(|text| !text.trim().is_empty()),
                Missing::Country => parts.country.is_some(),
                Missing::Phone | Missing::Template => true,
            };
            if !given {
                return Err(*need);
            }
        }
        Ok(TrackingUrl {
            template: row.url,
            seen: row.url_seen,
            parts: *parts,
        })
    }
}

impl fmt::Display for TrackingUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.template;
        while let Some((before, after)) = rest.split_once('{') {
            f.write_str(before)?;
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            match name {
                "n" => escaped(f, self.parts.code)?,
                "pc" => escaped(f, self.parts.postcode.unwrap_or(""))?,
                "cc" | "CC" => {
                    f.write_str(self.parts.country.as_ref().map_or("", Country::code))?
                }
                "lang" => escaped(f, self.parts.language.unwrap_or("en"))?,
                _ => {}
            }
            rest = behind;
        }
        f.write_str(rest)
    }
}

/// Writes letters and digits as they are, leaves spaces out and escapes the rest.
fn escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for byte in text.bytes() {
        match byte {
            b' ' => {}
            b'-' | b'_' | b'.' | b'~' => f.write_char(char::from(byte))?,
            _ if byte.is_ascii_alphanumeric() => f.write_char(char::from(byte))?,
            _ => write!(f, "%{byte:02X}")?,
        }
    }
    Ok(())
}
