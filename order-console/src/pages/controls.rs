//! What can be done with an order: a form each, or the reason why not.

use maud::{Markup, html};

use super::parts;
use crate::access::Ticket;
use crate::messages as say;
use crate::view::{ActionState, OrderDetail};

pub(super) fn actions(ticket: &Ticket, order: &OrderDetail) -> Markup {
    let row = &order.row;
    let path = parts::order_path(&ticket.base, &row.connection, &row.order);
    let viewer = (!ticket.actor.may_act()).then(|| say::VIEWERS_LOOK.title.to_owned());
    html! {
        section.card {
            h2 { (say::ACTIONS) }
            @for state in &order.actions {
                @let reason = viewer.as_ref().or(state.reason.as_ref());
                @if is_shown(state, &order.actions) {
                    form.act method="post" action={ (path) "/act" } {
                        input type="hidden" name="token" value=(ticket.token);
                        input type="hidden" name="action" value=(state.action);
                        (fields(order, &state.action, reason.is_some()))
                        button type="submit" disabled[reason.is_some()]
                            aria-describedby=[reason.map(|_| format!("why-{}", state.action))] {
                            (say::act_name(&state.action))
                        }
                        @if let Some(reason) = reason {
                            div.small id={ "why-" (state.action) } { (reason) }
                        }
                    }
                }
            }
            @if viewer.is_none() && order.webshop_order_id.is_none() {
                p { a href={ (path) "/dry-run" } { (say::DRY_RUN_LINK) } }
            }
        }
    }
}

/// Of taking an order by hand and handing it back, the one that can be done.
fn is_shown(state: &ActionState, all: &[ActionState]) -> bool {
    let is_enabled = |name: &str| {
        all.iter()
            .any(|other| other.action == name && other.enabled)
    };
    match state.action.as_str() {
        "manual" => !is_enabled("resume"),
        "resume" => is_enabled("resume"),
        // Each return has a form of its own.
        "decide_return" => !state.enabled,
        _ => true,
    }
}

fn fields(order: &OrderDetail, action: &str, disabled: bool) -> Markup {
    html! {
        @match action {
            "set_tracking" => {
                label { (say::CODE)
                    input name="code" maxlength="100" required autocomplete="off"
                        disabled[disabled];
                }
                label { (say::TRANSPORTER)
                    input name="transporter" maxlength="100" autocomplete="off"
                        disabled[disabled];
                }
            }
            "manual" | "note" => {
                label { (if action == "note" { say::NOTE } else { say::WHY })
                    input name="note" maxlength="1000" autocomplete="off"
                        required[action == "note"] disabled[disabled];
                }
            }
            "cancel" if !disabled => { (cancel_fields(order)) }
            "confirm_again" => {
                label { (say::PARCEL)
                    select name="parcel" disabled[disabled] {
                        @for parcel in order.shipments.iter().filter(|parcel| parcel.told_at.is_some()) {
                            option value=(parcel.parcel) {
                                (parcel.parcel) " " (parcel.tracking.code.as_deref().unwrap_or(""))
                            }
                        }
                    }
                }
            }
            "link" => {
                label { (say::WEBSHOP_ID)
                    input name="webshop_order" maxlength="200" required autocomplete="off"
                        disabled[disabled];
                }
            }
            _ => {}
        }
    }
}

fn cancel_fields(order: &OrderDetail) -> Markup {
    html! {
        fieldset {
            legend { (say::CANCEL_PIECES) }
            @for line in order.lines.iter().filter(|line| line.left > 0) {
                input type="hidden" name="line" value=(line.id);
                label {
                    (line.title.as_deref().or(line.sku.as_deref()).unwrap_or(&line.id))
                    input type="number" name="quantity" min="0" max=(line.left)
                        value=(line.left) required;
                }
            }
        }
        label { (say::CANCEL_REASON)
            select name="reason" {
                @for (value, name) in say::CANCEL_REASONS { option value=(value) { (name) } }
            }
        }
        label.check {
            input type="checkbox" name="sure" value="yes" required;
            (say::CANCEL_SURE)
        }
    }
}
