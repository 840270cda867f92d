use constance_core::Settings;

#[derive(Clone, Settings)]
#[settings(removed("title", "site_name"), removed("headline", "", "title"))]
struct StillThere {
    #[setting(alias = "headline")]
    site_name: Option<String>,
}

#[derive(Clone, Settings)]
#[settings(removed = "title")]
struct NoList {
    site_name: Option<String>,
}

#[derive(Clone, Settings)]
#[settings(removed(title))]
struct NoText {
    site_name: Option<String>,
}

fn main() {}
