//! Promise 10, and what `live()` says it does: it follows, it never goes back, it survives whatever fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use constance_core::testing::{FaultyBackend, ManualClock, Method, ReferenceBackend};
use constance_core::{
    Backend, Config, Error, ErrorKind, Live, LiveMode, LiveOptions, Prefix, Result, Settings,
    backend::{Applied, Batch, Capability, Encoded, Key, Stored, Wake, Watch},
};

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
    #[setting(default = "My Title")]
    site_name: String,
}

type Faulty = Arc<FaultyBackend<Arc<ReferenceBackend>>>;

const LONG: Duration = Duration::from_secs(60);

/// A backend that can be made to fail, a `Config` over it, and another writer to the same store.
fn shop() -> (Faulty, Config<Shop>, Config<Shop>) {
    over(ReferenceBackend::new())
}

fn over(reference: ReferenceBackend) -> (Faulty, Config<Shop>, Config<Shop>) {
    let store = Arc::new(reference);
    let faulty = Arc::new(FaultyBackend::new(Arc::clone(&store)));
    (Arc::clone(&faulty), Config::new(faulty), Config::new(store))
}

fn quick() -> LiveOptions {
    LiveOptions::new().poll_interval(Duration::from_millis(1)).reread_interval(Duration::from_millis(20))
}

/// Looks again until it holds.
fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

fn wait_for_answer(live: &Live<Shop>, answer: i64) {
    until(&format!("the answer {answer} never came"), || live.load().the_answer == answer);
}

#[test]
fn it_loads_at_once_and_a_set_is_in_it_before_it_returns() {
    let (_, config, _) = shop();
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    let live = config.live().expect("loads");
    assert_eq!(*live.load(), Shop { the_answer: 1, ..Shop::defaults() });
    for n in 0..100 {
        config.set(Shop::THE_ANSWER, n).expect("writes");
        assert_eq!(live.load().the_answer, n);
    }
    config.reset(Shop::THE_ANSWER).expect("writes");
    assert_eq!(live.load().the_answer, 42);
    config.change().set(Shop::THE_ANSWER, 5).set(Shop::SITE_NAME, "a".into()).apply().expect("writes");
    assert_eq!(*live.load(), Shop { the_answer: 5, site_name: "a".into() });
}

#[test]
fn a_change_by_somebody_else_is_pushed() {
    let (_, config, other) = shop();
    // Far longer than the test may take: only the feed can tell in time.
    let options = LiveOptions::new().poll_interval(LONG * 100).reread_interval(LONG * 100);
    let live = config.live_with(options).expect("loads");
    assert_eq!(live.status().mode, LiveMode::Pushed);
    other.set(Shop::THE_ANSWER, 7).expect("writes");
    wait_for_answer(&live, 7);
}

#[test]
fn a_feed_that_does_not_open_is_tried_again_however_seldom_it_polls() {
    let (backend, config, other) = shop();
    backend.fail_method(Method::Watch, ErrorKind::Unavailable);
    let options = LiveOptions::new().poll_interval(LONG * 100).reread_interval(Duration::from_millis(20));
    let live = config.live_with(options).expect("loads");
    assert_eq!(live.status().mode, LiveMode::Polling { every: LONG * 100 });
    backend.heal();
    until("the feed is never opened", || live.status().mode == LiveMode::Pushed);
    other.set(Shop::THE_ANSWER, 7).expect("writes");
    wait_for_answer(&live, 7);
}

#[test]
fn without_a_feed_the_settings_are_read_at_intervals() {
    let (_, config, other) = over(ReferenceBackend::new().without_watch());
    let live = config.live_with(quick()).expect("loads");
    assert_eq!(live.status().mode, LiveMode::Polling { every: Duration::from_millis(1) });
    other.set(Shop::THE_ANSWER, 7).expect("writes");
    wait_for_answer(&live, 7);
}

#[test]
fn an_outage_leaves_the_last_good_values_and_is_reported_until_it_ends() {
    let (backend, config, other) = shop();
    let clock = Arc::new(ManualClock::new());
    let live = config.live_with(quick().clock(Arc::clone(&clock))).expect("loads");
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    backend.fail_all(ErrorKind::Unavailable);
    other.set(Shop::THE_ANSWER, 2).expect("writes");
    until("the outage is not reported", || live.status().last_error.is_some());
    clock.advance(Duration::from_secs(60));
    let status = live.status();
    assert_eq!(live.load().the_answer, 1);
    assert_eq!(status.age, Some(Duration::from_secs(60)));
    let error = status.last_error.clone().expect("an error");
    assert_eq!((error.kind(), error.backend()), (ErrorKind::Unavailable, Some("reference")));
    assert!(
        status
            .to_string()
            .starts_with("loaded 60.0 s ago, told of changes for 60.0 s; cannot read settings from reference"),
        "{status}"
    );
    backend.heal();
    wait_for_answer(&live, 2);
    until("the error stays", || live.status().last_error.is_none());
}

