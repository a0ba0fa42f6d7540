//! Figures for Prometheus, in its text format.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use order_core::error::Error;

use crate::App;
use crate::api::Trouble;
use crate::desk::{Counters, Desk};
use crate::view::{ConnectionView, Health};

/// The figures.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    match gather(&app.desk).await {
        Ok(text) => (
            [(
                header::CONTENT_TYPE,
                "text/plain; version=0.0.4; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(error) => Trouble::from(error).into_response(),
    }
}

async fn gather(desk: &Desk) -> Result<String, Error> {
    let connections = desk.connections().await?;
    let mut all = Vec::new();
    for connection in connections {
        let counters = desk.counters(Some(&connection.id)).await?;
        all.push((connection, counters));
    }
    Ok(text(&all))
}

/// A label's value: nothing in it may end it.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let lines = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        self.0.push_str(&lines);
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", label(value)))
            .collect();
        let line = format!("{name}{{{}}} {value}\n", labels.join(","));
        self.0.push_str(&line);
    }
}

type All = [(ConnectionView, Counters)];

fn text(all: &All) -> String {
    let mut out = Text(String::new());
    orders(&mut out, all);
    connections(&mut out, all);
    out.0
}

fn orders(out: &mut Text, all: &All) {
    let gauge = "gauge";
    out.family("order_console_orders", gauge, "Orders by status.");
    for (connection, counters) in all {
        for (status, count) in &counters.by_status {
            let labels = [("connection", &*connection.id), ("status", status)];
            out.sample("order_console_orders", &labels, count);
        }
    }
    out.family(
        "order_console_problems",
        gauge,
        "Orders by the kind of their worst problem.",
    );
    for (connection, counters) in all {
        for (kind, count) in &counters.by_problem {
            let labels = [("connection", &*connection.id), ("kind", kind)];
            out.sample("order_console_problems", &labels, count);
        }
    }
    type Figure = fn(&Counters) -> u64;
    let figures: [(&str, &str, Figure); 6] = [
        ("needs_action", "Orders that need a person.", |c| {
            c.needs_action
        }),
        ("open", "Orders with something left to do.", |c| c.open),
        ("sending", "Orders of which something is being sent.", |c| {
            c.sending
        }),
        ("overdue", "Orders whose deadline has passed.", |c| {
            c.overdue
        }),
        (
            "due_within_a_day",
            "Orders due within a day or overdue.",
            |c| c.due_within_a_day,
        ),
        ("cancel_asked", "Orders whose buyer asks to cancel.", |c| {
            c.cancel_asked
        }),
    ];
    for (name, help, figure) in figures {
        let name = format!("order_console_orders_{name}");
        out.family(&name, gauge, help);
        for (connection, counters) in all {
            out.sample(&name, &[("connection", &connection.id)], figure(counters));
        }
    }
    let name = "order_console_order_writes_total";
    out.family(name, "counter", "Writes of orders.");
    for (connection, counters) in all {
        out.sample(name, &[("connection", &connection.id)], counters.revision);
    }
}

fn connections(out: &mut Text, all: &All) {
    let gauge = "gauge";
    let name = "order_console_connection_health";
    out.family(
        name,
        gauge,
        "1 for how the connection is doing, 0 for the rest.",
    );
    let every = [
        Health::Good,
        Health::Troubled,
        Health::Late,
        Health::Paused,
        Health::Stopped,
    ];
    for (connection, _) in all {
        for health in every {
            let labels = [("connection", &*connection.id), ("health", health.as_str())];
            out.sample(name, &labels, u8::from(connection.health == health));
        }
    }
    let name = "order_console_connection_late_seconds";
    out.family(name, gauge, "How late the next cycle is.");
    for (connection, _) in all {
        let labels = [("connection", &*connection.id)];
        out.sample(name, &labels, connection.late_by_seconds);
    }
    let name = "order_console_oldest_waiting_seconds";
    let help = "How long the oldest order that is not sent has been known; 0 when none waits.";
    out.family(name, gauge, help);
    for (connection, _) in all {
        let labels = [("connection", &*connection.id)];
        let oldest = connection.oldest_waiting.as_ref();
        out.sample(name, &labels, oldest.map_or(0, |oldest| oldest.age_seconds));
    }
    let name = "order_console_platform_answered_timestamp_seconds";
    out.family(name, gauge, "When a platform last answered well.");
    for (connection, _) in all {
        for (side, at) in [
            ("marketplace", connection.marketplace_ok_at),
            ("webshop", connection.webshop_ok_at),
        ] {
            if let Some(at) = at {
                let labels = [("connection", &*connection.id), ("side", side)];
                out.sample(name, &labels, at.timestamp());
            }
        }
    }
}
