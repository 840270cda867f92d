//! What is in the file, and when it is replaced.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use constance_core::{Config, ErrorKind, Settings, backend::Stored};

use super::{Shop, World, until};

const SECRET: &str = "hunter2-in-the-file";

fn holds(bytes: &[u8], what: &str) -> bool {
    bytes.windows(what.len()).any(|window| window == what.as_bytes())
}

#[cfg(unix)]
#[test]
fn its_owner_alone_may_read_it_whoever_could_before() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new();
    fs::write(world.path(), "rubbish").expect("writes");
    fs::set_permissions(world.path(), fs::Permissions::from_mode(0o644)).expect("a file");
    world.has_run_with(7);
    assert_eq!(fs::metadata(world.path()).expect("a file").permissions().mode() & 0o777, 0o600);
    let names: Vec<_> = fs::read_dir(world.folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    assert_eq!(names, ["last-good"], "nothing is left beside it");
}

#[cfg(unix)]
#[test]
fn it_is_replaced_only_on_a_change() {
    use std::os::unix::fs::MetadataExt as _;

    let world = World::new();
    world.has_run_with(7);
    let file = || fs::metadata(world.path()).expect("a file").ino();
    let (before, bytes) = (file(), world.bytes());
    // A new service, other processes of it, and loads that find the same.
    let (live, another) = (world.live(), world.live());
    world.other().set(Shop::THE_ANSWER, 7).expect("writes");
    world.config::<Shop>().set(Shop::THE_ANSWER, 7).expect("writes");
    world.other().set(Shop::SITE_NAME, "My Title".into()).expect("writes");
    world.until_the_file_has(&live, &Shop { the_answer: 7, ..Shop::defaults() });
    let stored = || world.bytes().len() != bytes.len();
    until("a default that is stored is a change", stored);
    assert_ne!(file(), before, "as a whole");
    drop(another);
}

#[test]
fn a_service_that_finds_what_is_in_it_leaves_it_alone() {
    let world = World::new();
    world.has_run_with(7);
    let before = world.bytes();
    world.clock.advance(Duration::from_secs(60));
    let live = world.live();
    world.other().set(Shop::THE_ANSWER, 8).expect("writes");
    until("it is not loaded", || live.load().the_answer == 8);
    drop(live);
    until("a change is written", || world.bytes() != before);
    let before = world.bytes();
    world.clock.advance(Duration::from_secs(60));
    drop(world.live());
    let live = world.live();
    world.store.inner().put(&world.other().prefix().key("nothing_of_ours").expect("a name"), Stored::Absent);
    until("it is not loaded again", || live.status().age == Some(Duration::ZERO));
    assert_eq!(world.bytes(), before, "the time alone is no reason");
}

#[test]
fn secrets_are_in_it_or_left_out_and_taken_out() {
    let world = World::new();
    world.other().set(Shop::API_KEY, Some(SECRET.into())).expect("writes");
    let live = world.live();
    until("it is not written", || world.path().exists() && holds(&world.bytes(), SECRET));
    drop(live);
    let without = || world.options().last_good_without_secrets();
    let live = world.config::<Shop>().live_with(without()).expect("starts");
    assert_eq!(live.load().api_key.as_deref(), Some(SECRET));
    until("it is still there", || !holds(&world.bytes(), SECRET));
    assert!(!holds(&world.bytes(), "api_key"));
    drop(live);
    world.outage();
    let live = world.config::<Shop>().live_with(without()).expect("starts");
    assert_eq!((live.load().api_key.clone(), live.status().on_default), (None, vec!["api_key"]));
}

#[test]
fn a_secret_that_is_in_it_is_not_taken_by_a_service_that_leaves_it_out() {
    let world = World::new();
    world.other().set(Shop::API_KEY, Some(SECRET.into())).expect("writes");
    let live = world.live();
    until("it is not written", || world.path().exists() && holds(&world.bytes(), SECRET));
    drop(live);
    world.outage();
    let live = world.config::<Shop>().live_with(world.options().last_good_without_secrets()).expect("starts");
    assert_eq!(live.load().api_key, None);
    assert!(!format!("{:?} {}", live.status(), live.status()).contains(SECRET));
}

#[test]
fn a_folder_that_is_not_there_is_said_and_stops_nothing() {
    let world = World::new();
    let path = world.folder.path().join("missing").join("last-good");
    let config = world.config::<Shop>();
    let live = config.live_with(world.options().last_good(&path)).expect("starts");
    until("it is not said", || live.status().last_good_error.is_some());
    let error = live.status().last_good_error.expect("an error");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let words = format!("the last good file {} cannot be written: entity not found", path.display());
    assert_eq!(error.to_string(), format!("cannot write settings: {words}"));
    assert!(live.status().to_string().contains(&words), "{}", live.status());
    assert!(live.status().last_error.is_none());
    world.other().set(Shop::THE_ANSWER, 7).expect("writes");
    until("it is not followed", || live.load().the_answer == 7);
    // Tried again when something changes, and after a rest.
    fs::create_dir(path.parent().expect("a folder")).expect("a folder");
    world.clock.advance(Duration::from_secs(10));
    world.other().set(Shop::THE_ANSWER, 8).expect("writes");
    until("it is not mended", || live.status().last_good_error.is_none());
    assert!(path.exists());
}

#[test]
fn a_replacement_that_failed_is_tried_again_although_nothing_changes() {
    let world = World::new();
    let path = world.folder.path().join("missing").join("last-good");
    let config = Config::<Shop>::new(Arc::clone(&world.store));
    let options = world.options().poll_interval(Duration::from_millis(1)).reread_interval(Duration::from_millis(1));
    let live = config.live_with(options.last_good(&path)).expect("starts");
    until("it is not said", || live.status().last_good_error.is_some());
    fs::create_dir(path.parent().expect("a folder")).expect("a folder");
    world.clock.advance(Duration::from_secs(10));
    until("it is not mended", || live.status().last_good_error.is_none());
    assert!(path.exists());
}

#[test]
fn two_services_with_one_file_never_tear_it() {
    let world = World::new();
    let lives = [world.live(), world.live()];
    for n in 0..30 {
        world.other().change().set(Shop::THE_ANSWER, n).set(Shop::MAX, 100 + n).apply().expect("writes");
        if let Some(Shop { the_answer, max, .. }) = world.in_the_file() {
            assert!(max == 100 + the_answer || (the_answer, max) == (42, 10), "{the_answer} {max}");
        }
    }
    until("the last is not in it", || world.in_the_file().is_some_and(|values| values.the_answer == 29));
    assert!(lives.iter().all(|live| live.status().last_good_error.is_none()));
}

#[test]
fn what_was_found_unchanged_is_as_young_as_what_changed() {
    let world = World::new();
    world.has_run_with(7);
    world.clock.advance(Duration::from_secs(60));
    let live = world.live();
    world.other().set(Shop::SITE_NAME, "Shop".into()).expect("writes");
    world.until_the_file_has(&live, &Shop { the_answer: 7, site_name: "Shop".into(), ..Shop::defaults() });
    drop(live);
    world.outage();
    assert_eq!(world.live().status().age, Some(Duration::ZERO));
}
