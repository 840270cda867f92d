//! Structs of settings inside structs of settings.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::convert::at;
use crate::expand::respanned;
use crate::field::SettingField;
use crate::structs::SettingsStruct;

/// The type as a struct of settings. The span is that of the type, so that the compiler points there where it is none.
pub(crate) fn settings(this: &SettingsStruct, field: &SettingField) -> TokenStream {
    let (ty, span) = (&field.ty, at(&field.ty));
    let core = respanned(this.core.to_token_stream(), span);
    quote_spanned!(span=> <#ty as #core::Settings>)
}

/// The index of the first setting of this field.
pub(crate) fn index(this: &SettingsStruct, field: usize) -> TokenStream {
    let before = &this.fields[..field];
    let plain = before.iter().filter(|field| !field.nested).count();
    let nested = before.iter().filter(|field| field.nested).map(|field| settings(this, field));
    quote!(#plain #(+ #nested::NAMES.len())*)
}

/// The handle, with the full names of its settings.
pub(crate) fn handle(this: &SettingsStruct, index: &TokenStream, field: &SettingField) -> TokenStream {
    let (core, name, settings) = (&this.core, &field.name, settings(this, field));
    let ident = &field.ident;
    quote_spanned! {Span::mixed_site()=> {
        const INNER: &[&str] = #settings::NAMES;
        const BYTES: [u8; #core::__private::joined_len(#name, INNER)] = #core::__private::join(#name, INNER);
        const NAMES: [&str; INNER.len()] = #core::__private::cut(&BYTES, #name, INNER);
        #core::Nested::new(#index, #name, &NAMES, |values| &values.#ident)
    }}
}

/// The names of all settings.
pub(crate) fn names(this: &SettingsStruct) -> TokenStream {
    let SettingsStruct { core, fields, .. } = this;
    if !fields.iter().any(|field| field.nested) {
        let names = fields.iter().map(|field| &field.name);
        return quote!(&[#(#names),*]);
    }
    let lists = fields.iter().map(|SettingField { nested, constant, name, .. }| match nested {
        true => quote!(Self::#constant.names()),
        false => quote!(&[#name]),
    });
    let count = index(this, fields.len());
    quote_spanned! {Span::mixed_site()=> {
        const COUNT: usize = #count;
        const { &#core::__private::concat::<COUNT>(&[#(#lists),*]) }
    }}
}

/// Assertions that no name of this struct is the name of a nested setting too. Aliases of the nested struct are not known here.
pub(crate) fn collisions(this: &SettingsStruct) -> TokenStream {
    let core = &this.core;
    let own = this.fields.iter().filter(|field| !field.nested).flat_map(|field| {
        let place = field.rename.as_ref().map_or_else(|| field.ident.span(), syn::LitStr::span);
        let aliases = field.aliases.iter().map(|alias| (alias.value(), alias.span()));
        std::iter::once((field.name.clone(), place)).chain(aliases)
    });
    let own: Vec<(String, Span)> = own.chain(this.removed.iter().map(|name| (name.value(), name.span()))).collect();
    let nested = this.fields.iter().filter(|field| field.nested);
    nested
        .flat_map(|field| own.iter().map(move |(name, place)| (field, name, *place)))
        .filter_map(|(field, name, place)| {
            let inner = name.strip_prefix(field.name.as_str())?.strip_prefix('.')?;
            let (settings, words) = (settings(this, field), format!("the name `{name}` is declared twice"));
            Some(quote_spanned! {place=>
                const _: () = ::core::assert!(!#core::__private::contains(#settings::NAMES, #inner), #words);
            })
        })
        .collect()
}
