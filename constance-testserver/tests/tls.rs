//! Certificates are those of their authority, and for what they are called.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use constance_testserver::Certificates;

fn verify(ca: &Path, purpose: &str, certificate: &Path) -> bool {
    let mut command = Command::new("openssl");
    command.args(["verify", "-purpose", purpose, "-CAfile"]).arg(ca).arg(certificate);
    command.output().is_ok_and(|output| output.status.success())
}

#[test]
fn each_certificate_is_for_its_purpose() {
    let Some(made) = Certificates::make() else { return };
    assert!(verify(&made.ca, "sslserver", &made.server) && verify(&made.ca, "sslclient", &made.client));
    // The nodes of a cluster are clients of each other.
    assert!(verify(&made.ca, "sslclient", &made.server) && !verify(&made.ca, "sslserver", &made.client));
    let other = Certificates::try_make(None).map(|other| other.ca);
    assert!(other.is_ok_and(|other| !verify(&other, "sslserver", &made.server)));
}
