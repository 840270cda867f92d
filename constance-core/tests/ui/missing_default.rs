use constance_core::Settings;

#[derive(Clone, Settings)]
struct Shop {
    the_answer: i64,
    /// Not a word about a default here.
    #[setting(group = "General")]
    site_name: String,
    fine: Option<String>,
}

fn main() {}
