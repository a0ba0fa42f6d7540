//! The feed that cancels, and the report of what became of it. Both are XML.

use std::io::Read as _;

use flate2::read::GzDecoder;
use order_core::{Error, Kind};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use serde::Deserialize;

/// What Amazon calls this kind of feed.
pub(super) const FEED_TYPE: &str = "POST_ORDER_ACKNOWLEDGEMENT_DATA";
/// The media type of what is written into the feed's document.
pub(super) const CONTENT_TYPE: &str = "text/xml; charset=UTF-8";
/// The largest report that is read.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The document that cancels items of an order: one message, so one row in the report.
pub(super) fn cancellation(
    seller: &str,
    order: &str,
    items: &[&str],
    reason: &str,
) -> std::io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let text = |text: &str| BytesText::new(text).into_owned();
    let element = |writer: &mut Writer<Vec<u8>>, name: &str, value: &str| {
        writer
            .create_element(name)
            .write_text_content(text(value))
            .map(|_| ())
    };
    writer
        .create_element("AmazonEnvelope")
        .with_attribute(("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"))
        .with_attribute(("xsi:noNamespaceSchemaLocation", "amzn-envelope.xsd"))
        .write_inner_content(|writer| {
            writer
                .create_element("Header")
                .write_inner_content(|writer| {
                    element(writer, "DocumentVersion", "1.01")?;
                    element(writer, "MerchantIdentifier", seller)
                })?;
            element(writer, "MessageType", "OrderAcknowledgement")?;
            writer
                .create_element("Message")
                .write_inner_content(|writer| {
                    element(writer, "MessageID", "1")?;
                    writer
                        .create_element("OrderAcknowledgement")
                        .write_inner_content(|writer| {
                            element(writer, "AmazonOrderID", order)?;
                            element(writer, "StatusCode", "Failure")?;
                            for item in items {
                                writer
                                    .create_element("Item")
                                    .write_inner_content(|writer| {
                                        element(writer, "AmazonOrderItemCode", item)?;
                                        element(writer, "CancelReason", reason)
                                    })?;
                            }
                            Ok(())
                        })
                        .map(|_| ())
                })
                .map(|_| ())
        })?;
    Ok(writer.into_inner())
}

/// What a report says about the one message of its feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Done,
    Refused(String),
}

#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(rename = "Message", default)]
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(rename = "ProcessingReport")]
    report: Option<Report>,
}

#[derive(Debug, Deserialize)]
struct Report {
    #[serde(rename = "StatusCode")]
    status: Option<String>,
    #[serde(rename = "ProcessingSummary")]
    summary: Option<Summary>,
    #[serde(rename = "Result", default)]
    results: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Summary {
    #[serde(rename = "MessagesProcessed")]
    processed: Option<u32>,
    #[serde(rename = "MessagesSuccessful")]
    successful: Option<u32>,
    #[serde(rename = "MessagesWithError")]
    with_error: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "ResultCode")]
    code: Option<String>,
    #[serde(rename = "ResultMessageCode")]
    number: Option<String>,
    #[serde(rename = "ResultDescription")]
    description: Option<String>,
}

/// What became of the message; the error says why the report cannot be used. A feed that is done
/// says nothing by itself: only the report does.
pub(super) fn verdict(body: &[u8], zipped: bool) -> Result<Verdict, Error> {
    let unreadable = |text: &str| {
        Error::not_applied(Kind::Decode, text.to_owned()).with_operation("GET feed document")
    };
    let mut text = String::new();
    if zipped {
        GzDecoder::new(body)
            .take(LARGEST)
            .read_to_string(&mut text)
            .map_err(|_| unreadable("the report of the feed cannot be unpacked"))?;
    } else {
        text.push_str(
            std::str::from_utf8(body)
                .map_err(|_| unreadable("the report of the feed is not UTF-8"))?,
        );
    }
    let envelope: Envelope = quick_xml::de::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|_| unreadable("the report of the feed is not the XML that is expected"))?;
    let reports = envelope.messages.into_iter().filter_map(|it| it.report);
    let mut successful = 0;
    for report in reports {
        let errors: Vec<String> = report
            .results
            .iter()
            .filter(|row| row.code.as_deref() == Some("Error"))
            .map(words)
            .collect();
        if !errors.is_empty() {
            return Ok(Verdict::Refused(errors.join("; ")));
        }
        let Some(summary) = report.summary else {
            continue;
        };
        if summary.with_error.unwrap_or(0) > 0 {
            return Ok(Verdict::Refused("Amazon gives no reason".to_owned()));
        }
        let is_complete = report.status.as_deref() == Some("Complete");
        if is_complete && summary.processed.unwrap_or(0) > 0 {
            successful += summary.successful.unwrap_or(0);
        }
    }
    if successful > 0 {
        return Ok(Verdict::Done);
    }
    Err(unreadable(
        "the report of the feed tells nothing about its row",
    ))
}

