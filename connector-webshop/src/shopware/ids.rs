//! Ids that we choose, and Shopware keeps: the same order always gets the same ones.
//!
//! **Invariant.** An id follows from the key alone (UUID version 5, RFC 9562 §5.5), and the rule
//! never changes: an order that was made under another id would not be found, and not refused.

use std::fmt::Write as _;

use order_core::ids::ExternalKey;
use sha1::{Digest as _, Sha1};

/// The namespace of every id: a random UUID, chosen once.
const NAMESPACE: [u8; 16] = [
    0x6f, 0x2c, 0x0a, 0x53, 0x94, 0x1d, 0x4e, 0x0b, 0x8c, 0x77, 0x35, 0xd1, 0x0e, 0x9b, 0x42, 0xa6,
];

/// The id of an order.
pub(super) fn order(key: &ExternalKey) -> String {
    part(key, "order")
}

/// The id of a part of an order, such as `line/OI-1`.
pub(super) fn part(key: &ExternalKey, name: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(NAMESPACE);
    hash.update(format!("{key}\n{name}").as_bytes());
    let digest = hash.finalize();
    let mut bytes = [0_u8; 16];
    for (byte, own) in bytes.iter_mut().zip(digest.iter()) {
        *byte = *own;
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x50;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Shopware's ids are 32 hexadecimal digits, and it refuses searches for anything else.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_never_change() {
        let key = ExternalKey::new("bol", "A-1");
        assert_eq!(order(&key), "48a0aeaa3e1657a6852edd3a212bdf39");
        assert_eq!(order(&key).len(), 32);
        assert_ne!(order(&key), order(&ExternalKey::new("bol", "A-2")));
        assert_ne!(part(&key, "line/1"), part(&key, "line/2"));
    }
}
