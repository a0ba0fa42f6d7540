//! What hints tell of a carrier's format.

use crate::detection::{ADDRESS, FITS, OTHER_POSTCODE, POSTCODE, PRINTED, UNUSUAL, USUAL};
use crate::tables::FORMATS;
use crate::{Carrier, Format, Hints};

/// What hints tell of a carrier's format: a factor, the confidence they allow, and flags.
pub(crate) type Told = (f32, f32, u16);
pub(crate) const NOTHING_TOLD: Told = (1.0, 0.0, 0);

/// A carrier that the text around a code names.
#[derive(Clone, Copy)]
pub(crate) enum Named {
    /// The code stood in an address of the carrier's tracking pages.
    Address(Carrier),
    /// The code is written as the carrier prints its codes.
    Printed(Carrier),
}

/// What hints do to one format.
pub(crate) struct Context<'a> {
    hints: &'a Hints<'a>,
    usual_total: f32,
    named: Option<Named>,
    postcode: [u8; 10],
    postcode_length: usize,
}

impl<'a> Context<'a> {
    pub(crate) fn new(hints: &'a Hints<'a>, named: Option<Named>) -> Self {
        let mut context = Self {
            hints,
            usual_total: 0.0,
            named,
            postcode: [0; 10],
            postcode_length: 0,
        };
        for usual in hints.usual {
            context.usual_total += usual.counted();
        }
        let digits = hints
            .postcode
            .unwrap_or("")
            .bytes()
            .filter(u8::is_ascii_digit);
        for (slot, digit) in context.postcode.iter_mut().zip(digits) {
            *slot = digit - b'0';
            context.postcode_length += 1;
        }
        context
    }

    /// Factor, least ceiling and flags that the hints give a carrier's format.
    pub(crate) fn weigh(&self, carrier: Carrier, format: u16, symbols: &[u8]) -> Told {
        FORMATS
            .get(usize::from(format))
            .map_or(NOTHING_TOLD, |format| {
                self.weigh_hinted(carrier, format, symbols)
            })
    }

    fn weigh_hinted(&self, carrier: Carrier, format: &Format, symbols: &[u8]) -> Told {
        let (mut factor, mut ceiling, mut flags) = (1.0, 0.0, 0);
        let countries = if format.countries.is_empty() {
            carrier.countries()
        } else {
            format.countries
        };
        let region = self
            .hints
            .marketplace
            .map_or(&[][..], |market| market.region());
        let given = [self.hints.destination, self.hints.origin];
        if !countries.is_empty() && given.iter().any(Option::is_some) {
            if given
                .iter()
                .flatten()
                .any(|country| countries.contains(country))
            {
                factor *= 3.0;
                ceiling = 0.7;
                flags |= FITS;
            } else {
                factor *= 0.15;
                flags |= UNUSUAL;
            }
        } else if !countries.is_empty() && !region.is_empty() {
            factor *= if countries.iter().any(|c| region.contains(c)) {
                2.0
            } else {
                0.5
            };
        }
        if self.usual_total > 0.0 {
            // How often the carrier, and how often with such codes.
            let (mut any, mut alike) = (0.0, 0.0);
            let its = self.hints.usual.iter();
            for usual in its.filter(|usual| usual.carrier == carrier) {
                any += usual.counted();
                if usual.format.is_none_or(|known| known.id == format.id) {
                    alike += usual.counted();
                }
            }
            let share = any / self.usual_total;
            if alike > 0.0 {
                factor *= (2.0 + 40.0 * share).min(20.0);
                ceiling = 0.9;
                flags |= USUAL;
            } else if any > 0.0 {
                factor *= (1.0 + 10.0 * share).min(5.0);
                ceiling = 0.78;
                flags |= USUAL;
            }
        }
        match self.named {
            Some(Named::Address(host)) if host == carrier || format.also.contains(&host) => {
                factor *= 400.0;
                ceiling = 0.97;
                flags |= ADDRESS;
            }
            // By itself not enough to go without a person: others may write an order number so.
            Some(Named::Printed(printer)) if printer == carrier => {
                factor *= 400.0;
                ceiling = 0.78;
                flags |= PRINTED;
            }
            Some(Named::Address(_) | Named::Printed(_)) | None => {}
        }
        match self.postcode_in(format, symbols) {
            Some(true) => {
                factor *= 30.0;
                ceiling = 0.95;
                flags |= POSTCODE;
            }
            Some(false) => {
                factor *= 0.2;
                flags |= OTHER_POSTCODE;
            }
            None => {}
        }
        (factor, ceiling, flags)
    }

    /// Whether the part of the code that holds the postcode is that of the hints.
    fn postcode_in(&self, format: &Format, symbols: &[u8]) -> Option<bool> {
        let (from, length) = format.postcode?;
        let hint = self.postcode.get(..self.postcode_length)?;
        if hint.len() < 4 {
            return None;
        }
        let from = match usize::try_from(from) {
            Ok(from) => from,
            Err(_) => symbols
                .len()
                .checked_sub(usize::from(from.unsigned_abs()))?,
        };
        let inside = symbols.get(from..from + usize::from(length))?;
        // Shorter postcodes are filled up with noughts on either side.
        let at = inside.len().checked_sub(hint.len())?;
        Some(inside.starts_with(hint) || inside.get(at..) == Some(hint))
    }
}
