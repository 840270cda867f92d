//! A setting that was renamed twice, and one into which two became one.

use super::*;

/// Before it was renamed again: as the old program, but it knew a name before that.
#[derive(Debug, Clone, PartialEq, Settings)]
struct Middle {
    #[setting(default = "My Title", alias = "headline")]
    title: String,
}

#[derive(Debug, Clone, PartialEq, Settings)]
struct Oldest {
    #[setting(default = "My Title")]
    headline: String,
}

#[derive(Debug, Clone, PartialEq, Settings)]
struct Newest {
    #[setting(default = "My Title", alias = "title", alias = "headline")]
    site_name: String,
}

fn three() -> (Config<Oldest>, Config<Middle>, Config<Newest>) {
    let store = Arc::new(ReferenceBackend::new());
    (Config::new(Arc::clone(&store)), Config::new(Arc::clone(&store)), Config::new(store))
}

#[test]
fn three_versions_beside_each_other_hear_whoever_wrote_last() {
    let (oldest, middle, newest) = three();
    // Every order in which three of them write after each other, each a set or a reset.
    for number in 0..216 {
        for (turn, step) in [number / 36, number / 6 % 6, number % 6].into_iter().enumerate() {
            let value = (step % 2 == 0).then(|| format!("{number}, {turn}"));
            match (step / 2, &value) {
                (0, Some(value)) => oldest.set(Oldest::HEADLINE, value.clone()),
                (0, None) => oldest.reset(Oldest::HEADLINE),
                (1, Some(value)) => middle.set(Middle::TITLE, value.clone()),
                (1, None) => middle.reset(Middle::TITLE),
                (_, Some(value)) => newest.set(Newest::SITE_NAME, value.clone()),
                (_, None) => newest.reset(Newest::SITE_NAME),
            }
            .expect("writes");
            let expected = value.unwrap_or_else(|| "My Title".to_owned());
            let seen = [
                oldest.get(Oldest::HEADLINE).expect("reads"),
                middle.get(Middle::TITLE).expect("reads"),
                newest.get(Newest::SITE_NAME).expect("reads"),
            ];
            assert_eq!(seen, [&*expected; 3], "case {number}, write {turn}");
        }
    }
}

/// Programs that know one of two old names each, which no program before the new one wrote together.
#[test]
fn two_settings_that_became_one_are_heard_under_either_name() {
    let store = Arc::new(ReferenceBackend::new());
    let one = Config::<Old>::new(Arc::clone(&store));
    let other = Config::<Oldest>::new(Arc::clone(&store));
    let newest = Config::<Newest>::new(store);
    let both = || [one.get(Old::TITLE).expect("reads"), other.get(Oldest::HEADLINE).expect("reads")];
    one.set(Old::TITLE, "a".into()).expect("writes");
    assert_eq!(newest.get(Newest::SITE_NAME).expect("reads"), "a");
    newest.set(Newest::SITE_NAME, "b".into()).expect("writes");
    assert_eq!(both(), ["b", "b"]);
    other.set(Oldest::HEADLINE, "c".into()).expect("writes");
    assert_eq!(newest.get(Newest::SITE_NAME).expect("reads"), "c");
    newest.set(Newest::SITE_NAME, "d".into()).expect("writes");
    one.reset(Old::TITLE).expect("writes");
    assert_eq!(newest.get(Newest::SITE_NAME).expect("reads"), "My Title");
    newest.compare_and_set(Newest::SITE_NAME, "My Title".into(), "e".into()).expect("the default is in force");
    assert_eq!(both(), ["e", "e"]);
}
