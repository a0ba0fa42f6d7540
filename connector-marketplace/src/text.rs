//! Texts: what says something, marks of them, references that fit.

/// FNV-1a: the same on every machine and in every version.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A text that says something.
pub(crate) fn text(text: Option<&str>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A reference as a platform can hold it. A longer one is cut and keeps a mark of the whole, so
/// that different references stay different and the same stays the same.
///
/// `Err` is a refusal for a person.
#[cfg(any(feature = "bol", feature = "mirakl"))]
pub(crate) fn reference(reference: &str, longest: usize) -> Result<String, String> {
    if reference.trim().is_empty() {
        return Err("a shipment without a reference could not be found again".to_owned());
    }
    if reference.chars().count() <= longest {
        return Ok(reference.to_owned());
    }
    let start: String = reference.chars().take(longest.saturating_sub(17)).collect();
    Ok(format!("{start}~{:016x}", fnv(reference.as_bytes())))
}
