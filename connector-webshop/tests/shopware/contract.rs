//! The contract of every webshop, for Shopware: the real connector over real HTTP against the
//! sandbox shop.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use connector_http::Secret;
use connector_webshop::shopware::ShopwareConfig;
use connector_webshop::shopware::sandbox::{
    Interference, Running, Sandbox, SandboxHook, SandboxRequest,
};
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{SystemClock, Webshop};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::testkit::contract::{NextFault, WebshopHarness};
use serde_json::json;

const ID: &str = "SWIACONTRACT";
const SECRET: &str = "contract_secret_0001";

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

fn problem(status: u16, code: &str) -> Interference {
    let problem = json!({"status": status.to_string(), "code": code, "detail": code});
    Interference::json(status, &json!({"errors": [problem]}))
}

#[async_trait]
impl SandboxHook for Faults {
    async fn before(&self, request: &SandboxRequest) -> Interference {
        if *self.revoked.lock().unwrap() {
            return problem(401, "9");
        }
        let moment = [
            NextFault::Throttled,
            NextFault::ServerErrorNotApplied,
            NextFault::GarbledRead,
        ];
        match self.take(request, &moment) {
            Some(NextFault::Throttled) => Interference::throttled(1),
            Some(NextFault::GarbledRead) => page(),
            Some(_) => problem(503, "FRAMEWORK__MAINTENANCE"),
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
            Some(_) => problem(500, "0"),
            None => Interference::Pass,
        }
    }
}

struct Shop {
    sandbox: Sandbox,
    faults: Arc<Faults>,
    running: Running,
}

#[async_trait]
impl WebshopHarness for Shop {
    async fn start() -> Self {
        let sandbox = Sandbox::new(ID, SECRET, Arc::new(SystemClock::new()));
        sandbox.add_product("TB-001", "8712345678906", 1000, 19, 21);
        sandbox.add_product("FL-002", "", 1000, 19, 21);
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
        let secret = Secret::new(SECRET);
        let mut config = ShopwareConfig::new(self.running.url(), ID, secret, "Marketplaces");
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
        self.sandbox
            .orders()
            .into_iter()
            .filter(|order| order.key == key.to_string())
            .map(|order| (order.id.into(), order.state != "cancelled"))
            .collect()
    }

    async fn complete(&self, id: &ShopOrderId, tracking: Option<Tracking>) {
        if let Some(tracking) = tracking {
            assert!(self.sandbox.set_codes(id.as_str(), &[&tracking.code]));
        }
        assert!(self.sandbox.set_delivery_state(id.as_str(), "shipped"));
    }

    async fn add_code(&self, id: &ShopOrderId, tracking: Tracking) {
        assert!(self.sandbox.set_codes(id.as_str(), &[&tracking.code]));
    }

    async fn ship(&self, _: &ShopOrderId, _: Vec<LineQuantity>, _: Tracking) {
        panic!("the connector does not declare partial shipments");
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.into(), "token-1".into()]
    }
}

order_core::webshop_contract!(Shop);
