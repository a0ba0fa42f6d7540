//! What the sandbox answers.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::world::{Refused, World};
use crate::sandbox::{Call, Platform, Reply};

impl Platform for World {
    fn operation(&self, method: &str, path: &str) -> String {
        let path = match path.split('/').collect::<Vec<_>>().as_slice() {
            ["", "auth", ..] => return "POST token".to_owned(),
            ["", "_documents", _] => return format!("{method} document"),
            ["", "orders", "2026-01-01", "orders", _] => "/orders/2026-01-01/orders/{orderId}",
            ["", "orders", "v0", "orders", _, "shipmentConfirmation"] => {
                "/orders/v0/orders/{orderId}/shipmentConfirmation"
            }
            ["", "feeds", _, "feeds", _] => "/feeds/2021-06-30/feeds/{feedId}",
            ["", "feeds", _, "documents", _] => "/feeds/2021-06-30/documents/{feedDocumentId}",
            _ => path,
        };
        format!("{method} {path}")
    }

    fn is_mutation(&self, operation: &str) -> bool {
        operation.starts_with("POST /")
    }

    fn answer(&mut self, call: &Call, now: DateTime<Utc>) -> Reply {
        match call.seen.operation.as_str() {
            "POST token" => return self.token(call, now),
            "PUT document" if self.documents.contains_key(call.part(1)) => {
                self.documents
                    .insert(call.part(1).to_owned(), call.body.to_vec());
                return Reply {
                    status: 200,
                    ..Reply::nothing()
                };
            }
            "GET document" => return self.report(call.part(1)),
            _ => {}
        }
        let given = call.header("x-amz-access-token");
        if !self
            .tokens
            .iter()
            .any(|(token, _)| Some(token.as_str()) == given)
        {
            let text = "The access token you provided is revoked, malformed or invalid.";
            return refused((401, "Unauthorized", text.to_owned()));
        }
        let body = call.json();
        match call.seen.operation.as_str() {
            "GET /orders/2026-01-01/orders" => self.list(call, now),
            "GET /orders/2026-01-01/orders/{orderId}" => self.order(call),
            "POST /orders/v0/orders/{orderId}/shipmentConfirmation" => {
                match self.confirm(call.part(3), &body, now) {
                    Ok(()) => Reply::nothing(),
                    Err(why) => refused(why),
                }
            }
            "POST /feeds/2021-06-30/documents" if body["contentType"].is_string() => {
                Reply::json(201, &self.new_document())
            }
            "POST /feeds/2021-06-30/feeds" => match self.new_feed(&body, now) {
                Ok(feed) => Reply::json(202, &feed),
                Err(why) => refused(why),
            },
            "GET /feeds/2021-06-30/feeds/{feedId}" => found(self.feed(call.part(3))),
            "GET /feeds/2021-06-30/documents/{feedDocumentId}" => {
                found(self.document(call.part(3)))
            }
            "GET /sellers/v1/marketplaceParticipations" => Reply::json(200, &participations()),
            _ => found(None),
        }
    }

    fn settle(&mut self, now: DateTime<Utc>) {
        self.tokens.retain(|(_, until)| *until > now);
        self.process(now);
    }

    fn refusal(&self, status: u16) -> Reply {
        refused((status, "injected", "injected".to_owned()))
    }

    fn state(&self) -> Value {
        let feeds: Vec<_> = self.feeds.iter().map(|feed| &feed.id).collect();
        json!({ "orders": self.orders, "feeds": feeds })
    }
}

fn refused((status, code, text): Refused) -> Reply {
    Reply::json(
        status,
        &json!({ "errors": [{ "code": code, "message": text, "details": "" }] }),
    )
}

fn found(value: Option<Value>) -> Reply {
    match value {
        Some(value) => Reply::json(200, &value),
        None => refused((404, "NotFound", "Resource not found.".to_owned())),
    }
}

impl World {
    fn token(&mut self, call: &Call, now: DateTime<Utc>) -> Reply {
        let form = format!("{}&", call.seen.body);
        let has = |name: &str, value: &str| form.contains(&format!("{name}={value}&"));
        let right = has("grant_type", "refresh_token")
            && has("client_secret", &self.settings.client_secret)
            && has("refresh_token", &self.settings.refresh_token);
        if !right {
            return Reply::json(400, &json!({ "error": "invalid_grant" }));
        }
        let token = format!("Atza|sandbox-{}", self.next_id());
        let life = TimeDelta::from_std(self.settings.token_life).unwrap_or(TimeDelta::MAX);
        self.tokens.push((token.clone(), now + life));
        let seconds = self.settings.token_life.as_secs();
        Reply::json(
            200,
            &json!({ "access_token": token, "token_type": "bearer", "expires_in": seconds }),
        )
    }

