//! Which transporter brings a parcel.
//!
//! In this order: what the webshop says, the connection's rules, what the code tells when it
//! tells it for certain, the connection's default.

use crate::policy::Policy;
use crate::ports::{CarrierDetector, CodeQuery};
use crate::shipment::{ChosenBy, Tracking};

/// A transporter to be told to the marketplace, before the marketplace's word for it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarrierWish {
    /// Our name of it; `None` when nothing tells.
    pub carrier: Option<String>,
    /// The name for people, as far as known.
    pub name: Option<String>,
    /// How it was chosen.
    pub by: ChosenBy,
    /// The code to send.
    pub code: String,
}

/// Chooses the transporter of a code. `query` asks about the same code and says what is known
/// around it.
pub fn choose_carrier(
    tracking: &Tracking,
    query: &CodeQuery,
    policy: &Policy,
    detector: &dyn CarrierDetector,
) -> CarrierWish {
    let destination = query.destination;
    let guesses = detector.detect(query);
    let code = guesses
        .code
        .clone()
        .unwrap_or_else(|| tracking.code.trim().to_owned());
    if let Some(name) = tracking
        .carrier_name
        .as_deref()
        .filter(|name| !name.trim().is_empty())
        && let Some(carrier) = detector.by_name(name)
    {
        // "DHL" is the name of several: the code tells which, when it is certain of one of them.
        let sibling = guesses
            .candidates
            .first()
            .filter(|guess| guesses.certain && family(&guess.carrier) == family(&carrier));
        return CarrierWish {
            carrier: Some(sibling.map_or(carrier, |guess| guess.carrier.clone())),
            name: Some(name.to_owned()),
            by: ChosenBy::WebshopName(name.to_owned()),
            code,
        };
    }
    for (number, rule) in (1_u32..).zip(&policy.carrier_rules) {
        if rule.country.is_some() && rule.country != destination {
            continue;
        }
        if let Some(range) = rule.matches.find(&tracking.code) {
            let code = if rule.strip {
                let mut stripped = tracking.code.clone();
                stripped.replace_range(range, "");
                stripped.trim().to_owned()
            } else {
                code
            };
            return CarrierWish {
                carrier: Some(rule.carrier.clone()),
                name: None,
                by: ChosenBy::Rule(number),
                code,
            };
        }
    }
    match guesses.candidates.first().filter(|_| guesses.certain) {
        Some(guess) => CarrierWish {
            carrier: Some(guess.carrier.clone()),
            name: Some(guess.name.clone()),
            by: ChosenBy::Detected(percent(guess.confidence)),
            code,
        },
        None => CarrierWish {
            carrier: policy.default_carrier.clone(),
            name: tracking.carrier_name.clone(),
            by: ChosenBy::Default,
            code,
        },
    }
}

