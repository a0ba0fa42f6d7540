//! Marketplaces' words for carriers, both ways.
//!
//! A marketplace names carriers in its own vocabulary: bol calls PostNL `TNT`. What goes out is
//! always a word of that vocabulary, a word of the list the marketplace gave at run time, or the
//! marketplace's own word for "other" with the carrier's name beside it: [`to_marketplace`]
//! refuses rather than send a text that the marketplace does not know.

use core::fmt;

use crate::tables::{ALIASES, WORDS};
use crate::{Carrier, Country};

/// A marketplace (or shop system) with a vocabulary for carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Marketplace {
    /// bol.com.
    Bol,
    /// Amazon Selling Partner API.
    Amazon,
    /// eBay.
    Ebay,
    /// Mirakl operators; each has its own list.
    Mirakl,
    /// Kaufland; the list is fetched.
    Kaufland,
    /// OTTO Market.
    Otto,
    /// Walmart.
    Walmart,
    /// Etsy.
    Etsy,
    /// Zalando; takes no carrier at all.
    Zalando,
    /// Cdiscount (Octopia).
    Cdiscount,
    /// Allegro.
    Allegro,
    /// Shopify's tracking companies.
    Shopify,
}

impl Marketplace {
    /// Every marketplace.
    pub const ALL: [Self; 12] = [
        Self::Bol,
        Self::Amazon,
        Self::Ebay,
        Self::Mirakl,
        Self::Kaufland,
        Self::Otto,
        Self::Walmart,
        Self::Etsy,
        Self::Zalando,
        Self::Cdiscount,
        Self::Allegro,
        Self::Shopify,
    ];

    /// The lower-case name: `bol`, `amazon`, ...
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Bol => "bol",
            Self::Amazon => "amazon",
            Self::Ebay => "ebay",
            Self::Mirakl => "mirakl",
            Self::Kaufland => "kaufland",
            Self::Otto => "otto",
            Self::Walmart => "walmart",
            Self::Etsy => "etsy",
            Self::Zalando => "zalando",
            Self::Cdiscount => "cdiscount",
            Self::Allegro => "allegro",
            Self::Shopify => "shopify",
        }
    }

    /// The marketplace of a lower-case name.
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|market| market.slug() == slug)
    }

    /// The countries its parcels mostly go to; empty where that says nothing.
    pub(crate) const fn region(self) -> &'static [Country] {
        match self {
            Self::Bol => const { &[Country(*b"NL"), Country(*b"BE")] },
            Self::Otto => const { &[Country(*b"DE")] },
            Self::Walmart => const { &[Country(*b"US")] },
            Self::Cdiscount => const { &[Country(*b"FR")] },
            Self::Allegro => const { &[Country(*b"PL"), Country(*b"CZ"), Country(*b"SK")] },
            Self::Kaufland => const { &[Country(*b"DE"), Country(*b"AT"), Country(*b"CZ")] },
            Self::Amazon
            | Self::Ebay
            | Self::Mirakl
            | Self::Etsy
            | Self::Zalando
            | Self::Shopify => &[],
        }
    }

    /// What to do with a carrier that the vocabulary lacks.
    const fn lacking(self) -> Lacking {
        match self {
            Self::Bol => Lacking::Code,
            Self::Amazon | Self::Ebay | Self::Etsy | Self::Allegro | Self::Shopify => {
                Lacking::CodeAndName
            }
            Self::Walmart => Lacking::NameAndUrl,
            Self::Mirakl | Self::Cdiscount => Lacking::NameAndUrl,
            Self::Otto => Lacking::Refuse,
            Self::Kaufland => Lacking::ListOnly,
            Self::Zalando => Lacking::NotAsked,
        }
    }
}

impl fmt::Display for Marketplace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

enum Lacking {
    Code,
    CodeAndName,
    NameAndUrl,
    Refuse,
    ListOnly,
    NotAsked,
}

pub(crate) enum Direction {
    /// Sent and understood.
    Both,
    /// Understood only.
    In,
    /// Sent only when the account chose it; understood.
    Choice,
    /// The word for carriers without one.
    Fallback,
}

pub(crate) struct Word {
    pub(crate) marketplace: Marketplace,
    pub(crate) text: &'static str,
    pub(crate) carrier: Option<Carrier>,
    pub(crate) countries: &'static [Country],
    pub(crate) direction: Direction,
}

/// One carrier of the list that a marketplace gives at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed<'a> {
    /// The code to send.
    pub code: &'a str,
    /// The name shown to people, or the same as the code.
    pub name: &'a str,
}

impl<'a> Listed<'a> {
    /// A carrier of a run-time list.
    #[must_use]
    pub const fn new(code: &'a str, name: &'a str) -> Self {
        Self { code, name }
    }
}

