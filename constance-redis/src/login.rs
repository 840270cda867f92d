//! Usernames and passwords.

use std::fmt;

use constance_core::Result;
use constance_core::url::check_login;
use redis::RedisConnectionInfo;

/// A username and a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
}

impl Login {
    pub(crate) fn from_settings(settings: &RedisConnectionInfo) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self { username: owned(settings.username()), password: owned(settings.password()) }
    }

    /// # Errors
    ///
    /// `Configuration` where a part is missing.
    pub(crate) fn check(&self) -> Result<()> {
        check_login(self.username.as_deref(), self.password.as_deref())
    }

    /// The driver's settings with this login.
    pub(crate) fn apply_to(&self, mut settings: RedisConnectionInfo) -> RedisConnectionInfo {
        if let Some(username) = &self.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        settings
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { username, password } = self;
        f.debug_struct("Login").field("username", username).field("password", &password.as_ref().map(|_| "…")).finish()
    }
}
