//! The orders of a filter as a file: CSV or JSON, read page by page as it is sent.

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;

use crate::App;
use crate::api::Trouble;
use crate::query::{LARGEST_PAGE, OrdersQuery, read_cursor};
use crate::view::OrderRow;

/// Orders in a file at most.
const MOST: usize = 100_000;

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
}

/// As CSV.
pub(crate) async fn csv(state: State<App>, query: RawQuery) -> Response {
    export(state, query, Format::Csv).await
}

/// As JSON, one object a line.
pub(crate) async fn json(state: State<App>, query: RawQuery) -> Response {
    export(state, query, Format::Json).await
}

async fn export(State(app): State<App>, RawQuery(raw): RawQuery, format: Format) -> Response {
    let query = match OrdersQuery::parse(raw.as_deref().unwrap_or_default()) {
        Ok(query) => query,
        Err(wrong) => return Trouble::from(wrong).into_response(),
    };
    let query = OrdersQuery {
        limit: Some(LARGEST_PAGE),
        ..query.first_page()
    };
    let start = Some((app, query, 0_usize));
    let pages = stream::unfold(start, move |state| async move {
        let (app, mut query, sent) = state?;
        let page = match app.desk.orders(&query).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(error = %error.report(), "an export broke off");
                // The reader must not take a part for the whole.
                return Some((Err(std::io::Error::other("the store failed")), None));
            }
        };
        let mut text = String::new();
        if let (Format::Csv, 0) = (format, sent) {
            text.push_str(HEADER);
        }
        for row in &page.orders {
            match format {
                Format::Csv => text.push_str(&line(row)),
                Format::Json => {
                    text.push_str(&serde_json::to_string(row).unwrap_or_default());
                    text.push('\n');
                }
            }
        }
        let sent = sent + page.orders.len();
        let next = page
            .next
            .as_deref()
            .and_then(|place| read_cursor(place).ok());
        let more = next.filter(|_| sent < MOST).map(|next| {
            query.after = Some(next);
            (app, query, sent)
        });
        Some((Ok(Bytes::from(text)), more))
    });
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "orders.csv"),
        Format::Json => ("application/x-ndjson", "orders.ndjson"),
    };
    let mut response = Body::from_stream(pages).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    if let Ok(disposition) = disposition {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

const HEADER: &str = "connection,order,status,needs_action,webshop_order,placed_at,first_seen,\
                      ship_by,customer,country,items,total,codes,transporters,problem,advice,next\r\n";

fn line(row: &OrderRow) -> String {
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map(|at| at.to_rfc3339()).unwrap_or_default()
    };
    let each = |text: fn(&crate::view::TrackingView) -> Option<&String>| {
        let texts: Vec<&str> = row
            .tracking
            .iter()
            .filter_map(text)
            .map(String::as_str)
            .collect();
        texts.join("; ")
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let problem = row.problem.as_ref();
    let fields = [
        row.connection.clone(),
        row.order.clone(),
        row.status.clone(),
        row.needs_action.to_string(),
        text(&row.webshop_order),
        time(row.placed_at),
        time(Some(row.first_seen)),
        time(row.ship_by),
        text(&row.customer),
        text(&row.country),
        row.items.join("; "),
        text(&row.total),
        each(|parcel| parcel.code.as_ref()),
        each(|parcel| parcel.transporter.as_ref()),
        problem
            .map(|problem| problem.text.clone())
            .unwrap_or_default(),
        problem
            .map(|problem| problem.advice.clone())
            .unwrap_or_default(),
        row.next
            .as_ref()
            .map(|next| next.what.clone())
            .unwrap_or_default(),
    ];
    let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
    format!("{}\r\n", fields.join(","))
}

/// A field of a line. What a spreadsheet would take for a formula is made a text.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_field_is_neither_a_formula_nor_another_field() {
        assert_eq!(quoted("a\"b,c"), "\"a\"\"b,c\"");
        assert_eq!(quoted("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
        assert_eq!(quoted("-1"), "\"'-1\"");
    }
}
