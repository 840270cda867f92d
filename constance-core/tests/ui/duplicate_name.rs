use constance_core::Settings;

#[derive(Clone, Settings)]
struct Renamed {
    site_name: Option<String>,
    #[setting(rename = "site_name")]
    title: Option<String>,
    #[setting(alias = "title_2", alias = "site_name")]
    aliased: Option<String>,
    #[setting(alias = "own")]
    own: Option<String>,
    #[setting(alias = "title_2")]
    last: Option<String>,
}

#[allow(non_snake_case)]
#[derive(Clone, Settings)]
struct Constants {
    r#type: Option<String>,
    TYPE: Option<String>,
}

#[derive(Clone, Settings)]
#[settings(rename_all = "camelCase")]
struct Cased {
    the_answer: Option<String>,
    the__answer: Option<String>,
}

fn main() {}
