//! A failed call and its details.

use prost::{Message, Name};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::proto::UpstreamError;

/// Decide by `code` and the reason in `details`; `details` are tonic's own types, `upstream` is the bridge's.
pub struct Failure {
    pub code: Code,
    pub details: ErrorDetails,
    pub upstream: Option<UpstreamError>,
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self {
            code: status.code(),
            details: status.get_error_details(),
            upstream: upstream_error(&status),
        }
    }
}

impl Failure {
    /// `google.rpc.ErrorInfo.reason`; empty if the response is not from a bridge.
    pub fn reason(&self) -> &str {
        self.details.error_info().map_or("", |info| &info.reason)
    }
}

fn upstream_error(status: &Status) -> Option<UpstreamError> {
    let status = tonic_types::pb::Status::decode(status.details()).ok()?;
    let name = format!("/{}", UpstreamError::full_name());
    let detail = status.details.iter().find(|detail| detail.type_url.ends_with(&name))?;
    UpstreamError::decode(detail.value.as_slice()).ok()
}

/// As `google.rpc.Code` spells it: `DEADLINE_EXCEEDED`, where Rust has `DeadlineExceeded`.
pub fn spelled(code: Code) -> String {
    let mut text = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}
