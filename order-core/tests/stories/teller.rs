//! Tells a story: what happens to an order, and after each event all that changed in its state, its
//! history, the journal, what would be sent, and what is due next.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use order_core::ids::{ExternalKey, OrderKey};
use order_core::lifecycle::{self, Event, OperatorAction};
use order_core::order::MarketplaceOrder;
use order_core::policy::{Policy, Rules};
use order_core::ports::{
    ConfirmLine, ConfirmSemantics, CreateSemantics, Granularity, MarketplaceCapabilities,
    OrderRead, ShopRead, WebshopCapabilities,
};
use order_core::returns::ReturnDecision;
use order_core::shipment::{CarrierChoice, ChosenBy};
use order_core::shop::ShopOrder;
use order_core::state::{EffectKind, Order};
use serde_json::Value;

/// So many minutes into a story.
pub(crate) fn at(minute: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_780_000_000 + minute * 60, 0).unwrap()
}

/// Two platforms that can do all there is.
pub(crate) fn rules() -> Rules {
    let mut marketplace = MarketplaceCapabilities::none("market");
    marketplace.accept = true;
    marketplace.ship = Granularity::Quantity;
    marketplace.multi_parcel = true;
    marketplace.confirm = ConfirmSemantics::ReadBack;
    marketplace.confirm_lag.in_flight = Duration::from_secs(60);
    marketplace.confirm_lag.index = Duration::from_secs(60);
    marketplace.edit_tracking = true;
    marketplace.cancel = Some(Granularity::Quantity);
    marketplace.cancel_requests = true;
    marketplace.returns = true;
    marketplace.return_decisions = &[ReturnDecision::Accept, ReturnDecision::Refuse];
    let mut webshop = WebshopCapabilities::none("shop");
    webshop.create = CreateSemantics::InertThenActivate;
    webshop.create_lag.in_flight = Duration::from_secs(60);
    webshop.create_lag.index = Duration::from_secs(60);
    webshop.partial_shipments = true;
    webshop.feed_sees_status = true;
    webshop.feed_sees_tracking = true;
    webshop.cancel = true;
    webshop.cancel_lines = true;
    webshop.returns = true;
    Rules {
        policy: Policy::new("t"),
        marketplace,
        webshop,
    }
}

/// An order and what was told of it so far.
pub(crate) struct Story {
    pub(crate) order: Order,
    pub(crate) rules: Rules,
    minute: i64,
    due: Vec<String>,
    text: String,
}

impl Story {
    /// Begins with an order that the feed has just named.
    pub(crate) fn new(title: &str) -> Self {
        Self {
            order: Order::new(OrderKey::new("t", "A"), at(0)),
            rules: rules(),
            minute: 0,
            due: Vec::new(),
            text: format!("# {title}\n"),
        }
    }

    /// Lets it be so many minutes into the story.
    pub(crate) fn at(&mut self, minute: i64) -> &mut Self {
        self.minute = minute;
        self
    }

    /// Something happens.
    pub(crate) fn on(&mut self, what: &str, event: Event) -> &mut Self {
        let now = at(self.minute);
        writeln!(self.text, "\n{} min, {what}", self.minute).unwrap();
        let step = match lifecycle::apply(&self.order, &event, now, &self.rules) {
            Ok(step) => step,
            Err(refused) => {
                writeln!(self.text, "    refused: {}", minutes(&refused.to_string())).unwrap();
                return self;
            }
        };
        for note in &step.notes {
            writeln!(self.text, "    {:?}: {}", note.level, note.text).unwrap();
        }
        for line in &step.effects {
            writeln!(
                self.text,
                "    journal: {} #{} \"{}\" {}",
                line.kind,
                line.attempt,
                line.reference,
                line.status.as_str()
            )
            .unwrap();
        }
        self.state_changed(&step.order);
        self.order = step.order;
        self.what_is_due();
        self
    }

    pub(crate) fn marketplace(&mut self, what: &str, order: MarketplaceOrder) -> &mut Self {
        let read = OrderRead::Found(Box::new(order));
        self.on(
            &format!("the marketplace shows {what}"),
            Event::MarketplaceRead(read),
        )
    }

    pub(crate) fn shop(&mut self, what: &str, order: ShopOrder) -> &mut Self {
        let read = ShopRead::Found(Box::new(order));
        self.on(&format!("the webshop shows {what}"), Event::ShopRead(read))
    }

    pub(crate) fn operator(&mut self, what: &str, action: OperatorAction) -> &mut Self {
        self.on(&format!("a person {what}"), Event::Operator(action))
    }

    /// The call for this effect is put together, and its intent is stored.
    pub(crate) fn intend(&mut self, kind: EffectKind) -> &mut Self {
        let call = self.call(&kind);
        let carrier = if let EffectKind::Confirm(id) | EffectKind::EditTracking(id) = &kind {
            self.carrier(id.as_str())
        } else {
            None
        };
        let what = format!("\"{kind}\" is about to be sent{call}");
        self.on(&what, Event::Intended { kind, carrier })
    }

    fn carrier(&self, shipment: &str) -> Option<CarrierChoice> {
        let shipment = self.order.state.shipment(&shipment.into())?;
        let tracking = shipment.tracking.as_ref()?;
        Some(CarrierChoice {
            carrier: "postnl".to_owned(),
            by: ChosenBy::Default,
            original: tracking.code.clone(),
            code: tracking.code.clone(),
            sent: Some("TNT".to_owned()),
        })
    }

