//! bol's published bodies: our requests say the same, and we read its answers.

use connector_marketplace::bol::MEDIA_TYPE;
use order_core::ports::{Marketplace, TicketStatus};
use serde_json::Value;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, Request};

use crate::support::{body, cancellation, connector, mock, parcel, submitted};

const SHIPMENT: &str = include_str!("../fixtures/bol/create-shipment.request.json");
const TAKEN: &str = include_str!("../fixtures/bol/create-shipment.202.json");
const PENDING: &str = include_str!("../fixtures/bol/process-status-1.200.json");
const FAILED: &str = include_str!("../fixtures/bol/process-status-4.200.json");
const CANCELLATION: &str = include_str!("../fixtures/bol/cancel-order-item.request.json");

fn sent(requests: &[Request], path: &str) -> Value {
    let request = requests
        .iter()
        .find(|request| request.url.path() == path)
        .unwrap();
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test]
async fn a_confirmation_says_what_bols_example_says() {
    let server = mock().await;
    Mock::given(method("POST"))
        .and(path("/retailer/shipments"))
        .and(header("content-type", MEDIA_TYPE))
        .and(header("accept", MEDIA_TYPE))
        .respond_with(body(202, TAKEN))
        .expect(1)
        .mount(&server)
        .await;
    let request = parcel("7616222700", 1, &[("6107331383", 1), ("6107331307", 3)]);
    let outcome = connector(&server).confirm(request).await.unwrap();
    assert_eq!(submitted(outcome).id, "1");
    let mut body = sent(
        &server.received_requests().await.unwrap(),
        "/retailer/shipments",
    );
    let reference = body.as_object_mut().unwrap().remove("shipmentReference");
    assert_eq!(reference.unwrap(), "bol:7616222700/1");
    assert_eq!(body, serde_json::from_str::<Value>(SHIPMENT).unwrap());
}

#[tokio::test]
async fn a_pending_and_a_failed_process_are_read_as_such() {
    let server = mock().await;
    for (id, text) in [("1", PENDING), ("4", FAILED)] {
        Mock::given(path(format!("/shared/process-status/{id}")))
            .respond_with(body(200, text))
            .mount(&server)
            .await;
    }
    let bol = connector(&server);
    let mut ticket = order_core::ports::Ticket {
        id: "1".to_owned(),
        poll_after: std::time::Duration::ZERO,
        expires_after: std::time::Duration::ZERO,
    };
    assert_eq!(
        bol.ticket(ticket.clone()).await.unwrap(),
        TicketStatus::Pending
    );
    ticket.id = "4".to_owned();
    let reason = "This is a mocked process status.".to_owned();
    assert_eq!(
        bol.ticket(ticket).await.unwrap(),
        TicketStatus::Failed { reason }
    );
}

#[tokio::test]
async fn a_cancellation_says_what_bols_example_says() {
    let server = mock().await;
    Mock::given(method("PUT"))
        .and(path("/retailer/orders/cancellation"))
        .respond_with(body(202, TAKEN))
        .expect(1)
        .mount(&server)
        .await;
    let order = crate::orders::example("7616222250", "6107434013");
    Mock::given(path("/retailer/orders/7616222250"))
        .respond_with(body(200, order.to_string()))
        .mount(&server)
        .await;
    let request = cancellation("7616222250", &[("6107434013", 2)]);
    connector(&server).cancel(request).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let body = sent(&requests, "/retailer/orders/cancellation");
    assert_eq!(body, serde_json::from_str::<Value>(CANCELLATION).unwrap());
}
