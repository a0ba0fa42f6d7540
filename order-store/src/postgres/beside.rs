//! What is written beside orders: contents, effects, history.

use std::collections::BTreeMap;

use deadpool_postgres::Transaction;
use order_core::ports::Change;

use super::fault::Fault;
use super::micros;
use super::read::level_text;
use super::text::stored;
use super::write::{Written, name, within};

/// Writes what stands beside the orders that were written: contents, effects, history.
pub(super) async fn write_beside(
    transaction: &Transaction<'_>,
    changes: &[Change],
    numbers: &Written,
) -> Result<(), Fault> {
    let (mut content_of, mut bodies) = (Vec::new(), Vec::new());
    let (mut event_of, mut event_at) = (Vec::new(), Vec::new());
    let (mut levels, mut texts) = (Vec::new(), Vec::new());
    let mut effects = Effects::default();
    for change in changes {
        let Some(number) = numbers.get(&name(change)) else {
            continue;
        };
        if change.content_changed
            && let Some(content) = &change.order.content
        {
            content_of.push(*number);
            bodies.push(serde_json::to_vec(&**content)?);
        }
        for note in &change.notes {
            event_of.push(*number);
            event_at.push(micros(change.at));
            levels.push(level_text(note.level));
            texts.push(stored(&note.text));
        }
        effects.add(*number, change);
    }
    if !bodies.is_empty() {
        within(
            transaction,
            "INSERT INTO contents (order_number, body)
             SELECT * FROM unnest($1::bigint[], $2::bytea[])
             ON CONFLICT (order_number) DO UPDATE SET body = excluded.body",
            &[&content_of, &bodies],
        )
        .await?;
    }
    effects.write(transaction).await?;
    if !texts.is_empty() {
        within(
            transaction,
            "INSERT INTO events (order_number, at, level, text)
             SELECT order_number, at, level, text
             FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[])
                  WITH ORDINALITY AS new (order_number, at, level, text, place)
             ORDER BY place",
            &[&event_of, &event_at, &levels, &texts],
        )
        .await?;
    }
    Ok(())
}

/// Lines for the effects' journal. The same effect twice becomes one line with the later status.
#[derive(Default)]
struct Effects {
    places: BTreeMap<(i64, String, u32), usize>,
    order: Vec<i64>,
    kind: Vec<String>,
    attempt: Vec<i64>,
    reference: Vec<String>,
    status: Vec<&'static str>,
    at: Vec<i64>,
}

impl Effects {
    fn add(&mut self, number: i64, change: &Change) {
        for record in &change.effects {
            let kind = stored(&record.kind);
            let key = (number, kind.clone(), record.attempt);
            let status = record.status.as_str();
            if let Some(known) = self
                .places
                .get(&key)
                .and_then(|place| self.status.get_mut(*place))
            {
                *known = status;
                continue;
            }
            self.places.insert(key, self.order.len());
            self.order.push(number);
            self.kind.push(kind);
            self.attempt.push(i64::from(record.attempt));
            self.reference.push(stored(&record.reference));
            self.status.push(status);
            self.at.push(micros(change.at));
        }
    }

    async fn write(&self, transaction: &Transaction<'_>) -> Result<(), Fault> {
        if self.order.is_empty() {
            return Ok(());
        }
        within(
            transaction,
            "INSERT INTO effects (order_number, kind, attempt, reference, status, at)
             SELECT order_number, kind, attempt, reference, status, at
             FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[],
                         $6::bigint[])
                  WITH ORDINALITY
                  AS new (order_number, kind, attempt, reference, status, at, place)
             ORDER BY place
             ON CONFLICT (order_number, kind, attempt)
             DO UPDATE SET status = excluded.status, at = excluded.at",
            &[
                &self.order,
                &self.kind,
                &self.attempt,
                &self.reference,
                &self.status,
                &self.at,
            ],
        )
        .await?;
        Ok(())
    }
}
