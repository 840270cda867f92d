//! What libpq is given.

use super::Target;
use crate::options::Options;

impl Target {
    /// What libpq is given. What the URL or the environment says holds; the options fill in what they leave open.
    ///
    /// `token`: the server is told its part of them at the start of the session, and this to know it by. A pooler may refuse
    /// that.
    pub(in crate::postgres) fn conninfo(&self, options: &Options, token: Option<&str>) -> String {
        let given = |name: &str| self.parts.parameters.iter().any(|(given, _)| given == name);
        let mut url = self.url.to_string();
        let mut add = |name: &str, value: &str| {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            encode(value, &mut url);
        };
        if !given("fallback_application_name") {
            add("fallback_application_name", "constance");
        }
        if !given("connect_timeout") && std::env::var_os("PGCONNECT_TIMEOUT").is_none() {
            add("connect_timeout", &options.connect_timeout.as_secs().max(1).to_string());
        }
        if self.demands_tls() && !given("gssencmode") && std::env::var_os("PGGSSENCMODE").is_none() {
            // Encryption by GSSAPI would take the place of TLS. And looking for it leads into Kerberos, whose locks go when the process
            // ends: a thread that is inside crashes it.
            add("gssencmode", "disable");
        }
        // The network may lose a server without a word: then nothing that was sent is acknowledged, or nothing comes.
        let patience = options.statement_timeout.as_secs().clamp(1, 3_600);
        for (name, value) in [
            ("keepalives_idle", (patience / 2).max(1)),
            ("keepalives_interval", (patience / 6).max(1)),
            ("keepalives_count", 3),
            ("tcp_user_timeout", patience * 1_000),
        ] {
            if !given(name) {
                add(name, &value.to_string());
            }
        }
        if let Some(token) = token {
            // libpq takes the last one.
            add("options", &self.server_options(options, token));
        }
        url
    }

    fn demands_tls(&self) -> bool {
        self.parameter("sslmode", "PGSSLMODE")
            .is_some_and(|mode| ["require", "verify-ca", "verify-full"].contains(&mode.as_str()))
    }

    /// What the server is told at the start of a session. The last value of an option counts, so the user's come after ours.
    fn server_options(&self, options: &Options, token: &str) -> String {
        let milliseconds = |time: std::time::Duration| time.as_millis().clamp(1, i32::MAX as u128);
        let own = format!(
            // Under a stricter level a write would fail wherever another came in between. A row that a policy hides would pass
            // for one that is not there.
            "-c constance.told={token} -c default_transaction_isolation=read\\ committed -c lock_timeout={} -c statement_timeout={} -c row_security=off",
            milliseconds(options.busy_timeout),
            milliseconds(options.statement_timeout),
        );
        match self.session_options() {
            Some(theirs) => format!("{own} {theirs}"),
            None => own,
        }
    }
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use constance_core::Result;

    use super::*;
    use crate::dialect::ConnectTarget;
    use crate::poll_interval::PollInterval;

    fn options() -> Options {
        Options {
            connect_timeout: Duration::from_secs(3),
            busy_timeout: Duration::ZERO,
            statement_timeout: Duration::from_secs(10),
            poll_interval: PollInterval::default_for(true),
            call_timeout: None,
            file_mode: 0o600,
            table: None,
        }
    }

    #[test]
    fn what_the_url_says_holds() -> Result<()> {
        let plain = Target::parse("postgres://h/d")?.conninfo(&options(), Some("w"));
        for part in [
            "constance.told%3Dw%20",
            "fallback_application_name=constance",
            "connect_timeout=3",
            "tcp_user_timeout=10000",
            "keepalives_idle=5",
        ] {
            assert!(plain.contains(part), "{part} in {plain}");
        }
        // Zero would be no limit at all.
        assert!(plain.contains("lock_timeout%3D1%20"), "{plain}");
        let said =
            "postgres://h/d?connect_timeout=9&tcp_user_timeout=8&keepalives_idle=7&options=-c%20lock_timeout%3D6";
        let said = Target::parse(said)?.conninfo(&options(), Some("w"));
        for name in ["connect_timeout=", "tcp_user_timeout=", "keepalives_idle="] {
            assert_eq!(said.matches(name).count(), 1, "{said}");
        }
        assert!(said.ends_with("-c%20lock_timeout%3D6"), "the last word holds: {said}");
        assert!(!Target::parse("postgres://h/d")?.conninfo(&options(), None).contains("options="));
        Ok(())
    }

    #[test]
    fn who_demands_tls_is_not_given_gssapi() -> Result<()> {
        for (query, wanted) in [
            ("", None),
            ("?sslmode=prefer", None),
            ("?sslmode=require", Some("disable")),
            ("?sslmode=verify-full", Some("disable")),
            ("?sslmode=require&gssencmode=prefer", Some("prefer")),
        ] {
            let conninfo = Target::parse(&format!("postgres://h/d{query}"))?.conninfo(&options(), Some("w"));
            let found: Vec<&str> = conninfo.split(['?', '&']).filter_map(|p| p.strip_prefix("gssencmode=")).collect();
            assert_eq!(found, wanted.into_iter().collect::<Vec<_>>(), "{query}");
        }
        Ok(())
    }
}
