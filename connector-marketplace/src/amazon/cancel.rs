//! Cancelling items: a feed with one message, in two steps. A document is written first, which
//! nobody looks at; then a feed names it. What became of it is in the feed's report.

use std::time::Duration;

use order_core::order::MarketplaceOrder;
use order_core::ports::{CancelRequest, Checkpoint, ConfirmLine, Outcome, Ticket, TicketStatus};
use order_core::{Error, Kind};
use serde::{Deserialize, Serialize};

use super::api::is_absent;
use super::connector::{Amazon, refusal, rejected};
use super::feed::{self, Verdict};
use super::to_wire;
use super::wire::{FeedStatus, NewFeed};

/// How soon to ask about a feed. Most take some minutes.
const POLL_AFTER: Duration = Duration::from_secs(120);
/// Amazon remembers feeds for longer; after this long the order itself says more.
const EXPIRES_AFTER: Duration = Duration::from_secs(72 * 3600);

/// A document that is written, and what it says.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    document: String,
    items: Vec<String>,
    marketplace: String,
}

impl Amazon {
    pub(super) async fn cancel_items(&self, request: &CancelRequest) -> Result<Outcome, Error> {
        let Some((wire, order)) = self.read_whole(request.order.as_str()).await? else {
            return rejected("no such order");
        };
        let items = match still_to_cancel(request, &order) {
            Ok(items) if items.is_empty() => return Ok(Outcome::AlreadyDone),
            Ok(items) => items,
            Err(reason) => return rejected(reason),
        };
        let marketplace = self.marketplace(wire.sales_channel.as_ref());
        let written = request.resume.as_ref();
        let written = written.and_then(|it| serde_json::from_value::<Written>(it.0.clone()).ok());
        match written {
            Some(written) if written.items == items => self.send_feed(written).await,
            // Another set of items than what was written: it has to be written anew.
            Some(_) | None => self.write_document(request, items, marketplace).await,
        }
    }

    async fn write_document(
        &self,
        request: &CancelRequest,
        items: Vec<String>,
        marketplace: String,
    ) -> Result<Outcome, Error> {
        let texts: Vec<&str> = items.iter().map(String::as_str).collect();
        let reason = to_wire::cancel_reason(request.reason);
        let seller = &self.config.seller_id;
        let body = feed::cancellation(seller, request.order.as_str(), &texts, reason).map_err(
            |error| {
                Error::not_applied(Kind::Unexpected, "the feed has no XML form").with_source(error)
            },
        )?;
        // A document that is lost on the way harms nobody: no feed names it.
        let created = self.api.create_document(feed::CONTENT_TYPE).await;
        let document = match created {
            Ok(document) => document,
            Err(error) => return refusal(harmless(error)),
        };
        let (Some(id), Some(url)) = (document.feed_document_id, document.url) else {
            let text = "Amazon gives a feed document without id or address";
            return Err(Error::not_applied(Kind::Decode, text)
                .with_operation("POST /feeds/2021-06-30/documents"));
        };
        let uploaded = self.api.upload(&url, feed::CONTENT_TYPE, body).await;
        if let Err(error) = uploaded {
            return Err(harmless(error));
        }
        let written = Written {
            document: id,
            items,
            marketplace,
        };
        let checkpoint = serde_json::to_value(&written).map_err(|error| {
            Error::not_applied(Kind::Unexpected, "a checkpoint has no JSON form").with_source(error)
        })?;
        Ok(Outcome::Continue(Checkpoint(checkpoint)))
    }

    async fn send_feed(&self, written: Written) -> Result<Outcome, Error> {
        let body = NewFeed {
            feed_type: feed::FEED_TYPE,
            marketplace_ids: vec![written.marketplace],
            input_feed_document_id: written.document,
        };
        let (feed, response) = match self.api.create_feed(&body).await {
            Ok(answer) => answer,
            Err(error) => return refusal(error),
        };
        let id = feed
            .feed_id
            .filter(|id| !id.is_empty())
            .ok_or_else(|| response.unreadable("Amazon took the feed but names none".to_owned()))?;
        Ok(Outcome::Submitted(Ticket {
            id,
            poll_after: POLL_AFTER,
            expires_after: EXPIRES_AFTER,
        }))
    }

    pub(super) async fn feed_status(&self, id: &str) -> Result<TicketStatus, Error> {
        let feed = match self.api.feed(id).await {
            Ok(feed) => feed,
            Err(error) if is_absent(&error) => return Ok(TicketStatus::Lost),
            Err(error) => return Err(error),
        };
        let failed = |reason: &str| {
            Ok(TicketStatus::Failed {
                reason: reason.to_owned(),
            })
        };
        match feed.processing_status {
            Some(FeedStatus::Waiting) | None => return Ok(TicketStatus::Pending),
            Some(FeedStatus::Unknown(word)) => {
                tracing::warn!(status = %word, "Amazon tells a status of a feed that is not known");
                return Ok(TicketStatus::Pending);
            }
            Some(FeedStatus::Cancelled) => return failed("Amazon cancelled the feed"),
            Some(FeedStatus::Fatal) if feed.result_feed_document_id.is_none() => {
                return failed("Amazon could not process the feed, and gives no reason");
            }
            Some(FeedStatus::Fatal | FeedStatus::Done) => {}
        }
        let Some(report) = feed.result_feed_document_id else {
            // Done without a report: the order itself has to be read.
            return Ok(TicketStatus::Lost);
        };
        let document = self.api.document(&report).await?;
        let url = document.url.ok_or_else(|| {
            Error::not_applied(Kind::Decode, "Amazon gives a report without an address")
        })?;
        let zipped = document.compression_algorithm.as_deref() == Some("GZIP");
        let body = self.api.download(&url).await?;
        Ok(match feed::verdict(body.body(), zipped)? {
            Verdict::Done => TicketStatus::Done { remote_id: None },
            Verdict::Refused(reason) => TicketStatus::Failed { reason },
        })
    }
}

/// An error about a document that no feed names: whatever came of it, nothing is cancelled.
fn harmless(error: Error) -> Error {
    let mut plain = Error::not_applied(error.kind(), error.message());
    if let Some(operation) = error.operation() {
        plain = plain.with_operation(operation);
    }
    if let Some(wait) = error.retry_after() {
        plain = plain.with_retry_after(wait);
    }
    plain
}

/// The items that are not cancelled yet.
fn still_to_cancel(
    request: &CancelRequest,
    order: &MarketplaceOrder,
) -> Result<Vec<String>, String> {
    let mut left = Vec::new();
    for asked in &request.lines {
        let asked: &ConfirmLine = asked;
        let line = order
            .line(&asked.line)
            .ok_or_else(|| format!("the order has no item {}", asked.line))?;
        if line.wanted() == 0 {
            continue;
        }
        to_wire::whole_line(asked, line)?;
        left.push(asked.line.as_str().to_owned());
    }
    Ok(left)
}
