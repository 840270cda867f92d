//! The programs behind the services, and where they come from.

use crate::system::SystemPackage;

/// What the servers are.
pub(crate) const REDIS: SystemPackage =
    SystemPackage { name: "redis-server", program: Some("redis-server"), reason: "the server of constance-redis" };

/// What makes the certificates.
pub(crate) const OPENSSL: SystemPackage =
    SystemPackage { name: "openssl", program: Some("openssl"), reason: "certificates for servers with TLS" };
