use constance_core::Settings;

#[derive(Clone, Settings)]
struct Mail {
    #[setting(default = "localhost")]
    host: String,
}

#[derive(Clone, Settings)]
struct Others {
    #[setting(nested, default, min = 1, secret)]
    mail: Mail,
}

#[derive(Clone, Settings)]
struct Doubles {
    #[setting(nested)]
    mail: Mail,
    #[setting(rename = "mail.host")]
    host: Option<String>,
    #[setting(alias = "mail.host")]
    server: Option<String>,
}

fn main() {}
