//! Matching: which formats a code fits.
//!
//! Formats that codes of one length, start and kind may fit are a group of at most 64: one bit per
//! format, one row per position and character. The bits that survive all positions are the formats
//! that fit.

use crate::format::{Column, Form, Four, Group, Set};
use crate::input::Code;
use crate::tables::{COLUMNS, FORMS, GROUPS, MAPS, MEMBERS, ROWS, SETS, STARTS};

// The sizes of tables that are read with a remainder are powers of two: to stay inside costs no
// branch.

/// Calls `each` with every form that fits.
pub(crate) fn fitting(code: &Code, mut each: impl FnMut(&'static Form)) {
    let group = group(code);
    let mut bits = scan(code, group);
    while bits != 0 {
        each(form(group, bits.trailing_zeros() as u16).1);
        bits &= bits - 1;
    }
}

/// The form of a bit, with its number.
#[inline]
pub(crate) fn form(group: &Group, bit: u16) -> (u16, &'static Form) {
    let number = MEMBERS[usize::from(group.first_form + bit) % MEMBERS.len()];
    (number, &FORMS[usize::from(number) % FORMS.len()])
}

/// The forms that may fit, by the length, by the start, and by where there are letters.
#[inline]
pub(crate) fn group(code: &Code) -> &'static Group {
    let length = usize::from(code.length);
    let letter = |at: usize| usize::from(code.letters >> (at & 63) & 1 == 1);
    let outline = letter(1) * 4 + letter(2) * 2 + letter(length.wrapping_sub(1));
    // Without a branch: letters or none is hard to foresee.
    let kind = (1 + outline) & usize::from(code.letters == 0).wrapping_sub(1);
    let start = (length * 9 + kind) * 36 + usize::from(code.symbols[0]);
    let number = STARTS[start % STARTS.len()];
    &GROUPS[usize::from(number) % GROUPS.len()]
}

/// Which forms of a code's group fit.
#[inline]
pub(crate) fn scan(code: &Code, group: &'static Group) -> u64 {
    let row = |column: &Column| {
        let symbol = code.symbols[usize::from(column.place) % code.symbols.len()];
        let class = MAPS[usize::from(column.map.wrapping_add(u16::from(symbol))) % MAPS.len()];
        ROWS[(usize::from(column.rows) + usize::from(class)) % ROWS.len()]
    };
    // At once, so that what is between nought and four decides nothing.
    let rows = |Four([a, b, c, d]): &Four| row(a) & row(b) & row(c) & row(d);
    let mut bits = group.all & rows(&group.four);
    let first = usize::from(group.first_column);
    let lettered = first + usize::from(group.columns);
    for four in COLUMNS.get(first..lettered).unwrap_or(&[]) {
        bits &= rows(four);
    }
    if code.letters & group.lettered != 0 {
        let fours = COLUMNS.get(lettered..).unwrap_or(&[]).iter();
        let columns = fours.flat_map(|four| &four.0);
        for column in columns.take(usize::from(group.lettered_columns)) {
            if code.letters >> (column.place & 63) & 1 == 1 {
                bits &= row(column);
            }
        }
    }
    bits
}

/// What fits a code.
#[derive(Clone, Copy)]
pub(crate) struct Fit {
    pub(crate) group: &'static Group,
    /// A bit for each form of the group that fits.
    pub(crate) forms: u64,
    /// The same, if answers for it stand ready.
    pub(crate) set: Option<&'static Set>,
}

impl Fit {
    /// Nothing yet.
    pub(crate) const NONE: Self = Self {
        group: &Group::NONE,
        forms: 0,
        set: None,
    };
}

/// What of a code's group fits it.
#[inline]
pub(crate) fn fit(code: &Code, group: &'static Group) -> Fit {
    let forms = scan(code, group);
    let set = set(group, forms);
    Fit { group, forms, set }
}

/// The set of a group's forms, if answers for it stand ready.
#[inline]
fn set(group: &Group, forms: u64) -> Option<&'static Set> {
    // Each group has a seed by which none of its sets is in the way of another.
    let salt = u64::from(group.seed).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    let hash = (forms ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let slot = (hash >> 1 >> (63 - (group.width & 63))) as usize;
    let set = SETS.get(usize::from(group.sets) + slot)?;
    (set.forms == forms).then_some(set)
}
