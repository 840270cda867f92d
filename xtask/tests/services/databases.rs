//! The databases and memcached of `cargo xtask services` are what they are called, and leave nothing behind.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use constance_testserver::until;

use crate::support::{Place, Up, ask, have};

fn postgres() -> bool {
    have(&["initdb", "psql", "openssl"])
}

fn mariadb() -> bool {
    have(&["mariadbd", "mariadb", "openssl"])
}

fn psql(url: &str, sql: &str) -> Output {
    Command::new("psql").args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, url]).output().unwrap()
}

/// What a statement that is to succeed gives.
#[track_caller]
fn answer(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn postgres_has_an_owner_an_administrator_and_tls() {
    if !postgres() {
        return;
    }
    let up = Up::start("postgres");
    let url = |name: &str| up.variables[&format!("CONSTANCE_POSTGRES_{name}")].clone();
    let user = "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user";
    assert_eq!(answer(&psql(&url("URL"), user)), "constance|f|f");
    answer(&psql(&url("URL"), "CREATE TABLE a (b int)"));
    assert_eq!(answer(&psql(&url("ADMIN_URL"), user)), "postgres|t|t");
    let tls = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(answer(&psql(&url("TLS_URL"), tls)), "t");

    let wrong = url("URL").replace("password-of", "wrong");
    assert!(complaint(&psql(&wrong, "SELECT 1")).contains("password authentication failed"));
    let stranger = url("TLS_URL").replace("/ca.crt", "/client.crt");
    assert!(complaint(&psql(&stranger, "SELECT 1")).contains("certificate verify failed"));
    up.stop();
}

#[test]
fn postgres_with_icu_sorts_by_it_and_does_not_speak_english() {
    if !postgres() || !have(&["localedef"]) {
        return;
    }
    let up = Up::start("postgres-icu");
    let url = &up.variables["CONSTANCE_POSTGRES_ICU_URL"];
    // `C` has all capitals first.
    assert_eq!(answer(&psql(url, "SELECT 'a' < 'B', 'a' COLLATE \"C\" < 'B'")), "t|f");
    let translated = fs::read_dir("/usr/share/locale/de/LC_MESSAGES").into_iter().flatten().flatten();
    let translated = translated.map(|entry| entry.file_name().to_string_lossy().into_owned());
    if translated.into_iter().any(|name| name.starts_with("postgres-")) {
        assert!(complaint(&psql(url, "SELECT 1 / 0")).contains("Division durch Null"));
        assert!(complaint(&psql(&url.replace("password-of", "wrong"), "SELECT 1")).contains("fehlgeschlagen"));
    }
    up.stop();
}

#[test]
fn postgres_takes_its_shared_memory_along() {
    if !postgres() || !have(&["ipcs"]) {
        return;
    }
    let up = Up::start("postgres");
    let file = up.folder("data/PG_VERSION", "server.log").join("data/postmaster.pid");
    let lines = fs::read_to_string(file).unwrap();
    let memory = lines.lines().nth(6).and_then(|line| line.split_whitespace().last()).unwrap().to_owned();
    let listed = || {
        let output = Command::new("ipcs").arg("-m").output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().any(|line| line.split_whitespace().nth(1) == Some(&memory))
    };
    assert!(listed());
    up.stop();
    assert!(!listed());
}

#[test]
fn mariadb_has_an_owner_an_administrator_and_tls() {
    if !mariadb() {
        return;
    }
    let up = Up::start("mariadb");
    let sql = |name: &str, replaced: &str, sql: &str| {
        let url = up.variables[name].strip_prefix("mysql://").unwrap().to_owned();
        let (user, host) = url.split_once('@').unwrap();
        let (user, password) = user.split_once(':').unwrap();
        let (host, database) = host.split_once('/').unwrap();
        let (database, authority) = database.split_once("?ssl_ca=").unwrap_or((database, ""));
        let (host, port) = host.split_once(':').unwrap();
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "-N", "-h", host, "-P", port, "-u", user, "-D", database, "-e", sql]);
        if authority.is_empty() {
            client.arg("--skip-ssl");
        } else {
            client.args(["--ssl-verify-server-cert", &format!("--ssl-ca={authority}")]);
        }
        client.env("MYSQL_PWD", password.replace("password-of", replaced)).output().unwrap()
    };
    let (user, root) = ("CONSTANCE_MARIADB_URL", "CONSTANCE_MARIADB_ADMIN_URL");
    let charset = "SELECT current_user(), @@character_set_database";
    assert_eq!(answer(&sql(user, "password-of", charset)), "constance@%\tlatin1");
    answer(&sql(user, "password-of", "CREATE TABLE a (b int)"));
    assert!(complaint(&sql(user, "password-of", "CREATE DATABASE other")).contains("ERROR 1044"));
    assert!(complaint(&sql(user, "wrong", "SELECT 1")).contains("ERROR 1045"));
    answer(&sql(root, "password-of", "CREATE DATABASE other"));
    let cipher = "SHOW STATUS LIKE 'Ssl_cipher'";
    assert_eq!(answer(&sql(user, "password-of", cipher)), "Ssl_cipher");
    assert!(answer(&sql("CONSTANCE_MARIADB_TLS_URL", "password-of", cipher)).starts_with("Ssl_cipher\tTLS_"));
    up.stop();
}

