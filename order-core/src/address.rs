//! Where an order goes: both shapes of an address, kept side by side.
//!
//! Some platforms split street and house number, others have lines. What a platform gave is
//! kept as it was; the other shape is made by joining, never by parsing, because a wrongly
//! split house number sends a parcel astray while two joined lines do not.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A country by its two-letter ISO 3166-1 code, upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

/// The text is not two letters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a country code: two letters are expected, such as NL")]
pub struct NotACountry(String);

impl std::str::FromStr for Country {
    type Err = NotACountry;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(NotACountry(text.chars().take(16).collect())),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = NotACountry;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A postal address with the person or company at it.
///
/// Debug shows no personal data: only country and which fields are present.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Address {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name, or the whole name where the platform does not split it.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Street without number, where the platform splits them.
    pub street: Option<String>,
    /// House number, where split.
    pub house_number: Option<String>,
    /// What follows the house number (`bis`, `A`, `II`).
    pub house_number_extension: Option<String>,
    /// The street as printed, one or more lines: given by the platform, or joined from the parts.
    pub lines: Vec<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State, province or county.
    pub region: Option<String>,
    /// Country.
    pub country: Option<Country>,
    /// Phone number, as given.
    pub phone: Option<String>,
    /// E-mail address, often an alias of the marketplace.
    pub email: Option<String>,
    /// VAT number of a business buyer.
    pub vat_number: Option<String>,
    /// The pick-up point the parcel goes to.
    pub pickup_point: Option<PickupPoint>,
}

/// A shop or locker where the buyer collects the parcel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickupPoint {
    /// The carrier's or marketplace's id of the point.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

impl Address {
    /// An address whose street, house number and extension are separate. The line is joined.
    #[must_use]
    pub fn from_parts(
        street: Option<String>,
        house_number: Option<String>,
        house_number_extension: Option<String>,
        supplement: Option<String>,
    ) -> Self {
        let joined = [&street, &house_number, &house_number_extension]
            .into_iter()
            .flatten()
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let lines = [Some(joined), supplement]
            .into_iter()
            .flatten()
            .filter(|line| !line.trim().is_empty())
            .collect();
        Self {
            street,
            house_number,
            house_number_extension,
            lines,
            ..Self::default()
        }
    }

    /// An address that comes as lines. Nothing is parsed out of them.
    #[must_use]
    pub fn from_lines(lines: impl IntoIterator<Item = String>) -> Self {
        let lines = lines
            .into_iter()
            .filter(|line| !line.trim().is_empty())
            .collect();
        Self {
            lines,
            ..Self::default()
        }
    }

    /// First and last name, or the company; empty when there is none.
    #[must_use]
    pub fn name(&self) -> String {
        let name = [&self.first_name, &self.last_name]
            .into_iter()
            .flatten()
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        if name.is_empty() {
            self.company.clone().unwrap_or_default()
        } else {
            name
        }
    }

    /// Which of the parts nobody can ship without are missing.
    #[must_use]
    pub fn missing_parts(&self) -> Vec<&'static str> {
        let blank =
            |part: &Option<String>| part.as_deref().is_none_or(|text| text.trim().is_empty());
        let mut missing = Vec::new();
        if self.name().is_empty() {
            missing.push("name");
        }
        if self.lines.is_empty() && self.pickup_point.is_none() {
            missing.push("street");
        }
        if blank(&self.city) {
            missing.push("city");
        }
        if self.country.is_none() {
            missing.push("country");
        }
        missing
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("country", &self.country)
            .field("missing", &self.missing_parts())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_into_a_line_and_lines_are_never_taken_apart() {
        let parts = Address::from_parts(
            Some("Dorpstraat".into()),
            Some("12".into()),
            Some("bis".into()),
            Some("achterom".into()),
        );
        assert_eq!(parts.lines, ["Dorpstraat 12 bis", "achterom"]);
        let lines = Address::from_lines(["Bankastraat 23 - II".to_owned(), " ".to_owned()]);
        assert_eq!((lines.lines.len(), lines.house_number), (1, None));
    }

    #[test]
    fn debug_output_has_no_personal_data() {
        let address = Address {
            last_name: Some("Jansen".into()),
            email: Some("x@example.com".into()),
            ..Address::from_lines(["Dorpstraat 1".to_owned()])
        };
        let printed = format!("{address:?}");
        assert!(!printed.contains("Jansen") && !printed.contains("Dorp") && !printed.contains('@'));
    }
}
