//! The operations of the Admin API that change something: the steps of a draft, and cancelling.
//!
//! None is ever sent twice: `Api::mutate` marks each as not replayable.

use std::fmt::Write as _;

use order_core::{Error, Kind};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api::{Api, Document};
use super::flow::LineChange;
use super::wire::{AddressInput, CustomerInput, Deletion, IdOnly, Items, Outcome, ShippingQuote};

const OUTCOME: &str = "__typename ... on ErrorResult { errorCode message } \
    ... on OrderStateTransitionError { transitionError }";
const LINE_OUTCOME: &str = "__typename ... on ErrorResult { errorCode message } \
    ... on InsufficientStockError { quantityAvailable }";

impl Api {
    pub(super) async fn create_draft(&self) -> Result<String, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            create_draft_order: IdOnly,
        }
        let text = "mutation { createDraftOrder { id } }";
        let document = Document {
            name: "createDraftOrder",
            text,
            variables: json!({}),
        };
        Ok(self.mutate::<Data>(document).await?.create_draft_order.id)
    }

    pub(super) async fn stamp(&self, id: &str, field: &str, key: &str) -> Result<(), Error> {
        let text = "mutation($id: ID!, $input: UpdateOrderInput!) { \
            setDraftOrderCustomFields(orderId: $id, input: $input) { id } }";
        let variables = json!({"id": id, "input": {"id": id, "customFields": {field: key}}});
        let document = Document {
            name: "setDraftOrderCustomFields",
            text,
            variables,
        };
        self.mutate::<Value>(document).await.map(drop)
    }

    /// Adds, changes and removes lines in one call, one after the other.
    pub(super) async fn change_lines(
        &self,
        id: &str,
        changes: &[LineChange],
    ) -> Result<Vec<Outcome>, Error> {
        let mut parameters = String::from("$id: ID!");
        let mut fields = String::new();
        let mut variables = Map::from_iter([("id".to_owned(), json!(id))]);
        for (at, change) in changes.iter().enumerate() {
            // Writing into a String cannot fail.
            let _ = match change {
                LineChange::Add(_) => {
                    let _ = write!(parameters, ", $v{at}: AddItemToDraftOrderInput!");
                    write!(
                        fields,
                        "c{at}: addItemToDraftOrder(orderId: $id, input: $v{at}) {{ {LINE_OUTCOME} }} "
                    )
                }
                LineChange::Adjust(_) => {
                    let _ = write!(parameters, ", $v{at}: AdjustDraftOrderLineInput!");
                    write!(
                        fields,
                        "c{at}: adjustDraftOrderLine(orderId: $id, input: $v{at}) {{ {LINE_OUTCOME} }} "
                    )
                }
                LineChange::Remove(_) => {
                    let _ = write!(parameters, ", $v{at}: ID!");
                    write!(
                        fields,
                        "c{at}: removeDraftOrderLine(orderId: $id, orderLineId: $v{at}) {{ __typename ... on ErrorResult {{ errorCode message }} }} "
                    )
                }
            };
            variables.insert(format!("v{at}"), change.input());
        }
        let text = format!("mutation({parameters}) {{ {fields}}}");
        let variables = Value::Object(variables);
        let document = Document {
            name: "addItemToDraftOrder",
            text: &text,
            variables,
        };
        let data: Map<String, Value> = self.mutate(document).await?;
        data.into_values().map(outcome).collect()
    }

    pub(super) async fn set_customer(
        &self,
        id: &str,
        customer: &CustomerInput,
    ) -> Result<Outcome, Error> {
        let text = format!(
            "mutation($id: ID!, $input: CreateCustomerInput!) {{ \
             result: setCustomerForDraftOrder(orderId: $id, input: $input) {{ {OUTCOME_PLAIN} }} }}"
        );
        let variables = json!({"id": id, "input": customer});
        self.outcome("setCustomerForDraftOrder", &text, variables)
            .await
    }

    /// For a buyer whose address a registered customer has.
    pub(super) async fn set_known_customer(&self, id: &str, email: &str) -> Result<Outcome, Error> {
        #[derive(Deserialize)]
        struct Data {
            customers: Items<IdOnly>,
        }
        let text = "query($options: CustomerListOptions) { customers(options: $options) { items { id } } }";
        let variables = json!({"options": {"filter": {"emailAddress": {"eq": email}}, "take": 1}});
        let found: Data = self
            .query(Document {
                name: "customers",
                text,
                variables,
            })
            .await?;
        let customer = found
            .customers
            .items
            .first()
            .map(|customer| customer.id.clone());
        let text = format!(
            "mutation($id: ID!, $customer: ID) {{ \
             result: setCustomerForDraftOrder(orderId: $id, customerId: $customer) {{ {OUTCOME_PLAIN} }} }}"
        );
        let variables = json!({"id": id, "customer": customer});
        self.outcome("setCustomerForDraftOrder", &text, variables)
            .await
    }

    pub(super) async fn set_addresses(
        &self,
        id: &str,
        shipping: &AddressInput,
        billing: &AddressInput,
    ) -> Result<(), Error> {
        let text = "mutation($id: ID!, $shipping: CreateAddressInput!, $billing: CreateAddressInput!) { \
            s: setDraftOrderShippingAddress(orderId: $id, input: $shipping) { id } \
            b: setDraftOrderBillingAddress(orderId: $id, input: $billing) { id } }";
        let variables = json!({"id": id, "shipping": shipping, "billing": billing});
        let document = Document {
            name: "setDraftOrderShippingAddress",
            text,
            variables,
        };
        self.mutate::<Value>(document).await.map(drop)
    }

    pub(super) async fn shipping_quotes(&self, id: &str) -> Result<Vec<ShippingQuote>, Error> {
        #[derive(Deserialize)]
        struct Data {
            quotes: Vec<ShippingQuote>,
        }
        let text = "query($id: ID!) { quotes: eligibleShippingMethodsForDraftOrder(orderId: $id) { \
            id code priceWithTax } }";
        let variables = json!({"id": id});
        let name = "eligibleShippingMethodsForDraftOrder";
        Ok(self
            .query::<Data>(Document {
                name,
                text,
                variables,
            })
            .await?
            .quotes)
    }

    pub(super) async fn set_shipping(&self, id: &str, method: &str) -> Result<Outcome, Error> {
        let text = format!(
            "mutation($id: ID!, $method: ID!) {{ \
             result: setDraftOrderShippingMethod(orderId: $id, shippingMethodId: $method) {{ {OUTCOME_PLAIN} }} }}"
        );
        let variables = json!({"id": id, "method": method});
        self.outcome("setDraftOrderShippingMethod", &text, variables)
            .await
    }

    pub(super) async fn transition(&self, id: &str, state: &str) -> Result<Outcome, Error> {
        let text = format!(
            "mutation($id: ID!, $state: String!) {{ \
             result: transitionOrderToState(id: $id, state: $state) {{ {OUTCOME} }} }}"
        );
        let variables = json!({"id": id, "state": state});
        self.outcome("transitionOrderToState", &text, variables)
            .await
    }

    pub(super) async fn pay(&self, input: Value) -> Result<Outcome, Error> {
        let text = format!(
            "mutation($input: ManualPaymentInput!) {{ \
             result: addManualPaymentToOrder(input: $input) {{ {OUTCOME_PLAIN} }} }}"
        );
        self.outcome("addManualPaymentToOrder", &text, json!({"input": input}))
            .await
    }

    pub(super) async fn cancel(&self, id: &str, reason: &str) -> Result<Outcome, Error> {
        let text = format!(
            "mutation($input: CancelOrderInput!) {{ \
             result: cancelOrder(input: $input) {{ {OUTCOME} }} }}"
        );
        let input = json!({"orderId": id, "reason": reason, "cancelShipping": true});
        self.outcome("cancelOrder", &text, json!({"input": input}))
            .await
    }

    /// Pieces of the shop's lines, as (line, pieces).
    pub(super) async fn cancel_pieces(
        &self,
        id: &str,
        pieces: &[(String, u32)],
        reason: &str,
    ) -> Result<Outcome, Error> {
        let text = format!(
            "mutation($input: CancelOrderInput!) {{ \
             result: cancelOrder(input: $input) {{ {OUTCOME} }} }}"
        );
        let line =
            |(line, quantity): &(String, u32)| json!({"orderLineId": line, "quantity": quantity});
        let lines: Vec<Value> = pieces.iter().map(line).collect();
        let input = json!({
            "orderId": id, "reason": reason, "cancelShipping": false, "lines": lines,
        });
        self.outcome("cancelOrder", &text, json!({"input": input}))
            .await
    }

    /// A note for staff alone.
    pub(super) async fn add_note(&self, id: &str, note: &str) -> Result<(), Error> {
        let text = "mutation($input: AddNoteToOrderInput!) { \
            result: addNoteToOrder(input: $input) { id } }";
        let input = json!({"id": id, "note": note, "isPublic": false});
        let document = Document {
            name: "addNoteToOrder",
            text,
            variables: json!({"input": input}),
        };
        self.mutate::<Value>(document).await.map(drop)
    }

    pub(super) async fn delete_draft(&self, id: &str) -> Result<Deletion, Error> {
        #[derive(Deserialize)]
        struct Data {
            result: Deletion,
        }
        let text =
            "mutation($id: ID!) { result: deleteDraftOrder(orderId: $id) { result message } }";
        let document = Document {
            name: "deleteDraftOrder",
            text,
            variables: json!({"id": id}),
        };
        Ok(self.mutate::<Data>(document).await?.result)
    }

    async fn outcome(&self, name: &str, text: &str, variables: Value) -> Result<Outcome, Error> {
        #[derive(Deserialize)]
        struct Data {
            result: Option<Outcome>,
        }
        let data: Data = self
            .mutate(Document {
                name,
                text,
                variables,
            })
            .await?;
        data.result.ok_or_else(|| {
            Error::unknown(Kind::Decode, "the shop answers neither yes nor no").with_operation(name)
        })
    }
}

const OUTCOME_PLAIN: &str = "__typename ... on ErrorResult { errorCode message }";

fn outcome(value: Value) -> Result<Outcome, Error> {
    serde_json::from_value(value).map_err(|error| {
        Error::unknown(Kind::Decode, "the shop's answer about a line does not fit")
            .with_source(error)
    })
}
