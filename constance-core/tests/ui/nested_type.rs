use constance_core::Settings;

#[derive(Clone)]
struct Mail {
    host: String,
}

#[derive(Clone, Settings)]
struct Shop {
    #[setting(nested)]
    mail: Mail,
}

fn main() {}
