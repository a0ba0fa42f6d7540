//! Problems by their cause.

use order_core::state::ProblemKind;

pub(crate) const NO_PROBLEMS: &str = "No order has a problem.";
pub(crate) const PROBLEMS_INTRO: &str =
    "Orders by what is in their way. One cause often holds up many.";
pub(crate) const TRANSIENT: &str = "usually goes away by itself";
pub(crate) const NEEDS_YOU: &str = "needs a person";
pub(crate) const PROBLEM_COLUMNS: [&str; 3] = ["Cause", "Orders", "The latest"];

/// The name of a kind of problem.
pub(crate) fn problem_name(kind: &str) -> &'static str {
    let Ok(kind) = kind.parse::<ProblemKind>() else {
        return "Other";
    };
    match kind {
        ProblemKind::Unavailable => "Platform down or slow",
        ProblemKind::OutcomeUnknown => "Answer lost, being looked up",
        ProblemKind::Unreadable => "Order cannot be read",
        ProblemKind::MissingAddress => "Address is incomplete",
        ProblemKind::SumMismatch => "Sums do not agree",
        ProblemKind::TotalDiffers => "Webshop came to another total",
        ProblemKind::UnknownProduct => "Product not found in the webshop",
        ProblemKind::UnknownCurrency => "Unknown currency",
        ProblemKind::ShopRefused => "Webshop refuses the order",
        ProblemKind::MarketplaceRefused => "Marketplace refuses",
        ProblemKind::TrackingRequired => "T&T code required",
        ProblemKind::NotSeenAfterwards => "Report not seen afterwards",
        ProblemKind::Duplicates => "Several webshop orders",
        ProblemKind::Conflict => "The sides contradict each other",
        _ => "Other",
    }
}
