use constance_core::Settings;
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
struct Address {
    city: String,
}

#[derive(Clone, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default)]
    address: Address,
    #[setting(default, group = "Places")]
    addresses: Vec<Address>,
}

fn main() {}