    fn report(&self, id: &str) -> Reply {
        match self.documents.get(id) {
            Some(bytes) => Reply {
                status: 200,
                body: bytes.clone(),
                media_type: "text/xml",
                headers: Vec::new(),
            },
            None => Reply {
                status: 404,
                ..Reply::nothing()
            },
        }
    }

    fn list(&self, call: &Call, now: DateTime<Utc>) -> Reply {
        let split =
            |name: &str| -> Option<Vec<&str>> { Some(call.value(name)?.split(',').collect()) };
        let time = |name: &str| {
            let text = call.value(name)?;
            DateTime::parse_from_rfc3339(text)
                .ok()
                .map(|at| at.to_utc())
        };
        let (created, updated) = (time("createdAfter"), time("lastUpdatedAfter"));
        if created.is_some() == updated.is_some() {
            let text = "Exactly one of createdAfter and lastUpdatedAfter is needed";
            return refused((400, "InvalidInput", text.to_owned()));
        }
        // A token works with the parameters it was given for, and no others.
        let others = call.query.iter().filter(|pair| pair.0 != "paginationToken");
        let others: String = others
            .map(|(name, value)| format!("{name}={value};"))
            .collect();
        let mark = format!("{:016x}", crate::text::fnv(others.as_bytes()));
        let from = match call
            .value("paginationToken")
            .map(|token| token.split_once('.'))
        {
            None => 0,
            Some(Some((given, offset))) if given == mark => offset.parse().unwrap_or(0),
            Some(_) => {
                let text = "The token is of other parameters";
                return refused((400, "InvalidInput", text.to_owned()));
            }
        };
        let before = now - TimeDelta::from_std(self.settings.listing_lag).unwrap_or_default();
        let at = |order: &Value, name: &str| {
            let text = order[name].as_str().unwrap_or_default();
            DateTime::parse_from_rfc3339(text).map_or(now, |at| at.to_utc())
        };
        let has = |wanted: &Option<Vec<&str>>, value: &Value| {
            wanted
                .as_ref()
                .is_none_or(|wanted| value.as_str().is_some_and(|text| wanted.contains(&text)))
        };
        let (statuses, by) = (split("fulfillmentStatuses"), split("fulfilledBy"));
        let wanted = |order: &&Value| {
            has(&statuses, &order["fulfillment"]["fulfillmentStatus"])
                && has(&by, &order["fulfillment"]["fulfilledBy"])
                && has(
                    &split("marketplaceIds"),
                    &order["salesChannel"]["marketplaceId"],
                )
                && created.is_none_or(|since| at(order, "createdTime") >= since)
                && updated.is_none_or(|since| at(order, "lastUpdatedTime") >= since)
                && at(order, "lastUpdatedTime") <= before
        };
        let all: Vec<&Value> = self.orders.iter().filter(wanted).collect();
        let limit = call.number("maxResultsPerPage", 100).min(100);
        let page = all.iter().skip(from).take(limit);
        let page = page.map(|order| self.shown(order, call));
        let orders: Vec<Value> = self.list_entries.iter().cloned().chain(page).collect();
        let mut answer = json!({ "orders": orders, "lastUpdatedBefore": before });
        if from + limit < all.len() {
            let token = format!("{mark}.{}", from + limit);
            answer["pagination"] = json!({ "nextToken": token });
        }
        Reply::json(200, &answer)
    }

    fn order(&self, call: &Call) -> Reply {
        let id = call.part(3);
        let order = self.orders.iter().find(|order| order["orderId"] == id);
        found(order.map(|order| json!({ "order": self.shown(order, call) })))
    }

    /// An order with the data that was asked for, and that the application may see.
    fn shown(&self, order: &Value, call: &Call) -> Value {
        let asked = call.value("includedData").unwrap_or_default();
        let asked: Vec<&str> = asked.split(',').collect();
        let mut order = order.clone();
        let Some(fields) = order.as_object_mut() else {
            return order;
        };
        for (data, field) in [
            ("BUYER", "buyer"),
            ("RECIPIENT", "recipient"),
            ("PROCEEDS", "proceeds"),
            ("FULFILLMENT", "fulfillment"),
            ("PACKAGES", "packages"),
        ] {
            let hidden = data == "RECIPIENT" && !self.settings.shows_recipients;
            if !asked.contains(&data) || hidden {
                fields.remove(field);
            }
        }
        order
    }
}

fn participations() -> Value {
    let one = |id: &str, name: &str, country: &str| {
        json!({
            "marketplace": { "id": id, "name": name, "countryCode": country,
                "defaultCurrencyCode": "EUR", "defaultLanguageCode": "de_DE",
                "domainName": "www.amazon.example" },
            "participation": { "isParticipating": true, "hasSuspendedListings": false },
            "storeName": "Sandbox store",
        })
    };
    json!({ "payload": [
        one("A1PA6795UKMFR9", "Amazon.de", "DE"),
        one("A1805IZSGTT6HS", "Amazon.nl", "NL"),
    ] })
}
