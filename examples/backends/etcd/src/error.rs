//! Errors of the driver, without their text, which may quote keys and URLs.

use std::error::Error as _;
use std::io;

use constance_core::{Error, ErrorKind, backend::Cause};
use etcd_client::Error as DriverError;

/// Codes of gRPC: <https://grpc.io/docs/guides/status-codes/>.
const CANCELLED: i32 = 1;
const INVALID_ARGUMENT: i32 = 3;
const DEADLINE_EXCEEDED: i32 = 4;
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;
const OUT_OF_RANGE: i32 = 11;
const UNAVAILABLE: i32 = 14;
const UNAUTHENTICATED: i32 = 16;

/// Which kind an error of the driver is.
pub(crate) fn classify(error: &DriverError) -> Error {
    let of = |kind, code: &'static str, detail: &'static str| {
        Error::new(kind).with_detail(detail).with_cause(Cause::new("etcd").with_code(code))
    };
    match error {
        DriverError::GRpcStatus(status) => match i32::from(status.code()) {
            CANCELLED | DEADLINE_EXCEEDED => {
                of(ErrorKind::Timeout, "DEADLINE_EXCEEDED", "the server did not answer in time")
            }
            PERMISSION_DENIED => of(ErrorKind::Denied, "PERMISSION_DENIED", "the user may not do this"),
            UNAUTHENTICATED => of(ErrorKind::Denied, "UNAUTHENTICATED", "the user name or the password is wrong"),
            INVALID_ARGUMENT => of(ErrorKind::Unsupported, "INVALID_ARGUMENT", "the server takes no such request"),
            RESOURCE_EXHAUSTED => of(ErrorKind::Unavailable, "RESOURCE_EXHAUSTED", "the server has no room left"),
            UNAVAILABLE => of(ErrorKind::Unavailable, "UNAVAILABLE", "the server cannot be reached, or has no leader"),
            _ => of(ErrorKind::Unavailable, "other", "the server could not do it"),
        },
        DriverError::InvalidUri(_) | DriverError::InvalidArgs(_) | DriverError::EndpointError(_) => {
            of(ErrorKind::Configuration, "endpoint", "an endpoint is no URL").with_hint("use http://host:2379")
        }
        _ => of(ErrorKind::Unavailable, "transport", "the server cannot be reached"),
    }
}

/// The server is slow, or nobody knows what became of the request.
pub(crate) fn timeout() -> Error {
    Error::new(ErrorKind::Timeout)
        .with_detail("the server did not answer in time")
        .with_cause(Cause::new("etcd").with_code("timeout"))
}

/// Whether nothing was sent, since nobody listens.
pub(crate) fn is_refused(error: &DriverError) -> bool {
    let mut source = error_source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return io.kind() == io::ErrorKind::ConnectionRefused;
        }
        source = cause.source();
    }
    false
}

/// Whether a connection broke that was open before.
pub(crate) fn is_unavailable(error: &DriverError) -> bool {
    match error {
        DriverError::GRpcStatus(status) => i32::from(status.code()) == UNAVAILABLE,
        DriverError::TransportError(_) => true,
        _ => false,
    }
}

/// Whether the revision that was asked for is no longer kept.
pub(crate) fn is_compacted(error: &DriverError) -> bool {
    matches!(error, DriverError::GRpcStatus(status) if i32::from(status.code()) == OUT_OF_RANGE)
}

fn error_source(error: &DriverError) -> Option<&(dyn std::error::Error + 'static)> {
    match error {
        DriverError::GRpcStatus(status) => status.source(),
        DriverError::TransportError(error) => error.source(),
        _ => None,
    }
}
