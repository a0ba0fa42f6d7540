//! Which orders somebody asks for: from an address to a filter, and back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use order_core::ids::{ConnectionId, OrderKey};
use order_core::ports::OrderFilter;
use order_core::state::{ProblemKind, Status};
use url::form_urlencoded;

/// Orders on a page when nothing is said.
pub(crate) const PAGE: usize = 50;
/// Orders on a page at most.
pub(crate) const LARGEST_PAGE: usize = 200;
/// The longest text that is searched for.
pub(crate) const LONGEST_SEARCH: usize = 100;

/// Which orders, and which page of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OrdersQuery {
    pub(crate) connection: Option<String>,
    pub(crate) status: Vec<Status>,
    pub(crate) needs_action: bool,
    pub(crate) problem: Option<ProblemKind>,
    pub(crate) sending: bool,
    pub(crate) cancel_asked: bool,
    pub(crate) due: Option<Due>,
    pub(crate) text: Option<String>,
    pub(crate) limit: Option<usize>,
    pub(crate) after: Option<OrderKey>,
    pub(crate) before: Option<OrderKey>,
}

/// How near the deadline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// It has passed.
    Overdue,
    /// It has passed or passes within a day.
    Day,
}

impl Due {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Day => "day",
        }
    }

    fn until(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Overdue => now,
            Self::Day => now + TimeDelta::days(1),
        }
    }
}

/// A value that cannot be understood, or that names a place that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongQuery {
    /// Of which parameter.
    pub(crate) name: String,
    /// Why.
    pub(crate) reason: String,
}

fn flag(value: &str) -> Result<bool, String> {
    match value {
        "1" | "true" | "yes" => Ok(true),
        "0" | "false" | "no" => Ok(false),
        other => Err(format!("{other:?} is neither true nor false")),
    }
}

fn optional(value: &str) -> Option<String> {
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

impl OrdersQuery {
    /// Reads the query of an address. What it does not know is left out.
    pub(crate) fn parse(query: &str) -> Result<Self, WrongQuery> {
        let mut parsed = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            parsed.set(&name, &value).map_err(|reason| WrongQuery {
                name: name.into_owned(),
                reason,
            })?;
        }
        Ok(parsed)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "connection" => self.connection = optional(value),
            "status" => self.status.push(value.parse()?),
            "needs_action" => self.needs_action = flag(value)?,
            "problem" => self.problem = Some(value.parse()?),
            "sending" => self.sending = flag(value)?,
            "cancel_asked" => self.cancel_asked = flag(value)?,
            "due" => {
                self.due = Some(match value {
                    "overdue" => Due::Overdue,
                    "day" => Due::Day,
                    other => return Err(format!("{other:?} is neither overdue nor day")),
                });
            }
            "q" if value.chars().count() > LONGEST_SEARCH => {
                return Err(format!("it is longer than {LONGEST_SEARCH} characters"));
            }
            "q" => self.text = optional(value),
            "limit" => {
                let limit = value.parse::<usize>().ok();
                let limit = limit.filter(|limit| (1..=LARGEST_PAGE).contains(limit));
                let limit = limit
                    .ok_or_else(|| format!("{value:?} is no number from 1 to {LARGEST_PAGE}"))?;
                self.limit = Some(limit);
            }
            "after" | "before" if value.is_empty() => {}
            "after" => self.after = Some(read_cursor(value)?),
            "before" => self.before = Some(read_cursor(value)?),
            _ => {}
        }
        Ok(())
    }

    /// The filter for a store.
    pub(crate) fn filter(&self, now: DateTime<Utc>) -> OrderFilter {
        OrderFilter {
            connection: self.connection.as_deref().map(ConnectionId::from),
            status: self.status.clone(),
            needs_action: self.needs_action,
            problem: self.problem,
            sending: self.sending,
            cancel_asked: self.cancel_asked,
            deadline_until: self.due.map(|due| due.until(now)),
            text: self.text.clone(),
            limit: self.limit.unwrap_or(PAGE),
            after: self.after.clone(),
            before: self.before.clone(),
            last: false,
        }
    }

    /// The query of an address that asks for the same orders, from the first page on.
    pub(crate) fn to_query(&self) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        if let Some(connection) = &self.connection {
            pairs.append_pair("connection", connection);
        }
        for status in &self.status {
            pairs.append_pair("status", &status.as_str().replace(' ', "_"));
        }
        for (name, set) in [
            ("needs_action", self.needs_action),
            ("sending", self.sending),
            ("cancel_asked", self.cancel_asked),
        ] {
            if set {
                pairs.append_pair(name, "1");
            }
        }
        if let Some(problem) = self.problem {
            pairs.append_pair("problem", problem.as_str());
        }
        if let Some(due) = self.due {
            pairs.append_pair("due", due.as_str());
        }
        if let Some(text) = &self.text {
            pairs.append_pair("q", text);
        }
        if let Some(limit) = self.limit {
            pairs.append_pair("limit", &limit.to_string());
        }
        pairs.finish()
    }

    /// The query for the page after, or before, an order.
    pub(crate) fn to_page(&self, side: &str, cursor: &str) -> String {
        let query = self.to_query();
        let joint = if query.is_empty() { "" } else { "&" };
        format!("{query}{joint}{side}={cursor}")
    }

    /// The same query without its page.
    pub(crate) fn first_page(&self) -> Self {
        Self {
            after: None,
            before: None,
            ..self.clone()
        }
    }

    /// Whether every order is asked for.
    pub(crate) fn is_everything(&self) -> bool {
        let none = Self {
            limit: self.limit,
            ..Self::default()
        };
        self.first_page() == none
    }
}

/// The place of an order in the overview, for an address.
pub(crate) fn cursor(key: &OrderKey) -> String {
    let pair = serde_json::json!([key.connection, key.order]);
    URL_SAFE_NO_PAD.encode(pair.to_string())
}

/// The order of a place in the overview.
pub(crate) fn read_cursor(text: &str) -> Result<OrderKey, String> {
    let wrong = || "it is no place in the overview; take one from an answer".to_owned();
    if text.len() > 4000 {
        return Err(wrong());
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    let (connection, order): (String, String) =
        serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    Ok(OrderKey::new(connection, order))
}

#[cfg(test)]
mod tests {
    use order_core::ids::OrderKey;

    use super::{OrdersQuery, cursor};

    #[test]
    fn a_query_comes_back_as_it_was() {
        let text = "connection=bol-nl&status=waiting&status=not_shipped&needs_action=1\
                    &problem=unknown_product&due=day&q=%3Cb%3E%26&limit=10";
        let query = OrdersQuery::parse(text).unwrap();
        assert_eq!(OrdersQuery::parse(&query.to_query()).unwrap(), query);
        assert_eq!(query.text.as_deref(), Some("<b>&"));
        let key = OrderKey::new("a/b", "é\0");
        let page = query.to_page("after", &cursor(&key));
        assert_eq!(OrdersQuery::parse(&page).unwrap().after, Some(key));
        assert_eq!(OrdersQuery::parse("").unwrap().to_query(), "");
    }

    #[test]
    fn wrong_values_are_told_by_name() {
        for (query, name) in [
            ("status=lost", "status"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("after=%00", "after"),
            ("due=never", "due"),
            ("needs_action=maybe", "needs_action"),
            ("problem=none", "problem"),
        ] {
            assert_eq!(OrdersQuery::parse(query).unwrap_err().name, name);
        }
        let long = format!("q={}", "x".repeat(101));
        assert_eq!(OrdersQuery::parse(&long).unwrap_err().name, "q");
    }
}
