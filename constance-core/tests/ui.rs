//! What the compiler says to a wrong use of the derive macros.
//!
//! After a change of a message, `TRYBUILD=overwrite cargo test -p constance-core --test ui` writes it anew: read it before
//! it is committed.

#[test]
fn messages_name_the_place_and_the_next_step() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
