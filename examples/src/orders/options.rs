//! What `order-sync orders` takes.

use clap::{Args, Subcommand};
use order_core::ports::CancelReason;
use order_core::returns::ReturnDecision;
use order_core::shipment::LineQuantity;
use order_core::state::Status;

use crate::cli::{ConfigOption, TimeOptions};

/// What to do with orders.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The orders overview.
    List(ListOptions),
    /// One order with its history, and what happens next and when.
    Show(ShowOptions),
    /// Try again now whatever is in an order's way.
    Retry(KeyOptions),
    /// Give an order its track & trace code; it is reported at once.
    SetTracking(TrackingOptions),
    /// Cancel an order, or some pieces of it, at the marketplace and in the webshop.
    Cancel(CancelOptions),
    /// Decide a buyer's return.
    DecideReturn(ReturnOptions),
    /// Take an order out of the engine's hands, or give it back.
    Manual(ManualOptions),
}

/// Options of `orders list`.
#[derive(Debug, Args)]
pub(crate) struct ListOptions {
    #[command(flatten)]
    pub(super) common: Common,
    /// Only these statuses: "not shipped", waiting, "partially shipped", shipped, cancelled,
    /// manual, ignored.
    #[arg(long)]
    pub(super) status: Vec<Status>,
    /// Only orders that need a person.
    #[arg(long)]
    pub(super) needs_action: bool,
    /// Only orders of this connection.
    #[arg(long)]
    pub(super) connection: Option<String>,
    /// Only orders with an order number of either side or a T&T code in which a word begins
    /// with this text.
    #[arg(long)]
    pub(super) search: Option<String>,
    /// At most so many, newest first.
    #[arg(long, default_value_t = 50)]
    pub(super) limit: usize,
    /// One JSON object a line.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Common {
    #[command(flatten)]
    pub(super) config: ConfigOption,
    #[command(flatten)]
    pub(super) time: TimeOptions,
}

/// An order.
#[derive(Debug, Args)]
pub(crate) struct KeyOptions {
    #[command(flatten)]
    pub(super) common: Common,
    /// The marketplace's order number; with the connection before it (bol-nl/123) where two
    /// connections have the same number.
    pub(super) order: String,
}

/// Options of `orders show`.
#[derive(Debug, Args)]
pub(crate) struct ShowOptions {
    #[command(flatten)]
    pub(super) key: KeyOptions,
    /// As JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Options of `orders set-tracking`.
#[derive(Debug, Args)]
pub(crate) struct TrackingOptions {
    #[command(flatten)]
    pub(super) key: KeyOptions,
    /// The code.
    pub(super) code: String,
    /// The transporter, when the code does not tell it.
    #[arg(long)]
    pub(super) carrier: Option<String>,
}

/// Options of `orders cancel`.
#[derive(Debug, Args)]
pub(crate) struct CancelOptions {
    #[command(flatten)]
    pub(super) key: KeyOptions,
    /// Only so many pieces of a line, as LINE=PIECES; may be given several times.
    /// `orders show` tells the lines.
    #[arg(long, value_parser = piece)]
    pub(super) piece: Vec<LineQuantity>,
    /// Why.
    #[arg(long, value_enum, default_value_t = Reason::OutOfStock)]
    pub(super) reason: Reason,
}

/// Why an order is cancelled.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Reason {
    /// None is left.
    OutOfStock,
    /// The buyer asked.
    BuyerAsked,
    /// Anything else.
    Other,
}

impl From<Reason> for CancelReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::OutOfStock => Self::OutOfStock,
            Reason::BuyerAsked => Self::BuyerAsked,
            Reason::Other => Self::Other,
        }
    }
}

fn piece(text: &str) -> Result<LineQuantity, String> {
    let wrong = || format!("{text:?} is not LINE=PIECES, such as 2012345678=1");
    let (line, quantity) = text.rsplit_once('=').ok_or_else(wrong)?;
    let quantity: u32 = quantity.parse().map_err(|_| wrong())?;
    if line.is_empty() || quantity == 0 {
        return Err(wrong());
    }
    Ok(LineQuantity {
        line: line.into(),
        quantity,
    })
}

/// Options of `orders decide-return`.
#[derive(Debug, Args)]
pub(crate) struct ReturnOptions {
    #[command(flatten)]
    pub(super) key: KeyOptions,
    /// The return's number; `orders show` tells it.
    pub(super) id: String,
    /// accept: the goods are back and the buyer is refunded; refuse: the return does not meet
    /// the conditions; keep: the buyer keeps the goods and is refunded.
    pub(super) decision: ReturnDecision,
    /// Only these rows of the return; may be given several times.
    #[arg(long)]
    pub(super) row: Vec<String>,
    /// A sentence for the buyer or the marketplace, where the platform takes one.
    #[arg(long)]
    pub(super) note: Option<String>,
}

/// Options of `orders manual`.
#[derive(Debug, Args)]
pub(crate) struct ManualOptions {
    #[command(flatten)]
    pub(super) key: KeyOptions,
    /// Why, for colleagues.
    #[arg(long)]
    pub(super) note: Option<String>,
    /// Give the order back to the engine.
    #[arg(long)]
    pub(super) undo: bool,
}