/// What only the account can tell: where it ships from, which of several words it wants.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Account<'a> {
    /// The seller's country: decides between words such as `DPD-NL` and `DPD-BE`.
    pub country: Option<Country>,
    /// The country the parcel goes to: decides where the seller's country does not.
    pub destination: Option<Country>,
    /// The words the account chose, such as `DHL` instead of `DHLFORYOU`. Checked before use.
    pub chosen: &'a [(Carrier, &'a str)],
    /// The marketplace's own list, where it has one at run time (Mirakl, Kaufland, Allegro).
    pub listed: &'a [Listed<'a>],
}

impl<'a> Account<'a> {
    /// An account that shipped no wishes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            country: None,
            destination: None,
            chosen: &[],
            listed: &[],
        }
    }

    /// With the seller's country.
    #[must_use]
    pub const fn with_country(mut self, country: Country) -> Self {
        self.country = Some(country);
        self
    }

    /// With the country the parcel goes to.
    #[must_use]
    pub const fn with_destination(mut self, country: Country) -> Self {
        self.destination = Some(country);
        self
    }

    /// With the words the account chose.
    #[must_use]
    pub const fn with_chosen(mut self, chosen: &'a [(Carrier, &'a str)]) -> Self {
        self.chosen = chosen;
        self
    }

    /// With the marketplace's run-time list.
    #[must_use]
    pub const fn with_listed(mut self, listed: &'a [Listed<'a>]) -> Self {
        self.listed = listed;
        self
    }
}

/// What may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Outgoing<'a> {
    code: Option<&'a str>,
    name: Option<&'a str>,
    needs_url: bool,
    exact: bool,
}

impl<'a> Outgoing<'a> {
    const fn exact(code: &'a str) -> Self {
        Self {
            code: Some(code),
            name: None,
            needs_url: false,
            exact: true,
        }
    }

    /// The word of the vocabulary; `None` where only a name is sent.
    #[must_use]
    pub const fn code(&self) -> Option<&'a str> {
        self.code
    }

    /// The carrier's name to send beside the word, or instead of it.
    #[must_use]
    pub const fn name(&self) -> Option<&'a str> {
        self.name
    }

    /// Whether the marketplace wants a tracking address with it.
    #[must_use]
    pub const fn needs_url(&self) -> bool {
        self.needs_url
    }

    /// Whether the word names this carrier; otherwise it is the word for "other".
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.exact
    }
}

/// Why nothing may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Refusal {
    /// The marketplace has no word for the carrier and none for "other".
    NoWord,
    /// The text is not in the marketplace's vocabulary.
    UnknownWord,
    /// The marketplace's run-time list is needed and was not given.
    ListNeeded,
    /// The marketplace takes no carrier.
    NotAsked,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoWord => "the marketplace has no word for the carrier",
            Self::UnknownWord => "the text is not in the marketplace's vocabulary",
            Self::ListNeeded => "the marketplace's own list of carriers is needed",
            Self::NotAsked => "the marketplace takes no carrier",
        })
    }
}

#[cfg(feature = "std")]
impl std::error::Error for Refusal {}

/// The marketplace's word for a carrier.
///
/// In this order: the account's choice, the run-time list, the built-in vocabulary (by the
/// seller's country, then the destination), the word for "other".
///
/// # Errors
///
/// Refuses where nothing that the marketplace is known to accept could be sent, also when the
/// account chose a word that is not in the vocabulary.
pub fn to_marketplace<'a>(
    marketplace: Marketplace,
    carrier: Carrier,
    account: &Account<'a>,
) -> Result<Outgoing<'a>, Refusal> {
    if let Some((_, word)) = account.chosen.iter().find(|(chosen, _)| *chosen == carrier) {
        return check(marketplace, word, account.listed);
    }
    if let Some(listed) = in_list(carrier, account.listed) {
        return Ok(Outgoing::exact(listed.code));
    }
    // A run-time list is the whole truth for those that have one.
    let by_list = matches!(marketplace, Marketplace::Mirakl | Marketplace::Kaufland);
    let listed = |text: &str| {
        account.listed.is_empty() || account.listed.iter().any(|known| known.code == text)
    };
    let words = || {
        WORDS.iter().filter(move |word| {
            word.marketplace == marketplace
                && word.carrier == Some(carrier)
                && matches!(word.direction, Direction::Both)
        })
    };
    let of = |country: Option<Country>| {
        country.and_then(|country| words().find(|word| word.countries.contains(&country)))
    };
    let word = of(account.country)
        .or_else(|| of(account.destination))
        .or_else(|| words().find(|word| word.countries.is_empty()))
        .or_else(|| words().next());
    if let Some(word) = word.filter(|word| !by_list && listed(word.text)) {
        return Ok(Outgoing::exact(word.text));
    }
    let other = WORDS.iter().find(|word| {
        word.marketplace == marketplace
            && matches!(word.direction, Direction::Fallback)
            && listed(word.text)
    });
    let code = other.map(|word| word.text);
    let name = Some(carrier.name());
    match marketplace.lacking() {
        Lacking::Code if code.is_some() => Ok(Outgoing {
            code,
            name: None,
            needs_url: false,
            exact: false,
        }),
        Lacking::CodeAndName if code.is_some() => Ok(Outgoing {
            code,
            name,
            needs_url: false,
            exact: false,
        }),
        Lacking::NameAndUrl => Ok(Outgoing {
            code,
            name,
            needs_url: true,
            exact: false,
        }),
        Lacking::NotAsked => Err(Refusal::NotAsked),
        Lacking::ListOnly if account.listed.is_empty() => Err(Refusal::ListNeeded),
        Lacking::Code | Lacking::CodeAndName | Lacking::Refuse | Lacking::ListOnly => {
            Err(Refusal::NoWord)
        }
    }
}

