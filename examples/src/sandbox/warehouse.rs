//! A small warehouse: it sends what the webshop wants to have sent.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use connector_webshop::woocommerce::sandbox::{Sandbox, SandboxOrder, SandboxTracking};
use serde::{Deserialize, Serialize};

/// How an order is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Completed with a code.
    Coded,
    /// Completed without one; none ever comes.
    Bare,
    /// The code comes an hour after completion.
    SoonCode,
    /// The code comes five hours after completion, when the wait is long over.
    LateCode,
}

/// What the warehouse remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Warehouse {
    /// When each order was seen first, by the webshop's id.
    seen: BTreeMap<u64, DateTime<Utc>>,
    /// When each was completed.
    completed: BTreeMap<u64, DateTime<Utc>>,
    /// Those whose code was entered.
    coded: Vec<u64>,
}

impl Warehouse {
    /// Some work, for as long as the clock shows the same minute.
    pub(super) fn work(&mut self, shop: &Sandbox, now: DateTime<Utc>) {
        for order in shop.orders() {
            match order.status.as_str() {
                "processing" => self.handle(shop, &order, now),
                "completed" => self.enter_code_later(shop, &order, now),
                _ => {}
            }
        }
    }

    fn handle(&mut self, shop: &Sandbox, order: &SandboxOrder, now: DateTime<Utc>) {
        let since = *self.seen.entry(order.id).or_insert(now);
        let handling = Duration::minutes(15 + i64::from(number(order) % 4) * 10);
        if now - since < handling {
            return;
        }
        if way(order) == Way::Coded {
            self.enter_code(shop, order);
        }
        shop.set_status(order.id, "completed");
        self.completed.insert(order.id, now);
    }

    fn enter_code_later(&mut self, shop: &Sandbox, order: &SandboxOrder, now: DateTime<Utc>) {
        let since = *self.completed.entry(order.id).or_insert(now);
        let later = match way(order) {
            Way::Coded | Way::Bare => return,
            Way::SoonCode => Duration::hours(1),
            Way::LateCode => Duration::hours(5),
        };
        if now - since >= later {
            self.enter_code(shop, order);
        }
    }

    fn enter_code(&mut self, shop: &Sandbox, order: &SandboxOrder) {
        if !self.coded.contains(&order.id) {
            // No transporter's name: it is for the engine to tell from the code.
            shop.add_tracking(
                order.id,
                &SandboxTracking::new(&code(&order.created_via), ""),
            );
            self.coded.push(order.id);
        }
    }
}

/// The last digits of the marketplace's order number.
fn number(order: &SandboxOrder) -> u32 {
    number_of(&order.created_via)
}

fn number_of(key: &str) -> u32 {
    let digits: String = key.chars().filter(char::is_ascii_digit).collect();
    let start = digits.len().saturating_sub(7);
    digits
        .get(start..)
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default()
}

fn way(order: &SandboxOrder) -> Way {
    way_of(&order.created_via)
}

fn way_of(key: &str) -> Way {
    match number_of(key) % 5 {
        0 => Way::SoonCode,
        1 => Way::Bare,
        2 => Way::LateCode,
        _ => Way::Coded,
    }
}

/// The code of an order: PostNL's or DHL's form in turn.
fn code(key: &str) -> String {
    let number = number_of(key);
    if number.is_multiple_of(2) {
        format!("3SDEMO{number:07}")
    } else {
        format!("JVGL0627{number:012}")
    }
}

/// The code with which the marketplace must have an order in the end; `None` for none.
pub(super) fn code_in_the_end(key: &str) -> Option<String> {
    (way_of(key) != Way::Bare).then(|| code(key))
}
