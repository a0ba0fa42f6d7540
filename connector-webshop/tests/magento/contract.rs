//! The contract of every webshop, for Magento: the real connector over real HTTP against the
//! sandbox shop.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use connector_http::Secret;
use connector_webshop::magento::MagentoConfig;
use connector_webshop::magento::sandbox::{
    Interference, Running, Sandbox, SandboxHook, SandboxRequest,
};
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{SystemClock, Webshop};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::testkit::contract::{NextFault, WebshopHarness};
use serde_json::json;

const TOKEN: &str = "contract_token_0001";

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
        let meant = request.reads == (fault == NextFault::GarbledRead) && moment.contains(&fault);
        if meant {
            *next = None;
        }
        meant.then_some(fault)
    }
}

fn page() -> Interference {
    let mut answer = Interference::json(200, &json!(null));
    if let Interference::Answer { body, .. } = &mut answer {
        *body = b"<html><h1>There was a problem</h1></html>".to_vec();
    }
    answer
}

fn problem(status: u16, text: &str) -> Interference {
    Interference::json(status, &json!({"message": text}))
}

#[async_trait]
impl SandboxHook for Faults {
    async fn before(&self, request: &SandboxRequest) -> Interference {
        if *self.revoked.lock().unwrap() {
            return problem(401, "The consumer isn't authorized to access %resources.");
        }
        let moment = [
            NextFault::Throttled,
            NextFault::ServerErrorNotApplied,
            NextFault::GarbledRead,
        ];
        match self.take(request, &moment) {
            Some(NextFault::Throttled) => Interference::throttled(1),
            Some(NextFault::GarbledRead) => page(),
            Some(_) => problem(503, "Service Temporarily Unavailable"),
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
            Some(_) => problem(
                500,
                "Internal Error. Details are available in Magento log file.",
            ),
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

fn code(tracking: &Tracking) -> (&str, &str) {
    let title = tracking.carrier_name.as_deref().unwrap_or_default();
    (title, &tracking.code)
}

#[async_trait]
impl WebshopHarness for Shop {
    async fn start() -> Self {
        let sandbox = Sandbox::new(TOKEN, Arc::new(SystemClock::new()));
        sandbox.add_product("TB-001", "8712345678906");
        sandbox.add_product("FL-002", "");
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
        let mut config = MagentoConfig::new(self.running.url(), Secret::new(TOKEN));
        config.assumed_vat_percent = Some(21.into());
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
        let alive = |state: &str| !matches!(state, "new" | "canceled" | "closed");
        self.sandbox
            .orders()
            .into_iter()
            .filter(|order| {
                let mut parts = order.number.split('~');
                parts.next() == Some(&*key.to_string())
            })
            .map(|order| (order.id.to_string().into(), alive(&order.state)))
            .collect()
    }

    async fn complete(&self, id: &ShopOrderId, tracking: Option<Tracking>) {
        let codes: Vec<_> = tracking.iter().map(code).collect();
        assert!(self.sandbox.ship_rest(number(id), &codes));
    }

    async fn add_code(&self, id: &ShopOrderId, tracking: Tracking) {
        let (title, code) = code(&tracking);
        self.sandbox.add_track(number(id), title, code);
    }

    async fn ship(&self, id: &ShopOrderId, lines: Vec<LineQuantity>, tracking: Tracking) {
        let pieces: Vec<(usize, u32)> = lines
            .iter()
            .map(|part| {
                // The suite's lines are L1 and L2, in the order in which they were created.
                let at: usize = part.line.as_str().trim_start_matches('L').parse().unwrap();
                (at - 1, part.quantity)
            })
            .collect();
        assert!(self.sandbox.ship(number(id), &pieces, &[code(&tracking)]));
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.into()]
    }
}

order_core::webshop_contract!(Shop);
