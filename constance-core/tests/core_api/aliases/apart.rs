//! A store that cannot write two keys in one step, such as Redis Cluster under a prefix without a hash tag.

use constance_core::{
    Error, Prefix, Result,
    backend::{Applied, Batch, Capability},
};

use super::*;

/// It refuses every batch of several keys.
#[derive(Debug)]
pub(super) struct Apart {
    store: Arc<FaultyBackend<Store>>,
    /// Every write that was taken, by name.
    written: Mutex<Vec<String>>,
}

impl Apart {
    pub(super) fn over(store: Store) -> Arc<Self> {
        Arc::new(Self { store: Arc::new(FaultyBackend::new(store)), written: Mutex::default() })
    }
}

impl Backend for Apart {
    fn name(&self) -> &str {
        "apart"
    }

    fn default_prefix(&self) -> Prefix {
        self.store.default_prefix()
    }

    fn capability(&self) -> Capability {
        Capability::new().with_atomic_batch(false)
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.store.read(keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.store.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        let [change] = batch.changes() else { return Err(Error::new(ErrorKind::Unsupported)) };
        self.written.lock().push(change.key.name().to_owned());
        self.store.write(batch)
    }
}

fn world_apart() -> (Arc<Apart>, Config<Old>, Config<Shop>) {
    let (store, old, _) = world();
    let apart = Apart::over(store);
    (Arc::clone(&apart), old, Config::new(apart))
}

#[test]
fn the_oldest_name_is_written_first() {
    let (apart, old, shop) = world_apart();
    shop.set(Shop::SITE_NAME, "a".into()).expect("writes");
    agree(&old, &shop, "a", true);
    old.set(Old::TITLE, "b".into()).expect("writes");
    shop.compare_and_set(Shop::SITE_NAME, "b".into(), "c".into()).expect("writes");
    assert_eq!(shop.update(Shop::SITE_NAME, |was| was + "!").expect("writes"), "c!");
    agree(&old, &shop, "c!", true);
    shop.reset(Shop::SITE_NAME).expect("writes");
    agree(&old, &shop, "My Title", false);
    assert_eq!(*apart.written.lock(), ["title", "site_name"].repeat(4));
    old.set(Old::TITLE, "d".into()).expect("writes");
    assert_eq!(shop.sync_aliases().expect("writes"), ["site_name"]);
}

#[test]
fn a_write_that_ends_between_the_names_is_an_error_and_both_programs_still_agree() {
    let (apart, old, shop) = world_apart();
    for reset in [false, true] {
        shop.set(Shop::SITE_NAME, "a".into()).expect("writes");
        apart.store.fail_call(2, ErrorKind::Unavailable);
        let failed = if reset { shop.reset(Shop::SITE_NAME) } else { shop.set(Shop::SITE_NAME, "b".into()) };
        assert_eq!(failed.expect_err("the second write fails").kind(), ErrorKind::Unavailable);
        agree(&old, &shop, if reset { "My Title" } else { "b" }, !reset);
    }
}

#[test]
fn the_old_program_in_between_is_not_written_over_where_something_is_expected() {
    let (apart, old, shop) = world_apart();
    shop.set(Shop::SITE_NAME, "a".into()).expect("writes");
    let gate = apart.store.hold_writes();
    std::thread::scope(|threads| {
        let new = threads.spawn(|| shop.compare_and_set(Shop::SITE_NAME, "a".into(), "b".into()));
        gate.wait_for(1);
        old.set(Old::TITLE, "c".into()).expect("writes");
        gate.open();
        let error = new.join().expect("no panic").expect_err("c is there");
        assert_eq!(error.current::<String>().map(String::as_str), Some("c"));
    });
    agree(&old, &shop, "c", true);
}

#[test]
fn what_needs_one_step_is_refused_and_verifying_says_that_names_are_apart() {
    let (apart, _, shop) = world_apart();
    let error = shop.change().set(Shop::SITE_NAME, "a".into()).set(Shop::STOCK, 2).apply().expect_err("refused");
    assert_eq!((error.kind(), apart.written.lock().len()), (ErrorKind::Unsupported, 0));
    let warnings: Vec<String> = shop.verify().expect("it works").iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["settings that have old names cannot be written under all of them in one step; \
          on Redis Cluster, choose a prefix with a hash tag, such as {constance}:"]
    );
}

#[derive(Debug, Clone, Settings)]
struct Twice {
    #[setting(default = "My Title", alias = "title", alias = "headline")]
    site_name: String,
}

#[test]
fn with_two_old_names_nothing_can_be_expected() {
    let (apart, ..) = world_apart();
    let twice = Config::<Twice>::new(Arc::clone(&apart));
    twice.set(Twice::SITE_NAME, "a".into()).expect("writes");
    assert_eq!(*apart.written.lock(), ["headline", "title", "site_name"]);
    let error = twice.compare_and_set(Twice::SITE_NAME, "a".into(), "b".into()).expect_err("refused");
    assert_eq!((error.kind(), apart.written.lock().len()), (ErrorKind::Unsupported, 3));
    assert_eq!(twice.get(Twice::SITE_NAME).expect("reads"), "a");
}
