//! The files that pages refer to. They are part of the program.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const STYLE_TEXT: &str = include_str!("style.css");
const SCRIPT_TEXT: &str = include_str!("live.js");
const ICON_TEXT: &str = include_str!("icon.svg");

/// Where the style sheet is.
pub(super) const STYLE: &str = "/assets/style.css";
/// Where the script is.
pub(super) const SCRIPT: &str = "/assets/live.js";
/// Where the icon is.
pub(super) const ICON: &str = "/assets/icon.svg";

/// Answers with one of the files.
pub(super) async fn file(Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", STYLE_TEXT),
        "live.js" => ("text/javascript; charset=utf-8", SCRIPT_TEXT),
        "icon.svg" => ("image/svg+xml", ICON_TEXT),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}
