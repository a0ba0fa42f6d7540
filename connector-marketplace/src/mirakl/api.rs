//! One function per endpoint, wire types in and out.

use chrono::{DateTime, SecondsFormat, Utc};
use connector_http::{HttpClient, Replay, Request, Response};
use order_core::Error;
use serde::Serialize;

use super::wire::{
    Acceptance, AcceptedReturns, Account, Cancelations, Carrier, Carriers, Changed,
    ChangedTrackings, CompliantReturns, Created, NewShipments, OrderTracking, Orders, Reason,
    Reasons, Refunds, ReturnAnswer, Returns, Shipments,
};

/// How many orders a full page has, and how many ids a read takes.
pub(super) const PAGE: usize = 100;

/// The start of a listing, as limits and errors name it: Mirakl allows one a minute. Further pages
/// of a listing and reads by id are other operations.
pub(super) const LISTING: &str = "GET /api/orders (list)";

/// The start of a listing of returns: Mirakl allows one in five minutes.
pub(super) const RETURN_LISTING: &str = "GET /api/returns (list)";

const OPEN_RETURNS: [&str; 3] = ["WAITING_ACCEPTANCE", "IN_PROGRESS", "RECEIVED"];

/// Everything that is not closed.
const OPEN: &str = "STAGING,WAITING_ACCEPTANCE,WAITING_DEBIT,WAITING_DEBIT_PAYMENT,SHIPPING";

#[derive(Debug)]
pub(super) struct Api {
    http: HttpClient,
    shop_id: Option<i64>,
}

impl Api {
    pub(super) fn new(http: HttpClient, shop_id: Option<i64>) -> Self {
        Self { http, shop_id }
    }

    /// Whoever may work for several shops has to say for which.
    fn shop(&self, request: Request) -> Request {
        match self.shop_id {
            Some(shop) => request.query("shop_id", shop),
            None => request,
        }
    }

    /// OR11: what changed since a moment, or everything open.
    pub(super) async fn orders(
        &self,
        since: Option<DateTime<Utc>>,
        offset: usize,
    ) -> Result<Orders, Error> {
        let request = self.shop(self.http.get("/api/orders"));
        let request = match since {
            Some(since) => request.query("start_update_date", instant(since)),
            None => request.query("order_state_codes", OPEN),
        };
        let request = request.query("max", PAGE).query("offset", offset);
        let request = if offset == 0 {
            request.operation(LISTING)
        } else {
            request
        };
        orders(request).await
    }

    /// OR11 by id.
    pub(super) async fn orders_by_id(&self, ids: &[&str]) -> Result<Orders, Error> {
        let request = self.shop(self.http.get("/api/orders"));
        orders(request.query("order_ids", ids.join(",")).query("max", PAGE)).await
    }

    /// OR21
    pub(super) async fn accept(&self, order: &str, body: &Acceptance) -> Result<(), Error> {
        // Never: the second time the order is in another state, and refused.
        let request = self
            .http
            .put("/api/orders/{order_id}/accept", Replay::Never)
            .segment("order_id", order);
        nothing(self.shop(request).json(body)).await
    }

    /// OR23
    pub(super) async fn track(&self, order: &str, body: &OrderTracking) -> Result<(), Error> {
        // Never: the same content twice would be harmless, but who knows what came in between.
        let request = self
            .http
            .put("/api/orders/{order_id}/tracking", Replay::Never)
            .segment("order_id", order);
        nothing(self.shop(request).json(body)).await
    }

    /// OR24
    pub(super) async fn ship(&self, order: &str) -> Result<(), Error> {
        // Never: the second time the order is in another state, and refused.
        let request = self
            .http
            .put("/api/orders/{order_id}/ship", Replay::Never)
            .segment("order_id", order);
        nothing(self.shop(request)).await
    }

    /// ST01
    pub(super) async fn create_shipment(
        &self,
        body: &NewShipments,
    ) -> Result<(Created, Response), Error> {
        // Never: sent twice it makes a second parcel while pieces are open.
        let response = self.shop(self.http.post("/api/shipments", Replay::Never));
        let response = response.json(body).send().await?;
        Ok((response.json()?, response))
    }

    /// ST11: every shipment of these orders.
    pub(super) async fn shipments_of(
        &self,
        orders: &[&str],
        page: Option<&str>,
    ) -> Result<Shipments, Error> {
        let mut request = self.shop(self.http.get("/api/shipments"));
        for order in orders {
            request = request.query("order_id", order);
        }
        request = request.query("limit", PAGE);
        if let Some(token) = page {
            request = request.query("page_token", token);
        }
        let response = request.send().await?;
        let shipments: Shipments = response.json()?;
        present(&response, shipments.data.is_some(), "data")?;
        Ok(shipments)
    }

