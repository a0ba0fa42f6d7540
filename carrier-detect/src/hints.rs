//! What is known beside the code.

use crate::words::Marketplace;
use crate::{Carrier, Country, Format};

/// What is known beside the code. Everything is optional; `Hints::default()` knows nothing.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Hints<'a> {
    /// Where the parcel goes.
    pub destination: Option<Country>,
    /// Where the seller ships from.
    pub origin: Option<Country>,
    /// The receiver's postcode, in any spelling: some codes hold it.
    pub postcode: Option<&'a str>,
    /// The carriers the seller used, each with how often.
    pub usual: &'a [Usual],
    /// The marketplace of the order: tells the region where no country is given.
    pub marketplace: Option<Marketplace>,
}

/// A carrier that a seller uses, with how often.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Usual {
    /// Which.
    pub carrier: Carrier,
    /// The format that its codes had, where that was counted.
    pub format: Option<&'static Format>,
    /// How often; any scale, only the shares count. What is not above nought is left out.
    pub count: f32,
}

impl Usual {
    /// A carrier, whatever its codes look like.
    #[must_use]
    pub const fn new(carrier: Carrier, count: f32) -> Self {
        Self {
            carrier,
            format: None,
            count,
        }
    }

    /// Counted for codes of one format; the carrier's other formats are lifted less.
    #[must_use]
    pub const fn in_format(mut self, format: &'static Format) -> Self {
        self.format = Some(format);
        self
    }

    /// The count, if it is one.
    pub(crate) fn counted(&self) -> f32 {
        if self.count.is_finite() {
            self.count.max(0.0)
        } else {
            0.0
        }
    }
}

impl<'a> Hints<'a> {
    /// No hints.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            destination: None,
            origin: None,
            postcode: None,
            usual: &[],
            marketplace: None,
        }
    }

    /// With the country the parcel goes to.
    #[must_use]
    pub const fn with_destination(mut self, country: Country) -> Self {
        self.destination = Some(country);
        self
    }

    /// With the country the seller ships from.
    #[must_use]
    pub const fn with_origin(mut self, country: Country) -> Self {
        self.origin = Some(country);
        self
    }

    /// With the receiver's postcode.
    #[must_use]
    pub const fn with_postcode(mut self, postcode: &'a str) -> Self {
        self.postcode = Some(postcode);
        self
    }

    /// With the carriers the seller used, each with how often.
    #[must_use]
    pub const fn with_usual(mut self, usual: &'a [Usual]) -> Self {
        self.usual = usual;
        self
    }

    /// With the marketplace of the order.
    #[must_use]
    pub const fn with_marketplace(mut self, marketplace: Marketplace) -> Self {
        self.marketplace = Some(marketplace);
        self
    }

    pub(crate) const fn is_none(&self) -> bool {
        self.destination.is_none()
            && self.origin.is_none()
            && self.postcode.is_none()
            && self.usual.is_empty()
            && self.marketplace.is_none()
    }
}