#[test]
fn the_first_load_has_to_succeed_unless_told_otherwise() {
    let (backend, config, other) = shop();
    other.set(Shop::THE_ANSWER, 7).expect("writes");
    backend.fail_all(ErrorKind::Unavailable);
    assert_eq!(config.live().expect_err("an outage is no default").kind(), ErrorKind::Unavailable);
    let (sender, seen) = channel();
    let subscription = config.subscribe(move |event| {
        let values = (event.old(Shop::THE_ANSWER).copied(), event.new_value(Shop::THE_ANSWER).copied());
        sender.send(values).expect("somebody listens");
    });
    let live = config.live_with(quick().defaults_if_unreachable()).expect("starts");
    assert_eq!(*live.load(), Shop::defaults());
    assert!(live.status().age.is_none());
    assert!(live.status().to_string().starts_with("never loaded"), "{}", live.status());
    backend.heal();
    assert_eq!(seen.recv_timeout(LONG), Ok((Some(42), Some(7))), "handlers hear of the first load");
    assert_eq!(live.load().the_answer, 7);
    until("it was loaded", || live.status().age.is_some());
    drop(subscription);
}

#[test]
fn the_first_load_names_every_unreadable_setting_and_later_ones_keep_what_was_good() {
    let (backend, config, other) = shop();
    let spoil = |name: &str, what| backend.inner().put(&config.prefix().key(name).expect("a key"), what);
    spoil("the_answer", Stored::Foreign("a list"));
    spoil("site_name", Stored::Value(Encoded::from(b"rubbish".to_vec())));
    let error = config.live().expect_err("unreadable");
    assert_eq!(error.each().filter_map(Error::setting).collect::<Vec<_>>(), ["the_answer", "site_name"]);
    other.set(Shop::THE_ANSWER, 1).expect("repairs");
    other.reset(Shop::SITE_NAME).expect("repairs");
    let live = config.live().expect("loads");
    spoil("the_answer", Stored::Value(Encoded::from(b"rubbish".to_vec())));
    until("the unreadable setting is not reported", || live.status().last_error.is_some());
    other.set(Shop::SITE_NAME, "b".into()).expect("writes");
    until("the others go on", || live.load().site_name == "b");
    assert_eq!(live.load().the_answer, 1);
    assert_eq!(live.status().last_error.and_then(|e| e.setting().map(str::to_owned)).as_deref(), Some("the_answer"));
    config.set(Shop::THE_ANSWER, 2).expect("repairs");
    assert_eq!(live.load().the_answer, 2);
    until("the error stays", || live.status().last_error.is_none());
}

#[test]
fn a_load_that_began_before_a_write_does_not_put_the_old_value_back() {
    let (backend, config, other) = shop();
    let live = config.live().expect("loads");
    let (sender, seen) = channel();
    let subscription = config.subscribe(move |event| {
        if let Some(new) = event.new_value(Shop::THE_ANSWER) {
            sender.send((event.old(Shop::THE_ANSWER).copied(), *new)).expect("somebody listens");
        }
    });
    let gate = backend.hold_read_replies();
    other.set(Shop::SITE_NAME, "b".into()).expect("writes");
    // The load has its answer, in which the answer is 42, and cannot deliver it yet.
    gate.wait_for(1);
    config.set(Shop::THE_ANSWER, 43).expect("writes");
    assert_eq!(live.load().the_answer, 43);
    gate.open();
    until("the rest of the load is taken", || live.load().site_name == "b");
    assert_eq!(live.load().the_answer, 43);
    config.set(Shop::THE_ANSWER, 44).expect("writes");
    let told: Vec<_> = (0..2).map(|_| seen.recv_timeout(LONG).expect("an event")).collect();
    assert_eq!(told, [(Some(42), 43), (Some(43), 44)]);
    drop(subscription);
}

#[test]
fn a_feed_that_is_faster_than_the_write_makes_no_second_event() {
    let (backend, config, other) = shop();
    let live = config.live().expect("loads");
    let (sender, seen) = channel();
    let subscription = config.subscribe(move |event| {
        sender.send((event.name(), event.new_value(Shop::THE_ANSWER).copied())).expect("somebody listens");
    });
    let gate = backend.hold_write_replies();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| config.set(Shop::THE_ANSWER, 43));
        gate.wait_for(1);
        // Stored, and its writer does not know yet. What the feed brings meanwhile is taken but for this setting.
        other.set(Shop::SITE_NAME, "b".into()).expect("writes");
        until("the other setting is taken", || live.load().site_name == "b");
        gate.open();
        writer.join().expect("no panic").expect("writes");
    });
    assert_eq!(live.load().the_answer, 43);
    config.set(Shop::THE_ANSWER, 44).expect("writes");
    // The following thread may be the one that tells.
    let told: Vec<_> = (0..3).map(|_| seen.recv_timeout(LONG).expect("an event")).collect();
    assert_eq!(told, [("site_name", None), ("the_answer", Some(43)), ("the_answer", Some(44))]);
    drop(subscription);
}

