//! Spans of the demo reach a collector, and a collector that is down holds nothing up.

#![cfg(feature = "otel")]
#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use support::{complaint, order_sync};

/// A request: its head and its body.
type Heard = (String, Value);

/// Takes whatever is posted.
fn collector() -> (String, Arc<Mutex<Vec<Heard>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                loop {
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n") {
                        if reader.read_line(&mut head).unwrap_or(0) == 0 {
                            return;
                        }
                    }
                    let small = head.to_lowercase();
                    let length = small.split("content-length: ").nth(1).unwrap();
                    let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).unwrap();
                    let body = serde_json::from_slice(&body).unwrap();
                    kept.lock().unwrap().push((small, body));
                    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                                  content-length: 2\r\n\r\n{}";
                    reader.get_mut().write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    (address, heard)
}

fn demo(endpoint: &str) -> std::process::Output {
    order_sync()
        .args(["demo", "--orders", "2", "--no-console"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=seller")
        .env_remove("OTEL_SERVICE_NAME")
        .output()
        .unwrap()
}

#[test]
fn spans_of_cycles_orders_and_calls_reach_a_collector() {
    let (endpoint, heard) = collector();
    let output = demo(&endpoint);
    assert!(output.status.success(), "{}", complaint(&output));
    let heard = heard.lock().unwrap();
    assert!(!heard.is_empty());
    let mut spans: BTreeMap<String, Value> = BTreeMap::new();
    for (head, body) in &*heard {
        assert!(head.starts_with("post /v1/traces "), "{head}");
        assert!(head.contains("x-tenant: seller"), "{head}");
        for group in body["resourceSpans"].as_array().unwrap() {
            let service = group["resource"]["attributes"].to_string();
            assert!(service.contains("\"order-sync\""), "{service}");
            for scope in group["scopeSpans"].as_array().unwrap() {
                for span in scope["spans"].as_array().unwrap() {
                    let id = span["spanId"].as_str().unwrap().to_owned();
                    spans.insert(id, span.clone());
                }
            }
        }
        let text = body.to_string();
        for secret in ["sandbox-secret", "cs_sandbox"] {
            assert!(!text.contains(secret));
        }
    }
    let named = |name: &str| {
        let all = spans.values().filter(|span| span["name"] == name);
        all.cloned().collect::<Vec<_>>()
    };
    let parent = |span: &Value| {
        spans
            .get(span["parentSpanId"].as_str().unwrap_or(""))
            .cloned()
    };
    let within = |span: &Value, name: &str| {
        let mut at = parent(span);
        while let Some(span) = at {
            if span["name"] == name {
                return true;
            }
            at = parent(&span);
        }
        false
    };
    assert!(!named("cycle").is_empty());
    assert!(named("order").iter().any(|span| within(span, "cycle")));
    let create = named("call").into_iter().find(|span| {
        let text = span["attributes"].to_string();
        text.contains("POST /wc/v3/orders") && within(span, "order")
    });
    assert!(create.is_some(), "{:?}", named("call").first());
    // What sends spans makes none.
    assert!(
        !named("call")
            .iter()
            .any(|span| span.to_string().contains("\"spans\""))
    );
}

#[test]
fn a_collector_that_is_down_or_nonsense_holds_nothing_up() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let output = demo(&address);
    assert!(output.status.success(), "{}", complaint(&output));
    let output = demo("no address");
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    assert!(complaint(&output).contains("OTEL_EXPORTER_OTLP_ENDPOINT"));
}
