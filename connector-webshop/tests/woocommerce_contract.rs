//! The contract of every webshop, for WooCommerce: the real connector over real HTTP against the
//! sandbox shop.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use connector_http::Secret;
use connector_webshop::woocommerce::WooCommerceConfig;
use connector_webshop::woocommerce::sandbox::{
    Interference, Running, Sandbox, SandboxHook, SandboxProduct, SandboxRequest, SandboxTracking,
};
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{SystemClock, Webshop};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::testkit::contract::{NextFault, WebshopHarness};

const KEY: &str = "ck_contract_key_0001";
const SECRET: &str = "cs_contract_secret_0001";

#[derive(Default)]
struct Faults {
    next: Mutex<Option<NextFault>>,
    revoked: Mutex<bool>,
}

impl Faults {
    /// The fault for this request, if it is meant, and at this moment.
    fn take(&self, request: &SandboxRequest, moment: &[NextFault]) -> Option<NextFault> {
        let mut next = self.next.lock().unwrap();
        let fault = (*next)?;
        let reads = request.method == "GET";
        let meant = reads == (fault == NextFault::GarbledRead) && moment.contains(&fault);
        if meant {
            *next = None;
        }
        meant.then_some(fault)
    }
}

fn page() -> Interference {
    Interference::Answer {
        status: 200,
        headers: vec![("content-type".into(), "text/html".into())],
        body: b"<br /><b>Warning</b>: something in plugin.php on line 7".to_vec(),
    }
}

fn error(status: u16, code: &str) -> Interference {
    let body = serde_json::json!({"code": code, "message": code, "data": {"status": status}});
    Interference::json(status, &body)
}

#[async_trait]
impl SandboxHook for Faults {
    async fn before(&self, request: &SandboxRequest) -> Interference {
        if *self.revoked.lock().unwrap() {
            return error(401, "woocommerce_rest_cannot_view");
        }
        let moment = [
            NextFault::Throttled,
            NextFault::ServerErrorNotApplied,
            NextFault::GarbledRead,
        ];
        match self.take(request, &moment) {
            Some(NextFault::Throttled) => Interference::throttled(1),
            Some(NextFault::GarbledRead) => page(),
            Some(_) => error(503, "down"),
            None => Interference::Pass,
        }
    }

    async fn after(&self, request: &SandboxRequest, _: u16) -> Interference {
        let moment = [
            NextFault::ServerErrorApplied,
            NextFault::LostReply,
            NextFault::Garbled,
        ];
        match self.take(request, &moment) {
            Some(NextFault::LostReply) => Interference::Silence,
            Some(NextFault::Garbled) => page(),
            Some(_) => error(500, "internal_server_error"),
            None => Interference::Pass,
        }
    }
}

struct Shop {
    sandbox: Sandbox,
    faults: Arc<Faults>,
    running: Running,
}

fn number(id: &ShopOrderId) -> u64 {
    id.as_str().parse().unwrap()
}

fn code(tracking: &Tracking) -> SandboxTracking {
    SandboxTracking::new(
        &tracking.code,
        tracking.carrier_name.as_deref().unwrap_or(""),
    )
}

#[async_trait]
impl WebshopHarness for Shop {
    async fn start() -> Self {
        let sandbox = Sandbox::new(KEY, SECRET, Arc::new(SystemClock::new()));
        sandbox.add_product(SandboxProduct::new("TB-001", "Toothbrush", 1000));
        sandbox.add_product(SandboxProduct::new("FL-002", "Floss", 1000));
        sandbox.add_rate("NL", 21.into());
        let faults = Arc::new(Faults::default());
        sandbox.set_hook(faults.clone());
        let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        Self {
            sandbox,
            faults,
            running,
        }
    }

    fn webshop(&self) -> Arc<dyn Webshop> {
        let mut config =
            WooCommerceConfig::new(self.running.url(), Secret::new(KEY), Secret::new(SECRET));
        config.request_timeout_ms = 500;
        Arc::new(config.build(Arc::new(SystemClock::new())).unwrap())
    }

    fn skus(&self) -> [String; 2] {
        ["TB-001".into(), "FL-002".into()]
    }

    async fn inject(&self, fault: NextFault) {
        if fault == NextFault::CredentialsRevoked {
            *self.faults.revoked.lock().unwrap() = true;
        } else {
            *self.faults.next.lock().unwrap() = Some(fault);
        }
    }

    async fn orders(&self, key: &ExternalKey) -> Vec<(ShopOrderId, bool)> {
        let alive = |status: &str| matches!(status, "processing" | "completed" | "on-hold");
        self.sandbox
            .orders()
            .into_iter()
            .filter(|order| order.created_via == key.to_string())
            .map(|order| (order.id.to_string().into(), alive(&order.status)))
            .collect()
    }

    async fn complete(&self, id: &ShopOrderId, tracking: Option<Tracking>) {
        let tracking = tracking.as_ref().map(code);
        assert!(self.sandbox.complete(number(id), tracking.as_ref()));
    }

    async fn add_code(&self, id: &ShopOrderId, tracking: Tracking) {
        assert!(self.sandbox.add_tracking(number(id), &code(&tracking)));
    }

    async fn ship(&self, id: &ShopOrderId, lines: Vec<LineQuantity>, tracking: Tracking) {
        let order = self
            .sandbox
            .orders()
            .into_iter()
            .find(|order| order.id == number(id))
            .unwrap();
        let pieces: Vec<(u64, u32)> = lines
            .iter()
            .map(|part| {
                // The suite's lines are L1 and L2, in the order in which they were created.
                let at: usize = part.line.as_str().trim_start_matches('L').parse().unwrap();
                (order.lines[at - 1].0, part.quantity)
            })
            .collect();
        assert!(
            self.sandbox
                .fulfil(number(id), &pieces, Some(&code(&tracking)))
        );
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.into(), KEY.into()]
    }
}

order_core::webshop_contract!(Shop);
