use constance_core::Settings;

#[derive(Clone, Settings)]
#[settings(validate = other)]
struct Shop {
    #[setting(default = 42, validate = is_slug)]
    the_answer: i64,
    #[setting(default = 42, validate = is_even)]
    even: i64,
}

fn is_slug(_: &str) -> Result<(), String> {
    Ok(())
}

fn is_even(value: &i64) -> bool {
    value % 2 == 0
}

fn other(_: &String) -> Result<(), String> {
    Ok(())
}

fn main() {}
