//! A publisher's description of its API, and what is said held against it.
//!
//! Descriptions are their publishers' and, but for a few, not copied into this repository. They are
//! read from the folder in the environment variable `PLATFORM_SPECS`; without it these tests say
//! that they were left out, and fail where `CI_REQUIRE_ALL=1`.

use std::io::Write as _;
use std::path::PathBuf;

use connector_marketplace::sandbox::Exchange;
use serde_json::{Map, Value, json};

/// The folder of the publishers' descriptions.
pub(crate) fn folder() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("PLATFORM_SPECS") else {
        assert!(
            std::env::var("CI_REQUIRE_ALL").as_deref() != Ok("1"),
            "PLATFORM_SPECS is not set, and CI_REQUIRE_ALL=1 allows nothing to be left out"
        );
        // Written past the test runner, which hides what a passing test prints.
        let message = b"LEFT OUT: a platform's description is not at hand (set PLATFORM_SPECS)\n";
        std::io::stderr().write_all(message).unwrap();
        return None;
    };
    Some(PathBuf::from(folder).join("marketplaces"))
}

fn load(path: &str) -> Option<Value> {
    let path = folder()?.join(path);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap())
}

/// The published examples of a platform; one entry per body.
pub(crate) fn examples(name: &str) -> Option<Vec<Value>> {
    let examples = load(&format!("published-examples/{name}.json"))?;
    Some(examples.as_array().cloned().unwrap())
}

/// A description, OpenAPI 3 or Swagger 2, in the dialect the validator knows.
pub(crate) struct Description {
    document: Value,
    /// Query parameters that are described in prose alone, as operation and name.
    prose: Vec<(&'static str, &'static str)>,
}

impl Description {
    pub(crate) fn load(path: &str) -> Option<Self> {
        let mut document = load(path)?;
        normalise(&mut document);
        Some(Self {
            document,
            prose: Vec::new(),
        })
    }

    /// With query parameters that the description has in prose alone.
    pub(crate) fn with_prose(mut self, prose: &[(&'static str, &'static str)]) -> Self {
        self.prose.extend_from_slice(prose);
        self
    }

