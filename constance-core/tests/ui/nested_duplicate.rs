use constance_core::Settings;

#[derive(Clone, Settings)]
struct Mail {
    #[setting(default = "localhost")]
    host: String,
    #[setting(nested)]
    login: Login,
}

#[derive(Clone, Settings)]
struct Login {
    user: Option<String>,
}

#[derive(Clone, Settings)]
#[settings(removed("mail.login.user"))]
struct Doubles {
    #[setting(nested)]
    mail: Mail,
    #[setting(rename = "mail.host")]
    host: Option<String>,
    #[setting(alias = "mail.login.password")]
    password: Option<String>,
}

fn main() {}
