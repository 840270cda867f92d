//! Compile errors, collected so that one build shows them all.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// What is wrong with the input so far.
#[derive(Default)]
pub(crate) struct Problems(Option<syn::Error>);

impl Problems {
    /// Notes a problem at this piece of the input.
    pub(crate) fn add(&mut self, place: impl ToTokens, words: impl Display) {
        self.add_error(syn::Error::new_spanned(place, words));
    }

    /// The value of a step, or nothing after noting why there is none.
    pub(crate) fn take<T>(&mut self, step: syn::Result<T>) -> Option<T> {
        step.map_err(|error| self.add_error(error)).ok()
    }

    /// The expansion, or the errors in its place: half an expansion would bury them under errors of its own.
    pub(crate) fn or_else(self, expand: impl FnOnce() -> TokenStream) -> TokenStream {
        self.0.map_or_else(expand, syn::Error::into_compile_error)
    }

    fn add_error(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }
}
