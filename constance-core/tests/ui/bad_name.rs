use constance_core::Settings;

#[derive(Clone, Settings)]
struct Shop {
    größe: Option<u32>,
    #[setting(rename = "site:name")]
    site_name: Option<String>,
    #[setting(rename = "", alias = "old name")]
    empty: Option<String>,
    #[setting(rename = "a123456789b123456789c123456789d123456789e123456789f123456789g123456789h123456789i123456789j123456789k123456789l123456789m123456789n123456789o123456789p123456789q123456789r123456789s123456789t123456789u123456789v123456789w123456789x123456789y123456789z12345")]
    long: Option<String>,
}

fn main() {}
