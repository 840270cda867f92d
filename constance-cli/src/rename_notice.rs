//! The notice for a setting that is named by an alias.

use std::io::Write;

use constance_core::SettingInfo;

/// Writes the current name of a setting. The command goes on where that fails.
pub(crate) fn write(asked: &str, info: &SettingInfo, err: &mut dyn Write) {
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
    fn the_notice_is_written_for_an_old_name_only() {
        let schema = Shop::schema::<MessagePack>().expect("a schema");
        let told = |name: &str| {
            let mut err = Vec::new();
            write(name, schema.find(name).expect("found"), &mut err);
            String::from_utf8(err).expect("UTF-8")
        };
        assert_eq!(told("the_answer"), "");
        assert_eq!(told("answer"), "note: \"answer\" is now called \"the_answer\"\n");
    }
}
