//! The heaviest carriers of a code, while its forms are gone through.

use crate::Carrier;
use crate::detection::{Check, MOST_CANDIDATES};
use crate::format::Form;
use crate::tables::FORMS;

/// What is shown of a carrier: its heaviest form, what became of the check digit, and flags.
///
/// One word, because it is moved about: the parts of a larger value that was just written would
/// have to be waited for.
#[derive(Clone, Copy)]
pub(crate) struct Tag(u64);

impl Tag {
    #[inline]
    pub(crate) const fn new(carrier: Carrier, form: u16, flags: u16, check: Check) -> Self {
        let low = carrier.0 as u64 | (form as u64) << 16;
        Self(low | (flags as u64) << 32 | (check as u64) << 48)
    }

    #[inline]
    pub(crate) const fn carrier(self) -> Carrier {
        Carrier(self.0 as u16)
    }

    #[inline]
    pub(crate) fn form(self) -> Option<&'static Form> {
        FORMS.get(usize::from((self.0 >> 16) as u16))
    }

    #[inline]
    pub(crate) const fn flags(self) -> u16 {
        (self.0 >> 32) as u16
    }

    #[inline]
    pub(crate) const fn check(self) -> Check {
        match self.0 >> 48 {
            0 => Check::Verified,
            1 => Check::Failed,
            _ => Check::None,
        }
    }

    /// With the flags of another one as well.
    #[inline]
    const fn and_flags(self, other: Self) -> Self {
        Self(self.0 | other.0 & 0xffff_0000_0000)
    }
}

/// What the forms of one carrier come to: the weights add up, the heaviest form is shown.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) tag: Tag,
    pub(crate) weight: f32,
    pub(crate) best: f32,
    /// The confidence that the hints allow.
    pub(crate) floor: f32,
}

impl Entry {
    pub(crate) const NONE: Self = Self {
        tag: Tag(0),
        weight: 0.0,
        best: 0.0,
        floor: 0.0,
    };

    #[inline]
    const fn join(&mut self, new: &Self) {
        self.weight += new.weight;
        if new.best > self.best {
            self.best = new.best;
            self.floor = new.floor;
            self.tag = new.tag.and_flags(self.tag);
        } else {
            self.tag = self.tag.and_flags(new.tag);
        }
    }
}

/// The heaviest carriers so far. They stay where they are; only their order is kept sorted.
pub(crate) struct Field {
    tags: [Tag; MOST_CANDIDATES],
    weights: [f32; MOST_CANDIDATES],
    bests: [f32; MOST_CANDIDATES],
    floors: [f32; MOST_CANDIDATES],
    /// Places in the lists above, heaviest first.
    order: [u8; MOST_CANDIDATES],
    count: usize,
    /// The carrier whose forms come just now, if its weight is above nought.
    open: Entry,
    pub(crate) total: f32,
}

impl Field {
    pub(crate) const EMPTY: Self = Self {
        tags: [Tag(0); MOST_CANDIDATES],
        weights: [0.0; MOST_CANDIDATES],
        bests: [0.0; MOST_CANDIDATES],
        floors: [0.0; MOST_CANDIDATES],
        order: [0; MOST_CANDIDATES],
        count: 0,
        open: Entry::NONE,
        total: 0.0,
    };

    /// The places of the carriers, heaviest first.
    #[inline]
    pub(crate) fn places(&self) -> &[u8] {
        self.order.get(..self.count).unwrap_or(&[])
    }

    #[inline]
    pub(crate) fn get(&self, place: u8) -> Entry {
        // Always in bounds: the order holds places of the lists.
        let at = usize::from(place) % MOST_CANDIDATES;
        Entry {
            tag: self.tags[at],
            weight: self.weights[at],
            best: self.bests[at],
            floor: self.floors[at],
        }
    }

    #[inline]
    const fn set(&mut self, place: u8, entry: &Entry) {
        let at = place as usize % MOST_CANDIDATES;
        self.tags[at] = entry.tag;
        self.weights[at] = entry.weight;
        self.bests[at] = entry.best;
        self.floors[at] = entry.floor;
    }

    /// Adds a form. The tables are sorted by carrier, so that one carrier's forms come together.
    #[inline]
    pub(crate) fn add(&mut self, new: &Entry) {
        self.total += new.weight;
        if self.open.tag.carrier() == new.tag.carrier() && self.open.weight > 0.0 {
            self.open.join(new);
        } else {
            self.close();
            self.open = *new;
        }
    }

    /// Adds a form of a carrier that may have had its turn: those of the postal union.
    pub(crate) fn add_late(&mut self, new: &Entry) {
        self.close();
        let known = self.places();
        let at = known
            .iter()
            .position(|&place| self.get(place).tag.carrier() == new.tag.carrier());
        let Some((at, &place)) = at.and_then(|at| Some((at, known.get(at)?))) else {
            self.add(new);
            return;
        };
        self.total += new.weight;
        let mut entry = self.get(place);
        entry.join(new);
        self.set(place, &entry);
        self.rise(at, place, entry.weight);
    }

    /// Puts the carrier whose forms came last to the others.
    #[inline]
    pub(crate) fn close(&mut self) {
        let done = self.open;
        if done.weight <= 0.0 {
            return;
        }
        self.open.weight = 0.0;
        let last = self.count.min(MOST_CANDIDATES - 1);
        let place = if self.count > last {
            self.order[last]
        } else {
            last as u8
        };
        if self.count <= last || self.weights[usize::from(place) % MOST_CANDIDATES] < done.weight {
            self.set(place, &done);
            self.count = last + 1;
            self.rise(last, place, done.weight);
        }
    }

    /// Moves an entry to its place among the heavier ones.
    #[inline]
    fn rise(&mut self, mut at: usize, place: u8, weight: f32) {
        while at > 0 && at < MOST_CANDIDATES {
            let above = self.order[at - 1];
            if self.weights[usize::from(above) % MOST_CANDIDATES] >= weight {
                break;
            }
            self.order[at] = above;
            at -= 1;
        }
        self.order[at % MOST_CANDIDATES] = place;
    }
}
