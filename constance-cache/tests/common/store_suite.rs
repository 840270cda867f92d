//! What every cache store keeps, one function for each promise of `CacheStore`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use constance_cache::CacheStore;
use constance_cache::store::{Cell, Seen, Swap, SwapFrom, Version};

use super::until;

const TTL: Duration = Duration::from_secs(60);

/// Makes a test of each promise for what a function opens: a store, or `None` where its server is missing.
#[macro_export]
macro_rules! store_tests {
    ($make:expr) => {
        $crate::store_tests! { @ $make,
            nothing_is_vacant, a_cell_is_read_back, a_version_is_good_once, only_nothing_is_vacant, anything_is_replaced,
            equal_bytes_are_another_cell, keys_are_answered_in_their_order, each_swap_is_for_itself, bytes_are_kept,
            long_keys_are_kept, a_cell_ends, what_is_left_is_never_less, increments_are_all_counted,
            cells_are_of_one_moment, no_keys_ask_nobody, keys_stay_in_their_parts,
        }
    };
    (@ $make:expr, $($case:ident,)*) => {$(
        #[test]
        fn $case() {
            if let Some(store) = $make() {
                common::store_suite::$case(&store);
            }
        }
    )*};
}

/// A key that no other test uses.
fn key(tail: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    format!("suite:{process}:{count}:{}:{tail}", now.as_nanos())
}

fn put(store: &dyn CacheStore, key: &str, from: SwapFrom, to: &[u8]) -> Option<Version> {
    store.swap(&[Swap { key, from, to, ttl: TTL }]).expect("a swap").remove(0)
}

fn cell(store: &dyn CacheStore, key: &str) -> Option<Cell> {
    match store.read(&[key]).expect("a read").remove(0) {
        Seen::Cell(cell) => Some(cell),
        Seen::Vacant => None,
        Seen::Moved => panic!("one key cannot move"),
    }
}

pub fn nothing_is_vacant(store: &dyn CacheStore) {
    assert_eq!(cell(store, &key("a")), None);
}

pub fn a_cell_is_read_back(store: &dyn CacheStore) {
    let key = key("a");
    let made = put(store, &key, SwapFrom::Vacant, b"dark").expect("nothing was there");
    assert_eq!(cell(store, &key).expect("a cell").bytes, b"dark");
    assert!(put(store, &key, SwapFrom::Version(made), b"light").is_some(), "the version that a swap gives is good");
    let found = cell(store, &key).expect("a cell");
    assert_eq!(found.bytes, b"light");
    assert!(put(store, &key, SwapFrom::Version(found.version), b"grey").is_some(), "the version that is read is good");
}

pub fn a_version_is_good_once(store: &dyn CacheStore) {
    let key = key("a");
    let made = put(store, &key, SwapFrom::Vacant, b"1").expect("nothing was there");
    assert!(put(store, &key, SwapFrom::Version(made), b"2").is_some());
    assert!(put(store, &key, SwapFrom::Version(made), b"3").is_none());
    assert_eq!(cell(store, &key).expect("a cell").bytes, b"2");
}

pub fn only_nothing_is_vacant(store: &dyn CacheStore) {
    let (first, other) = (key("a"), key("b"));
    let made = put(store, &first, SwapFrom::Vacant, b"1").expect("nothing was there");
    assert!(put(store, &first, SwapFrom::Vacant, b"2").is_none());
    assert!(put(store, &other, SwapFrom::Version(made), b"2").is_none(), "a version does not make what is not there");
    assert_eq!(cell(store, &other), None);
}

pub fn anything_is_replaced(store: &dyn CacheStore) {
    let key = key("a");
    assert!(put(store, &key, SwapFrom::Any, b"1").is_some());
    let made = put(store, &key, SwapFrom::Any, b"2").expect("anything");
    assert_eq!(cell(store, &key).expect("a cell").bytes, b"2");
    assert!(put(store, &key, SwapFrom::Version(made), b"3").is_some());
}

pub fn equal_bytes_are_another_cell(store: &dyn CacheStore) {
    let key = key("a");
    let made = put(store, &key, SwapFrom::Any, b"1").expect("anything");
    assert!(put(store, &key, SwapFrom::Any, b"2").is_some());
    assert!(put(store, &key, SwapFrom::Any, b"1").is_some());
    assert!(put(store, &key, SwapFrom::Version(made), b"3").is_none());
}

/// Of one part, since only such keys are asked for together.
fn keys_of_a_part(store: &dyn CacheStore, count: usize) -> Vec<String> {
    let first = key("part");
    let of_part = |key: &String| store.part_of(key) == store.part_of(&first);
    (0..).map(|at| format!("{first}:{at}")).filter(of_part).take(count).collect()
}

pub fn keys_are_answered_in_their_order(store: &dyn CacheStore) {
    for count in [2, 63, 64, 65, 300] {
        let keys = keys_of_a_part(store, count);
        let bytes: Vec<Vec<u8>> = (0..count).map(|at| at.to_string().into_bytes()).collect();
        let swap = |(key, to): (&'_ String, &'_ Vec<u8>)| (key.clone(), to.clone());
        let odd: Vec<(String, Vec<u8>)> = keys.iter().zip(&bytes).skip(1).step_by(2).map(swap).collect();
        let swaps: Vec<Swap<'_>> =
            odd.iter().map(|(key, to)| Swap { key, from: SwapFrom::Vacant, to, ttl: TTL }).collect();
        assert!(store.swap(&swaps).expect("swaps").iter().all(Option::is_some));
        let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
        for (at, seen) in store.read(&asked).expect("a read").into_iter().enumerate() {
            match seen {
                Seen::Cell(cell) => assert_eq!((at % 2, cell.bytes), (1, bytes[at].clone())),
                other => assert_eq!((at % 2, other), (0, Seen::Vacant)),
            }
        }
    }
}

