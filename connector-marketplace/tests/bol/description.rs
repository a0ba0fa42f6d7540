//! bol's own description of its API, and everything that is said held against it.
//!
//! The description is bol's and not copied into this repository. It is read from the folder in the
//! environment variable `PLATFORM_SPECS`; without it these tests say that they were left out, and
//! fail where `CI_REQUIRE_ALL=1`.

use std::io::Write as _;
use std::path::Path;

use connector_marketplace::bol::MEDIA_TYPE;
use connector_marketplace::bol::sandbox::{Exchange, NewItem, NewOrder};
use order_core::ports::{Marketplace, Outcome};
use order_core::returns::ReturnDecision;
use serde_json::{Map, Value, json};

use crate::returns::decide;
use crate::support::{
    World, all_changes, body, cancellation, connector, edit, mock, order, parcel, submitted,
};

/// bol's two documents, in the dialect the validator knows.
struct Description(Vec<Value>);

impl Description {
    fn load() -> Option<Self> {
        let Some(folder) = std::env::var_os("PLATFORM_SPECS") else {
            assert!(
                std::env::var("CI_REQUIRE_ALL").as_deref() != Ok("1"),
                "PLATFORM_SPECS is not set, and CI_REQUIRE_ALL=1 allows nothing to be left out"
            );
            // Written past the test runner, which hides what a passing test prints.
            let message = b"LEFT OUT: bol's description is not at hand (set PLATFORM_SPECS)\n";
            std::io::stderr().write_all(message).unwrap();
            return None;
        };
        let folder = Path::new(&folder).join("marketplaces/specs/bol");
        let read = |name: &str| {
            let path = folder.join(name);
            let text = std::fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let mut document = serde_json::from_str(&text).unwrap();
            normalise(&mut document);
            document
        };
        Some(Self(vec![
            read("retailer-v10.json"),
            read("shared-v10.json"),
        ]))
    }

    /// The document and the operation in it, for `GET /retailer/orders`.
    fn operation(&self, operation: &str) -> (&Value, &Value) {
        let (method, path) = operation.split_once(' ').unwrap();
        let found = self.0.iter().find_map(|document| {
            Some((
                document,
                document["paths"].get(path)?.get(method.to_lowercase())?,
            ))
        });
        found.unwrap_or_else(|| panic!("bol describes no {operation}"))
    }

    /// What is wrong with a body; its media type must be there word for word.
    fn body(&self, operation: &str, at: &[&str], media: &str, body: &str) -> Vec<String> {
        let (document, described) = self.operation(operation);
        let place = at.iter().try_fold(described, |value, key| value.get(key));
        let Some(content) = place.and_then(|place| place.get("content")) else {
            return vec![format!("{operation}: no body is described at {at:?}")];
        };
        let Some(schema) = content.get(media).and_then(|media| media.get("schema")) else {
            return vec![format!(
                "{operation}: media type {media:?} is not described"
            )];
        };
        match serde_json::from_str(body) {
            Ok(body) => errors(document, schema, &body),
            Err(error) => vec![format!("{operation}: {error}")],
        }
    }

    /// What is wrong with path and query.
    fn parameters(&self, operation: &str, path: &str, query: &str) -> Vec<String> {
        let (document, described) = self.operation(operation);
        let empty = Vec::new();
        let parameters = described["parameters"].as_array().unwrap_or(&empty);
        let given: Vec<(String, String)> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut wrong = Vec::new();
        for (name, value) in &given {
            let known = parameters
                .iter()
                .find(|it| it["in"] == "query" && it["name"] == *name);
            match known {
                None => wrong.push(format!("{operation}: query {name} is not described")),
                Some(known) => {
                    let value = match known["schema"]["type"].as_str() {
                        Some("integer") => value.parse::<i64>().map_or(json!(value), |n| json!(n)),
                        Some("boolean") => value.parse::<bool>().map_or(json!(value), |b| json!(b)),
                        _ => json!(value),
                    };
                    wrong.extend(errors(document, &known["schema"], &value));
                }
            }
        }
        for needed in parameters
            .iter()
            .filter(|it| it["required"] == true && it["in"] == "query")
        {
            if !given.iter().any(|(name, _)| needed["name"] == **name) {
                wrong.push(format!("{operation}: query {} is missing", needed["name"]));
            }
        }
        if path
            .split('/')
            .any(|part| part.is_empty() || part.contains('{'))
            && path != "/"
        {
            let inner = path.trim_start_matches('/');
            if inner
                .split('/')
                .any(|part| part.is_empty() || part.contains('{'))
            {
                wrong.push(format!("{operation}: path {path} is not filled in"));
            }
        }
        wrong
    }

