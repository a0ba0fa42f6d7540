//! Matching: which formats a code fits.
//!
//! Formats of one length that may start alike are a group of at most 64: one bit per format, one
//! row per position and character. The bits that survive all positions are the formats that fit.

use crate::format::Group;
use crate::input::Code;
use crate::tables::{COLUMNS, GROUPS, MAPS, ROWS, STARTS};

/// Calls `each` with the position of every form that fits, lowest first.
pub(crate) fn fitting(code: &Code, mut each: impl FnMut(usize)) {
    let group = group(code);
    let mut bits = scan(code, group, group.all);
    while bits != 0 {
        each(usize::from(group.first_form) + bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// The forms that may fit, by the length, by whether there are letters, and by the start.
#[inline]
pub(crate) fn group(code: &Code) -> &'static Group {
    let kind = usize::from(code.length) * 2 + usize::from(!code.digits_only());
    let starts = STARTS.get(kind).unwrap_or(&[0; 64]);
    let number = starts[usize::from(code.symbols[0] & 63)];
    GROUPS.get(usize::from(number)).unwrap_or(&Group::NONE)
}

/// Which of `some` forms of a code's group fit.
#[inline]
pub(crate) fn scan(code: &Code, group: &'static Group, some: u64) -> u64 {
    let columns = COLUMNS
        .get(usize::from(group.first_column)..)
        .unwrap_or(&[]);
    // Digits only behind the tail's start are looked up at once. Without a branch, as nobody could
    // foretell which it is.
    let letters = code.letters >> (group.tail & 63) != 0;
    let all = u64::from(letters).wrapping_neg();
    let mut places = group.places | (all & ((1 << (code.length & 63)) - 1));
    let mut bits = some & (all | group.tail_row);
    while places != 0 {
        let place = places.trailing_zeros() as usize;
        places &= places - 1;
        let (Some(&symbol), Some(&(map, rows))) = (code.symbols.get(place), columns.get(place))
        else {
            return 0;
        };
        let class = MAPS
            .get(usize::from(map))
            .map_or(0, |map| map[usize::from(symbol & 63)]);
        let row = usize::from(rows) + usize::from(class);
        bits &= ROWS.get(row).copied().unwrap_or(0);
    }
    bits
}
