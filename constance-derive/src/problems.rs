//! Compile errors, collected so that one build shows them all.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// What is wrong with the input so far.
#[derive(Default)]
pub(crate) struct Problems {
    errors: Option<syn::Error>,
    is_shapeless: bool,
}

impl Problems {
    /// Notes a problem at this piece of the input.
    pub(crate) fn add(&mut self, place: impl ToTokens, words: impl Display) {
        self.add_error(syn::Error::new_spanned(place, words));
    }

    /// Notes a problem that leaves nothing to expand.
    pub(crate) fn add_fatal(&mut self, place: impl ToTokens, words: impl Display) {
        self.is_shapeless = true;
        self.add(place, words);
    }

    /// How to tell later whether anything was wrong in between.
    pub(crate) fn count(&self) -> usize {
        self.errors.as_ref().map_or(0, |errors| errors.clone().into_iter().count())
    }

    /// The value of a step, or nothing after noting why there is none.
    pub(crate) fn take<T>(&mut self, step: syn::Result<T>) -> Option<T> {
        step.map_err(|error| self.add_error(error)).ok()
    }

    /// The expansion, with the errors beside it: without one, every use of the type would be an error as well. Where the input is
    /// of another shape, the errors stand alone.
    pub(crate) fn with(self, expand: impl FnOnce() -> TokenStream) -> TokenStream {
        let mut tokens = self.errors.map(syn::Error::into_compile_error).unwrap_or_default();
        if !self.is_shapeless {
            tokens.extend(expand());
        }
        tokens
    }

    fn add_error(&mut self, error: syn::Error) {
        match &mut self.errors {
            Some(first) => first.combine(error),
            None => self.errors = Some(error),
        }
    }
}
