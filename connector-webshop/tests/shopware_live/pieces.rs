//! Pieces taken off an order in a real Shopware.
