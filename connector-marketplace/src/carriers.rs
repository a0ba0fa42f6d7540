//! Carriers that a platform lists at run time, and its word for one of ours.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use carrier_detect::Carrier;
use carrier_detect::words::{self, Account, Listed};
use order_core::Error;
use order_core::ports::{Clock, TransporterQuery, TransporterWord};
use tokio::sync::Mutex;

/// How long a list is used. Platforms ask to read it once a day.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// A carrier of the platform's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) code: String,
    pub(crate) name: String,
}

/// The list, read when it is first needed and once a day from then on.
#[derive(Debug)]
pub(crate) struct CarrierList {
    clock: Arc<dyn Clock>,
    held: Mutex<Option<(Duration, Arc<Vec<Entry>>)>>,
}

impl CarrierList {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            held: Mutex::new(None),
        }
    }

    /// The list; read with `load` when there is none, or an old one. An old one is better than
    /// none, so a failing read is an error only when nothing is held.
    pub(crate) async fn get<F>(
        &self,
        load: impl FnOnce() -> F + Send,
    ) -> Result<Arc<Vec<Entry>>, Error>
    where
        F: Future<Output = Result<Vec<Entry>, Error>> + Send,
    {
        let mut held = self.held.lock().await;
        let now = self.clock.monotonic();
        if let Some((read_at, list)) = &*held
            && now.saturating_sub(*read_at) < KEPT
        {
            return Ok(Arc::clone(list));
        }
        match (load().await, &*held) {
            (Ok(list), _) => {
                let list = Arc::new(list);
                *held = Some((now, Arc::clone(&list)));
                Ok(list)
            }
            (Err(error), Some((_, list))) => {
                tracing::warn!(%error, "the list of carriers cannot be read anew; the old one is used");
                Ok(Arc::clone(list))
            }
            (Err(error), None) => Err(error),
        }
    }
}

fn listed(list: &[Entry]) -> Vec<Listed<'_>> {
    list.iter()
        .map(|entry| Listed::new(&entry.code, &entry.name))
        .collect()
}

/// The platform's word for a carrier: the account's choice, the list, else a carrier called
/// "other" in the list.
pub(crate) fn word(
    marketplace: words::Marketplace,
    query: &TransporterQuery,
    list: &[Entry],
    chosen: &BTreeMap<String, String>,
) -> TransporterWord {
    let listed = listed(list);
    if let Some(wish) = chosen.get(&query.carrier)
        && let Ok(word) = words::check(marketplace, wish, &listed)
        && let Some(code) = word.code()
    {
        return TransporterWord::Known(code.to_owned());
    }
    let named = || words::named(query.name.as_deref()?);
    let carrier = Carrier::from_slug(&query.carrier).or_else(named);
    let account = Account::new().with_listed(&listed);
    let found = carrier.and_then(|it| words::to_marketplace(marketplace, it, &account).ok());
    match found.as_ref().map(|word| (word.is_exact(), word.code())) {
        Some((true, Some(code))) => TransporterWord::Known(code.to_owned()),
        Some(_) | None => other(list),
    }
}

fn other(list: &[Entry]) -> TransporterWord {
    let is_other = |text: &str| {
        text.eq_ignore_ascii_case("other") || text.eq_ignore_ascii_case("other hauler")
    };
    let entry = list
        .iter()
        .find(|entry| is_other(&entry.code) || is_other(&entry.name));
    entry.map_or(TransporterWord::Unknown, |entry| {
        TransporterWord::Other(entry.code.clone())
    })
}

/// The account's choices that the platform does not list, for a person.
pub(crate) fn mistaken(
    marketplace: words::Marketplace,
    list: &[Entry],
    chosen: &BTreeMap<String, String>,
) -> Vec<String> {
    let listed = listed(list);
    chosen
        .iter()
        .filter(|(_, word)| words::check(marketplace, word, &listed).is_err())
        .map(|(carrier, word)| {
            format!("transporters.{carrier}: {word:?} is not in the marketplace's list of carriers")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(codes: &[&str]) -> Vec<Entry> {
        let entry = |code: &&str| Entry {
            code: (*code).to_owned(),
            name: (*code).to_owned(),
        };
        codes.iter().map(entry).collect()
    }

    fn ask(carrier: &str, codes: &[&str], chosen: &[(&str, &str)]) -> TransporterWord {
        let query = TransporterQuery {
            carrier: carrier.to_owned(),
            name: None,
            destination: None,
        };
        let chosen = chosen
            .iter()
            .map(|(carrier, word)| ((*carrier).to_owned(), (*word).to_owned()))
            .collect();
        word(words::Marketplace::Mirakl, &query, &list(codes), &chosen)
    }

    #[test]
    fn only_words_of_the_list_are_given_out() {
        let known = |word: &str| TransporterWord::Known(word.to_owned());
        assert_eq!(ask("ups", &["DHL", "UPS"], &[]), known("UPS"));
        assert_eq!(ask("ups", &["DHL"], &[]), TransporterWord::Unknown);
        assert_eq!(
            ask("ups", &["DHL", "Other"], &[]),
            TransporterWord::Other("Other".to_owned())
        );
        assert_eq!(ask("ups", &["DHL", "UPS"], &[("ups", "DHL")]), known("DHL"));
        assert_eq!(ask("ups", &["UPS"], &[("ups", "Nobody")]), known("UPS"));
        assert_eq!(ask("unknown", &["UPS"], &[]), TransporterWord::Unknown);
    }

    #[test]
    fn a_choice_that_is_not_listed_is_told() {
        let chosen = BTreeMap::from([("ups".to_owned(), "Nobody".to_owned())]);
        let told = mistaken(words::Marketplace::Mirakl, &list(&["UPS"]), &chosen);
        assert_eq!(told.len(), 1, "{told:?}");
    }
}
