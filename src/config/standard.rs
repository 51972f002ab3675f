//! The variables that every program with OpenTelemetry in it is told by.

use std::ffi::{OsStr, OsString};

use super::{Config, KEYS, Source};

/// Switches OpenTelemetry off.
const DISABLED: &str = "OTEL_SDK_DISABLED";
/// How a collector is spoken to.
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
/// The one way of it that annals knows, which is also the default.
const PROTOCOL_KNOWN: &str = "http/protobuf";
/// Where the collector is.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// What it must be told.
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

impl Config {
    /// Takes the collector that all programs are told of, where annals was told of none itself.
    /// These variables are not meant for annals alone: what it cannot do with them is no error,
    /// and `annals config` shows that there is no collector.
    pub(super) fn take_standard_variables(&mut self, environment: &[(OsString, OsString)]) {
        let said = |name: &str| {
            let said = environment.iter().find(|(known, value)| known == name && !value.is_empty());
            said.map(|(_, value)| value.as_os_str())
        };
        let is_off = said(DISABLED).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let is_foreign = said(PROTOCOL).is_some_and(|protocol| protocol != PROTOCOL_KNOWN);
        if is_off || is_foreign || self.telemetry_endpoint.is_some() {
            return;
        }
        self.take_standard("telemetry_endpoint", ENDPOINT, said(ENDPOINT));
        // What opens one collector is not told to another.
        if self.telemetry_endpoint.is_some() && self.telemetry_headers.is_none() {
            self.take_standard("telemetry_headers", HEADERS, said(HEADERS));
        }
    }

    fn take_standard(&mut self, key: &str, variable: &str, value: Option<&OsStr>) {
        let key = KEYS.iter().find(|known| known.name == key);
        if let (Some(key), Some(value)) = (key, value) {
            let _not_for_us = self.set(key, value, Source::Environment(variable.to_owned()));
        }
    }
}