/// What a transporter's branches have in common: `dhl` of `dhl-parcel-nl`.
fn family(carrier: &str) -> &str {
    carrier.split('-').next().unwrap_or(carrier)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=100 before the cast"
)]
fn percent(confidence: f32) -> u8 {
    (confidence.clamp(0.0, 1.0) * 100.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{CarrierRule, CodePattern};
    use crate::ports::{Guess, Guesses};

    /// Knows one carrier by name and one by code.
    #[derive(Debug)]
    struct Detector {
        certain: bool,
    }

    impl CarrierDetector for Detector {
        fn detect(&self, query: &CodeQuery) -> Guesses {
            Guesses {
                code: Some(query.code.replace(' ', "")),
                candidates: vec![Guess {
                    carrier: "inferred".to_owned(),
                    name: "Inferred".to_owned(),
                    confidence: 0.87,
                    reason: String::new(),
                }],
                certain: self.certain,
                not_a_code: false,
            }
        }

        fn by_name(&self, name: &str) -> Option<String> {
            match name {
                "Named BV" => Some("named".to_owned()),
                "Inferred" => Some("inferred-abroad".to_owned()),
                _ => None,
            }
        }

        fn format(&self, _code: &str, _carrier: &str) -> Option<String> {
            None
        }
    }

    fn chosen(
        tracking: &Tracking,
        policy: &Policy,
        certain: bool,
    ) -> (Option<String>, ChosenBy, String) {
        let query = CodeQuery {
            code: tracking.code.clone(),
            ..CodeQuery::default()
        };
        let wish = choose_carrier(tracking, &query, policy, &Detector { certain });
        (wish.carrier, wish.by, wish.code)
    }

    fn rule(matches: CodePattern, strip: bool) -> CarrierRule {
        CarrierRule {
            matches,
            country: None,
            carrier: "ruled".to_owned(),
            strip,
        }
    }

    #[test]
    fn the_webshops_name_comes_before_rules_before_the_code_before_the_default() {
        let mut policy = Policy::new("t");
        policy.default_carrier = Some("default".to_owned());
        let code = Tracking::new("AB 12");
        let named = code.clone().with_carrier_name("Named BV");
        let odd = code.clone().with_carrier_name("Nobody knows");
        let inferred = (
            Some("inferred".to_owned()),
            ChosenBy::Detected(87),
            "AB12".to_owned(),
        );
        assert_eq!(chosen(&code, &policy, true), inferred);
        assert_eq!(chosen(&odd, &policy, true), inferred);
        let default = (
            Some("default".to_owned()),
            ChosenBy::Default,
            "AB12".to_owned(),
        );
        assert_eq!(chosen(&code, &policy, false), default);
        policy.carrier_rules = vec![
            rule(CodePattern::Starts("zz".to_owned()), false),
            rule(CodePattern::Starts("ab".to_owned()), false),
        ];
        let by_rule = (
            Some("ruled".to_owned()),
            ChosenBy::Rule(2),
            "AB12".to_owned(),
        );
        assert_eq!(chosen(&code, &policy, true), by_rule);
        let by_name = (
            Some("named".to_owned()),
            ChosenBy::WebshopName("Named BV".to_owned()),
            "AB12".to_owned(),
        );
        assert_eq!(chosen(&named, &policy, true), by_name);
    }

    #[test]
    fn a_family_name_leaves_it_to_a_certain_code_which_branch_it_is() {
        let policy = Policy::new("t");
        let code = Tracking::new("1").with_carrier_name("Inferred");
        assert_eq!(chosen(&code, &policy, true).0.as_deref(), Some("inferred"));
        assert_eq!(
            chosen(&code, &policy, false).0.as_deref(),
            Some("inferred-abroad")
        );
    }

    #[test]
    fn a_rule_can_take_off_what_it_matched() {
        let mut policy = Policy::new("t");
        policy.carrier_rules = vec![rule(CodePattern::regex(r"-r\d+$").unwrap(), true)];
        let (carrier, _, code) = chosen(&Tracking::new("3SABC1-R22"), &policy, true);
        assert_eq!(
            (carrier.as_deref(), code.as_str()),
            (Some("ruled"), "3SABC1")
        );
    }

    #[test]
    fn a_rule_for_a_country_leaves_others_alone() {
        let mut policy = Policy::new("t");
        let belgian = CarrierRule {
            country: "BE".parse().ok(),
            ..rule(CodePattern::Contains("1".to_owned()), false)
        };
        policy.carrier_rules = vec![belgian];
        let tracking = Tracking::new("12");
        for (country, expected) in [("NL", "inferred"), ("BE", "ruled")] {
            let query = CodeQuery {
                code: "12".to_owned(),
                destination: country.parse().ok(),
                ..CodeQuery::default()
            };
            let wish = choose_carrier(&tracking, &query, &policy, &Detector { certain: true });
            assert_eq!(wish.carrier.as_deref(), Some(expected), "{country}");
        }
    }
}