    /// What is wrong with a request and its answer.
    fn exchange(&self, exchange: &Exchange) -> Vec<String> {
        let seen = &exchange.seen;
        let mut wrong = self.parameters(&seen.operation, &seen.path, &seen.query);
        if exchange.accept.as_deref() != Some(MEDIA_TYPE) {
            wrong.push(format!("{}: Accept {:?}", seen.operation, exchange.accept));
        }
        let (_, described) = self.operation(&seen.operation);
        if described.get("requestBody").is_some() {
            let media = exchange.content_type.as_deref().unwrap_or_default();
            wrong.extend(self.body(&seen.operation, &["requestBody"], media, &seen.body));
        } else if !seen.body.is_empty() {
            wrong.push(format!(
                "{}: a body where none is described",
                seen.operation
            ));
        }
        let status = exchange.status.to_string();
        let at = ["responses", status.as_str()];
        wrong.extend(self.body(
            &seen.operation,
            &at,
            &exchange.answer_type,
            &exchange.answer,
        ));
        wrong
    }
}

/// From OpenAPI 3.0's dialect of JSON Schema to today's: `nullable` becomes a type of its own.
fn normalise(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.remove("example");
            object.values_mut().for_each(normalise);
            if object.remove("nullable") == Some(Value::Bool(true)) {
                let plain = std::mem::take(object);
                object.insert("anyOf".to_owned(), json!([plain, { "type": "null" }]));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(normalise),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn errors(document: &Value, schema: &Value, instance: &Value) -> Vec<String> {
    let mut whole = Map::new();
    whole.insert(
        "$schema".into(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    whole.insert("components".into(), document["components"].clone());
    whole.insert("allOf".into(), json!([schema]));
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&Value::Object(whole))
        .unwrap();
    validator
        .iter_errors(instance)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}

/// Everything the connector can say, once.
async fn everything() -> World {
    let world = World::new().await;
    for number in 0..60 {
        world
            .sandbox
            .add_order(NewOrder::sample(&format!("S{number:03}"), number));
    }
    world.sandbox.add_order(
        NewOrder::new("A1")
            .with_item(NewItem::new("I1", "SKU-1", 3, 1299))
            .with_item(NewItem::new("I2", "SKU-2", 1, 500)),
    );
    let (seen, cursor) = all_changes(&world.bol, None).await;
    assert!(seen.len() > 60);
    all_changes(&world.bol, Some(cursor)).await;
    world.bol.check().await.unwrap();
    for number in 0..60 {
        world.order(&format!("S{number:03}")).await;
    }
    let (bare, coded) = (parcel("A1", 1, &[("I1", 1)]), parcel("A1", 2, &[("I1", 2)]));
    let first = world.bol.confirm({
        let mut bare = bare.clone();
        bare.tracking = None;
        bare
    });
    let first = first.await.unwrap();
    world.ticket(first.clone()).await;
    world.bol.find_confirmation(bare.clone()).await.unwrap();
    world.let_it_happen();
    world.ticket(first).await;
    world.bol.confirm(coded.clone()).await.unwrap();
    world.bol.confirm(coded.clone()).await.unwrap();
    world.let_it_happen();
    world.bol.find_confirmation(bare.clone()).await.unwrap();
    world.bol.find_confirmation(coded).await.unwrap();
    world
        .bol
        .edit_tracking(edit(&bare, "05222988100001"))
        .await
        .unwrap();
    let cancelled = world
        .bol
        .cancel(cancellation("A1", &[("I2", 1)]))
        .await
        .unwrap();
    world.let_it_happen();
    world.ticket(cancelled).await;
    world.sandbox.add_order(
        NewOrder::new("A2")
            .with_item(NewItem::new("I3", "SKU-1", 1, 1299))
            .with_item(NewItem::new("I4", "SKU-2", 1, 500)),
    );
    let mut request = cancellation("A2", &[("I3", 1), ("I4", 1)]);
    let Outcome::Continue(place) = world.bol.cancel(request.clone()).await.unwrap() else {
        panic!("one of two");
    };
    request.resume = Some(place);
    world
        .bol
        .ticket(submitted(world.bol.cancel(request).await.unwrap()))
        .await
        .unwrap();
    let id = world.sandbox.add_return(&[("I1", 1), ("I3", 1)]);
    let listed = world.bol.returns(None).await.unwrap();
    let row = listed.returns[0].lines[0].id.clone();
    let accept = decide(&id, &[&row], ReturnDecision::Accept);
    world.bol.decide_return(accept).await.unwrap();
    world.let_it_happen();
    world.bol.read_return(id.as_str().into()).await.unwrap();
    world.bol.read_return("nowhere".into()).await.unwrap();
    world.sandbox.add_signature_key("0", "MIIB");
    world.bol.signature_keys().await.unwrap();
    let gone = world.bol.orders(vec!["nowhere".into()]).await.unwrap();
    assert_eq!(gone.len(), 1);
    world
}

#[tokio::test]
async fn every_request_and_every_answer_fits_bols_description() {
    let Some(description) = Description::load() else {
        return;
    };
    let world = everything().await;
    let mut kinds = std::collections::BTreeSet::new();
    for exchange in world.sandbox.exchanges() {
        if exchange.seen.operation == "POST token" {
            continue;
        }
        let wrong = description.exchange(&exchange);
        assert!(wrong.is_empty(), "{wrong:#?}\n{exchange:#?}");
        kinds.insert((exchange.seen.operation, exchange.status));
    }
    let expected = [
        ("GET /retailer/orders", 200),
        ("GET /retailer/orders/{order-id}", 200),
        ("GET /retailer/orders/{order-id}", 404),
        ("GET /retailer/returns", 200),
        ("GET /retailer/returns/{return-id}", 200),
        ("GET /retailer/returns/{return-id}", 404),
        ("GET /retailer/shipments", 200),
        ("GET /retailer/shipments/{shipment-id}", 200),
        ("GET /retailer/subscriptions/signature-keys", 200),
        ("GET /shared/process-status", 200),
        ("GET /shared/process-status/{process-status-id}", 200),
        ("POST /retailer/shipments", 202),
        ("POST /shared/process-status", 200),
        ("PUT /retailer/orders/cancellation", 202),
        ("PUT /retailer/returns/{rma-id}", 202),
        ("PUT /retailer/transports/{transport-id}", 202),
    ];
    for (operation, status) in expected {
        assert!(
            kinds.contains(&(operation.to_owned(), status)),
            "{operation} {status} was said"
        );
    }
}

#[tokio::test]
async fn the_description_refuses_what_bol_would_refuse() {
    let Some(description) = Description::load() else {
        return;
    };
    let at = ["requestBody"];
    let shipment = |body: &str| {
        !description
            .body("POST /retailer/shipments", &at, MEDIA_TYPE, body)
            .is_empty()
    };
    assert!(shipment(
        r#"{"orderItems":[{"orderItemId":"1"}],"transport":{"trackAndTrace":"x"}}"#
    ));
    assert!(shipment(r#"{"orderItems":[{"orderItemId":7}]}"#));
    assert!(shipment(
        r#"{"orderItems":[{"orderItemId":"1","quantity":1.5}]}"#
    ));
    assert!(shipment("{}"));
    assert!(!shipment(r#"{"orderItems":[{"orderItemId":"1"}]}"#));
    let two = r#"{"orderItems":[{"orderItemId":"1","reasonCode":"OTHER"},
        {"orderItemId":"2","reasonCode":"OTHER"}]}"#;
    let cancel = "PUT /retailer/orders/cancellation";
    assert!(!description.body(cancel, &at, MEDIA_TYPE, two).is_empty());
    let bored = r#"{"orderItems":[{"orderItemId":"1","reasonCode":"BORED"}]}"#;
    assert!(!description.body(cancel, &at, MEDIA_TYPE, bored).is_empty());
    let plain = r#"{"orderItems":[{"orderItemId":"1"}]}"#;
    let wrong = description.body("POST /retailer/shipments", &at, "application/json", plain);
    assert!(wrong[0].contains("media type"), "{wrong:?}");
    for query in [
        "status=NEW",
        "change-interval-minute=61",
        "page=0",
        "state=OPEN",
    ] {
        let wrong = description.parameters("GET /retailer/orders", "/retailer/orders", query);
        assert!(!wrong.is_empty(), "{query}");
    }
    let date = r#"{"orders":[{"orderId":"1","orderPlacedDateTime":"soon","orderItems":[]}]}"#;
    let answer = ["responses", "200"];
    assert!(
        !description
            .body("GET /retailer/orders", &answer, MEDIA_TYPE, date)
            .is_empty()
    );
}

#[tokio::test]
async fn bols_published_bodies_fit_bols_description() {
    let Some(description) = Description::load() else {
        return;
    };
    let shipments = "POST /retailer/shipments";
    let process = "GET /shared/process-status/{process-status-id}";
    let (request, answer, read) = (
        &["requestBody"][..],
        &["responses", "202"][..],
        &["responses", "200"][..],
    );
    for (operation, at, body) in [
        (
            shipments,
            request,
            include_str!("../fixtures/bol/create-shipment.request.json"),
        ),
        (
            shipments,
            answer,
            include_str!("../fixtures/bol/create-shipment.202.json"),
        ),
        (
            process,
            read,
            include_str!("../fixtures/bol/process-status-1.200.json"),
        ),
        (
            process,
            read,
            include_str!("../fixtures/bol/process-status-4.200.json"),
        ),
        (
            "PUT /retailer/orders/cancellation",
            request,
            include_str!("../fixtures/bol/cancel-order-item.request.json"),
        ),
    ] {
        let wrong = description.body(operation, at, MEDIA_TYPE, body);
        assert!(wrong.is_empty(), "{operation}: {wrong:?}");
    }
}

/// A body made of the description's own field examples.
fn from_examples(document: &Value, schema: &Value) -> Value {
    let mut schema = schema;
    while let Some(place) = schema.get("$ref").and_then(Value::as_str) {
        schema = document.pointer(place.trim_start_matches('#')).unwrap();
    }
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(items) = schema.get("items") {
        return json!([from_examples(document, items)]);
    }
    let fields = schema.get("properties").and_then(Value::as_object);
    let fields = fields.into_iter().flatten();
    fields
        .map(|(name, field)| (name.clone(), from_examples(document, field)))
        .collect()
}

#[tokio::test]
async fn an_order_made_of_bols_field_examples_is_understood() {
    if Description::load().is_none() {
        return;
    }
    let folder = std::env::var("PLATFORM_SPECS").unwrap();
    let path = Path::new(&folder).join("marketplaces/specs/bol/retailer-v10.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let details = from_examples(&document, &json!({ "$ref": "#/components/schemas/Order" }));
    let id = details["orderId"].as_str().unwrap().to_owned();
    let server = mock().await;
    wiremock::Mock::given(wiremock::matchers::path(format!("/retailer/orders/{id}")))
        .respond_with(body(200, details.to_string()))
        .mount(&server)
        .await;
    let order = order(&connector(&server), &id).await;
    let total = order.checked_total().unwrap();
    assert_eq!(total.to_string(), "118.91 EUR");
    assert!(order.is_closed() && order.unknown.is_empty(), "{order:?}");
    assert!(order.ship_to.unwrap().missing_parts().is_empty());
    assert_eq!(
        order.bill_to.unwrap().vat_number.as_deref(),
        Some("NL999999999B99")
    );
}