#[test]
fn a_change_hidden_behind_a_slow_write_is_found_when_that_ends() {
    let (backend, config, other) = shop();
    let options = LiveOptions::new().poll_interval(LONG * 100).reread_interval(LONG * 100);
    let live = config.live_with(options).expect("loads");
    let gate = backend.hold_write_replies();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| config.set(Shop::THE_ANSWER, 43));
        gate.wait_for(1);
        // Stored after the write whose reply is held: this is the last word.
        other.change().set(Shop::THE_ANSWER, 99).set(Shop::SITE_NAME, "b".into()).apply().expect("writes");
        until("the load is taken", || live.load().site_name == "b");
        gate.open();
        writer.join().expect("no panic").expect("writes");
    });
    wait_for_answer(&live, 99);
}

#[test]
fn a_set_is_in_it_before_it_returns_whatever_else_is_in_flight() {
    let (backend, config, _) = shop();
    let live = config.live_with(LiveOptions::new().reread_interval(LONG * 100)).expect("loads");
    let set = |answer| config.set(Shop::THE_ANSWER, answer).expect("writes");
    let held = |answers: [i64; 2]| {
        std::thread::scope(|scope| {
            // One write is stored and does not come back while others begin and end.
            let gate = backend.hold_write_replies();
            let slow = scope.spawn(|| set(-1));
            gate.wait_for(1);
            let still = backend.hold_write_replies();
            still.open();
            for answer in answers {
                set(answer);
                assert_eq!(live.load().the_answer, answer);
            }
            gate.open();
            slow.join().expect("no panic");
            assert_eq!(live.load().the_answer, answers[1], "the slow one was stored first");
        });
    };
    held([1, 2]);
    held([3, 4]);
}

#[test]
fn a_write_whose_reply_was_lost_is_found() {
    let (backend, config, _) = shop();
    let options = LiveOptions::new().reread_interval(LONG * 100);
    let live = config.live_with(options).expect("loads");
    backend.lose_replies(ErrorKind::Timeout);
    assert_eq!(config.set(Shop::THE_ANSWER, 43).expect_err("not known").kind(), ErrorKind::Timeout);
    wait_for_answer(&live, 43);
}

#[test]
fn writes_by_many_threads_end_at_what_is_stored() {
    let (_, config, _) = shop();
    let live = config.live_with(LiveOptions::new().reread_interval(LONG * 100)).expect("loads");
    for _ in 0..20 {
        std::thread::scope(|scope| {
            for n in 0..4 {
                let config = &config;
                scope.spawn(move || config.set(Shop::THE_ANSWER, n).expect("writes"));
            }
        });
        let stored = config.get(Shop::THE_ANSWER).expect("reads");
        wait_for_answer(&live, stored);
    }
}

#[test]
fn one_thread_follows_however_many_ask() {
    let (backend, config, _) = shop();
    let gate = backend.hold_reads();
    std::thread::scope(|scope| {
        let starters: Vec<_> = (0..4).map(|_| scope.spawn(|| config.live().expect("loads"))).collect();
        gate.wait_for(1);
        gate.open();
        let lives: Vec<_> = starters.into_iter().map(|starter| starter.join().expect("no panic")).collect();
        assert_eq!((backend.calls(Method::Read), backend.calls(Method::Watch)), (1, 1));
        config.set(Shop::THE_ANSWER, 1).expect("writes");
        assert!(lives.iter().all(|live| live.load().the_answer == 1));
    });
}

#[test]
fn it_ends_with_its_last_handle_and_can_be_started_again() {
    let (backend, config, _) = shop();
    let live = config.live().expect("loads");
    let clone = live.clone();
    let reader = clone.reader();
    drop((live, clone));
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    let mut reader = reader;
    assert_eq!(reader.load().the_answer, 1);
    let again = config.live().expect("the same one");
    assert_eq!(backend.calls(Method::Watch), 1);
    drop((reader, again));
    let live = config.live().expect("a new one");
    assert_eq!(backend.calls(Method::Watch), 2);
    drop(live);
    drop(config);
    until("the thread goes on", || Arc::strong_count(&backend) == 1);
}

