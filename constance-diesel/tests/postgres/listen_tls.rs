//! The feed of changes of PostgreSQL, as it is pushed through TLS.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use constance_core::{
    Backend, ErrorKind, Prefix,
    backend::{Wake, Watch},
};
use constance_diesel::PostgresBackend;

use crate::postgres_support::{LONG, Schema, store, texts, until, url_in};

/// An authority that has signed nothing. Its key is gone.
const NOBODY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBeDCCAR+gAwIBAgIUUQ8/PxpjMcY8/JHUIwzyooX2sQgwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyMzAzNDM0MFoYDzIxMjYxMDMwMDM0
MzQwWjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AARkA2GxbTJPLcUEOLhgRWuGckSsD0+LAgMoj6NUYvN6eWJxD9ROh0MjQVM2q9zs
EUfamY/H0tZ2ZXNw9IkpPEzqo1MwUTAdBgNVHQ4EFgQUb4O7JdMy/V/ODAgT2QeI
MHHnCjYwHwYDVR0jBBgwFoAUb4O7JdMy/V/ODAgT2QeIMHHnCjYwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBGU5MQGGpORTyooi+JIol12rL98sVD
FBPlSP58cCao7AIgDD+/DZWItbee7bSdhFhKIwFBD+U8dwtBSVbEtNO1pCU=
-----END CERTIFICATE-----
";

/// A server that offers TLS.
struct Server {
    schema: Schema,
    /// Its URL without parameters.
    plain: String,
    /// The file of its authority.
    roots: String,
    clients: AtomicU32,
}

/// A backend that has a feed of its own.
struct Client {
    backend: PostgresBackend,
    name: String,
}

impl Server {
    fn new() -> Option<Self> {
        let base = url_in("CONSTANCE_POSTGRES_TLS_URL")?;
        let (plain, parameters) = base.split_once('?').expect("parameters");
        let roots = parameters.split('&').find_map(|pair| pair.strip_prefix("sslrootcert=")).expect("an authority");
        let schema = Schema::at(&base)?;
        schema.backend();
        Some(Self { plain: plain.to_owned(), roots: roots.to_owned(), schema, clients: AtomicU32::new(0) })
    }

    /// Where its authority is, and with that of `xtask services` other files of its own.
    fn folder(&self) -> PathBuf {
        Path::new(&self.roots).parent().map_or_else(PathBuf::new, Path::to_owned)
    }

    /// With these parameters, in which `{roots}` is the server's authority.
    fn client(&self, parameters: &str) -> Client {
        self.client_at(&self.plain, parameters)
    }

    fn client_at(&self, plain: &str, parameters: &str) -> Client {
        let name = format!("{}_{}", self.schema.name, self.clients.fetch_add(1, Ordering::Relaxed));
        let mut url = format!("{plain}?application_name={name}");
        if !parameters.is_empty() {
            url = format!("{url}&{}", parameters.replace("{roots}", &self.roots));
        }
        let url = self.schema.through(&url, "");
        Client { backend: PostgresBackend::from_url(&url).expect("a valid URL"), name }
    }

    /// Whether each connection that listens for the client is encrypted, and its certificate.
    fn listeners(&self, client: &Client) -> Vec<String> {
        let query = format!(
            "SELECT concat_ws(' ', s.ssl::text, s.client_dn) AS text FROM pg_stat_ssl AS s JOIN pg_stat_activity AS a \
             ON a.pid = s.pid WHERE a.application_name = '{}' AND a.query LIKE '%LISTEN \"%'",
            client.name
        );
        texts(&mut self.schema.raw(), &query)
    }

    /// A feed that works, and how its connection is encrypted if it has one that listens.
    #[track_caller]
    fn check(&self, client: &Client, what: &str) -> Vec<String> {
        let mut feed = client.backend.watch(&Prefix::empty()).expect(what);
        let listeners = self.listeners(client);
        store(&self.schema.backend(), "a", b"1");
        assert_eq!(feed.wait(LONG).expect(what), Wake::Changed, "{what}");
        listeners
    }
}

