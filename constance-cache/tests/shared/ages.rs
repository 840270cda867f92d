//! What the shared cache gives is as old as its fill.

use std::time::Duration;

use constance_core::Backend;

use crate::common::{HOLD, World, key, value};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_answer_is_as_old_as_what_was_filled() {
    let world = World::new();
    let (filler, process) = (world.process(), world.process());
    world.put("theme", b"dark");
    let (theme, title) = (key("theme"), key("title"));
    let age = |backend: &dyn Backend| {
        let (found, age) = backend.read_with_age(&[&theme, &title]).expect("reads");
        assert_eq!(found[0], value(b"dark"));
        age
    };
    assert_eq!(age(&filler), Duration::ZERO, "it asked the store");
    world.clock.advance(13 * SECOND);
    assert_eq!(age(&process), 13 * SECOND, "on probation");
    world.clock.advance(HOLD);
    assert_eq!(age(&process), Duration::ZERO, "it settles");
    world.clock.advance(100 * SECOND);
    assert_eq!(age(&filler), 100 * SECOND);
    // The oldest counts.
    world.settle(&process, "title");
    let of_title = process.read_with_age(&[&title]).expect("reads").1;
    assert_eq!(age(&filler), (100 * SECOND + HOLD).max(of_title));
}

/// A cell tells when it was filled, and nothing of what was old by then.
#[test]
fn what_was_old_when_it_was_read_is_not_put_into_the_cache() {
    let world = World::new();
    let process = world.process();
    world.put("theme", b"dark");
    world.inner.answer_older_by(SECOND);
    for _ in 0..2 {
        assert_eq!(process.read_with_age(&[&key("theme")]).expect("reads"), (vec![value(b"dark")], SECOND));
    }
    assert_eq!(world.reads(), 2);
}