#[test]
fn memcached_is_one_and_a_pair() {
    if !have(&["memcached"]) {
        return;
    }
    let up = Up::start("memcached");
    let mut hosts = up.hosts("CONSTANCE_MEMCACHED_URL");
    hosts.extend(up.hosts("CONSTANCE_MEMCACHED_SERVERS_URL"));
    assert_eq!(hosts.len(), 3);
    for host in &hosts {
        // Each holds what it alone was told.
        let answer = ask(host, &["get a", "set a 0 0 1", "b", "get a"]).unwrap();
        assert_eq!(answer, "END\r\nSTORED\r\nVALUE a 0 1\r\nb\r\nEND\r\n");
    }
    up.stop();
}

#[test]
fn nothing_is_left_of_databases_when_xtask_is_killed() {
    if !postgres() || !mariadb() || !have(&["memcached"]) {
        return;
    }
    for signal in ["-KILL", "-TERM", "-INT", "-HUP"] {
        let mut up = Up::start("postgres mariadb memcached");
        assert!(up.place.left().len() > 10, "servers are seen while they run: {:?}", up.place.left());
        up.signal(signal);
        assert!(!up.child.wait().unwrap().success());
        up.place.wait_until_nothing_is_left();
    }
}

#[test]
fn nothing_is_left_when_xtask_is_killed_while_they_start() {
    if !postgres() || !mariadb() {
        return;
    }
    // At different moments of the start: as soon as a folder has both of these.
    for (data, file) in [
        ("data/PG_VERSION", "data/PG_VERSION"),
        ("data/PG_VERSION", "server.log"),
        ("data/ibdata1", "data/ibdata1"),
        ("data/ibdata1", "server.log"),
    ] {
        let place = Place::new();
        let mut child =
            place.xtask("services up postgres mariadb").stdin(std::process::Stdio::piped()).spawn().unwrap();
        until(file, || found(&place, data, file));
        child.kill().unwrap();
        child.wait().unwrap();
        place.wait_until_nothing_is_left();
    }
}

/// A folder of a server, or of the data of new ones, that has both of these files.
fn found(place: &Place, data: &str, file: &str) -> Option<PathBuf> {
    let entries = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders = entries(place.0.clone()).flat_map(entries);
    folders.find(|folder| folder.join(data).exists() && folder.join(file).exists())
}

impl Up {
    /// The folder of a server.
    fn folder(&self, data: &str, file: &str) -> PathBuf {
        found(&self.place, data, file).expect("the folder is there")
    }
}

#[test]
fn durable_servers_flush_to_the_disk() {
    if !postgres() {
        return;
    }
    for (line, wanted) in [("postgres", "off|off"), ("postgres --durable", "on|on")] {
        let up = Up::start(line);
        let sql = "SELECT current_setting('fsync'), current_setting('synchronous_commit')";
        assert_eq!(answer(&psql(&up.variables["CONSTANCE_POSTGRES_URL"], sql)), wanted);
        up.stop();
    }
}
