//! Every GraphQL document that is sent. A test checks each against the publisher's schema.
//!
//! Pages are small, because Shopify counts what a document could return before it runs it, and
//! refuses more than a thousand points. What does not fit on a page is read with a call of its own.

/// The version of the Admin API that these documents are written for.
pub(super) const VERSION: &str = "2026-10";

/// Orders that one call of [`ORDERS`] may ask for.
pub(super) const ORDERS_AT_ONCE: usize = 5;

/// Parcels on a page of [`ORDERS`].
pub(super) const PARCELS: usize = 5;

/// Parcels that an order may have at all.
pub(super) const MOST_PARCELS: usize = 100;

/// A document with the name of its operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// Whether it changes nothing.
    pub(super) reads: bool,
}

const fn query(name: &'static str, text: &'static str) -> Document {
    Document {
        name,
        text,
        reads: true,
    }
}

const fn mutation(name: &'static str, text: &'static str) -> Document {
    Document {
        name,
        text,
        reads: false,
    }
}

macro_rules! with_order_parts {
    ($text:literal) => {
        concat!(
            $text,
            " fragment OrderParts on Order { id name sourceIdentifier note updatedAt cancelledAt \
             displayFulfillmentStatus totalPriceSet { shopMoney { amount currencyCode } } \
             metafield(namespace: $namespace, key: $key) { value } \
             lineItems(first: 20) { nodes { ...LineParts } pageInfo { hasNextPage endCursor } } \
             fulfillments(first: 5) { ...ParcelParts } } \
             fragment LineParts on LineItem { id quantity currentQuantity unfulfilledQuantity \
             customAttributes { key value } } \
             fragment ParcelParts on Fulfillment { id status createdAt \
             trackingInfo(first: 5) { company number url } \
             fulfillmentLineItems(first: 20) { nodes { quantity lineItem { id } } \
             pageInfo { hasNextPage endCursor } } }"
        )
    };
}

/// Orders by id.
pub(super) const ORDERS: Document = query(
    "Orders",
    with_order_parts!(
        "query Orders($ids: [ID!]!, $namespace: String!, $key: String!) { \
         nodes(ids: $ids) { __typename ... on Order { ...OrderParts } } }"
    ),
);

/// Further lines of an order.
pub(super) const LINES: Document = query(
    "Lines",
    "query Lines($id: ID!, $after: String) { order(id: $id) { \
     lineItems(first: 100, after: $after) { nodes { id quantity currentQuantity \
     unfulfilledQuantity customAttributes { key value } } pageInfo { hasNextPage endCursor } } } }",
);

/// All parcels of an order with many.
pub(super) const ALL_PARCELS: Document = query(
    "Parcels",
    "query Parcels($id: ID!) { order(id: $id) { fulfillments(first: 100) { id status createdAt \
     trackingInfo(first: 5) { company number url } } } }",
);

/// Further lines of a parcel.
pub(super) const PARCEL_LINES: Document = query(
    "ParcelLines",
    "query ParcelLines($id: ID!, $after: String) { fulfillment(id: $id) { \
     fulfillmentLineItems(first: 100, after: $after) { nodes { quantity lineItem { id } } \
     pageInfo { hasNextPage endCursor } } } }",
);

/// Orders under our key: by the unique metafield, which needs no search index, and by search.
pub(super) const FIND: Document = query(
    "Find",
    "query Find($search: String!, $identifier: OrderIdentifierInput!, $keyed: Boolean!, \
     $namespace: String!, $key: String!) { \
     byKey: orderByIdentifier(identifier: $identifier) @include(if: $keyed) { ...Own } \
     bySearch: orders(first: 10, query: $search) { nodes { ...Own } } } \
     fragment Own on Order { id sourceIdentifier \
     metafield(namespace: $namespace, key: $key) { value } }",
);

/// Makes an order.
pub(super) const CREATE: Document = mutation(
    "Create",
    "mutation Create($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput!) { \
     orderCreate(order: $order, options: $options) { order { id } \
     userErrors { field message code } } }",
);

/// Cancels an order. The rest is done by a job of Shopify's.
pub(super) const CANCEL: Document = mutation(
    "Cancel",
    "mutation Cancel($id: ID!, $reason: OrderCancelReason!, $note: String!) { \
     orderCancel(orderId: $id, reason: $reason, restock: true, notifyCustomer: false, \
     refundMethod: { originalPaymentMethodsRefund: false }, staffNote: $note) { \
     orderCancelUserErrors { field message code } } }",
);

/// What a refund of pieces would be: where they go back into stock, and which payment it is of.
pub(super) const SUGGEST: Document = query(
    "Suggest",
    "query Suggest($id: ID!, $lines: [RefundLineItemInput!]!) { order(id: $id) { \
     suggestedRefund(refundLineItems: $lines) { \
     refundLineItems { quantity restockType location { id } lineItem { id } } \
     suggestedTransactions { gateway amountSet { presentmentMoney { amount currencyCode } } \
     parentTransaction { id manualPaymentGateway } } } } }",
);

/// Refunds pieces. Shopify does it once per key.
pub(super) const REFUND: Document = mutation(
    "Refund",
    "mutation Refund($input: RefundInput!, $key: String!) { \
     refundCreate(input: $input) @idempotent(key: $key) { refund { id } \
     userErrors { field message } } }",
);

/// Replaces the note that staff see with an order.
pub(super) const NOTE: Document = mutation(
    "Note",
    "mutation Note($input: OrderInput!) { orderUpdate(input: $input) { \
     order { id } userErrors { field message } } }",
);

/// Orders that were updated, oldest first.
pub(super) const FEED: Document = query(
    "Feed",
    "query Feed($search: String!, $after: String) { \
     orders(first: 100, after: $after, sortKey: UPDATED_AT, query: $search) { \
     nodes { id updatedAt } pageInfo { hasNextPage endCursor } } }",
);

/// The order that was updated last.
pub(super) const LAST_UPDATED: Document = query(
    "LastUpdated",
    "query LastUpdated { orders(first: 1, sortKey: UPDATED_AT, reverse: true) { \
     nodes { id updatedAt } pageInfo { hasNextPage endCursor } } }",
);

/// Variants by article number or barcode.
pub(super) const VARIANTS: Document = query(
    "Variants",
    "query Variants($search: String!, $after: String) { \
     productVariants(first: 100, after: $after, query: $search) { \
     nodes { id sku barcode } pageInfo { hasNextPage endCursor } } }",
);

/// What `check` wants to know.
pub(super) const CHECK: Document = query(
    "Check",
    "query Check($namespace: String!, $key: String!) { \
     shop { name currencyCode myshopifyDomain } \
     currentAppInstallation { accessScopes { handle } } \
     metafieldDefinitions(first: 1, ownerType: ORDER, namespace: $namespace, key: $key) { \
     nodes { type { name } capabilities { uniqueValues { enabled } } } } }",
);

/// Every document.
#[cfg(any(test, feature = "sandbox"))]
pub(super) const ALL: &[Document] = &[
    ORDERS,
    LINES,
    ALL_PARCELS,
    PARCEL_LINES,
    FIND,
    CREATE,
    CANCEL,
    SUGGEST,
    REFUND,
    NOTE,
    FEED,
    LAST_UPDATED,
    VARIANTS,
    CHECK,
];
