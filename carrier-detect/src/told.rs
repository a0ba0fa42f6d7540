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

#[cfg(test)]
mod tests {
    use super::{Context, Named, Told};
    use crate::detection::{ADDRESS, FITS, OTHER_POSTCODE, POSTCODE, PRINTED, UNUSUAL, USUAL};
    use crate::tables::FORMATS;
    use crate::words::Marketplace;
    use crate::{Country, Format, Hints, Usual, carriers};

    const NL: Country = Country(*b"NL");
    const US: Country = Country(*b"US");
    /// For the United States, with the postcode 78745.
    const CODE: &str = "420787459400111206206406260787";

    fn format(id: &str) -> &'static Format {
        let found = FORMATS.iter().find(|format| format.id == id);
        found.expect("a format of this name")
    }

    /// What the hints tell of [`CODE`] as one of USPS.
    fn told(hints: &Hints<'_>, named: Option<Named>) -> Told {
        let mut symbols = [0; CODE.len()];
        for (symbol, digit) in symbols.iter_mut().zip(CODE.bytes()) {
            *symbol = digit - b'0';
        }
        let context = Context::new(hints, named);
        context.weigh_hinted(carriers::USPS, format("usps_420"), &symbols)
    }

    #[track_caller]
    fn is(told: Told, factor: f32, ceiling: f32, flags: u16) {
        assert!((told.0 - factor).abs() < 1e-4, "{told:?}, not {factor}");
        assert!((told.1 - ceiling).abs() < 1e-4, "{told:?}, not {ceiling}");
        assert_eq!(told.2, flags, "{told:?}");
    }

    #[test]
    fn countries_lift_and_lower() {
        let none = Hints::none();
        is(told(&none, None), 1.0, 0.0, 0);
        is(told(&none.with_destination(US), None), 3.0, 0.7, FITS);
        is(told(&none.with_destination(NL), None), 0.15, 0.0, UNUSUAL);
        let both = none.with_destination(NL).with_origin(US);
        is(told(&both, None), 3.0, 0.7, FITS);
        let market = |market| told(&none.with_marketplace(market), None);
        is(market(Marketplace::Walmart), 2.0, 0.0, 0);
        is(market(Marketplace::Bol), 0.5, 0.0, 0);
        is(market(Marketplace::Amazon), 1.0, 0.0, 0);
        // A country counts, not the marketplace beside it.
        let known = none.with_marketplace(Marketplace::Bol).with_destination(US);
        is(told(&known, None), 3.0, 0.7, FITS);
        // A carrier of all the world.
        for hints in [known, none.with_marketplace(Marketplace::Bol)] {
            let context = Context::new(&hints, None);
            let anywhere = context.weigh_hinted(carriers::CAINIAO, format("lp_cn"), &[]);
            is(anywhere, 1.0, 0.0, 0);
        }
    }

    #[test]
    fn usual_carriers_lift_by_their_share() {
        let usual = |list: &[Usual], country: Option<Country>| {
            let mut hints = Hints::none().with_usual(list);
            hints.destination = country;
            told(&hints, None)
        };
        let others = Usual::new(carriers::UPS, 12.0);
        let usps = Usual::new(carriers::USPS, 4.0);
        let alike = usps.in_format(format("usps_420"));
        let unlike = usps.in_format(format("usps_420n"));
        is(usual(&[others], None), 1.0, 0.0, 0);
        is(usual(&[usps, others], None), 12.0, 0.9, USUAL);
        is(usual(&[alike, others], None), 12.0, 0.9, USUAL);
        is(usual(&[alike], None), 20.0, 0.9, USUAL);
        is(usual(&[unlike, others], None), 3.5, 0.78, USUAL);
        is(usual(&[unlike], None), 5.0, 0.78, USUAL);
        is(usual(&[alike, others], Some(US)), 36.0, 0.9, FITS | USUAL);
        is(usual(&[unlike, others], Some(US)), 10.5, 0.78, FITS | USUAL);
        // Counted, but never.
        let never = Usual::new(carriers::USPS, 0.0);
        is(usual(&[never, others], None), 1.0, 0.0, 0);
        is(usual(&[never], None), 1.0, 0.0, 0);
    }

    #[test]
    fn what_names_a_carrier_lifts_most() {
        let to = Hints::none().with_destination(US);
        let address = Some(Named::Address(carriers::USPS));
        let printed = Some(Named::Printed(carriers::USPS));
        is(told(&Hints::none(), address), 400.0, 0.97, ADDRESS);
        is(told(&to, address), 1200.0, 0.97, FITS | ADDRESS);
        is(told(&Hints::none(), printed), 400.0, 0.78, PRINTED);
        is(told(&to, printed), 1200.0, 0.78, FITS | PRINTED);
        let other = Some(Named::Address(carriers::UPS));
        is(told(&Hints::none(), other), 1.0, 0.0, 0);
    }

    #[test]
    fn a_postcode_in_the_code_is_compared() {
        let post = |code, country: Option<Country>| {
            let mut hints = Hints::none().with_postcode(code);
            hints.destination = country;
            told(&hints, None)
        };
        is(post("78745", None), 30.0, 0.95, POSTCODE);
        is(post("7874", None), 30.0, 0.95, POSTCODE);
        is(post("8745", None), 30.0, 0.95, POSTCODE);
        is(post("787", None), 1.0, 0.0, 0);
        is(post("90210", None), 0.2, 0.0, OTHER_POSTCODE);
        is(post("78745", Some(US)), 90.0, 0.95, FITS | POSTCODE);
        is(post("90210", Some(US)), 0.6, 0.7, FITS | OTHER_POSTCODE);
    }
}
