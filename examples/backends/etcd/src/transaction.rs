//! A batch as a transaction of etcd.

use constance_core::{
    Error, ErrorKind, Result,
    backend::{Applied, Batch, Change, Encoded, Expect, Op, Stored},
};
use etcd_client::{Compare, CompareOp, DeleteOptions, PutOptions, Txn, TxnOp, TxnOpResponse, TxnResponse};

/// How many operations a server takes in a transaction, unless it was started with another `--max-txn-ops`.
pub(crate) const MAX_OPERATIONS: usize = 128;

/// The transaction that applies a batch where all of its expectations hold, and otherwise reads what stands in the way.
pub(crate) fn transaction(batch: &Batch) -> Result<Txn> {
    let expecting = || batch.changes().iter().filter(|change| change.expect != Expect::Any);
    let applied: Vec<TxnOp> = batch.changes().iter().filter_map(|change| operation(change, batch)).collect();
    if applied.len() > MAX_OPERATIONS {
        return Err(Error::new(ErrorKind::Unsupported)
            .with_detail(format!("{} operations are too many for a transaction, which takes 128", applied.len())));
    }
    let refused: Vec<TxnOp> = expecting().map(|change| TxnOp::get(change.key.as_str(), None)).collect();
    Ok(Txn::new().when(expecting().map(comparison).collect::<Vec<_>>()).and_then(applied).or_else(refused))
}

/// What became of it.
pub(crate) fn applied(batch: &Batch, response: TxnResponse) -> Result<Applied> {
    let responses = response.op_responses();
    let mut responses = responses.into_iter();
    if response.succeeded() {
        if !batch.want_previous() {
            return Ok(Applied::Done(Vec::new()));
        }
        let previous = batch.changes().iter().map(|change| match (&change.op, &change.expect) {
            (Op::Keep, Expect::Absent) => Ok(Stored::Absent),
            (Op::Keep, Expect::Equals(value)) => Ok(Stored::Value(value.clone())),
            _ => responses.next().map(stored).ok_or_else(too_few),
        });
        return previous.collect::<Result<_>>().map(Applied::Done);
    }
    for (index, change) in batch.changes().iter().enumerate().filter(|(_, change)| change.expect != Expect::Any) {
        let current = responses.next().map(stored).ok_or_else(too_few)?;
        if !change.expect.holds(&current) {
            return Ok(Applied::Conflict { index, current });
        }
    }
    Err(too_few())
}

fn comparison(change: &Change) -> Compare {
    match &change.expect {
        // A key that is not there equals no value.
        Expect::Equals(value) => Compare::value(change.key.as_str(), CompareOp::Equal, value.as_bytes()),
        Expect::Absent | Expect::Any => Compare::create_revision(change.key.as_str(), CompareOp::Equal, 0),
    }
}

fn operation(change: &Change, batch: &Batch) -> Option<TxnOp> {
    let key = change.key.as_str();
    let previous = batch.want_previous();
    match &change.op {
        Op::Set(value) => {
            let options = previous.then(|| PutOptions::new().with_prev_key());
            Some(TxnOp::put(key, value.as_bytes(), options))
        }
        Op::Remove => Some(TxnOp::delete(key, previous.then(|| DeleteOptions::new().with_prev_key()))),
        // What it was is known where it was expected.
        Op::Keep => (previous && change.expect == Expect::Any).then(|| TxnOp::get(key, None)),
    }
}

/// What was there, by the answer to one operation.
pub(crate) fn stored(response: TxnOpResponse) -> Stored {
    let found = match &response {
        TxnOpResponse::Get(found) => found.kvs().first(),
        TxnOpResponse::Put(put) => put.prev_key(),
        TxnOpResponse::Delete(deleted) => deleted.prev_kvs().first(),
        TxnOpResponse::Txn(_) => None,
    };
    found.map(|entry| Encoded::from(entry.value())).into()
}

/// The answer is none that etcd gives.
pub(crate) fn too_few() -> Error {
    Error::new(ErrorKind::Unavailable).with_detail("the server did not answer every operation")
}