    /// ST23
    pub(super) async fn change_tracking(
        &self,
        body: &ChangedTrackings,
    ) -> Result<(Changed, Response), Error> {
        // Never: the same content twice would be harmless, but who knows what came in between.
        let request = self.http.post("/api/shipments/tracking", Replay::Never);
        let response = self.shop(request).json(body).send().await?;
        Ok((response.json()?, response))
    }

    /// OR29
    pub(super) async fn cancel_order(&self, order: &str) -> Result<(), Error> {
        // Never: the second time there is nothing to cancel, and it is refused.
        let request = self
            .http
            .put("/api/orders/{order_id}/cancel", Replay::Never)
            .segment("order_id", order);
        nothing(self.shop(request)).await
    }

    /// OR30
    pub(super) async fn cancel_lines(&self, body: &Cancelations) -> Result<(), Error> {
        // Never: a second cancellation would give the money back twice.
        object(
            self.shop(self.http.put("/api/orders/cancel", Replay::Never)),
            body,
        )
        .await
    }

    /// OR28
    pub(super) async fn refund_lines(&self, body: &Refunds) -> Result<(), Error> {
        // Never: a second refund would give the money back twice.
        object(
            self.shop(self.http.put("/api/orders/refund", Replay::Never)),
            body,
        )
        .await
    }

    /// RT11: what changed since a moment, or everything that is open.
    pub(super) async fn returns(
        &self,
        since: Option<DateTime<Utc>>,
        token: Option<&str>,
    ) -> Result<Returns, Error> {
        let request = self.shop(self.http.get("/api/returns"));
        let mut request = match since {
            Some(since) => request.query("return_last_updated_from", instant(since)),
            None => OPEN_RETURNS.iter().fold(request, |request, state| {
                request.query("return_state", state)
            }),
        };
        request = request.query("limit", PAGE);
        request = match token {
            Some(token) => request.query("page_token", token),
            None => request.operation(RETURN_LISTING),
        };
        returns(request).await
    }

    /// RT11 by id.
    pub(super) async fn return_by_id(&self, id: &str) -> Result<Returns, Error> {
        returns(
            self.shop(self.http.get("/api/returns"))
                .query("return_id", id),
        )
        .await
    }

    /// RT21
    pub(super) async fn accept_returns(
        &self,
        body: &AcceptedReturns,
    ) -> Result<(ReturnAnswer, Response), Error> {
        self.decide("/api/returns/accept", body).await
    }

    /// RT26
    pub(super) async fn judge_returns(
        &self,
        body: &CompliantReturns,
    ) -> Result<(ReturnAnswer, Response), Error> {
        self.decide("/api/returns/compliance", body).await
    }

    async fn decide<B: Serialize>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<(ReturnAnswer, Response), Error> {
        // Never: the second time the return is in another state, and refused.
        let request = self.shop(self.http.put(path, Replay::Never));
        let response = request.json(body).send().await?;
        Ok((response.json()?, response))
    }

    /// SH21
    pub(super) async fn carriers(&self) -> Result<Vec<Carrier>, Error> {
        let request = self.shop(self.http.get("/api/shipping/carriers"));
        let response = request.send().await?;
        let answer: Carriers = response.json()?;
        // Without it, every word would count as one that the operator does not list.
        present(&response, answer.carriers.is_some(), "carriers")?;
        Ok(answer.carriers.unwrap_or_default())
    }

    /// RE01
    pub(super) async fn reasons(&self) -> Result<Vec<Reason>, Error> {
        let response = self.shop(self.http.get("/api/reasons")).send().await?;
        let answer: Reasons = response.json()?;
        present(&response, answer.reasons.is_some(), "reasons")?;
        Ok(answer.reasons.unwrap_or_default())
    }

    /// A01
    pub(super) async fn account(&self) -> Result<Account, Error> {
        self.shop(self.http.get("/api/account"))
            .send()
            .await?
            .json()
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

async fn orders(request: Request) -> Result<Orders, Error> {
    let response = request.send().await?;
    // One entry with broken bytes must not hide the other ninety-nine.
    let orders: Orders = response.json_lossy()?;
    present(&response, orders.orders.is_some(), "orders")?;
    Ok(orders)
}

async fn returns(request: Request) -> Result<Returns, Error> {
    let response = request.send().await?;
    let returns: Returns = response.json()?;
    present(&response, returns.data.is_some(), "data")?;
    Ok(returns)
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

/// Sends what is answered with an object about what was done.
async fn object<B: Serialize>(request: Request, body: &B) -> Result<(), Error> {
    let response = request.json(body).send().await?;
    let _: serde_json::Map<String, serde_json::Value> = response.json()?;
    Ok(())
}

fn present(response: &Response, there: bool, name: &str) -> Result<(), Error> {
    if there {
        return Ok(());
    }
    Err(response.unreadable(format!("the answer has no {name}")))
}
