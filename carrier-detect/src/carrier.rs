//! Carriers: who transports, under one stable slug.

use core::fmt;

use crate::Country;
use crate::tables::{CARRIERS, HOSTS};

/// A carrier of the built-in list. Small and copyable; compare it with the constants in
/// [`carriers`](crate::carriers) or by [`slug`](Carrier::slug).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Carrier(pub(crate) u16);

pub(crate) struct CarrierRow {
    pub(crate) slug: &'static str,
    pub(crate) name: &'static str,
    pub(crate) countries: &'static [Country],
    pub(crate) url: &'static str,
    pub(crate) url_seen: bool,
    pub(crate) needs: &'static [crate::Missing],
}

impl Carrier {
    /// The carrier of a slug such as `postnl` or `dhl-parcel-nl`.
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Self> {
        let at = CARRIERS.binary_search_by(|row| row.slug.cmp(slug)).ok()?;
        u16::try_from(at).ok().map(Self)
    }

    /// Every carrier, ordered by slug.
    pub fn all() -> impl Iterator<Item = Self> {
        (0_u16..).take(CARRIERS.len()).map(Self)
    }

    /// The stable, lower-case name to store.
    #[must_use]
    pub fn slug(self) -> &'static str {
        self.row().slug
    }

    /// The name to show to people.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Countries the carrier mostly works in; empty for worldwide.
    #[must_use]
    pub fn countries(self) -> &'static [Country] {
        self.row().countries
    }

    /// The carrier whose tracking pages live on a host such as `jouw.postnl.nl`.
    #[must_use]
    pub fn from_host(host: &str) -> Option<Self> {
        let mut rest = host;
        loop {
            let found = HOSTS.binary_search_by(|(known, _)| {
                known
                    .bytes()
                    .cmp(rest.bytes().map(|byte| byte.to_ascii_lowercase()))
            });
            if let Ok(at) = found {
                return HOSTS.get(at).map(|(_, carrier)| *carrier);
            }
            rest = rest.split_once('.')?.1;
        }
    }

    pub(crate) fn row(self) -> &'static CarrierRow {
        // The field is private and only made from the list's own positions.
        &CARRIERS[usize::from(self.0) % CARRIERS.len()]
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}
