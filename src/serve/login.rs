//! Showing the token: programs with every request, browsers once.

use axum::extract::{Query, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use serde::Deserialize;

use super::Token;
use super::fault::Fault;

/// The cookie of a browser that has shown the token. It ends with the browser's session.
const COOKIE: &str = "annals";

/// How a browser shows the token: `/?token=…`.
const QUERY: &str = "token=";

#[derive(Deserialize)]
struct Shown {
    token: String,
}

/// The answer to a browser that shows the token in the address of the first page: a cookie, and the
/// way to the page without it, so that the token does not stay in the address.
pub(super) fn with_query(token: &Token, request: &Request) -> Option<Response> {
    let uri = request.uri();
    let as_it_stands = uri.query()?.strip_prefix(QUERY).filter(|_| uri.path() == "/")?;
    // Browsers write some characters otherwise than they were typed.
    let decoded = Query::<Shown>::try_from_uri(uri).map(|Query(shown)| shown.token);
    let is_known = token.is(as_it_stands) || decoded.is_ok_and(|decoded| token.is(&decoded));
    if request.method() != Method::GET || !is_known {
        return Some(refusal());
    }
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", token.cookie());
    let cookie = HeaderValue::try_from(cookie).ok()?;
    let to_the_page =
        [(header::LOCATION, HeaderValue::from_static("/")), (header::SET_COOKIE, cookie)];
    Some((StatusCode::SEE_OTHER, to_the_page).into_response())
}

/// Whether the request shows the token, or the cookie that was given for it.
pub(super) fn is_known(token: &Token, headers: &HeaderMap) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = shown.and_then(|value| value.split_once(' '));
    if let Some((scheme, shown)) = bearer {
        return scheme.eq_ignore_ascii_case("bearer") && token.is(shown);
    }
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies =
        values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    cookies.any(|(name, value)| name == COOKIE && token.is_cookie(value))
}

/// The answer to whoever does not show it.
pub(super) fn refusal() -> Response {
    let message = "the request does not show the token of this server";
    let hint = "send `Authorization: Bearer TOKEN`, or open /?token=TOKEN in a browser";
    let fault = Fault::new(StatusCode::UNAUTHORIZED, "unauthorized", message, hint);
    ([(header::WWW_AUTHENTICATE, "Bearer realm=\"annals\"")], fault).into_response()
}
