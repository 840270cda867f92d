//! Keys and values, and reads and writes of one of them.

use constance_core::{
    Backend, Prefix, Result,
    backend::{Batch, Change, Encoded, Key, Stored},
};

pub fn key(name: &str) -> Key {
    Prefix::empty().key(name).expect("a valid name")
}

pub fn set(key: &Key, value: &[u8]) -> Change {
    Change::set(key.clone(), Encoded::from(value))
}

pub fn value(bytes: &[u8]) -> Stored {
    Stored::Value(Encoded::from(bytes))
}

pub fn write(backend: &dyn Backend, name: &str, value: &[u8]) -> Result<()> {
    backend.write(&Batch::one(set(&key(name), value))).map(drop)
}

pub fn store(backend: &dyn Backend, name: &str, value: &[u8]) {
    write(backend, name, value).expect("a write");
}

pub fn read(backend: &dyn Backend, name: &str) -> Result<Stored> {
    Ok(backend.read(&[&key(name)])?.remove(0))
}
