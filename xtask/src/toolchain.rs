//! What building this workspace with all its features needs from the system. Clippy and rustdoc need it too, since they
//! run the build scripts of dependencies.

use crate::system::SystemPackage;

pub(crate) const BUILD: &[SystemPackage] = &[
    SystemPackage { name: "gcc", program: Some("cc"), reason: "the bundled SQLite and libpq are compiled from C" },
    SystemPackage { name: "libc6-dev", program: None, reason: "the C headers for it" },
    SystemPackage { name: "pkg-config", program: Some("pkg-config"), reason: "finds the libraries below" },
    SystemPackage {
        name: "libssl-dev",
        program: None,
        reason: "the OpenSSL of the client libraries below and of `tls-native-tls`",
    },
    SystemPackage { name: "libpq-dev", program: None, reason: "the client library of PostgreSQL" },
    SystemPackage { name: "libmariadb-dev", program: None, reason: "the client library of MySQL and MariaDB" },
];
