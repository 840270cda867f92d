//! OpenSSL, which the client libraries of PostgreSQL and MySQL use, and the end of a process.

/// Initialises OpenSSL so that a process may end while its threads use it.
///
/// libpq, libmariadb and libmysqlclient initialise OpenSSL at their first connection, with a handler that frees its tables when
/// `main` returns or `exit` is called. A thread that is inside OpenSSL at that moment, for TLS or for a password, crashes the
/// process. The first initialisation in a process decides, and this one leaves that handler out.
///
/// Building a backend of PostgreSQL or MySQL does this. Call it where the application itself connects earlier, as the first
/// thing in `main`:
///
/// ```
/// constance_diesel::init_openssl();
/// // Now the application's own pools, and then the backend over one of them.
/// ```
///
/// No connection is made, and a second call does nothing. Without the features `postgres` and `mysql`, and on Windows, it never
/// does anything. It does not reach a client library that has a copy of OpenSSL to itself, as that of MySQL's own packages.
pub fn init_openssl() {
    #[cfg(all(unix, any(feature = "mysql", feature = "postgres")))]
    openssl_sys::init();
}
