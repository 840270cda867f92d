//! `settings stale` and `settings remove-stale`.

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
fn what_is_named_is_removed_and_nothing_else() -> Result<()> {
    let shop = Sandbox::new();
    shop.ok(&["set", "the_answer", "43"]);
    for name in ["old_name", "of_the_worker", "older"] {
        shop.spoil(name)?;
    }
    assert_eq!(shop.ok(&["remove-stale", "old_name", "gone_already"]), "old_name\n");
    assert_eq!(shop.json(&["remove-stale", "older", "--json"]), serde_json::json!(["older"]));
    assert_eq!(shop.ok(&["stale"]), "of_the_worker\n");
    let (code, message) = shop.run(&["remove-stale", "of_the_worker", "the_answer"]).failed();
    assert_eq!((code, message.as_str()), (2, "setting \"the_answer\": this program declares it; reset it instead"));
    assert_eq!(shop.ok(&["stale"]), "of_the_worker\n");
    assert_eq!(shop.ok(&["get", "the_answer"]), "43\n");
    assert!(crate::common::parse(&["remove-stale"]).is_err(), "nothing is removed by default");
    Ok(())
}

#[test]
fn a_store_that_does_not_answer_has_no_list_of_stale_keys() {
    let ran = run(&Config::<Shop>::new(Down), &["stale"], b"");
    let (code, message) = ran.failed();
    assert_eq!((code, ran.out.as_str()), (1, ""), "{message}");
}
