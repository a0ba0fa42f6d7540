//! As much GraphQL as the connector's documents need: fields, aliases, arguments, fragments,
//! `@include` and `@idempotent`. Answers hold what was asked for and nothing else, as the real one's do.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// A field or fragment that was asked for.
#[derive(Clone, Debug)]
enum Selection {
    Field(Field),
    Spread(String),
    Inline(String, Vec<Selection>),
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    key: String,
    pub(super) name: String,
    pub(super) arguments: Map<String, Value>,
    selections: Vec<Selection>,
    included: bool,
    /// What `@idempotent` says.
    pub(super) idempotency_key: Option<String>,
}

impl Field {
    /// A field that is asked for directly below this one.
    pub(super) fn below(&self, name: &str) -> Option<&Self> {
        self.selections
            .iter()
            .find_map(|selection| match selection {
                Selection::Field(field) if field.name == name => Some(field),
                Selection::Field(_) | Selection::Spread(_) | Selection::Inline(..) => None,
            })
    }
}

/// A document with its variables put in.
pub(super) struct Request {
    root: Vec<Selection>,
    fragments: HashMap<String, Vec<Selection>>,
}

/// A connection: where it stands in a value, its nodes are paged.
pub(super) const NODES: &str = "__nodes";

impl Request {
    pub(super) fn parse(text: &str, variables: &Value) -> Result<Self, String> {
        let mut parser = Parser {
            tokens: tokens(text),
            at: 0,
            variables,
        };
        let mut root = Vec::new();
        let mut fragments = HashMap::new();
        while let Some(word) = parser.take() {
            match word.as_str() {
                "query" | "mutation" => {
                    parser.skip_until_body();
                    root = parser.selections()?;
                }
                "fragment" => {
                    let name = parser.take().ok_or("a fragment without a name")?;
                    parser.skip_until_body();
                    fragments.insert(name, parser.selections()?);
                }
                other => return Err(format!("{other:?} is not expected here")),
            }
        }
        Ok(Self { root, fragments })
    }

    /// The answer, each root field resolved by `resolve`.
    pub(super) fn answer(
        &self,
        mut resolve: impl FnMut(&Field) -> Result<Value, String>,
    ) -> Result<Value, String> {
        let mut data = Map::new();
        for selection in &self.root {
            let Selection::Field(field) = selection else {
                return Err("fragments on the root are not known here".to_owned());
            };
            if field.included {
                let value = resolve(field)?;
                data.insert(field.key.clone(), self.shape(value, field)?);
            }
        }
        Ok(Value::Object(data))
    }

