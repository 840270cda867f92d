//! What django-constance stores: `tests/golden/django` was written by the real package, with the script beside it.

mod front;
mod golden;
mod hostile;
mod pickles;
mod rules;
mod value;
