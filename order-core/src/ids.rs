//! Names of things, each its own type so that one is never passed for another.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it is.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

id! {
    /// One marketplace account joined to one webshop. Chosen by the operator, stable for ever.
    ConnectionId
}
id! {
    /// The marketplace's id of an order.
    MarketplaceOrderId
}
id! {
    /// The marketplace's id of an order line. Where a platform has one row per piece, the
    /// connector groups equal pieces and makes one stable line id of them.
    LineId
}
id! {
    /// The marketplace's id of a single piece of a line.
    PieceId
}
id! {
    /// The webshop's id of an order.
    ShopOrderId
}
id! {
    /// The id of a shipment within its order: the webshop's where it has one.
    ShipmentId
}
id! {
    /// The marketplace's id of a return.
    ReturnId
}

/// One order of one connection: the key everything hangs on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderKey {
    /// Which connection.
    pub connection: ConnectionId,
    /// Which order of its marketplace.
    pub order: MarketplaceOrderId,
}

impl OrderKey {
    /// A key of its two parts.
    #[must_use]
    pub fn new(connection: impl Into<ConnectionId>, order: impl Into<MarketplaceOrderId>) -> Self {
        Self {
            connection: connection.into(),
            order: order.into(),
        }
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.connection, self.order)
    }
}

/// What our order is called inside the webshop: the text by which it is found again.
///
/// # Invariant
///
/// It follows from the connection's settings and the marketplace's order id alone, and the
/// rule never changes: an order that was created under another text would not be found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExternalKey {
    /// Tells this connection's orders from others in the same webshop (`bol`, `bol-be`).
    pub channel: String,
    /// The marketplace's order id.
    pub order: MarketplaceOrderId,
}

impl ExternalKey {
    /// A key of its two parts.
    #[must_use]
    pub fn new(channel: impl Into<String>, order: impl Into<MarketplaceOrderId>) -> Self {
        Self {
            channel: channel.into(),
            order: order.into(),
        }
    }
}

impl fmt::Display for ExternalKey {
    /// `channel:order`, the form every connector stamps unless its platform forbids it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.channel, self.order)
    }
}