    /// Cuts a value down to what was asked for.
    fn shape(&self, value: Value, field: &Field) -> Result<Value, String> {
        let Value::Array(items) = value else {
            return self.shape_one(value, field);
        };
        let most = field.arguments.get("first").and_then(Value::as_u64);
        let most = most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(0));
        let shaped = items.into_iter().take(most);
        shaped.map(|item| self.shape_one(item, field)).collect()
    }

    fn shape_one(&self, value: Value, field: &Field) -> Result<Value, String> {
        let Value::Object(mut object) = value else {
            return Ok(value);
        };
        if let Some(nodes) = object.remove(NODES) {
            object = page(nodes, &field.arguments)?;
        }
        let mut shaped = Map::new();
        self.fill(&object, &field.selections, &mut shaped)?;
        Ok(Value::Object(shaped))
    }

    fn fill(
        &self,
        object: &Map<String, Value>,
        selections: &[Selection],
        shaped: &mut Map<String, Value>,
    ) -> Result<(), String> {
        for selection in selections {
            match selection {
                Selection::Field(field) if field.included => {
                    let value = if field.name == "metafield" {
                        metafield(object, &field.arguments)
                    } else {
                        let found = object.get(&field.name).cloned();
                        found.ok_or_else(|| format!("the sandbox has no {:?}", field.name))?
                    };
                    shaped.insert(field.key.clone(), self.shape(value, field)?);
                }
                Selection::Field(_) => {}
                Selection::Spread(name) => {
                    let fragment = self.fragments.get(name);
                    let fragment = fragment.ok_or_else(|| format!("no fragment {name:?}"))?;
                    self.fill(object, fragment, shaped)?;
                }
                Selection::Inline(kind, selections) => {
                    if object.get("__typename").and_then(Value::as_str) == Some(kind) {
                        self.fill(object, selections, shaped)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn metafield(object: &Map<String, Value>, arguments: &Map<String, Value>) -> Value {
    let fields = object.get("metafields").and_then(Value::as_array);
    let is_it = |field: &&Value| {
        ["namespace", "key"]
            .iter()
            .all(|name| arguments.get(*name) == field.get(*name))
    };
    let found = fields.and_then(|fields| fields.iter().find(is_it));
    found.cloned().unwrap_or(Value::Null)
}

/// A page of a connection. A cursor is the number of the node it stands behind.
fn page(nodes: Value, arguments: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let Value::Array(nodes) = nodes else {
        return Err("a connection without nodes".to_owned());
    };
    let first = arguments.get("first").and_then(Value::as_u64);
    let first = first.ok_or("a connection needs first or last")?;
    let after = arguments.get("after").and_then(Value::as_str);
    let start: usize = after.map_or(Ok(0), |after| {
        after.parse().map_err(|_| "that is no cursor".to_owned())
    })?;
    let all = nodes.len();
    let first = usize::try_from(first).unwrap_or(0);
    let some: Vec<Value> = nodes.into_iter().skip(start).take(first).collect();
    let end = start + some.len();
    let info = json!({
        "hasNextPage": end < all,
        "endCursor": (!some.is_empty()).then(|| end.to_string()),
    });
    let mut page = Map::new();
    page.insert("nodes".to_owned(), Value::Array(some));
    page.insert("pageInfo".to_owned(), info);
    Ok(page)
}

/// Words, numbers, texts (with their quotes) and signs.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("...") {
            3
        } else if first == '"' {
            let end = rest.get(1..).and_then(|tail| tail.find('"'));
            end.map_or(rest.len(), |end| end + 2)
        } else if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, tail) = rest.split_at(length);
        tokens.push(token.to_owned());
        rest = tail.trim_start_matches(is_space);
    }
    tokens
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == ','
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

struct Parser<'a> {
    tokens: Vec<String>,
    at: usize,
    variables: &'a Value,
}

impl Parser<'_> {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn take(&mut self) -> Option<String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is(&mut self, token: &str) -> bool {
        let found = self.peek() == token;
        if found {
            self.at += 1;
        }
        found
    }

    /// The name and the variables of an operation: their values are given, so types do not matter.
    fn skip_until_body(&mut self) {
        while !matches!(self.peek(), "{" | "") {
            self.at += 1;
        }
    }

    fn selections(&mut self) -> Result<Vec<Selection>, String> {
        let mut selections = Vec::new();
        if !self.is("{") {
            return Ok(selections);
        }
        while !self.is("}") {
            let word = self.take().ok_or("the document ends in the middle")?;
            selections.push(match word.as_str() {
                "..." if self.is("on") => {
                    let kind = self.take().ok_or("a fragment without a type")?;
                    Selection::Inline(kind, self.selections()?)
                }
                "..." => Selection::Spread(self.take().ok_or("a spread without a name")?),
                _ => Selection::Field(self.field(word)?),
            });
        }
        Ok(selections)
    }

    fn field(&mut self, word: String) -> Result<Field, String> {
        let name = if self.is(":") {
            self.take().ok_or("an alias without a field")?
        } else {
            word.clone()
        };
        let arguments = self.arguments()?;
        let mut included = true;
        let mut idempotency_key = None;
        while self.is("@") {
            let directive = self.take().unwrap_or_default();
            let given = self.arguments()?;
            match directive.as_str() {
                "include" => included &= given.get("if") == Some(&Value::Bool(true)),
                "idempotent" => {
                    let key = given.get("key").and_then(Value::as_str);
                    idempotency_key = key.map(str::to_owned);
                }
                _ => return Err(format!("directive {directive:?} is not known here")),
            }
        }
        Ok(Field {
            key: word,
            name,
            arguments,
            selections: self.selections()?,
            included,
            idempotency_key,
        })
    }

    fn arguments(&mut self) -> Result<Map<String, Value>, String> {
        let mut arguments = Map::new();
        if self.is("(") {
            while !self.is(")") {
                let name = self.take().ok_or("an argument without a name")?;
                if !self.is(":") {
                    return Err(format!("argument {name:?} has no value"));
                }
                arguments.insert(name, self.value()?);
            }
        }
        Ok(arguments)
    }

    fn value(&mut self) -> Result<Value, String> {
        let word = self.take().ok_or("a value is missing")?;
        Ok(match word.as_str() {
            "$" => {
                let name = self.take().ok_or("a variable without a name")?;
                self.variables.get(&name).cloned().unwrap_or(Value::Null)
            }
            "{" => {
                let mut object = Map::new();
                while !self.is("}") {
                    let name = self.take().ok_or("an object ends in the middle")?;
                    if !self.is(":") {
                        return Err(format!("{name:?} has no value"));
                    }
                    object.insert(name, self.value()?);
                }
                Value::Object(object)
            }
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            text => match (text.strip_prefix('"'), text.parse::<u64>()) {
                (Some(quoted), _) => json!(quoted.trim_end_matches('"')),
                (None, Ok(number)) => json!(number),
                (None, Err(_)) => json!(text),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_what_was_asked_for_and_nothing_else() {
        let text = "query Q($n: Int) { a: thing(id: 1) { ...P list(first: 1) { x } } \
            gone @include(if: false) { x } } \
            fragment P on Thing { name many(first: $n) { nodes { x } pageInfo { hasNextPage } } }";
        let request = Request::parse(text, &json!({"n": 2})).unwrap();
        let thing = json!({
            "name": "N", "secret": 1, "list": [{"x": 1}, {"x": 2}],
            "many": {NODES: [{"x": 1, "y": 2}, {"x": 2}, {"x": 3}]},
        });
        let answer = request.answer(|_| Ok(thing.clone())).unwrap();
        let expected = json!({"a": {
            "name": "N", "list": [{"x": 1}],
            "many": {"nodes": [{"x": 1}, {"x": 2}], "pageInfo": {"hasNextPage": true}},
        }});
        assert_eq!(answer, expected);
    }

    #[test]
    fn a_field_that_is_not_there_is_an_error() {
        let request = Request::parse("query Q { thing { nmae } }", &json!({})).unwrap();
        assert!(request.answer(|_| Ok(json!({"name": "N"}))).is_err());
    }
}
