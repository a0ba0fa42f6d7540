//! Settings of a connection, with the defaults the product promises.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::address::Country;
use crate::ports::{MarketplaceCapabilities, WebshopCapabilities};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How a connection behaves.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// Tells this connection's orders from others in the same webshop. Never change it.
    pub channel: String,
    /// How often the marketplace and the webshop are looked at.
    pub poll_interval: Duration,
    /// How long a completed order waits for a T&T code.
    pub tracking_wait: Duration,
    /// The wait ends this long before the order must be shipped.
    pub ship_by_margin: Duration,
    /// Successful looks at the webshop that must have happened before a wait ends.
    pub min_looks: u32,
    /// How long after a bare confirmation a late code is still looked for.
    pub late_tracking_window: Duration,
    /// How often it is looked for.
    pub late_tracking_interval: Duration,
    /// How often every open order of the marketplace is listed.
    pub sweep_interval: Duration,
    /// How often an open order is read by id though nothing hinted at it: marketplace.
    pub marketplace_reread: Duration,
    /// How often an open order is read by id though nothing hinted at it: webshop, where its
    /// feed notices status and codes. Where it does not, `poll_interval` is used.
    pub shop_reread: Duration,
    /// How old the last read of the marketplace may be when a shipment is confirmed.
    pub last_look: Duration,
    /// How long after a confirmation it is looked for at the marketplace.
    pub verify_after: Duration,
    /// How long after an unknown create doubles are looked for once more.
    pub audit_after: Duration,
    /// How long one call of a connector may take before it counts as lost.
    pub request_timeout: Duration,
    /// How long after storing an intent the request may still leave.
    pub send_window: Duration,
    /// The first pause after a failure; it doubles each time.
    pub retry_first: Duration,
    /// The longest pause after a failure.
    pub retry_max: Duration,
    /// Orders placed before this are ignored.
    pub import_from: Option<DateTime<Utc>>,
    /// Orders older than this at the first sight are ignored.
    pub max_age: Duration,
    /// Import orders that the marketplace sends from its own warehouse: made in the webshop as
    /// completed once they are sent, without touching its stock, where it can. Elsewhere they are
    /// ignored.
    pub import_marketplace_fulfilled: bool,
    /// Shipping methods (in the marketplace's words) that must not be confirmed without a code.
    pub tracking_required_for: Vec<String>,
    /// Tell the marketplace when the webshop cancels.
    pub cancel_at_marketplace: bool,
    /// Tell the webshop when the marketplace cancels.
    pub cancel_in_shop: bool,
    /// Read buyers' returns and note them in the webshop, where both sides can.
    pub returns: bool,
    /// How often returns are looked for.
    pub returns_interval: Duration,
    /// Rules for transporters, tried in order before anything is inferred.
    pub carrier_rules: Vec<CarrierRule>,
    /// The transporter when nothing else tells.
    pub default_carrier: Option<String>,
    /// Calls of one platform that may be under way at once.
    pub concurrency: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            channel: "marketplace".to_owned(),
            poll_interval: Duration::from_secs(5 * MINUTE),
            tracking_wait: Duration::from_secs(3 * HOUR),
            ship_by_margin: Duration::from_secs(HOUR),
            min_looks: 3,
            late_tracking_window: Duration::from_secs(14 * DAY),
            late_tracking_interval: Duration::from_secs(30 * MINUTE),
            sweep_interval: Duration::from_secs(HOUR),
            marketplace_reread: Duration::from_secs(6 * HOUR),
            shop_reread: Duration::from_secs(30 * MINUTE),
            last_look: Duration::from_secs(2 * MINUTE),
            verify_after: Duration::from_secs(10 * MINUTE),
            audit_after: Duration::from_secs(30 * MINUTE),
            request_timeout: Duration::from_secs(60),
            send_window: Duration::from_secs(30),
            retry_first: Duration::from_secs(MINUTE),
            retry_max: Duration::from_secs(6 * HOUR),
            import_from: None,
            max_age: Duration::from_secs(90 * DAY),
            import_marketplace_fulfilled: false,
            tracking_required_for: Vec::new(),
            cancel_at_marketplace: true,
            cancel_in_shop: true,
            returns: true,
            returns_interval: Duration::from_secs(15 * MINUTE),
            carrier_rules: Vec::new(),
            default_carrier: None,
            concurrency: 8,
        }
    }
}

impl Policy {
    /// The defaults, under a channel name.
    #[must_use]
    pub fn new(channel: impl Into<String>) -> Self {
        Self {
            channel: channel.into(),
            ..Self::default()
        }
    }

    /// The pause after the `attempts`-th failure: 1, 2, 4 ... minutes up to 6 hours by default.
    #[must_use]
    pub fn pause_after(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(20);
        self.retry_first
            .saturating_mul(1_u32 << doublings)
            .min(self.retry_max)
    }
}

/// A rule that tells the transporter from the code.
#[derive(Clone, Debug, PartialEq)]
pub struct CarrierRule {
    /// What the code must look like.
    pub matches: CodePattern,
    /// Only for parcels to this country.
    pub country: Option<Country>,
    /// The transporter.
    pub carrier: String,
    /// Take the matched text off the code before it is sent.
    pub strip: bool,
}

/// What a code must look like for a rule. Upper and lower case are the same.
#[derive(Clone, Debug)]
pub enum CodePattern {
    /// The regular expression matches somewhere in it.
    Matches(regex::Regex),
    /// The text is somewhere in it.
    Contains(String),
    /// It starts with the text.
    Starts(String),
    /// It ends with the text.
    Ends(String),
}

impl PartialEq for CodePattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Matches(a), Self::Matches(b)) => a.as_str() == b.as_str(),
            (Self::Contains(a), Self::Contains(b))
            | (Self::Starts(a), Self::Starts(b))
            | (Self::Ends(a), Self::Ends(b)) => a == b,
            (Self::Matches(_) | Self::Contains(_) | Self::Starts(_) | Self::Ends(_), _) => false,
        }
    }
}

impl CodePattern {
    /// A regular expression, as a rule; upper and lower case are the same.
    ///
    /// # Errors
    ///
    /// What is wrong with the expression.
    pub fn regex(text: &str) -> Result<Self, String> {
        regex::RegexBuilder::new(text)
            .case_insensitive(true)
            .size_limit(1 << 20)
            .build()
            .map(Self::Matches)
            .map_err(|error| error.to_string())
    }

    /// The part of `code` that matches, as a byte range; `None` when it does not.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<std::ops::Range<usize>> {
        let lower = code.to_ascii_lowercase();
        let (at, length) = match self {
            Self::Matches(regex) => {
                let found = regex.find(code)?;
                (found.start(), found.len())
            }
            Self::Contains(part) => (lower.find(&part.to_ascii_lowercase())?, part.len()),
            Self::Starts(part) => lower
                .starts_with(&part.to_ascii_lowercase())
                .then_some((0, part.len()))?,
            Self::Ends(part) => lower
                .ends_with(&part.to_ascii_lowercase())
                .then(|| (lower.len() - part.len(), part.len()))?,
        };
        (length > 0).then_some(at..at + length)
    }
}

/// Everything a decision depends on besides the order itself and the time.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// The connection's settings.
    pub policy: Policy,
    /// What the marketplace can do.
    pub marketplace: MarketplaceCapabilities,
    /// What the webshop can do.
    pub webshop: WebshopCapabilities,
}
