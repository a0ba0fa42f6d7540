//! One function per endpoint, wire types in and out.

use chrono::{DateTime, SecondsFormat, Utc};
use connector_http::{HttpClient, Replay, Request, Response};
use order_core::{Error, Kind};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::{
    AddShipment, Cancel, Carrier, Carriers, One, Order, OrderUnits, Reject, Return, ReturnUnit,
    Returns, Send,
};

/// How many units a full page has.
pub(super) const PAGE: usize = 100;
/// How many returns a page has; each is then read by itself.
pub(super) const RETURN_PAGE: usize = 20;

#[derive(Debug)]
pub(super) struct Api {
    http: HttpClient,
    storefront: Option<String>,
}

impl Api {
    pub(super) fn new(http: HttpClient, storefront: Option<String>) -> Self {
        Self { http, storefront }
    }

    fn of_storefront(&self, request: Request) -> Request {
        match &self.storefront {
            Some(storefront) => request.query("storefront", storefront),
            None => request,
        }
    }

    /// Units that changed since a moment, or everything open.
    pub(super) async fn order_units(
        &self,
        since: Option<DateTime<Utc>>,
        offset: usize,
    ) -> Result<OrderUnits, Error> {
        let request = self.of_storefront(self.http.get("/order-units"));
        let request = match since {
            Some(since) => request
                .query("ts_updated_from_iso", instant(since))
                .query("sort", "ts_updated:desc"),
            None => request
                .query("status", "open")
                .query("status", "need_to_be_sent"),
        };
        let response = request
            .query("limit", PAGE)
            .query("offset", offset)
            .send()
            .await?;
        // One entry with broken bytes must not hide the other ninety-nine.
        let units: OrderUnits = response.json_lossy()?;
        present(&response, units.data.is_some())?;
        Ok(units)
    }

    pub(super) async fn order(&self, id: &str) -> Result<Order, Error> {
        let request = self.http.get("/orders/{id_order}").segment("id_order", id);
        one(request.query("embedded", "delivery")).await
    }

    pub(super) async fn send(&self, unit: &str, body: &Send) -> Result<(), Error> {
        // Never: the second time the unit is sent already, and refused.
        let request = self
            .http
            .patch("/order-units/{id_order_unit}/send", Replay::Never)
            .segment("id_order_unit", unit);
        nothing(request.json(body)).await
    }

    pub(super) async fn add_shipment(&self, body: &AddShipment) -> Result<(), Error> {
        // Never: sent twice, the unit may have two parcels.
        nothing(self.http.post("/shipments", Replay::Never).json(body)).await
    }

    pub(super) async fn cancel(&self, unit: &str, body: &Cancel) -> Result<(), Error> {
        // Never: the second time the unit is cancelled already, and refused.
        let request = self
            .http
            .patch("/order-units/{id_order_unit}/cancel", Replay::Never)
            .segment("id_order_unit", unit);
        nothing(request.json(body)).await
    }

    pub(super) async fn carriers(&self) -> Result<Vec<Carrier>, Error> {
        let response = self.http.get("/carriers").send().await?;
        let answer: One<Carriers> = response.json()?;
        // Without it, every word would count as one that Kaufland does not list.
        let carriers = answer.data.and_then(|data| data.carriers);
        present(&response, carriers.is_some())?;
        Ok(carriers.unwrap_or_default())
    }

    pub(super) async fn storefronts(&self) -> Result<Vec<String>, Error> {
        one(self.http.get("/info/storefront")).await
    }

    pub(super) async fn returns(
        &self,
        since: DateTime<Utc>,
        offset: usize,
    ) -> Result<Vec<Return>, Error> {
        let request = self.of_storefront(self.http.get("/returns"));
        let response = request
            .query("ts_updated_from_iso", instant(since))
            .query("sort", "ts_updated:desc")
            .query("limit", RETURN_PAGE)
            .query("offset", offset)
            .send()
            .await?;
        let returns: Returns = response.json()?;
        present(&response, returns.data.is_some())?;
        Ok(returns.data.unwrap_or_default())
    }

    pub(super) async fn return_by_id(&self, id: &str) -> Result<Return, Error> {
        let request = self
            .http
            .get("/returns/{id_return}")
            .segment("id_return", id);
        one(request.query("embedded", "return_units")).await
    }

    pub(super) async fn return_unit(&self, id: &str) -> Result<ReturnUnit, Error> {
        let request = self
            .http
            .get("/return-units/{id_return_unit}")
            .segment("id_return_unit", id);
        one(request.query("embedded", "order_unit")).await
    }

    pub(super) async fn accept(&self, unit: &str) -> Result<(), Error> {
        // Never: the second time the unit is decided already, and refused.
        let request = self
            .http
            .patch("/return-units/{id_return_unit}/accept", Replay::Never)
            .segment("id_return_unit", unit);
        nothing(request).await
    }

    pub(super) async fn reject(&self, unit: &str, body: &Reject) -> Result<(), Error> {
        // Never: the buyer would get the message twice.
        let request = self
            .http
            .patch("/return-units/{id_return_unit}/reject", Replay::Never)
            .segment("id_return_unit", unit);
        nothing(with(request, body)).await
    }
}

fn with<B: Serialize>(request: Request, body: &B) -> Request {
    request.json(body)
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

async fn one<T: DeserializeOwned>(request: Request) -> Result<T, Error> {
    let response = request.send().await?;
    let answer: One<T> = response.json()?;
    answer
        .data
        .ok_or_else(|| response.unreadable("the answer has no data".to_owned()))
}

/// Sends what is answered with 204 and nothing else. Another success is not the answer we know.
async fn nothing(request: Request) -> Result<(), Error> {
    let response = request.send().await?;
    if response.status() == 204 && response.body().is_empty() {
        return Ok(());
    }
    let status = response.status();
    Err(response.unreadable(format!("HTTP {status} with a body, 204 was expected")))
}

fn present(response: &Response, there: bool) -> Result<(), Error> {
    if there {
        return Ok(());
    }
    Err(response.unreadable("the answer has no data".to_owned()))
}

/// Whether this is an answer about something that is not there.
pub(super) fn is_absent(error: &Error) -> bool {
    error.kind() == Kind::NotFound
}
