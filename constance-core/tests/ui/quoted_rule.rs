use constance_core::Settings;

#[derive(Clone, Settings)]
#[settings(validate = "Shop::check")]
struct Shop {
    #[setting(default = 42, validate = "is_even")]
    even: i64,
}

fn main() {}
