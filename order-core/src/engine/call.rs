//! One call of a connector, with an end.

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};

use crate::error::{Error, Kind};
use crate::ports::Clock;

/// Waits for `call`, but no longer than `limit`. A call that is given up may still happen.
pub(super) async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    call: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, Error> {
    let call = std::pin::pin!(call);
    let sleep = clock.sleep(limit).fuse();
    match select(call, sleep).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(((), _)) => Err(Error::unknown(
            Kind::Timeout,
            format!("no answer within {} s", limit.as_secs()),
        )),
    }
}