#[test]
fn it_listens_through_tls_in_every_mode() {
    let Some(server) = Server::new() else { return };
    for parameters in [
        "",
        "sslmode=allow",
        "sslmode=prefer",
        "sslmode=require",
        "sslmode=require&sslrootcert=/nothing/here",
        "sslrootcert={roots}",
        "sslmode=require&sslrootcert={roots}",
        "sslmode=verify-ca&sslrootcert={roots}",
        "sslmode=verify-full&sslrootcert={roots}",
        "sslmode=require&channel_binding=require",
        "sslmode=require&channel_binding=disable&ssl_min_protocol_version=TLSv1.2&sslsni=1",
    ] {
        assert_eq!(server.check(&server.client(parameters), parameters), ["true"], "{parameters}");
    }
    let disabled = server.client("sslmode=disable&sslrootcert={roots}&sslcrl=/nothing/here");
    assert_eq!(server.check(&disabled, "without TLS"), ["false"]);
}

#[test]
fn the_host_is_looked_at_under_verify_full_alone() {
    let Some(server) = Server::new() else { return };
    let at = |host: &str| server.plain.replace("@127.0.0.1:", &format!("@{host}:"));
    if at("localhost") == server.plain {
        eprintln!("skipped: the server is at another address");
        return;
    }
    let full = "sslmode=verify-full&sslrootcert={roots}";
    assert_eq!(server.check(&server.client_at(&at("localhost"), full), "a name of the certificate"), ["true"]);
    // libpq takes it for the address that the certificate names; in the certificate it is not.
    let other = at("127.1");
    let lax = server.client_at(&other, "sslmode=verify-ca&sslrootcert={roots}");
    assert_eq!(server.check(&lax, "another name"), ["true"]);
    let strict = server.client_at(&other, full);
    assert_eq!(server.check(&strict, "another name"), [""; 0]);
}

#[test]
#[cfg(unix)]
fn through_a_socket_no_mode_asks_for_tls() {
    let Some(server) = Server::new() else { return };
    let folder = server.folder();
    let (port, database) = server.plain.rsplit_once(':').and_then(|(_, rest)| rest.split_once('/')).expect("a port");
    if !folder.join(format!(".s.PGSQL.{port}")).exists() {
        eprintln!("skipped: the server has no socket beside its authority");
        return;
    }
    let folder = folder.display().to_string().replace('/', "%2F");
    let (user, _) = server.plain.split_once('@').expect("a user");
    for mode in ["prefer", "require", "verify-full"] {
        let client = server.client_at(&format!("{user}@{folder}:{port}/{database}"), &format!("sslmode={mode}"));
        assert_eq!(server.check(&client, mode), ["false"], "{mode}");
    }
}

#[test]
fn with_a_wrong_authority_nothing_listens() {
    let Some(server) = Server::new() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let wrong = write("wrong.crt", NOBODY);
    // libpq itself goes on in the clear.
    for mode in ["allow", "prefer"] {
        let client = server.client(&format!("sslmode={mode}&sslrootcert={wrong}"));
        assert_eq!(server.check(&client, mode), [""; 0], "{mode}");
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        for file in [&wrong, &write("empty.crt", "")] {
            let client = server.client(&format!("sslmode={mode}&sslrootcert={file}"));
            let error = client.backend.watch(&Prefix::empty()).map(drop).expect_err(mode);
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{mode}: {error}");
            assert_eq!(server.listeners(&client), [""; 0], "{mode}");
        }
    }
}

#[test]
fn what_the_listener_cannot_do_is_polled() {
    let Some(server) = Server::new() else { return };
    for parameters in
        ["sslmode=require&ssl_min_protocol_version=TLSv1.3", "sslmode=require&sslsni=0", "sslcrl=/nothing/here"]
    {
        assert_eq!(server.check(&server.client(parameters), parameters), [""; 0], "{parameters}");
    }
}

