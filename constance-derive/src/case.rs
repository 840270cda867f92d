//! Making names of identifiers, by the rules of serde's `rename_all`.

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    /// Every case, with its name in `rename_all`.
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("lowercase", Self::Lower),
        ("UPPERCASE", Self::Upper),
        ("PascalCase", Self::Pascal),
        ("camelCase", Self::Camel),
        ("snake_case", Self::Snake),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("kebab-case", Self::Kebab),
        ("SCREAMING-KEBAB-CASE", Self::ScreamingKebab),
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, case)| *case)
    }

    /// The name of a field, whose identifier is in snake case.
    pub(crate) fn field(self, field: &str) -> String {
        match self {
            Self::Lower | Self::Snake => field.to_owned(),
            Self::Upper | Self::ScreamingSnake => field.to_ascii_uppercase(),
            Self::Pascal => field.split('_').map(|word| first(word, char::to_ascii_uppercase)).collect(),
            Self::Camel => first(&Self::Pascal.field(field), char::to_ascii_lowercase),
            Self::Kebab => field.replace('_', "-"),
            Self::ScreamingKebab => field.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// The word of a variant, whose identifier is in Pascal case.
    pub(crate) fn variant(self, variant: &str) -> String {
        match self {
            Self::Pascal => variant.to_owned(),
            Self::Lower => variant.to_ascii_lowercase(),
            Self::Upper => variant.to_ascii_uppercase(),
            Self::Camel => first(variant, char::to_ascii_lowercase),
            Self::Snake | Self::ScreamingSnake | Self::Kebab | Self::ScreamingKebab => self.field(&snake(variant)),
        }
    }
}

/// Every capital begins a word, as it does for serde: `HTTPServer` is `h_t_t_p_server`.
fn snake(pascal: &str) -> String {
    let mut snake = String::new();
    for (at, letter) in pascal.char_indices() {
        if at > 0 && letter.is_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn first(word: &str, change: fn(&char) -> char) -> String {
    let mut letters = word.chars();
    letters.next().as_ref().map(change).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_out_as_serde_makes_them() {
        let fields = ["the_answer"; 8].map(str::to_owned);
        let made = std::array::from_fn(|i| Case::ALL[i].1.field(&fields[i]));
        let expected = [
            "the_answer",
            "THE_ANSWER",
            "TheAnswer",
            "theAnswer",
            "the_answer",
            "THE_ANSWER",
            "the-answer",
            "THE-ANSWER",
        ];
        assert_eq!(made, expected.map(str::to_owned));

        let made = Case::ALL.map(|(_, case)| case.variant("VeryDark"));
        let expected =
            ["verydark", "VERYDARK", "VeryDark", "veryDark", "very_dark", "VERY_DARK", "very-dark", "VERY-DARK"];
        assert_eq!(made, expected.map(str::to_owned));
        assert_eq!(Case::Snake.variant("HTTPServer"), "h_t_t_p_server");
    }

    #[test]
    fn every_case_is_found_by_its_name() {
        for (name, case) in Case::ALL {
            assert_eq!(Case::from_name(name), Some(case));
        }
        assert_eq!(Case::from_name("Kebab-Case"), None);
    }
}
