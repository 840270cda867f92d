//! Counts the instructions of reads and of encoding: `cargo xtask test instructions` compares them with `counts.txt`.
//!
//! Each is done a hundred times, so that what the measuring itself takes is lost among them, after it was done once, so that
//! nothing is made for the first time.

#![expect(missing_docs, reason = "the macros make public modules")]
#![expect(clippy::expect_used, reason = "nothing is counted where something failed")]

use std::hint::black_box;

use constance_core::{Codec, Config, Json, Kind, Live, MessagePack, SettingType, backend::Encoded};
use constance_instructions::{Banner, Shop, followed, over_a_cache, over_memory};
use gungraun::prelude::*;

fn hundred_times<T>(mut operation: impl FnMut() -> T) {
    for _ in 0..100 {
        black_box(operation());
    }
}

fn memory() -> &'static Config<Shop> {
    once_read(over_memory().expect("memory has no outage"))
}

fn cache() -> &'static Config<Shop> {
    once_read(over_a_cache().expect("memory has no outage"))
}

fn beside_live() -> &'static Config<Shop> {
    once_read(followed().expect("memory has no outage").0)
}

fn live() -> &'static Live<Shop> {
    let live = followed().expect("memory has no outage").1;
    black_box(live.load().the_answer);
    live
}

fn once_read(config: &'static Config<Shop>) -> &'static Config<Shop> {
    let _ = black_box((config.get(Shop::THE_ANSWER), config.get(Shop::BANNER), config.snapshot()));
    config
}

#[library_benchmark]
#[bench::memory(memory())]
#[bench::memory_beside_live(beside_live())]
#[bench::local_cache(cache())]
fn get_integer(config: &Config<Shop>) {
    hundred_times(|| config.get(Shop::THE_ANSWER).ok());
}

#[library_benchmark]
#[bench::memory(memory())]
#[bench::local_cache(cache())]
fn get_default(config: &Config<Shop>) {
    hundred_times(|| config.get(Shop::BASKET_TIMEOUT).ok());
}

#[library_benchmark]
#[bench::memory(memory())]
#[bench::local_cache(cache())]
fn get_text(config: &Config<Shop>) {
    hundred_times(|| config.get(Shop::SITE_NAME).ok());
}

#[library_benchmark]
#[bench::memory(memory())]
#[bench::local_cache(cache())]
fn get_struct(config: &Config<Shop>) {
    hundred_times(|| config.get(Shop::BANNER).ok());
}

#[library_benchmark]
#[bench::memory(memory())]
#[bench::local_cache(cache())]
fn snapshot(config: &Config<Shop>) {
    hundred_times(|| config.snapshot().ok());
}

#[library_benchmark]
#[bench::memory(memory())]
fn set_integer(config: &Config<Shop>) {
    hundred_times(|| config.set(Shop::THE_ANSWER, 301).ok());
}

#[library_benchmark]
#[bench::load(live())]
fn live_load(live: &Live<Shop>) {
    hundred_times(|| live.load().the_answer);
}

#[library_benchmark]
#[bench::load(live())]
fn live_reader(live: &Live<Shop>) {
    let mut reader = live.reader();
    hundred_times(|| reader.load().the_answer);
}

fn encoded<T: SettingType>(codec: &impl Codec, value: &T) -> Encoded {
    codec.encode(&T::KIND, value).expect("it can be encoded")
}

fn encoded_struct(codec: &impl Codec) -> Encoded {
    codec.encode(&Kind::Serde, &Banner::new(300)).expect("it can be encoded")
}

#[library_benchmark]
#[bench::message_pack(MessagePack)]
#[bench::json(Json::new())]
fn encode_integer<C: Codec>(codec: C) {
    hundred_times(|| codec.encode(&i64::KIND, &300_i64).ok());
}

#[library_benchmark]
#[bench::message_pack(MessagePack)]
#[bench::json(Json::new())]
fn encode_struct<C: Codec>(codec: C) {
    let banner = Banner::new(300);
    hundred_times(|| codec.encode(&Kind::Serde, &banner).ok());
}

#[library_benchmark]
#[bench::message_pack(MessagePack)]
#[bench::json(Json::new())]
fn decode_integer<C: Codec>(codec: C) {
    let bytes = encoded(&codec, &300_i64);
    hundred_times(|| codec.decode::<i64>(&i64::KIND, bytes.as_ref()).ok());
}

#[library_benchmark]
#[bench::message_pack(MessagePack)]
#[bench::json(Json::new())]
fn decode_list<C: Codec>(codec: C) {
    let bytes = encoded(&codec, &vec![20_u32, 50, 100]);
    hundred_times(|| codec.decode::<Vec<u32>>(&<Vec<u32>>::KIND, bytes.as_ref()).ok());
}

#[library_benchmark]
#[bench::message_pack(MessagePack)]
#[bench::json(Json::new())]
fn decode_struct<C: Codec>(codec: C) {
    let bytes = encoded_struct(&codec);
    hundred_times(|| codec.decode::<Banner>(&Kind::Serde, bytes.as_ref()).ok());
}

library_benchmark_group!(
    name = reads,
    benchmarks = [get_integer, get_default, get_text, get_struct, snapshot, set_integer, live_load, live_reader]
);
library_benchmark_group!(
    name = codecs,
    benchmarks = [encode_integer, encode_struct, decode_integer, decode_list, decode_struct]
);
main!(library_benchmark_groups = [reads, codecs]);
