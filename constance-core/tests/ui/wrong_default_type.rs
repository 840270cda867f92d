use std::time::Duration;

use constance_core::Settings;

#[derive(Clone, Settings)]
struct Shop {
    #[setting(default = "many")]
    the_answer: i64,
    #[setting(default = 42)]
    site_name: String,
    #[setting(default = 1, min = 0.5, choices = [1, 'x'])]
    bounded: i64,
    #[setting(default = 30)]
    timeout: Duration,
    #[setting(default = "en", choices = ["en", 2])]
    language: String,
}

fn main() {}
