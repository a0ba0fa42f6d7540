//! Shopware's own description of its Admin API, and everything that is said held against it.
//!
//! The description is Shopware's and not copied into this repository. It is read from the folder in
//! the environment variable `PLATFORM_SPECS`; without it these tests say that they were left out,
//! and fail where `CI_REQUIRE_ALL=1`.

use std::io::Write as _;
use std::path::Path;

use order_core::ports::{CancelReason, CancelShopOrder, NoteReturn, ShopCancel, Webshop};
use serde_json::Value;

use crate::common::{euro, lines};
use crate::life::World;

fn description() -> Option<Value> {
    let Some(folder) = std::env::var_os("PLATFORM_SPECS") else {
        assert!(
            std::env::var("CI_REQUIRE_ALL").as_deref() != Ok("1"),
            "PLATFORM_SPECS is not set, and CI_REQUIRE_ALL=1 allows nothing to be left out"
        );
        // Written past the test runner, which hides what a passing test prints.
        let message = b"LEFT OUT: Shopware's description is not at hand (set PLATFORM_SPECS)\n";
        std::io::stderr().write_all(message).unwrap();
        return None;
    };
    let path = Path::new(&folder).join("webshops/specs/shopware/adminApiSchema.json");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap())
}

/// Follows a `$ref`.
fn target<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Lists that the description calls objects; running shops take and give lists.
const REALLY_LISTS: [&str; 2] = ["calculatedTaxes", "taxRules"];

/// Whether a value fits a schema: every field is known and of its type.
fn fits(document: &Value, schema: &Value, value: &Value, at: &str) {
    let schema = target(document, schema);
    if value.is_null() {
        return;
    }
    let name = at.rsplit('.').next().unwrap();
    if REALLY_LISTS.contains(&name) {
        assert!(value.is_array(), "{at}");
        return;
    }
    match schema["type"].as_str() {
        Some("array") => {
            let items = value.as_array().unwrap_or_else(|| panic!("{at} is a list"));
            for item in items {
                fits(document, &schema["items"], item, at);
            }
        }
        Some("string") => {
            assert!(value.is_string(), "{at}: {value}");
            if schema["format"] == "date-time" {
                let text = value.as_str().unwrap();
                assert!(
                    chrono::DateTime::parse_from_rfc3339(text).is_ok(),
                    "{at}: {text}"
                );
            }
            if let Some(pattern) = schema["pattern"].as_str() {
                assert_eq!(pattern, "^[0-9a-f]{32}$", "{at}");
                let text = value.as_str().unwrap();
                let hex = text
                    .chars()
                    .all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase());
                assert!(text.len() == 32 && hex, "{at}: {text}");
            }
        }
        Some("integer") => assert!(value.is_i64(), "{at}: {value}"),
        Some("number") => assert!(value.is_number(), "{at}: {value}"),
        Some("boolean") => assert!(value.is_boolean(), "{at}: {value}"),
        _ => {
            let known = fields(document, schema);
            for (name, own) in value.as_object().into_iter().flatten() {
                if known.is_empty() {
                    continue;
                }
                let field = known.iter().find(|(known, _)| *known == name);
                let (_, field) = field.unwrap_or_else(|| panic!("{at} has no field {name}"));
                fits(document, field, own, &format!("{at}.{name}"));
            }
        }
    }
}

/// The fields of an object, those of the parts of an `allOf` included.
fn fields<'a>(document: &'a Value, schema: &'a Value) -> Vec<(&'a String, &'a Value)> {
    let schema = target(document, schema);
    let mut own: Vec<(&String, &Value)> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .collect();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        own.extend(fields(document, part));
    }
    own
}

/// `order_line_item` is called `OrderLineItem` in the description.
fn schema_name(entity: &str) -> String {
    let words = entity.split(['_', '-']);
    words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
        .collect()
}