fn words(row: &Row) -> String {
    let parts = [&row.number, &row.description];
    let parts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .map(|text| text.trim())
        .collect();
    if parts.is_empty() {
        return "Amazon gives no reason".to_owned();
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(summary: &str, rows: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><AmazonEnvelope><Header>\
             <DocumentVersion>1.02</DocumentVersion></Header><MessageType>ProcessingReport\
             </MessageType><Message><MessageID>1</MessageID><ProcessingReport>\
             <DocumentTransactionID>1</DocumentTransactionID><StatusCode>Complete</StatusCode>\
             <ProcessingSummary>{summary}</ProcessingSummary>{rows}</ProcessingReport></Message>\
             </AmazonEnvelope>"
        )
    }

    #[test]
    fn the_document_names_order_items_and_reason_and_escapes_what_it_is_given() {
        let bytes = cancellation("SELLER", "902-1", &["1", "<2>"], "NoInventory").unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for part in [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<MerchantIdentifier>SELLER</MerchantIdentifier>",
            "<MessageType>OrderAcknowledgement</MessageType>",
            "<AmazonOrderID>902-1</AmazonOrderID><StatusCode>Failure</StatusCode>",
            "<Item><AmazonOrderItemCode>1</AmazonOrderItemCode>\
             <CancelReason>NoInventory</CancelReason></Item>",
            "<AmazonOrderItemCode>&lt;2&gt;</AmazonOrderItemCode>",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn a_report_counts_by_its_rows_and_not_by_being_there() {
        let good = "<MessagesProcessed>1</MessagesProcessed><MessagesSuccessful>1\
                    </MessagesSuccessful><MessagesWithError>0</MessagesWithError>";
        let bad = "<MessagesProcessed>1</MessagesProcessed><MessagesSuccessful>0\
                   </MessagesSuccessful><MessagesWithError>1</MessagesWithError>";
        let row = "<Result><MessageID>1</MessageID><ResultCode>Error</ResultCode>\
                   <ResultMessageCode>25</ResultMessageCode><ResultDescription>The order is shipped\
                   </ResultDescription></Result>";
        let read = |text: &str| verdict(text.as_bytes(), false);
        assert_eq!(read(&report(good, "")).unwrap(), Verdict::Done);
        let refused = Verdict::Refused("25: The order is shipped".to_owned());
        assert_eq!(read(&report(bad, row)).unwrap(), refused);
        let without_reason = Verdict::Refused("Amazon gives no reason".to_owned());
        assert_eq!(read(&report(bad, "")).unwrap(), without_reason);
        let warning = row.replace("Error", "Warning");
        assert_eq!(read(&report(good, &warning)).unwrap(), Verdict::Done);
        for nothing in ["", "<html></html>", "not XML", &report("", "")] {
            assert!(read(nothing).is_err(), "{nothing}");
        }
    }

    #[test]
    fn a_packed_report_is_unpacked_and_a_broken_one_is_told() {
        use std::io::Write as _;
        let good = "<MessagesProcessed>1</MessagesProcessed><MessagesSuccessful>1\
                    </MessagesSuccessful>";
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(report(good, "").as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(verdict(&packed, true).unwrap(), Verdict::Done);
        assert!(verdict(&packed[..20], true).is_err());
        assert!(verdict(&packed, false).is_err());
    }
}
