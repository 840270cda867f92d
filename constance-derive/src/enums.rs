//! `#[derive(SettingEnum)]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Data, DeriveInput, Path, parse_quote};

use crate::attributes::{self, KnownItem};
use crate::case::Case;
use crate::diagnostics::Diagnostics;
use crate::names::SeenNames;
use crate::structs::reject_generics;
use crate::variant::Word;

const KNOWN: &[KnownItem] = &[("rename_all", false), ("crate", false)];

/// An enum with its parsed attributes.
struct WordEnum {
    ident: Ident,
    words: Vec<Word>,
    /// The path of `constance_core`.
    core: Path,
}

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let this = WordEnum::read(input, &mut diagnostics);
    diagnostics.with_expansion(|| this.expand())
}

impl WordEnum {
    fn read(input: &DeriveInput, diagnostics: &mut Diagnostics) -> Self {
        let (mut case, mut core) = (Case::Snake, parse_quote!(::constance_core));
        for item in attributes::items(&input.attrs, "setting", KNOWN, diagnostics) {
            match item.name.to_string().as_str() {
                "rename_all" => case = diagnostics.ok(item.case()).unwrap_or(case),
                _ => core = diagnostics.ok(item.path()).unwrap_or(core),
            }
        }
        reject_generics(input, diagnostics);
        let mut names = SeenNames::default();
        let words = match &input.data {
            Data::Enum(data) => data.variants.iter().map(|v| Word::read(v, case, &mut names, diagnostics)).collect(),
            Data::Struct(data) => refused(data.struct_token, "a struct", diagnostics),
            Data::Union(data) => refused(data.union_token, "a union", diagnostics),
        };
        if words.is_empty() && matches!(input.data, Data::Enum(_)) {
            diagnostics.add_fatal(&input.ident, "`SettingEnum` needs at least one variant");
        }
        Self { ident: input.ident.clone(), words, core }
    }

    fn expand(&self) -> TokenStream {
        let Self { ident, words, core } = self;
        let variants: Vec<&Ident> = words.iter().map(|word| &word.ident).collect();
        let written: Vec<&String> = words.iter().map(|word| &word.word).collect();
        let read: Vec<TokenStream> = words.iter().map(Word::pattern).collect();
        let all_words = words.iter().flat_map(|word| word.all().map(|text| (text, &word.ident)));
        let (folded, folded_variants): (Vec<String>, Vec<&Ident>) = all_words.unzip();
        let list = written.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", ");
        let refusal = format!("this is not one of {list}");
        let expecting = format!("one of {list}");
        let serde = serde_impls(self, &refusal, &expecting);
        quote_spanned! {Span::mixed_site()=>
            #[allow(deprecated)]
            const _: () = {
                fn word_of(value: &#ident) -> &'static str {
                    match value { #(#ident::#variants => #written,)* }
                }

                fn value_of(word: &str) -> ::core::option::Option<#ident> {
                    match word {
                        #(#read => ::core::option::Option::Some(#ident::#variants),)*
                        _ => ::core::option::Option::None,
                    }
                }

                #[automatically_derived]
                impl #core::SettingType for #ident {
                    const KIND: #core::Kind = #core::Kind::Choice(&[#(#written),*]);

                    fn parse(text: &str) -> ::core::result::Result<Self, #core::ParseError> {
                        let text = text.trim();
                        if let ::core::option::Option::Some(value) = value_of(text) {
                            return ::core::result::Result::Ok(value);
                        }
                        #(if text.eq_ignore_ascii_case(#folded) {
                            return ::core::result::Result::Ok(#ident::#folded_variants);
                        })*
                        ::core::result::Result::Err(#core::ParseError::new(#refusal))
                    }

                    fn print(&self) -> ::std::string::String {
                        ::std::borrow::ToOwned::to_owned(word_of(self))
                    }
                }

                #serde
            };
        }
    }
}

impl Word {
    /// Every word that is read as this variant.
    fn all(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.word.clone()).chain(self.aliases.iter().map(syn::LitStr::value))
    }

    fn pattern(&self) -> TokenStream {
        let words = self.all();
        quote::quote!(#(#words)|*)
    }
}

/// Serializes the word, so that the stored form is the text form. serde's own errors show the value that was found, so every visit
/// of a value returns an error of ours.
fn serde_impls(this: &WordEnum, refusal: &str, expecting: &str) -> TokenStream {
    let WordEnum { ident, core, .. } = this;
    let (methods, types): (Vec<Ident>, Vec<Ident>) = ["bool", "i64", "i128", "u64", "u128", "f64"]
        .into_iter()
        .map(|ty| (quote::format_ident!("visit_{ty}"), quote::format_ident!("{ty}")))
        .unzip();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #core::__private::serde::Serialize for #ident {
            fn serialize<__S>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error>
            where
                __S: #core::__private::serde::Serializer,
            {
                serializer.serialize_str(word_of(self))
            }
        }

        #[automatically_derived]
        impl<'de> #core::__private::serde::Deserialize<'de> for #ident {
            fn deserialize<__D>(deserializer: __D) -> ::core::result::Result<Self, __D::Error>
            where
                __D: #core::__private::serde::Deserializer<'de>,
            {
                deserializer.deserialize_str(__Visitor)
            }
        }

        struct __Visitor;

        impl #core::__private::serde::de::Visitor<'_> for __Visitor {
            type Value = #ident;

            fn expecting(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(#expecting)
            }

            fn visit_str<__E>(self, word: &str) -> ::core::result::Result<#ident, __E>
            where
                __E: #core::__private::serde::de::Error,
            {
                value_of(word).ok_or_else(|| __E::custom(#refusal))
            }

            #(fn #methods<__E>(self, _: #types) -> ::core::result::Result<#ident, __E>
            where
                __E: #core::__private::serde::de::Error,
            {
                ::core::result::Result::Err(__E::custom(#refusal))
            })*
        }
    }
}

fn refused(place: impl ToTokens, what: &str, diagnostics: &mut Diagnostics) -> Vec<Word> {
    diagnostics.add_fatal(place, format!("`SettingEnum` needs an enum of plain words, and this is {what}"));
    Vec::new()
}