#[test]
fn waiting_for_a_change_misses_none() {
    let (_, config, other) = shop();
    let live = config.live().expect("loads");
    assert!(!live.wait_for_change(Duration::ZERO));
    config.set(Shop::THE_ANSWER, 1).expect("writes");
    let clone = live.clone();
    assert!(live.wait_for_change(LONG), "a change before the call counts");
    assert!(!live.wait_for_change(Duration::ZERO), "once");
    assert!(!clone.wait_for_change(Duration::ZERO), "a clone begins at its own making");
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| live.wait_for_change(LONG) && live.load().the_answer == 2);
        other.set(Shop::THE_ANSWER, 2).expect("writes");
        assert!(waiter.join().expect("no panic"));
    });
    config.set(Shop::THE_ANSWER, 2).expect("writes");
    assert!(clone.wait_for_change(LONG));
    assert!(!clone.wait_for_change(Duration::ZERO), "the same value is no change");
}

#[test]
fn a_handler_that_panics_does_not_end_the_following() {
    let (_, config, other) = shop();
    let live = config.live().expect("loads");
    config.subscribe(|_| panic!("a handler's own fault")).forever();
    for n in 0..3 {
        other.set(Shop::THE_ANSWER, n).expect("writes");
        wait_for_answer(&live, n);
    }
}

#[test]
fn the_changes_of_others_are_told() {
    let (_, config, other) = shop();
    let _live = config.live().expect("loads");
    let (sender, seen) = channel();
    config
        .subscribe(move |event| {
            let values = (event.old(Shop::THE_ANSWER).copied(), event.new_value(Shop::THE_ANSWER).copied());
            sender.send((event.name(), values)).expect("somebody listens");
        })
        .forever();
    other.set(Shop::THE_ANSWER, 1).expect("writes");
    assert_eq!(seen.recv_timeout(LONG), Ok(("the_answer", (Some(42), Some(1)))));
    config.set(Shop::THE_ANSWER, 2).expect("writes");
    assert_eq!(seen.recv_timeout(LONG), Ok(("the_answer", (Some(1), Some(2)))));
    other.reset(Shop::THE_ANSWER).expect("writes");
    assert_eq!(seen.recv_timeout(LONG), Ok(("the_answer", (Some(2), Some(42)))));
}

/// Its feed breaks once, and swallows what happened until then.
#[derive(Debug)]
struct BreakingFeed {
    inner: Arc<ReferenceBackend>,
    breaks: Arc<AtomicBool>,
    opened: AtomicUsize,
}

struct Breaking(Box<dyn Watch>, Arc<AtomicBool>);

impl Watch for Breaking {
    fn wait(&mut self, timeout: Duration) -> Result<Wake> {
        let woken = self.0.wait(timeout);
        if self.1.swap(false, Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable).with_detail("the feed broke"));
        }
        woken
    }

    fn interrupter(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        self.0.interrupter()
    }
}

impl Backend for BreakingFeed {
    fn name(&self) -> &str {
        "breaking"
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    fn read(&self, keys: &[&Key]) -> Result<Vec<Stored>> {
        self.inner.read(keys)
    }

    fn list(&self, prefix: &Prefix) -> Result<Vec<(Key, Stored)>> {
        self.inner.list(prefix)
    }

    fn write(&self, batch: &Batch) -> Result<Applied> {
        self.inner.write(batch)
    }

    fn watch(&self, prefix: &Prefix) -> Result<Box<dyn Watch>> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Breaking(self.inner.watch(prefix)?, Arc::clone(&self.breaks))))
    }
}

#[test]
fn a_feed_that_breaks_is_opened_again_and_nothing_is_missed() {
    let inner = Arc::new(ReferenceBackend::new());
    let breaks = Arc::new(AtomicBool::new(false));
    let backend = BreakingFeed { inner: Arc::clone(&inner), breaks: Arc::clone(&breaks), opened: AtomicUsize::new(0) };
    let backend = Arc::new(backend);
    let prefix = Prefix::new("shop:").expect("a prefix");
    let config = Config::<Shop>::builder(Arc::clone(&backend)).prefix(prefix.clone()).build().expect("builds");
    let other = Config::<Shop>::builder(inner).prefix(prefix).build().expect("builds");
    let live = config.live_with(LiveOptions::new().reread_interval(LONG * 100)).expect("loads");
    breaks.store(true, Ordering::SeqCst);
    other.set(Shop::THE_ANSWER, 1).expect("writes");
    wait_for_answer(&live, 1);
    until("the feed is open again", || live.status().mode == LiveMode::Pushed);
    other.set(Shop::THE_ANSWER, 2).expect("writes");
    wait_for_answer(&live, 2);
    assert_eq!(backend.opened.load(Ordering::SeqCst), 2);
}
