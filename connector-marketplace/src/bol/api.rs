//! One function per endpoint, wire types in and out.

use connector_http::{HttpClient, Replay, Request, Response};
use order_core::{Error, Kind};
use serde::Serialize;

use super::wire::{
    Cancellation, ChangeTransport, Order, Orders, ProcessStatus, ProcessStatusQueries,
    ProcessStatuses, Return, ReturnRequest, Returns, Shipment, ShipmentRequest, Shipments,
    SignatureKeySet,
};
use super::{MEDIA_TYPE, wire};

/// How many entries a full page has.
pub(super) const PAGE: usize = 50;

/// Which orders to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OrdersQuery {
    pub(super) page: u32,
    /// FBR alone, or all.
    pub(super) fulfilled_by_bol_too: bool,
    /// Everything that changed in the last so many minutes; `None` for everything open.
    pub(super) changed_minutes: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Api {
    http: HttpClient,
}

impl Api {
    pub(super) fn new(http: HttpClient) -> Self {
        Self { http }
    }

    pub(super) async fn orders(&self, query: OrdersQuery) -> Result<Orders, Error> {
        let method = if query.fulfilled_by_bol_too {
            "ALL"
        } else {
            "FBR"
        };
        let request = self
            .http
            .get("/retailer/orders")
            .query("fulfilment-method", method);
        let request = match query.changed_minutes {
            Some(minutes) => request
                .query("status", "ALL")
                .query("change-interval-minute", minutes),
            None => request.query("status", "OPEN"),
        };
        let response = request.query("page", query.page).send().await?;
        // One entry with broken bytes must not hide the other forty-nine.
        let orders: Orders = response.json_lossy()?;
        present(&response, orders.orders.is_some(), "orders")?;
        Ok(orders)
    }

    pub(super) async fn order(&self, id: &str) -> Result<Order, Error> {
        self.http
            .get("/retailer/orders/{order-id}")
            .segment("order-id", id)
            .send()
            .await?
            .json()
    }

    pub(super) async fn create_shipment(
        &self,
        body: &ShipmentRequest,
    ) -> Result<ProcessStatus, Error> {
        // Never: sent twice, bol takes it twice and ships the pieces that are still open.
        change(self.http.post("/retailer/shipments", Replay::Never), body).await
    }

    pub(super) async fn change_transport(
        &self,
        transport: &str,
        body: &ChangeTransport,
    ) -> Result<ProcessStatus, Error> {
        // Never: the same content twice would be harmless, but who knows what came in between.
        let request = self
            .http
            .put("/retailer/transports/{transport-id}", Replay::Never)
            .segment("transport-id", transport);
        change(request, body).await
    }

    pub(super) async fn cancel_item(&self, body: &Cancellation) -> Result<ProcessStatus, Error> {
        // Never: a second cancellation of an item is reported as a failure.
        change(
            self.http
                .put("/retailer/orders/cancellation", Replay::Never),
            body,
        )
        .await
    }

    pub(super) async fn shipments_of(&self, order: &str, page: u32) -> Result<Shipments, Error> {
        // No fulfilment-method beside order-id: bol takes one or the other.
        let response = self
            .http
            .get("/retailer/shipments")
            .query("order-id", order)
            .query("page", page)
            .send()
            .await?;
        let shipments: Shipments = response.json()?;
        present(&response, shipments.shipments.is_some(), "shipments")?;
        Ok(shipments)
    }

    pub(super) async fn shipment(&self, id: &str) -> Result<Shipment, Error> {
        self.http
            .get("/retailer/shipments/{shipment-id}")
            .segment("shipment-id", id)
            .send()
            .await?
            .json()
    }

    /// Returns that nobody handled yet, oldest first.
    pub(super) async fn open_returns(&self, method: &str, page: u32) -> Result<Returns, Error> {
        let response = self
            .http
            .get("/retailer/returns")
            .query("handled", "false")
            .query("fulfilment-method", method)
            .query("page", page)
            .send()
            .await?;
        let returns: Returns = response.json_lossy()?;
        present(&response, returns.returns.is_some(), "returns")?;
        Ok(returns)
    }

    pub(super) async fn return_by_id(&self, id: &str) -> Result<Return, Error> {
        self.http
            .get("/retailer/returns/{return-id}")
            .segment("return-id", id)
            .send()
            .await?
            .json()
    }

    pub(super) async fn handle_return(
        &self,
        rma: &str,
        body: &ReturnRequest,
    ) -> Result<ProcessStatus, Error> {
        // Never: a second call changes the result of a return that is handled already.
        let request = self
            .http
            .put("/retailer/returns/{rma-id}", Replay::Never)
            .segment("rma-id", rma);
        change(request, body).await
    }

    pub(super) async fn signature_keys(&self) -> Result<SignatureKeySet, Error> {
        self.http
            .get("/retailer/subscriptions/signature-keys")
            .send()
            .await?
            .json()
    }

    pub(super) async fn process_status(&self, id: &str) -> Result<ProcessStatus, Error> {
        self.http
            .get("/shared/process-status/{process-status-id}")
            .segment("process-status-id", id)
            .send()
            .await?
            .json()
    }

    /// Newest first; the first page is enough to see what is still going on.
    pub(super) async fn process_statuses_of(
        &self,
        entity: &str,
        event: &str,
    ) -> Result<Vec<ProcessStatus>, Error> {
        let request = self
            .http
            .get("/shared/process-status")
            .query("entity-id", entity)
            .query("event-type", event);
        statuses(request).await
    }

    pub(super) async fn process_statuses(&self, ids: &[&str]) -> Result<Vec<ProcessStatus>, Error> {
        let body = ProcessStatusQueries {
            process_status_queries: ids
                .iter()
                .map(|id| wire::ProcessStatusQuery {
                    process_status_id: (*id).to_owned(),
                })
                .collect(),
        };
        // Safe and read-only: a question, put as a POST because it may be long.
        let request = self
            .http
            .post("/shared/process-status", Replay::Safe)
            .read_only();
        statuses(request.json_as(MEDIA_TYPE, &body)).await
    }
}

async fn change<B: Serialize>(request: Request, body: &B) -> Result<ProcessStatus, Error> {
    request.json_as(MEDIA_TYPE, body).send().await?.json()
}

async fn statuses(request: Request) -> Result<Vec<ProcessStatus>, Error> {
    let response = request.send().await?;
    let page: ProcessStatuses = response.json()?;
    present(
        &response,
        page.process_statuses.is_some(),
        "processStatuses",
    )?;
    Ok(page.process_statuses.unwrap_or_default())
}

/// A list that is not there is an empty list only in an answer that is otherwise empty too
/// (older versions of the API answered `{}`). Anything else is not the answer we know.
fn present(response: &Response, there: bool, name: &str) -> Result<(), Error> {
    if there || is_empty_object(response) {
        return Ok(());
    }
    Err(response.unreadable(format!("the answer has no {name}")))
}

fn is_empty_object(response: &Response) -> bool {
    let fields: Result<serde_json::Map<String, serde_json::Value>, Error> = response.json();
    fields.is_ok_and(|fields| fields.is_empty())
}

/// Whether this is an answer about something that is not there.
pub(super) fn is_absent(error: &Error) -> bool {
    error.kind() == Kind::NotFound
}
