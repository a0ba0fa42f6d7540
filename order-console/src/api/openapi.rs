//! The description of the API, as OpenAPI.

use axum::Json;
use axum::response::IntoResponse;
use order_core::state::{ProblemKind, Status};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::{Modify, OpenApi};

use super::handlers;
use crate::query::Due;

/// What may be asked for by name is what the engine knows.
struct Names;

impl Modify for Names {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let one_of = |names: Vec<String>| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(names))
                .build()
        };
        let kinds = ProblemKind::ALL.map(|kind| kind.as_str().to_owned());
        let statuses = Status::ALL.map(|status| status.as_str().replace(' ', "_"));
        let due = [Due::Overdue, Due::Day].map(|due| due.as_str().to_owned());
        let parameters = openapi
            .paths
            .paths
            .values_mut()
            .filter_map(|path| path.get.as_mut())
            .filter_map(|operation| operation.parameters.as_mut())
            .flatten();
        for parameter in parameters {
            let RefOr::T(parameter) = parameter else {
                continue;
            };
            let schema: Schema = match parameter.name.as_str() {
                "problem" => one_of(kinds.to_vec()).into(),
                "due" => one_of(due.to_vec()).into(),
                "status" => ArrayBuilder::new()
                    .items(one_of(statuses.to_vec()))
                    .build()
                    .into(),
                _ => continue,
            };
            parameter.schema = Some(schema.into());
        }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Order console",
        description = "The orders of a seller's marketplaces, and what can be done with them. \
                       Writes need the role operator and take an Idempotency-Key."
    ),
    paths(
        handlers::list_orders,
        handlers::show_order,
        handlers::order_history,
        handlers::dry_run,
        handlers::counters,
        handlers::connections,
        handlers::activity,
        handlers::act_on_order,
        handlers::act_on_orders,
        handlers::stop,
        handlers::go_on,
    ),
    modifiers(&Names)
)]
struct Description;

/// The description of the API.
pub(crate) async fn document() -> impl IntoResponse {
    Json(Description::openapi())
}

#[cfg(test)]
mod tests {
    use order_core::state::{ProblemKind, Status};
    use utoipa::OpenApi as _;

    use super::Description;

    #[test]
    fn what_may_be_asked_for_is_what_there_is() {
        let text = serde_json::to_value(Description::openapi()).unwrap();
        let parameters = text["paths"]["/api/v1/orders"]["get"]["parameters"].clone();
        let values = |name: &str, at: &str| -> Vec<String> {
            let mut parameters = parameters.as_array().unwrap().iter();
            let found = parameters.find(|parameter| parameter["name"] == name);
            let values = found.unwrap()["schema"].pointer(at).unwrap().clone();
            serde_json::from_value(values).unwrap()
        };
        assert_eq!(
            values("problem", "/enum"),
            ProblemKind::ALL.map(ProblemKind::as_str)
        );
        let statuses = Status::ALL.map(|status| status.as_str().replace(' ', "_"));
        assert_eq!(values("status", "/items/enum"), statuses);
    }
}
