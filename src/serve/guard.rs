//! Who may ask: the names that the server goes by, the pages that may call it, and the token.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::fault::Fault;
use super::{Options, Shared, login};
use crate::repository::SessionRepository;

/// What a browser says about where a request comes from.
const SEC_FETCH_SITE: &str = "sec-fetch-site";
const SEC_FETCH_MODE: &str = "sec-fetch-mode";

/// What may be asked without a token: it says nothing but that somebody answers.
const OPEN_TO_ALL: &str = "/healthz";

/// Lets a request through that the server may answer, and refuses any other.
pub(super) async fn admit<R: SessionRepository>(
    State(shared): State<Arc<Shared<R>>>,
    request: Request,
    next: Next,
) -> Response {
    let options = &shared.options;
    if let Err(fault) = check_address(options, request.uri())
        .and_then(|()| check_host(options, request.uri(), request.headers()))
        .and_then(|()| check_origin(request.method(), request.headers()))
        .and_then(|()| check_length(options, request.headers()))
    {
        return fault.into_response();
    }
    if let Some(token) = &options.token
        && request.uri().path() != OPEN_TO_ALL
    {
        if let Some(answer) = login::with_query(token, &request) {
            return answer;
        }
        if !login::is_known(token, request.headers()) {
            return login::refusal();
        }
    }
    next.run(request).await
}

fn check_address(options: &Options, uri: &Uri) -> Result<(), Fault> {
    let bytes = uri.path_and_query().map_or(0, |address| address.as_str().len());
    if bytes <= options.uri_bytes_max {
        return Ok(());
    }
    let message = format!("the address has {bytes} bytes, more than {}", options.uri_bytes_max);
    Err(Fault::new(StatusCode::URI_TOO_LONG, "invalid-input", message, "shorten it"))
}

/// A body that says how long it is need not be read to be refused.
fn check_length(options: &Options, headers: &HeaderMap) -> Result<(), Fault> {
    let bytes = text(headers, header::CONTENT_LENGTH.as_str()).and_then(|text| text.parse().ok());
    if bytes.is_none_or(|bytes: usize| bytes <= options.body_bytes_max) {
        return Ok(());
    }
    let message = format!("the body has more than {} bytes", options.body_bytes_max);
    Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid-input", message, "send less at once"))
}

/// A name that somebody else has pointed at this machine is refused: the pages of that somebody
/// could read the answers. An address cannot be pointed anywhere.
fn check_host(options: &Options, uri: &Uri, headers: &HeaderMap) -> Result<(), Fault> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    let host = host.and_then(|host| host.to_str().ok()).filter(|_| second.is_none());
    let Some(host) = host else {
        let hint = "send one Host header";
        return Err(Fault::invalid("the request does not say which host it is for", hint));
    };
    let is_named = |authority: &str| is_own_name(options, name_of(authority));
    if is_named(host) && uri.authority().is_none_or(|authority| is_named(authority.as_str())) {
        return Ok(());
    }
    let message = "this server does not go by the name that the request is for";
    let hint = "use its address or localhost, or allow the name with --allow-host";
    Err(Fault::new(StatusCode::MISDIRECTED_REQUEST, "wrong-host", message, hint))
}

fn is_own_name(options: &Options, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
    name == "localhost"
        || address.parse::<IpAddr>().is_ok()
        || options.allowed_hosts.contains(&name)
}

/// The name in `name:port`, in which the name may be an address in brackets.
fn name_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

/// Pages of other servers may lead here by a link, and do nothing else. What a browser says about
/// where a request comes from no page can make it say otherwise.
fn check_origin(method: &Method, headers: &HeaderMap) -> Result<(), Fault> {
    let (site, mode) = (text(headers, SEC_FETCH_SITE), text(headers, SEC_FETCH_MODE));
    let is_from_here = match site {
        None | Some("same-origin" | "none") => true,
        Some(_) => method == Method::GET && mode == Some("navigate"),
    };
    let is_own = headers.get(header::ORIGIN).is_none_or(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        let authority = origin.strip_prefix("http://").or(origin.strip_prefix("https://"));
        let is_own = authority.is_some() && authority == text(headers, header::HOST.as_str());
        // A form of a page that tells nobody where it is.
        is_own || origin == "null" && site == Some("same-origin")
    });
    if is_from_here && is_own {
        return Ok(());
    }
    let message = "the request was made by a page of another server";
    let hint = "open the page itself, or ask without a browser";
    Err(Fault::new(StatusCode::FORBIDDEN, "cross-site", message, hint))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options { allowed_hosts: vec!["annals.example".to_owned()], ..Options::default() }
    }

    #[test]
    fn a_server_goes_by_addresses_localhost_and_the_names_it_was_given() {
        for own in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:7447",
            "[::1]:80",
            "[::1]",
            "annals.example:443",
        ] {
            assert!(is_own_name(&options(), name_of(own)), "{own}");
        }
        for other in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "127.0.0.1:1@evil",
        ] {
            assert!(!is_own_name(&options(), name_of(other)), "{other}");
        }
    }
}