    fn call(&self, kind: &EffectKind) -> String {
        let order = &self.order;
        let lines = |lines: &[ConfirmLine]| -> String {
            let each = lines.iter().map(|line| {
                let pieces: Vec<&str> = line.pieces.iter().map(|it| it.as_str()).collect();
                format!(" {} × {}{pieces:?}", line.quantity, line.line)
            });
            each.collect()
        };
        match kind {
            EffectKind::Confirm(id) | EffectKind::EditTracking(id) => {
                let Some(shipment) = order.state.shipment(id) else {
                    return String::new();
                };
                let carrier = self.carrier(id.as_str());
                match lifecycle::confirm_request(order, shipment, "ref", carrier.as_ref()) {
                    Err(blocked) => format!(", blocked by {:?}: {}", blocked.kind, blocked.text),
                    Ok(call) => {
                        let all = if call.completes_order {
                            ", which completes the order"
                        } else {
                            ""
                        };
                        let code = call.tracking.map_or("no code".to_owned(), |it| it.code);
                        format!(":{} with {code}{all}", lines(&call.lines))
                    }
                }
            }
            EffectKind::CancelMarketplace => match lifecycle::cancel_request(order, "ref") {
                Err(blocked) => format!(", blocked by {:?}: {}", blocked.kind, blocked.text),
                Ok(call) => format!(":{}", lines(&call.lines)),
            },
            EffectKind::CancelPieces => match lifecycle::cancel_pieces_request(order, "ref") {
                Err(blocked) => format!(", blocked by {:?}: {}", blocked.kind, blocked.text),
                Ok(call) => format!(":{}", lines(&call.lines)),
            },
            EffectKind::NoteReturn(id) => {
                let key = ExternalKey::new("t", "A");
                lifecycle::note_request(order, &key, id).map_or_else(String::new, |call| {
                    let rows = call.lines.iter();
                    let rows: String = rows
                        .map(|part| format!(" {} × {}", part.quantity, part.line))
                        .collect();
                    format!(":{rows}, \"{}\"", call.reference)
                })
            }
            EffectKind::DecideReturn(id) => lifecycle::decide_request(order, "ref", id)
                .map_or_else(String::new, |call| {
                    let rows = call.lines.iter();
                    rows.map(|row| format!(" {} × row {}", row.quantity, row.id))
                        .collect()
                }),
            EffectKind::Accept
            | EffectKind::Create
            | EffectKind::CancelShop(_)
            | EffectKind::CancelShopPieces => String::new(),
        }
    }

    fn state_changed(&mut self, after: &Order) {
        let flat = |order: &Order| {
            let mut rows = BTreeMap::new();
            flatten("", &serde_json::to_value(&order.state).unwrap(), &mut rows);
            rows
        };
        let (before, now) = (flat(&self.order), flat(after));
        for (place, value) in &before {
            if !now.contains_key(place) {
                writeln!(self.text, "    - {place}: {value}").unwrap();
            }
        }
        for (place, value) in &now {
            match before.get(place) {
                Some(earlier) if earlier == value => {}
                Some(earlier) => {
                    writeln!(self.text, "    ~ {place}: {earlier} → {value}").unwrap();
                }
                None => writeln!(self.text, "    + {place}: {value}").unwrap(),
            }
        }
        if self.order.status() != after.status() {
            writeln!(self.text, "    status: {}", after.status()).unwrap();
        }
    }

    fn what_is_due(&mut self) {
        let now = at(self.minute);
        let mut items = lifecycle::agenda(&self.order, now, &self.rules);
        items.sort_by_key(|item| (item.at, item.action.to_string()));
        let due: Vec<String> = items
            .into_iter()
            .map(|item| {
                let when = if item.at <= now {
                    "now".to_owned()
                } else {
                    format!("at {}", minutes_of(item.at))
                };
                format!("{when}: {} ({})", item.action, item.why)
            })
            .collect();
        if due != self.due {
            for item in &due {
                writeln!(self.text, "    due {item}").unwrap();
            }
            if due.is_empty() {
                self.text.push_str("    due: nothing\n");
            }
        }
        self.due = due;
    }

    /// Forgets what was told so far: the story begins where the order is now.
    pub(crate) fn begin_here(&mut self, title: &str) {
        self.text = format!("# {title}\n");
    }

    pub(crate) fn end(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}

/// Every leaf of a value under its place.
fn flatten(place: &str, value: &Value, rows: &mut BTreeMap<String, String>) {
    let inner = |name: String| {
        if place.is_empty() {
            name
        } else {
            format!("{place}.{name}")
        }
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(&inner(name.clone()), value, rows);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                flatten(&inner(index.to_string()), value, rows);
            }
        }
        Value::Null => {}
        Value::String(text) => drop(rows.insert(place.to_owned(), minutes(text))),
        Value::Bool(_) | Value::Number(_) => drop(rows.insert(place.to_owned(), value.to_string())),
    }
}

/// Points in time as minutes of the story.
fn minutes(text: &str) -> String {
    DateTime::parse_from_rfc3339(text)
        .map_or_else(|_| text.to_owned(), |time| minutes_of(time.to_utc()))
}

fn minutes_of(time: DateTime<Utc>) -> String {
    let since: TimeDelta = time - at(0);
    let (minutes, seconds) = (
        since.num_seconds().div_euclid(60),
        since.num_seconds().rem_euclid(60),
    );
    if seconds == 0 {
        format!("{minutes} min")
    } else {
        format!("{minutes} min {seconds} s")
    }
}

/// Compares stories with those that are checked in; `UPDATE_STORIES=1` writes them anew.
pub(crate) fn compare(file: &str, stories: &[String]) {
    let told = stories.join("\n");
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/stories")
        .join(file);
    if std::env::var_os("UPDATE_STORIES").is_some() {
        std::fs::write(&path, &told).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (is, was)) in (1..).zip(told.lines().zip(checked_in.lines())) {
        assert_eq!(is, was, "line {number} of {}", path.display());
    }
    assert_eq!(told.lines().count(), checked_in.lines().count());
}
