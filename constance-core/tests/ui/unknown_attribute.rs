use constance_core::Settings;

#[derive(Clone, Settings)]
#[settings(rename_al = "kebab-case", rename_all = "lowercase", rename_all = "lowercase")]
#[setting(rename_all = "kebab-case")]
struct Shop {
    #[setting(defualt = 42, default = 1)]
    the_answer: i64,
    #[setting(default = 1, min = 0)]
    #[setting(min = 1, secret = true, group)]
    twice: i64,
    #[setting(default(1))]
    parentheses: i64,
    #[settings(default = 1)]
    misplaced: Option<i64>,
    #[setting(rename = 1)]
    number: Option<i64>,
}

impl Shop {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

#[derive(Clone, Settings)]
#[settings(rename_all = "Train-Case", crate = "constance_core")]
struct Cased {}

fn main() {}
