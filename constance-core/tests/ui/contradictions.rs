use constance_core::Settings;

#[derive(Clone, Settings)]
struct Shop {
    #[setting(default = -1, min = 0)]
    below: i64,
    #[setting(default = 2.5, max = 1.5)]
    above: f64,
    #[setting(default = 5, min = 10, max = 1)]
    nothing_fits: i64,
    #[setting(default = 1, max = 5, choices = [1, 9])]
    choice_above: u8,
    #[setting(min = 'c', choices = ['a', 'd'])]
    choice_below: Option<char>,
    #[setting(default = "c", choices = ["a", "b"])]
    no_choice: String,
    #[setting(default = Some(3), max = 2)]
    optional: Option<i64>,
}

fn main() {}
