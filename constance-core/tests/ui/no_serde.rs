use constance_core::Settings;

#[derive(Clone, PartialEq, Default)]
struct Address {
    city: String,
}

#[derive(Clone, Settings)]
struct Shop {
    #[setting(default, serde)]
    address: Address,
}

fn main() {}