pub fn each_swap_is_for_itself(store: &dyn CacheStore) {
    let keys = keys_of_a_part(store, 3);
    let made = put(store, &keys[0], SwapFrom::Any, b"1").expect("anything");
    assert!(put(store, &keys[1], SwapFrom::Any, b"1").is_some());
    let froms = [SwapFrom::Version(made), SwapFrom::Vacant, SwapFrom::Vacant];
    let swaps: Vec<Swap<'_>> =
        keys.iter().zip(froms).map(|(key, from)| Swap { key, from, to: b"2", ttl: TTL }).collect();
    let done: Vec<bool> = store.swap(&swaps).expect("swaps").iter().map(Option::is_some).collect();
    assert_eq!(done, [true, false, true]);
    let now = keys.iter().map(|key| cell(store, key).expect("a cell").bytes).collect::<Vec<_>>();
    assert_eq!(now, [b"2", b"1", b"2"]);
}

pub fn bytes_are_kept(store: &dyn CacheStore) {
    let key = key("a");
    let every: Vec<u8> = (0..=255).chain(*b"\r\nEND\r\n").collect();
    for bytes in [&b"\0"[..], &every, &vec![b'x'; 900_000]] {
        assert!(put(store, &key, SwapFrom::Any, bytes).is_some());
        assert!(cell(store, &key).expect("a cell").bytes == bytes, "{} bytes are kept", bytes.len());
    }
}

pub fn long_keys_are_kept(store: &dyn CacheStore) {
    let mut long = key("");
    long.extend(std::iter::repeat_n('~', 250 - long.len()));
    assert!(put(store, &long, SwapFrom::Vacant, b"1").is_some());
    assert!(cell(store, &long).is_some());
}

pub fn a_cell_ends(store: &dyn CacheStore) {
    let key = key("a");
    let soon = Swap { key: &key, from: SwapFrom::Vacant, to: b"1", ttl: Duration::from_millis(1) };
    assert!(store.swap(&[soon]).expect("a swap")[0].is_some());
    until("the cell's end", || cell(store, &key).is_none().then_some(()));
    assert!(put(store, &key, SwapFrom::Vacant, b"2").is_some(), "what has ended is not there");
}

pub fn what_is_left_is_never_less(store: &dyn CacheStore) {
    let key = key("a");
    for seconds in [20, 3_600] {
        let (asked, began) = (Duration::from_secs(seconds), std::time::Instant::now());
        let swap = Swap { key: &key, from: SwapFrom::Any, to: b"1", ttl: asked };
        assert!(store.swap(&[swap]).expect("a swap")[0].is_some());
        let left = cell(store, &key).expect("a cell").left;
        assert!(left + began.elapsed() + Duration::from_millis(1) >= asked, "{left:?} of {asked:?}");
        assert!(left <= asked + Duration::from_secs(2), "{left:?} of {asked:?}");
    }
}

pub fn increments_are_all_counted(store: &dyn CacheStore) {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = 50;
    let key = key("a");
    assert!(put(store, &key, SwapFrom::Vacant, b"0").is_some());
    let number = |cell: &Cell| std::str::from_utf8(&cell.bytes).expect("digits").parse::<u64>().expect("a number");
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    until("an increment", || {
                        let cell = cell(store, &key).expect("a cell");
                        let next = (number(&cell) + 1).to_string();
                        put(store, &key, SwapFrom::Version(cell.version), next.as_bytes())
                    });
                }
            });
        }
    });
    assert_eq!(number(&cell(store, &key).expect("a cell")), THREADS * ROUNDS);
}

/// One writes `a` and then `b`, for ever the same number: at no moment is `b` ahead. Other keys lie between the two, so that
/// a store that looks at one after the other takes its time.
pub fn cells_are_of_one_moment(store: &dyn CacheStore) {
    let keys = keys_of_a_part(store, 200);
    let done = AtomicBool::new(false);
    let number = |seen: &Seen| match seen {
        Seen::Cell(cell) => Some(std::str::from_utf8(&cell.bytes).expect("digits").parse::<u64>().expect("a number")),
        Seen::Vacant => Some(0),
        Seen::Moved => None,
    };
    std::thread::scope(|scope| {
        // Also where an assertion below fails: the writer would go on for ever.
        let _done = Finally(|| done.store(true, Ordering::Relaxed));
        scope.spawn(|| {
            for count in 1_u64.. {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                for key in [&keys[0], &keys[1]] {
                    assert!(put(store, key, SwapFrom::Any, count.to_string().as_bytes()).is_some());
                }
            }
        });
        for between in [0, 40, 198].into_iter().cycle().take(300) {
            let mut asked = vec![keys[0].as_str()];
            asked.extend(keys[2..2 + between].iter().map(String::as_str));
            asked.push(&keys[1]);
            let seen = store.read(&asked).expect("a read");
            if let [Some(a), Some(b)] = [&seen[0], &seen[between + 1]].map(number) {
                assert!(b <= a && a <= b + 1, "a is {a}, b is {b}, and {between} keys lie between");
            }
        }
    });
}

struct Finally<F: Fn()>(F);

impl<F: Fn()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

pub fn no_keys_ask_nobody(store: &dyn CacheStore) {
    assert_eq!(store.read(&[]).expect("nothing"), []);
    assert_eq!(store.swap(&[]).expect("nothing"), []);
}

pub fn keys_stay_in_their_parts(store: &dyn CacheStore) {
    let mut counts = vec![0; store.parts()];
    for at in 0..1_000 {
        let key = format!("suite:part:{at}");
        assert_eq!(store.part_of(&key), store.part_of(&key));
        counts[store.part_of(&key)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 200 / store.parts()), "{counts:?}");
}
