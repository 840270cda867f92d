//! The keys that no setting declares.

use constance_core::{Config, Result};

use crate::common::{Down, Sandbox, Shop, run};

#[test]
fn stale_keys_are_listed_by_name_and_nothing_of_their_values() -> Result<()> {
    let shop = Sandbox::new();
    assert_eq!(shop.ok(&["stale"]), "");
    assert_eq!(shop.ok(&["stale", "--json"]), "[]\n");
    shop.ok(&["set", "the_answer", "43"]);
    shop.spoil("old_name")?;
    shop.spoil("an.older-name")?;
    assert_eq!(shop.ok(&["stale"]), "an.older-name\nold_name\n");
    assert_eq!(shop.json(&["stale", "--json"]), serde_json::json!(["an.older-name", "old_name"]));
    Ok(())
}

#[test]
fn a_store_that_does_not_answer_has_no_list_of_stale_keys() {
    let ran = run(&Config::<Shop>::new(Down), &["stale"], b"");
    let (code, message) = ran.failed();
    assert_eq!((code, ran.out.as_str()), (1, ""), "{message}");
}
