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

fn main() {}