#[test]
fn it_shows_the_certificate_that_libpq_would() {
    let Some(server) = Server::new() else { return };
    let folder = server.folder();
    let (certificate, key) = (folder.join("client.crt"), folder.join("client.key"));
    if !certificate.exists() {
        eprintln!("skipped: there is no client's certificate beside that of the authority");
        return;
    }
    let own = format!("sslcert={}&sslkey={}", certificate.display(), key.display());
    for mode in ["prefer", "require", "verify-full"] {
        let client = server.client(&format!("sslmode={mode}&sslrootcert={{roots}}&{own}"));
        assert_eq!(server.check(&client, mode), ["true /CN=constance client"], "{mode}");
    }
}

#[test]
fn a_killed_connection_ends_the_feed_and_the_next_is_encrypted_too() {
    let Some(server) = Server::new() else { return };
    let client = server.client("sslmode=verify-full&sslrootcert={roots}");
    let mut feed = client.backend.watch(&Prefix::empty()).expect("a feed");
    assert_eq!(server.listeners(&client), ["true"]);
    let kill = format!(
        "SELECT pg_terminate_backend(pid)::text AS text FROM pg_stat_activity WHERE application_name = '{}'",
        client.name
    );
    assert!(!texts(&mut server.schema.raw(), &kill).is_empty(), "the feed has a connection");
    let error = feed.wait(LONG).expect_err("killed");
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unavailable, true), "{error}");
    until("the end of the connection", || server.listeners(&client).is_empty().then_some(()));
    assert_eq!(server.check(&client, "a new one"), ["true"]);
}

#[test]
fn the_connection_goes_with_the_feed() {
    let Some(server) = Server::new() else { return };
    let client = server.client("sslmode=require");
    let feed: Box<dyn Watch> = client.backend.watch(&Prefix::empty()).expect("a feed");
    assert_eq!(server.listeners(&client), ["true"]);
    drop(feed);
    until("the end of the connection", || server.listeners(&client).is_empty().then_some(()));
}

/// What the server tells of the connections that listen, for a client whose environment says more than its URL.
const EXPECTED: &str = "CONSTANCE_TEST_EXPECTED";

#[test]
fn the_environment_has_its_say() {
    let Some(server) = Server::new() else { return };
    if let Ok(expected) = std::env::var(EXPECTED) {
        let listeners = server.check(&server.client(""), "as the environment says");
        assert_eq!(listeners.join(","), expected);
        return;
    }
    // A program's own environment cannot be changed while it runs.
    let program = std::env::current_exe().expect("this program");
    let run = |expected: &str, variables: &[(&str, &str)]| {
        let mut again = Command::new(&program);
        again.args(["--exact", "listen_tls::the_environment_has_its_say"]).env(EXPECTED, expected);
        let done = again.envs(variables.iter().copied()).output().expect("this program once more");
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{variables:?}: {said}");
    };
    let full = ("PGSSLMODE", "verify-full");
    let roots = ("PGSSLROOTCERT", &*server.roots);
    run("true", &[full, roots]);
    run("", &[full, roots, ("PGSSLSNI", "0")]);
    run("false", &[("PGSSLMODE", "disable"), ("PGSSLSNI", "0")]);
    // Where libpq looks when nobody names a file.
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join(".postgresql");
    std::fs::create_dir(&folder).expect("a folder");
    let home = ("HOME", &*home.path().to_string_lossy());
    std::fs::write(folder.join("root.crt"), NOBODY).expect("a file");
    run("", &[home]);
    std::fs::copy(&server.roots, folder.join("root.crt")).expect("a file");
    run("true", &[home, full]);
    std::fs::write(folder.join("root.crl"), "").expect("a file");
    run("", &[home, full]);
}
