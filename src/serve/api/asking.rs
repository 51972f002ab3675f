//! What requests ask for, read strictly: what is not understood is refused, and says why.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::serve::fault::Fault;
use crate::vocabulary::SessionId;

/// Where the parameters of every address are described.
const QUERY_HINT: &str = "see /api/openapi.json for the parameters of this address";

/// Where the bodies of requests are described.
const BODY_HINT: &str = "see /api/openapi.json for the body of this request";

/// The session that an address names.
pub(super) struct Session(pub(super) SessionId);

/// The parameters of an address.
pub(in crate::serve) struct Parameters<T>(pub(in crate::serve) T);

/// The body of a request.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) =
            path.map_err(|rejection| Fault::invalid(rejection.body_text(), QUERY_HINT))?;
        let id = id.parse().map_err(crate::manager::SessionError::from)?;
        Ok(Self(id))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        let Query(asked) =
            query.map_err(|rejection| Fault::invalid(rejection.body_text(), QUERY_HINT))?;
        Ok(Self(asked))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let Json(body) = Json::<T>::from_request(request, state).await.map_err(of_body)?;
        Ok(Self(body))
    }
}

/// A body that is too large, no JSON, or not said to be JSON.
fn of_body(rejection: JsonRejection) -> Fault {
    let status = match rejection.status() {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    };
    Fault::new(status, "invalid-input", rejection.body_text(), BODY_HINT)
}

/// What a parameter says that cannot be meant.
pub(super) fn unusable(name: &str, value: &str, why: impl std::fmt::Display) -> Fault {
    Fault::invalid(format!("{name}={value:?}: {why}"), QUERY_HINT)
}

/// A number of things asked for, within a bound.
pub(super) fn bounded(limit: Option<usize>, default: usize, max: usize) -> Result<usize, Fault> {
    match limit {
        None => Ok(default),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(limit) => Err(unusable("limit", &limit.to_string(), format!("it is 1 to {max}"))),
    }
}
