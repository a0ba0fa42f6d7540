//! One function per document.

use connector_http::{HttpClient, Replay};
use order_core::{Error, Kind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::documents::{self, Document};
use super::wire::{
    Cancelled, Created, Envelope, FeedRow, Fulfillment, FulfillmentLineItem, LineItem, Look, Order,
    Own, Page, Refunded, Suggestion, UserError, Variant,
};

/// More pages than any order, parcel or search of ours has.
const MOST_PAGES: usize = 50;

#[derive(Clone, Debug)]
pub(super) struct Api {
    http: HttpClient,
    namespace: String,
    key: String,
}

#[derive(Deserialize)]
struct OrderData<T> {
    order: Option<T>,
}

impl Api {
    pub(super) fn new(http: HttpClient, (namespace, key): (String, String)) -> Self {
        Self {
            http,
            namespace,
            key,
        }
    }

    async fn run<T: DeserializeOwned>(
        &self,
        document: Document,
        variables: Value,
    ) -> Result<T, Error> {
        // Reads are safe to repeat; each mutation counts, so it is never repeated.
        let replay = if document.reads {
            Replay::Safe
        } else {
            Replay::Never
        };
        let mut request = self.http.post("/graphql.json", replay);
        request = request.operation(document.name);
        if document.reads {
            request = request.read_only();
        }
        let body = json!({
            "query": document.text,
            "operationName": document.name,
            "variables": variables,
        });
        let answer = request.json(&body).send().await?;
        Ok(answer.json::<Envelope<T>>()?.data)
    }

    /// Orders by number, unread, so that one that does not fit does not hide the others.
    pub(super) async fn orders(&self, numbers: &[u64]) -> Result<Vec<Value>, Error> {
        #[derive(Deserialize)]
        struct Data {
            nodes: Vec<Value>,
        }
        let ids: Vec<String> = numbers.iter().map(|number| gid(*number)).collect();
        let variables = json!({"ids": ids, "namespace": self.namespace, "key": self.key});
        let data: Data = self.run(documents::ORDERS, variables).await?;
        Ok(data.nodes)
    }

    /// One order, complete.
    pub(super) async fn order(&self, number: u64) -> Result<Option<Order>, Error> {
        let nodes = self.orders(&[number]).await?;
        let Some(node) = nodes.into_iter().find(is_order) else {
            return Ok(None);
        };
        let mut order: Order = serde_json::from_value(node).map_err(crate::shared::unreadable)?;
        self.complete(&mut order).await?;
        Ok(Some(order))
    }

    /// Reads what did not fit on the first page.
    pub(super) async fn complete(&self, order: &mut Order) -> Result<(), Error> {
        let mut after = order.line_items.next().map(str::to_owned);
        for _ in 0..MOST_PAGES {
            let Some(cursor) = after else { break };
            let page = self.lines(&order.id, &cursor).await?;
            after = page.next().map(str::to_owned);
            order.line_items.nodes.extend(page.nodes);
        }
        if order.fulfillments.len() >= documents::PARCELS {
            order.fulfillments = self.all_parcels(&order.id).await?;
        }
        if order.fulfillments.len() >= documents::MOST_PARCELS {
            let text = "it has a hundred parcels or more, which cannot be read";
            return Err(crate::shared::unreadable(text));
        }
        for parcel in &mut order.fulfillments {
            self.complete_parcel(parcel).await?;
        }
        Ok(())
    }

    async fn complete_parcel(&self, parcel: &mut Fulfillment) -> Result<(), Error> {
        let mut page = match parcel.fulfillment_line_items.take() {
            Some(page) => page,
            None => self.parcel_lines(&parcel.id, None).await?,
        };
        for _ in 0..MOST_PAGES {
            let Some(cursor) = page.next().map(str::to_owned) else {
                break;
            };
            let next = self.parcel_lines(&parcel.id, Some(&cursor)).await?;
            page.nodes.extend(next.nodes);
            page.page_info = next.page_info;
        }
        parcel.fulfillment_line_items = Some(page);
        Ok(())
    }

    async fn lines(&self, id: &str, after: &str) -> Result<Page<LineItem>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Lines {
            line_items: Page<LineItem>,
        }
        let variables = json!({"id": id, "after": after});
        let data: OrderData<Lines> = self.run(documents::LINES, variables).await?;
        let lines = data.order.ok_or_else(vanished)?;
        Ok(lines.line_items)
    }

    async fn all_parcels(&self, id: &str) -> Result<Vec<Fulfillment>, Error> {
        #[derive(Deserialize)]
        struct Parcels {
            fulfillments: Vec<Fulfillment>,
        }
        let data: OrderData<Parcels> = self.run(documents::ALL_PARCELS, json!({"id": id})).await?;
        Ok(data.order.ok_or_else(vanished)?.fulfillments)
    }

    async fn parcel_lines(
        &self,
        id: &str,
        after: Option<&str>,
    ) -> Result<Page<FulfillmentLineItem>, Error> {
        #[derive(Deserialize)]
        struct Data {
            fulfillment: Option<Lines>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Lines {
            fulfillment_line_items: Page<FulfillmentLineItem>,
        }
        let variables = json!({"id": id, "after": after});
        let data: Data = self.run(documents::PARCEL_LINES, variables).await?;
        let lines = data.fulfillment.ok_or_else(vanished)?;
        Ok(lines.fulfillment_line_items)
    }

    /// Orders that may carry this key; the record decides.
    pub(super) async fn find(&self, key: &str, keyed: bool) -> Result<Vec<Own>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            #[serde(default)]
            by_key: Option<Own>,
            by_search: Page<Own>,
        }
        let custom = json!({"namespace": self.namespace, "key": self.key, "value": key});
        let variables = json!({
            "search": format!("source_identifier:{}", quoted(key)),
            "identifier": {"customId": custom},
            "keyed": keyed,
            "namespace": self.namespace,
            "key": self.key,
        });
        let data: Data = self.run(documents::FIND, variables).await?;
        let mut found = data.by_search.nodes;
        if let Some(own) = data.by_key
            && found.iter().all(|other| other.id != own.id)
        {
            found.push(own);
        }
        Ok(found)
    }

    pub(super) async fn create(&self, order: &Value, options: &Value) -> Result<Created, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            order_create: Created,
        }
        let variables = json!({"order": order, "options": options});
        let data: Data = self.run(documents::CREATE, variables).await?;
        Ok(data.order_create)
    }

    pub(super) async fn cancel(
        &self,
        number: u64,
        reason: &str,
        note: &str,
    ) -> Result<Cancelled, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            order_cancel: Cancelled,
        }
        let variables = json!({"id": gid(number), "reason": reason, "note": note});
        let data: Data = self.run(documents::CANCEL, variables).await?;
        Ok(data.order_cancel)
    }

    /// What a refund of these lines (`RefundLineItemInput`) would be; `None` where Shopify has none.
    pub(super) async fn suggest(
        &self,
        number: u64,
        lines: &Value,
    ) -> Result<Option<Suggestion>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Suggested {
            #[serde(default)]
            suggested_refund: Option<Suggestion>,
        }
        let variables = json!({"id": gid(number), "lines": lines});
        let data: OrderData<Suggested> = self.run(documents::SUGGEST, variables).await?;
        Ok(data.order.ok_or_else(vanished)?.suggested_refund)
    }

    pub(super) async fn refund(&self, input: &Value, key: &str) -> Result<Refunded, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            refund_create: Refunded,
        }
        let variables = json!({"input": input, "key": key});
        let data: Data = self.run(documents::REFUND, variables).await?;
        Ok(data.refund_create)
    }

    pub(super) async fn set_note(&self, number: u64, note: &str) -> Result<Vec<UserError>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            order_update: Created,
        }
        let variables = json!({"input": {"id": gid(number), "note": note}});
        let data: Data = self.run(documents::NOTE, variables).await?;
        Ok(data.order_update.user_errors)
    }

    /// Orders updated at or after an instant, oldest first.
    pub(super) async fn updated_since(
        &self,
        at: &str,
        after: Option<&str>,
    ) -> Result<Page<FeedRow>, Error> {
        let search = format!("updated_at:>={}", quoted(at));
        let variables = json!({"search": search, "after": after});
        self.feed(documents::FEED, variables).await
    }

    pub(super) async fn last_updated(&self) -> Result<Option<FeedRow>, Error> {
        let page = self.feed(documents::LAST_UPDATED, json!({})).await?;
        Ok(page.nodes.into_iter().next())
    }

    async fn feed(&self, document: Document, variables: Value) -> Result<Page<FeedRow>, Error> {
        #[derive(Deserialize)]
        struct Data {
            orders: Page<FeedRow>,
        }
        Ok(self.run::<Data>(document, variables).await?.orders)
    }

    /// Variants whose `field` may be one of these values; the record decides.
    pub(super) async fn variants(
        &self,
        field: &str,
        values: &[&str],
    ) -> Result<Vec<Variant>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            product_variants: Page<Variant>,
        }
        let terms: Vec<String> = values
            .iter()
            .map(|value| format!("{field}:{}", quoted(value)))
            .collect();
        let search = terms.join(" OR ");
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let variables = json!({"search": search, "after": after});
            let data: Data = self.run(documents::VARIANTS, variables).await?;
            after = data.product_variants.next().map(str::to_owned);
            found.extend(data.product_variants.nodes);
            if after.is_none() {
                return Ok(found);
            }
        }
        Err(Error::not_applied(
            Kind::Unexpected,
            format!("the search for {field} never ends"),
        ))
    }

    pub(super) async fn look(&self) -> Result<Look, Error> {
        let variables = json!({"namespace": self.namespace, "key": self.key});
        self.run(documents::CHECK, variables).await
    }
}

/// What was read a moment ago is not there any more.
fn vanished() -> Error {
    Error::not_applied(Kind::Unavailable, "it vanished while it was read")
}

/// Shopify's name of an order.
pub(super) fn gid(number: u64) -> String {
    format!("gid://shopify/Order/{number}")
}

/// The number in Shopify's name of a thing.
pub(super) fn number(gid: &str) -> Option<u64> {
    gid.rsplit('/').next()?.parse().ok()
}

/// Whether a node is an order, and not null or something else under that id.
pub(super) fn is_order(node: &Value) -> bool {
    node["__typename"] == "Order"
}

/// A value in the syntax of searches: nothing in it is read as a command.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_break_out_of_a_search() {
        assert_eq!(quoted("bol:1"), "\"bol:1\"");
        assert_eq!(quoted("a\" OR \\"), "\"a\\\" OR \\\\\"");
    }

    #[test]
    fn names_and_numbers_go_both_ways() {
        assert_eq!(number(&gid(42)), Some(42));
        assert_eq!(number("gid://shopify/Order/x"), None);
        assert!(!is_order(&Value::Null));
    }
}