/// Checks a text before it is sent: only what the marketplace is known to accept passes.
///
/// Case matters to marketplaces, so the vocabulary's own spelling comes back.
///
/// # Errors
///
/// Refuses texts that are neither in the run-time list nor in the built-in vocabulary.
pub fn check<'a>(
    marketplace: Marketplace,
    text: &str,
    listed: &[Listed<'a>],
) -> Result<Outgoing<'a>, Refusal> {
    if matches!(marketplace, Marketplace::Zalando) {
        return Err(Refusal::NotAsked);
    }
    let same = |known: &str| known == text.trim() || alike(known, text);
    if let Some(known) = listed.iter().find(|known| known.code == text.trim()) {
        return Ok(Outgoing::exact(known.code));
    }
    if let Some(known) = listed
        .iter()
        .find(|known| same(known.code) || same(known.name))
    {
        return Ok(Outgoing::exact(known.code));
    }
    if matches!(marketplace, Marketplace::Mirakl | Marketplace::Kaufland) {
        return Err(if listed.is_empty() {
            Refusal::ListNeeded
        } else {
            Refusal::UnknownWord
        });
    }
    if !listed.is_empty() {
        return Err(Refusal::UnknownWord);
    }
    WORDS
        .iter()
        .filter(|word| word.marketplace == marketplace)
        .filter(|word| !matches!(word.direction, Direction::In))
        .find(|word| same(word.text))
        .map(|word| Outgoing {
            code: Some(word.text),
            name: None,
            needs_url: false,
            exact: word.carrier.is_some(),
        })
        .ok_or(Refusal::UnknownWord)
}

/// The carrier a marketplace means: its vocabulary first, then what carriers are called anywhere.
#[must_use]
pub fn from_marketplace(marketplace: Marketplace, text: &str) -> Option<Carrier> {
    let mine = || WORDS.iter().filter(|word| word.marketplace == marketplace);
    if let Some(word) = mine().find(|word| alike(word.text, text)) {
        return word.carrier;
    }
    named(text)
}

/// The carrier of a name as people and shops write it: `PostNL`, `dhl parcel`, `la-poste`.
#[must_use]
pub fn named(text: &str) -> Option<Carrier> {
    letters(text).next()?;
    ALIASES
        .binary_search_by(|(known, _)| known.bytes().cmp(letters(text)))
        .ok()
        .and_then(|at| ALIASES.get(at))
        .map(|(_, carrier)| *carrier)
}

/// The carrier in a run-time list: by code, by name, then by any of its other names.
fn in_list<'a>(carrier: Carrier, listed: &[Listed<'a>]) -> Option<Listed<'a>> {
    let exact = |text: &str| alike(text, carrier.slug()) || alike(text, carrier.name());
    let find = |fits: &dyn Fn(&Listed<'a>) -> bool| listed.iter().copied().find(|one| fits(one));
    find(&|one| exact(one.code))
        .or_else(|| find(&|one| exact(one.name)))
        .or_else(|| find(&|one| named(one.code) == Some(carrier)))
        .or_else(|| find(&|one| named(one.name) == Some(carrier)))
}

/// Letters and digits in lower case; everything else does not count. Accented letters lose
/// their accent in the table, and their bytes here.
fn letters(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| byte.to_ascii_lowercase())
}

fn alike(left: &str, right: &str) -> bool {
    letters(left).next().is_some() && letters(left).eq(letters(right))
}
