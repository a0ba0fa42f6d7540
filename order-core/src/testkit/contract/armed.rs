//! A gate for harnesses of connectors that cannot be made to fail from outside.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::NextFault;
use crate::testkit::{Call, Fault, Gate, IoPoint, Late};

/// Lets the next call of a gated connector fail as [`NextFault`] says.
///
/// Put the connector behind [`Armed::gate`] with
/// [`GatedWebshop`](crate::testkit::GatedWebshop) or
/// [`GatedMarketplace`](crate::testkit::GatedMarketplace), and call [`Armed::arm`] in the
/// harness's `inject`. A connector that speaks HTTP is better tested against a server that
/// fails, because then its own classification is tested too.
#[derive(Clone, Debug, Default)]
pub struct Armed {
    next: Arc<Mutex<Option<NextFault>>>,
}

impl Armed {
    /// The next call fails like this.
    pub fn arm(&self, fault: NextFault) {
        *self.next() = Some(fault);
    }

    /// The gate to put the connector behind.
    #[must_use]
    pub fn gate(&self) -> Gate {
        let armed = self.clone();
        let plan = move |_: IoPoint, call: Call| armed.fault(call);
        Gate::new(plan, Late::default()).with_timeout(Duration::from_millis(5))
    }

    fn next(&self) -> MutexGuard<'_, Option<NextFault>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, call: Call) -> Option<Fault> {
        let mut next = self.next();
        let fault = (*next)?;
        let (fits, fault) = match fault {
            NextFault::CredentialsRevoked => return Some(Fault::TokenExpired),
            NextFault::GarbledRead => (!call.mutates, Fault::Garbled),
            NextFault::Throttled => (call.mutates, Fault::Throttled),
            NextFault::ServerErrorApplied => (call.mutates, Fault::ServerErrorAfter),
            NextFault::ServerErrorNotApplied => (call.mutates, Fault::ServerErrorBefore),
            NextFault::LostReply => (call.mutates, Fault::LostReply),
            NextFault::Garbled => (call.mutates, Fault::Garbled),
        };
        if !fits {
            return None;
        }
        *next = None;
        Some(fault)
    }
}
