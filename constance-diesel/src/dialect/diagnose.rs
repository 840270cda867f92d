//! Finds out why a statement failed.

use constance_core::Warning;

use super::Run;
use crate::diagnosis::Diagnosis;
use crate::failure::Failure;
use crate::schema::Tables;

/// Tells the causes of failures apart.
pub trait Diagnose: Run {
    /// Names the cause of a failure in words of our own. It may ask the database.
    fn diagnose(&mut self, failure: &Failure) -> Diagnosis;

    /// Whether the database rolled the whole transaction back so that others can go on (a deadlock, a failed serialization), and
    /// it may begin again. Default: no.
    fn was_rolled_back(&mut self, failure: &Failure) -> bool {
        let _ = failure;
        false
    }

    /// What users should know of the table, by what the server says. Default: nothing.
    fn table_warnings(&mut self, tables: &Tables) -> Result<Vec<Warning>, Failure> {
        let _ = tables;
        Ok(Vec::new())
    }
}
