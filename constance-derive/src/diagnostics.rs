//! Compile errors, collected so that one build shows them all.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The errors in the input so far.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: Option<syn::Error>,
    is_fatal: bool,
}

impl Diagnostics {
    /// Adds an error at these tokens of the input.
    pub(crate) fn add(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add_error(syn::Error::new_spanned(tokens, message));
    }

    /// Adds an error after which there is nothing to expand.
    pub(crate) fn add_fatal(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.is_fatal = true;
        self.add(tokens, message);
    }

    /// The number of errors so far.
    pub(crate) fn count(&self) -> usize {
        self.errors.as_ref().map_or(0, |errors| errors.clone().into_iter().count())
    }

    /// The value of a result, or `None` after adding its error.
    pub(crate) fn ok<T>(&mut self, step: syn::Result<T>) -> Option<T> {
        step.map_err(|error| self.add_error(error)).ok()
    }

    /// The errors together with the expansion: without the expansion, every use of the type would be an error too. After a fatal
    /// error, the errors alone.
    pub(crate) fn with_expansion(self, expand: impl FnOnce() -> TokenStream) -> TokenStream {
        let mut tokens = self.errors.map(syn::Error::into_compile_error).unwrap_or_default();
        if !self.is_fatal {
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