    fn follow<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(place) = value.get("$ref").and_then(Value::as_str) {
            value = self
                .document
                .pointer(place.trim_start_matches('#'))
                .unwrap();
        }
        value
    }

    /// The operation in the document, for `GET /orders`.
    pub(crate) fn operation(&self, operation: &str) -> Option<&Value> {
        let (method, path) = operation.split_once(' ').unwrap();
        self.document["paths"].get(path)?.get(method.to_lowercase())
    }

    /// The schema of a body at a place, with exactly this media type; Swagger 2 names media types
    /// for the whole operation.
    fn schema(&self, operation: &str, at: &[&str], media: &str) -> Result<&Value, String> {
        let described = self
            .operation(operation)
            .ok_or_else(|| format!("{operation}: not described"))?;
        if self.document.get("swagger").is_some() {
            return self.schema_of_swagger(operation, described, at, media);
        }
        let place = at.iter().try_fold(described, |value, key| {
            value.get(key).map(|it| self.follow(it))
        });
        let content = place
            .and_then(|place| place.get("content"))
            .ok_or_else(|| format!("{operation}: no body is described at {at:?}"))?;
        content
            .get(media)
            .and_then(|media| media.get("schema"))
            .ok_or_else(|| format!("{operation}: media type {media:?} is not described"))
    }

    fn schema_of_swagger<'a>(
        &'a self,
        operation: &str,
        described: &'a Value,
        at: &[&str],
        media: &str,
    ) -> Result<&'a Value, String> {
        let list = if at == ["requestBody"] {
            "consumes"
        } else {
            "produces"
        };
        let media_types = described.get(list).or_else(|| self.document.get(list));
        let known = media_types
            .and_then(Value::as_array)
            .is_some_and(|types| types.iter().any(|it| it == media));
        if !known {
            return Err(format!(
                "{operation}: media type {media:?} is not described"
            ));
        }
        let found = if at == ["requestBody"] {
            let parameters = described["parameters"].as_array();
            let body = parameters
                .into_iter()
                .flatten()
                .map(|it| self.follow(it))
                .find(|it| it["in"] == "body");
            body.and_then(|body| body.get("schema"))
        } else {
            let place = at.iter().try_fold(described, |value, key| {
                value.get(key).map(|it| self.follow(it))
            });
            place.and_then(|place| place.get("schema"))
        };
        found.ok_or_else(|| format!("{operation}: no body is described at {at:?}"))
    }

    /// Whether a status is described at all.
    pub(crate) fn knows_status(&self, operation: &str, status: u16) -> bool {
        self.operation(operation)
            .is_some_and(|it| it["responses"].get(status.to_string()).is_some())
    }

    /// What is wrong with a body; its media type must be there word for word.
    pub(crate) fn body(
        &self,
        operation: &str,
        at: &[&str],
        media: &str,
        body: &str,
    ) -> Vec<String> {
        let schema = match self.schema(operation, at, media) {
            Ok(schema) => schema,
            Err(wrong) => return vec![wrong],
        };
        match serde_json::from_str(body) {
            Ok(body) => self.errors(schema, &body),
            Err(error) => vec![format!("{operation}: {error}")],
        }
    }

    fn errors(&self, schema: &Value, instance: &Value) -> Vec<String> {
        let mut whole = Map::new();
        whole.insert(
            "$schema".into(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        for part in ["components", "definitions"] {
            if let Some(schemas) = self.document.get(part) {
                whole.insert(part.into(), schemas.clone());
            }
        }
        whole.insert("allOf".into(), json!([schema]));
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&Value::Object(whole))
            .unwrap();
        let told = |error: jsonschema::ValidationError<'_>| {
            format!("{} at {}", error, error.instance_path())
        };
        validator.iter_errors(instance).map(told).collect()
    }

    /// What is wrong with path and query.
    pub(crate) fn parameters(&self, operation: &str, path: &str, query: &str) -> Vec<String> {
        let Some(described) = self.operation(operation) else {
            return vec![format!("{operation}: not described")];
        };
        let (_, template) = operation.split_once(' ').unwrap();
        let shared = self.document["paths"][template]["parameters"].as_array();
        let own = described["parameters"].as_array();
        let parameters: Vec<&Value> = [shared, own]
            .into_iter()
            .flatten()
            .flatten()
            .map(|it| self.follow(it))
            .collect();
        let given: Vec<(String, String)> = url(query);
        let mut wrong = Vec::new();
        for (name, value) in &given {
            if self.prose.contains(&(operation, name.as_str())) {
                continue;
            }
            let known = parameters
                .iter()
                .find(|it| it["in"] == "query" && it["name"] == *name);
            match known {
                None => wrong.push(format!("{operation}: query {name} is not described")),
                Some(known) => wrong.extend(self.value(operation, known, value)),
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
        let (parts, places) = (path.split('/'), template.split('/'));
        if parts.clone().count() != places.count() || parts.skip(1).any(str::is_empty) {
            wrong.push(format!("{operation}: path {path} is not filled in"));
        }
        wrong
    }

    /// One value of a query, in the type that is described. A list may be written with commas.
    fn value(&self, operation: &str, known: &Value, text: &str) -> Vec<String> {
        let schema = known
            .get("schema")
            .map_or(known, |schema| self.follow(schema));
        let (schema, texts): (Value, Vec<&str>) = if schema["type"] == "array" {
            (schema["items"].clone(), text.split(',').collect())
        } else if schema["type"] == "string" && text.contains(',') {
            // "A comma-separated list", typed as one of its entries.
            (schema.clone(), text.split(',').collect())
        } else {
            (schema.clone(), vec![text])
        };
        let mut schema = schema;
        if let Some(fields) = schema.as_object_mut() {
            // Parts of a parameter in Swagger 2 that are no schema.
            for name in ["in", "name", "required", "description", "collectionFormat"] {
                fields.remove(name);
            }
        }
        let typed = |text: &str| match schema["type"].as_str() {
            Some("integer") => text.parse::<i64>().map_or(json!(text), |n| json!(n)),
            Some("boolean") => text.parse::<bool>().map_or(json!(text), |b| json!(b)),
            _ => json!(text),
        };
        let wrong = texts
            .into_iter()
            .flat_map(|text| self.errors(&schema, &typed(text)));
        wrong
            .map(|wrong| format!("{operation}: query {}: {wrong}", known["name"]))
            .collect()
    }

    /// What is wrong with a request and its answer. A refusal that is not described is not looked
    /// at.
    pub(crate) fn exchange(&self, exchange: &Exchange) -> Vec<String> {
        let seen = &exchange.seen;
        let operation = seen.operation.as_str();
        let mut wrong = self.parameters(operation, &seen.path, &seen.query);
        if self.operation(operation).is_none() {
            return wrong;
        }
        let media = exchange.content_type.as_deref().unwrap_or_default();
        if seen.body.is_empty() {
            if self
                .schema(operation, &["requestBody"], "application/json")
                .is_ok()
            {
                wrong.push(format!(
                    "{operation}: a body is described and none was sent"
                ));
            }
        } else {
            wrong.extend(self.body(operation, &["requestBody"], media, &seen.body));
        }
        let status = exchange.status.to_string();
        let at = ["responses", status.as_str()];
        if !self.knows_status(operation, exchange.status) {
            if exchange.status < 400 {
                wrong.push(format!("{operation}: status {status} is not described"));
            }
        } else if !exchange.answer.is_empty() {
            wrong.extend(self.body(operation, &at, &exchange.answer_type, &exchange.answer));
        } else if self.schema(operation, &at, "application/json").is_ok() {
            wrong.push(format!(
                "{operation}: {status} without the body that is described"
            ));
        }
        wrong
    }

    /// Holds every exchange against the description; answers which operations and statuses there
    /// were.
    pub(crate) fn check(&self, exchanges: &[Exchange]) -> std::collections::BTreeSet<String> {
        let mut kinds = std::collections::BTreeSet::new();
        for exchange in exchanges {
            let wrong = self.exchange(exchange);
            assert!(
                wrong.is_empty(),
                "{wrong:#?}\n{:?}\n{}",
                exchange.seen,
                exchange.answer
            );
            kinds.insert(format!("{} {}", exchange.seen.operation, exchange.status));
        }
        kinds
    }
}

/// The pairs of a query, decoded.
fn url(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, tail)) = rest.split_first() {
            let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
            let hex =
                hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
            match hex {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &tail[2..];
                }
                None => {
                    bytes.push(if *first == b'+' { b' ' } else { *first });
                    rest = tail;
                }
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// From OpenAPI's dialects of JSON Schema to today's: `nullable` becomes a type of its own, formats
/// in prose and limits on texts that mean entries are no rules.
fn normalise(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let is_schema = object
                .get("type")
                .is_some_and(|it| it.is_string() || it.is_array());
            object.remove("example");
            object.remove("x-amzn-api-sandbox");
            if is_schema {
                for name in ["exclusiveMinimum", "exclusiveMaximum"] {
                    if object.get(name).is_some_and(Value::is_boolean) {
                        object.remove(name);
                    }
                }
            }
            object.values_mut().for_each(normalise);
            if object.get("nullable") == Some(&Value::Bool(true)) {
                object.remove("nullable");
                let plain = std::mem::take(object);
                object.insert("anyOf".to_owned(), json!([plain, { "type": "null" }]));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(normalise),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
