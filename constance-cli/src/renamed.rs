//! A setting that was given by its old name.

use std::io::Write;

use constance_core::SettingInfo;

/// Says what a setting is called now. Where nobody can be told, the command works all the same.
pub(crate) fn say(asked: &str, info: &SettingInfo, err: &mut dyn Write) {
    if asked != info.name {
        let _ = writeln!(err, "note: \"{asked}\" is now called \"{}\"", info.name);
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use constance_core::{MessagePack, Settings};

    use super::*;

    #[derive(Debug, Clone, Settings)]
    struct Shop {
        #[setting(default = 42, alias = "answer")]
        the_answer: i64,
    }

    #[test]
    fn only_who_asks_by_an_old_name_is_told_the_new_one() {
        let schema = Shop::schema::<MessagePack>().expect("a schema");
        let told = |name: &str| {
            let mut err = Vec::new();
            say(name, schema.find(name).expect("found"), &mut err);
            String::from_utf8(err).expect("UTF-8")
        };
        assert_eq!(told("the_answer"), "");
        assert_eq!(told("answer"), "note: \"answer\" is now called \"the_answer\"\n");
    }
}
