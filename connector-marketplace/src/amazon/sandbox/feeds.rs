//! Feeds: taken at once, decided later, told in a report.

use std::io::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::world::{Refused, World, invalid};

/// A feed that was taken.
pub(super) struct Feed {
    pub(super) id: String,
    kind: String,
    document: String,
    created_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    report: Option<String>,
}

impl World {
    pub(super) fn new_document(&mut self) -> Value {
        let number = self.next_id();
        let id = format!("amzn1.tortuga.4.eu.{number:08}");
        self.documents.insert(id.clone(), Vec::new());
        json!({ "feedDocumentId": id, "url": format!("{}/_documents/{id}?Signature=x", self.url) })
    }

    pub(super) fn document(&self, id: &str) -> Option<Value> {
        self.documents.get(id)?;
        let mut answer = json!({
            "feedDocumentId": id,
            "url": format!("{}/_documents/{id}?Signature=x", self.url),
        });
        if self.settings.packed_reports {
            answer["compressionAlgorithm"] = json!("GZIP");
        }
        Some(answer)
    }

    pub(super) fn new_feed(&mut self, body: &Value, now: DateTime<Utc>) -> Result<Value, Refused> {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let document = text("inputFeedDocumentId");
        let written = self.documents.get(&document);
        if written.is_none_or(Vec::is_empty) {
            return Err(invalid("The document is not there or empty"));
        }
        if body["marketplaceIds"].as_array().is_none_or(Vec::is_empty) {
            return Err(invalid("marketplaceIds is needed"));
        }
        let id = format!("{:08}", self.next_id());
        let wait = TimeDelta::from_std(self.settings.processing).unwrap_or(TimeDelta::MAX);
        self.feeds.push(Feed {
            id: id.clone(),
            kind: text("feedType"),
            document,
            created_at: now,
            due_at: now + wait,
            report: None,
        });
        Ok(json!({ "feedId": id }))
    }

    pub(super) fn feed(&self, id: &str) -> Option<Value> {
        let feed = self.feeds.iter().find(|feed| feed.id == id)?;
        let mut answer = json!({
            "feedId": feed.id, "feedType": feed.kind, "createdTime": feed.created_at,
            "processingStatus": if feed.report.is_some() { "DONE" } else { "IN_PROGRESS" },
        });
        if let Some(report) = &feed.report {
            answer["resultFeedDocumentId"] = json!(report);
        }
        Some(answer)
    }

    /// Decides the feeds that are due.
    pub(super) fn process(&mut self, now: DateTime<Utc>) {
        for at in 0..self.feeds.len() {
            let Some(feed) = self.feeds.get(at) else {
                return;
            };
            if feed.report.is_some() || feed.due_at > now {
                continue;
            }
            let (document, due_at) = (feed.document.clone(), feed.due_at);
            let written = self.documents.get(&document).cloned().unwrap_or_default();
            let outcome = self.execute(&String::from_utf8_lossy(&written), due_at);
            let report = format!("amzn1.tortuga.4.eu.{:08}", self.next_id());
            let bytes = self.packed(&told(outcome));
            self.documents.insert(report.clone(), bytes);
            if let Some(feed) = self.feeds.get_mut(at) {
                feed.report = Some(report);
            }
        }
    }

    fn execute(&mut self, xml: &str, now: DateTime<Utc>) -> Result<(), String> {
        let order = between(xml, "<AmazonOrderID>", "</AmazonOrderID>");
        let order = order.ok_or("The order is missing.")?.to_owned();
        let parts: Vec<String> = xml
            .split("<Item>")
            .skip(1)
            .filter_map(|part| between(part, "<AmazonOrderItemCode>", "</AmazonOrderItemCode>"))
            .map(str::to_owned)
            .collect();
        let right = xml.contains("<StatusCode>Failure</StatusCode>")
            && xml.matches("<CancelReason>").count() == parts.len();
        if parts.is_empty() || !right {
            return Err("The message is invalid.".to_owned());
        }
        for item in parts {
            self.cancel_item(&order, &item, now)?;
        }
        Ok(())
    }

    fn packed(&self, text: &str) -> Vec<u8> {
        if !self.settings.packed_reports {
            return text.as_bytes().to_vec();
        }
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        // Writing into memory cannot fail.
        let _ = packer.write_all(text.as_bytes());
        packer.finish().unwrap_or_default()
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = text.split_once(start)?.1;
    Some(rest.split_once(end)?.0)
}

/// The report, in the form Amazon documents for XML feeds.
fn told(outcome: Result<(), String>) -> String {
    let (good, bad, rows) = match outcome {
        Ok(()) => (1, 0, String::new()),
        Err(text) => (
            0,
            1,
            format!(
                "<Result><MessageID>1</MessageID><ResultCode>Error</ResultCode>\
                 <ResultMessageCode>18028</ResultMessageCode>\
                 <ResultDescription>{text}</ResultDescription></Result>"
            ),
        ),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<AmazonEnvelope>\n<Header>\
         <DocumentVersion>1.02</DocumentVersion></Header>\n<MessageType>ProcessingReport\
         </MessageType>\n<Message><MessageID>1</MessageID><ProcessingReport>\
         <DocumentTransactionID>1</DocumentTransactionID><StatusCode>Complete</StatusCode>\
         <ProcessingSummary><MessagesProcessed>1</MessagesProcessed><MessagesSuccessful>{good}\
         </MessagesSuccessful><MessagesWithError>{bad}</MessagesWithError>\
         <MessagesWithWarning>0</MessagesWithWarning></ProcessingSummary>{rows}\
         </ProcessingReport></Message>\n</AmazonEnvelope>"
    )
}