#[tokio::test]
async fn everything_that_is_sent_in_a_whole_life_is_in_the_description() {
    let Some(document) = description() else {
        return;
    };
    let world = World::new().await;
    live(&world).await;
    let paths = document["paths"].as_object().unwrap();
    let schemas = &document["components"]["schemas"];
    let (mut inserted, mut edited) = (0, 0);
    for (name, body, _) in world.sandbox.exchanges() {
        let (verb, path) = name.split_once(' ').unwrap();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (verb, parts.as_slice()) {
            ("GET", ["_info", "version"]) => assert!(paths.contains_key("/_info/version")),
            ("POST", ["search", entity]) => {
                assert!(paths.contains_key(path), "{path}");
                criteria_fit(schemas, entity, &body);
            }
            ("POST", ["order"]) => {
                inserted += 1;
                fits(&document, &schemas["Order"], &body, "order");
            }
            ("PATCH", ["order", _]) => {
                assert!(paths.contains_key("/order/{id}"));
                fits(&document, &schemas["Order"], &body, "order");
            }
            ("POST", ["_action", "sync"]) => {
                edited += 1;
                assert!(paths.contains_key(path), "{path}");
                for operation in body.as_array().unwrap() {
                    let entity = operation["entity"].as_str().unwrap();
                    let schema = &schemas[schema_name(entity)];
                    for row in operation["payload"].as_array().unwrap() {
                        fits(&document, schema, row, entity);
                    }
                }
            }
            ("POST", ["_action", "order", _, "state", "cancel"]) => {
                assert!(paths.contains_key("/_action/order/{orderId}/state/{transition}"));
            }
            other => panic!("{other:?} is not in the description"),
        }
    }
    assert_eq!((inserted, edited), (2, 1));
}

/// Every field of a search is one of the entity.
fn criteria_fit(schemas: &Value, entity: &str, criteria: &Value) {
    let has = |entity: &str, field: &str| {
        let schema = &schemas[schema_name(entity)];
        assert!(schema.is_object(), "no entity {entity}");
        let known = schema["properties"].get(field).is_some();
        assert!(known, "{entity} has no field {field}");
    };
    for sort in criteria["sort"].as_array().into_iter().flatten() {
        has(entity, sort["field"].as_str().unwrap());
    }
    for filter in criteria["filter"].as_array().into_iter().flatten() {
        let queries = filter["queries"].as_array().cloned();
        for query in queries.unwrap_or_else(|| vec![filter.clone()]) {
            has(entity, query["field"].as_str().unwrap());
        }
    }
    for (own, fields) in criteria["includes"].as_object().into_iter().flatten() {
        for field in fields.as_array().unwrap() {
            has(own, field.as_str().unwrap());
        }
    }
}

/// Everything the connector can do, once.
async fn live(world: &World) {
    world.shop.check().await.unwrap();
    let start = world.shop.changes(None).await.unwrap();
    let mut order = world
        .order("WHOLE-1", &[("TB-001", 3, 999), ("BOOK-1", 1, 1090)])
        .await;
    order.discount = euro(100);
    order.shipping = euro(495);
    order.total = euro(2997 + 1090 + 495 - 100);
    order.ship_by = Some(chrono::DateTime::UNIX_EPOCH);
    order.ship_to.phone = Some("+31612345678".into());
    order.ship_to.postal_code = Some("3511 AB".into());
    order.ship_to.company = Some("Winkel BV".into());
    let id = world.create(&order).await.id;
    let found = world.shop.find_orders(order.key.clone()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(world.sandbox.set_delivery_state(id.as_str(), "shipped"));
    let request = NoteReturn {
        order: id,
        reference: "R-1".into(),
        lines: Vec::new(),
        text: "comes back".into(),
    };
    world.shop.note_return(request).await.unwrap();
    let parts = [("TB-001", 2, 999), ("BOOK-1", 1, 500)];
    let other = world.order("WHOLE-2", &parts).await;
    let mut request = CancelShopOrder {
        id: world.create(&other).await.id,
        lines: lines(&[("L1", 1), ("L2", 1)]),
        reason: CancelReason::BuyerAsked,
        note: "n".into(),
    };
    for parts in [request.lines.clone(), Vec::new()] {
        request.lines = parts;
        let done = world.shop.cancel_order(request.clone()).await.unwrap();
        assert_eq!(done, ShopCancel::Done);
    }
    let changes = world.shop.changes(Some(start.next)).await.unwrap();
    assert_eq!(changes.ids.len(), 2);
}
