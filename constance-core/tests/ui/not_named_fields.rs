use constance_core::Settings;

#[derive(Clone, Settings)]
struct Tuple(i64, #[setting(default = 1)] i64);

#[derive(Clone, Settings)]
struct Unit;

#[derive(Clone, Settings)]
enum Enum {
    Variant,
}

#[derive(Clone, Copy, Settings)]
union Union {
    whole: u64,
    half: u32,
}

#[derive(Clone, Settings)]
struct Generic<'a, T: Clone> {
    value: Option<&'a T>,
}

fn main() {}
