use constance_core::Settings;

#[derive(Clone, Settings)]
#[settings(validate(Shop::in_order, fields(min, mox, min)), validate(Shop::in_order, min, max))]
#[settings(validate(Shop::in_order, fields()))]
#[settings(validate)]
struct Shop {
    #[setting(default = 1, validate(positive, min))]
    min: i64,
    #[setting(default = 10)]
    max: i64,
}

impl Shop {
    fn in_order(&self) -> Result<(), &'static str> {
        if self.min <= self.max { Ok(()) } else { Err("min is above max") }
    }
}

fn main() {}
