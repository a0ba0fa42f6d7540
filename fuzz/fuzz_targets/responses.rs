//! Whatever a platform answers, a connector comes to an answer or an error.
//!
//! The first byte says which platform, the second which call, then come answers: a byte that says
//! the status, and the body up to the byte 0xff.

#![no_main]

use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use order_connection_fuzz::{Hurried, Say, Server, marketplaces, webshops};
use order_core::ids::ExternalKey;
use order_core::ports::{
    CancelReason, CancelRequest, CancelShopOrder, Clock, ConfirmLine, ConfirmRequest,
    ConfirmTracking, Marketplace, ProductQuery, Ticket, TransporterQuery, Webshop,
};

struct Stage {
    server: Server,
    marketplaces: Vec<Arc<dyn Marketplace>>,
    webshops: Vec<Arc<dyn Webshop>>,
    runtime: tokio::runtime::Runtime,
}

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let (server, url) = Server::start();
        let clock: Arc<dyn Clock> = Arc::new(Hurried::default());
        Stage {
            server,
            marketplaces: marketplaces(&url, &clock),
            webshops: webshops(&url, &clock),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    })
}

const STATUSES: [u16; 8] = [200, 200, 200, 201, 202, 400, 404, 500];

fuzz_target!(|data: &[u8]| {
    let [platform, call, rest @ ..] = data else {
        return;
    };
    let stage = stage();
    let says = rest.split(|byte| *byte == 0xff).take(6).map(|answer| {
        let (status, body) = answer.split_first().unwrap_or((&0, &[]));
        Say {
            status: STATUSES[usize::from(*status) % STATUSES.len()],
            body: body.to_vec(),
        }
    });
    stage.server.will_say(says.collect());
    let platform = usize::from(*platform) % 10;
    stage.runtime.block_on(async {
        match stage.marketplaces.get(platform) {
            Some(marketplace) => ask_marketplace(&**marketplace, *call).await,
            None => ask_webshop(&*stage.webshops[platform - 4], *call).await,
        }
    });
});

fn confirm() -> ConfirmRequest {
    ConfirmRequest {
        order: "1043946570".into(),
        reference: "m:1043946570/1".to_owned(),
        parcel: 1,
        lines: vec![ConfirmLine {
            line: "6107434013".into(),
            quantity: 1,
            pieces: vec!["314567837".into()],
        }],
        completes_order: true,
        shipped_at: Hurried::default().now(),
        tracking: Some(ConfirmTracking {
            code: "3SABCD1234567".to_owned(),
            transporter: Some("TNT".to_owned()),
            transporter_name: None,
            url: None,
        }),
        resume: None,
    }
}

async fn ask_marketplace(marketplace: &dyn Marketplace, call: u8) {
    let order = "1043946570";
    match call % 10 {
        0 => drop(marketplace.changes(None).await),
        1 => drop(marketplace.open_orders(None).await),
        2 => drop(marketplace.orders(vec![order.into()]).await),
        3 => drop(marketplace.returns(None).await),
        4 => drop(marketplace.read_return("1".into()).await),
        5 => drop(marketplace.find_confirmation(confirm()).await),
        6 => drop(marketplace.confirm(confirm()).await),
        7 => {
            let ticket = Ticket {
                id: "1".to_owned(),
                poll_after: std::time::Duration::ZERO,
                expires_after: std::time::Duration::from_secs(9),
            };
            drop(marketplace.ticket(ticket).await);
        }
        8 => {
            let query = TransporterQuery {
                carrier: "postnl".to_owned(),
                name: None,
                destination: None,
            };
            drop(marketplace.check().await);
            drop(marketplace.transporter(query).await);
        }
        _ => {
            let request = CancelRequest {
                order: order.into(),
                reference: "m:1043946570/0".to_owned(),
                lines: confirm().lines,
                reason: CancelReason::Other,
                resume: None,
            };
            drop(marketplace.cancel(request).await);
        }
    }
}

async fn ask_webshop(webshop: &dyn Webshop, call: u8) {
    match call % 6 {
        0 => drop(webshop.changes(None).await),
        1 => drop(webshop.orders(vec!["12".into()]).await),
        2 => drop(
            webshop
                .find_orders(ExternalKey::new("bol", "1043946570"))
                .await,
        ),
        3 => {
            let query = ProductQuery {
                line: "1".into(),
                sku: Some("MUG-01".to_owned()),
                gtin: Some("8712345678906".to_owned()),
            };
            drop(webshop.products(vec![query]).await);
        }
        4 => drop(webshop.check().await),
        _ => {
            let request = CancelShopOrder {
                id: "12".into(),
                lines: Vec::new(),
                reason: CancelReason::Other,
                note: "cancelled".to_owned(),
            };
            drop(webshop.cancel_order(request).await);
        }
    }
}
