//! `#[derive(Settings)]`: generating the code.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::convert::{self, FieldContext, at, is_option};
use crate::field::{DefaultValue, Help, SettingField};
use crate::nested;
use crate::rule::Rule;
use crate::structs::SettingsStruct;

pub(crate) fn expand(this: &SettingsStruct) -> TokenStream {
    let SettingsStruct { ident, fields, removed, core, .. } = this;
    let constants = fields.iter().enumerate().map(|(index, field)| constant(this, index, field));
    let defaults = fields.iter().map(|field| default(this, field));
    let checks = fields.iter().filter_map(|field| match &field.default {
        DefaultValue::Given(default) => convert::checked(default, &context(this, field)),
        _ => None,
    });
    let declarations = fields.iter().map(|field| declaration(this, field));
    let rules = this.rules.iter().map(|rule| self::rule(this, rule));
    let (names, collisions) = (nested::names(this), nested::collisions(this));
    // Expressions of users cannot see the local variables. The name of the codec's parameter hides no type of theirs.
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        #[allow(dead_code, deprecated, non_upper_case_globals, private_interfaces, unreachable_pub)]
        impl #ident {
            #(#constants)*
        }

        #collisions

        #[automatically_derived]
        #[allow(deprecated, unreachable_code)]
        impl #core::Settings for #ident {
            const NAMES: &'static [&'static str] = #names;

            fn defaults() -> Self {
                Self { #(#defaults),* }
            }

            fn schema<__Codec: #core::Codec>() -> #core::Result<#core::Schema<Self, __Codec>> {
                // A function for each: in a single function, a debug build would give every step of every setting its own stack space.
                let checks: &[fn() -> #core::Result<()>] = &[#(#checks,)*];
                checks.iter().try_for_each(|check| check())?;
                let builder = #core::Schema::<Self, __Codec>::builder(<Self as #core::Settings>::defaults());
                let steps: &[fn(#core::SchemaBuilder<Self, __Codec>) -> #core::Result<#core::SchemaBuilder<Self, __Codec>>] =
                    &[#(#declarations,)* #(#rules,)*];
                let builder = steps.iter().try_fold(builder, |builder, step| step(builder))?;
                #(let builder = builder.removed(#removed);)*
                builder.build()
            }
        }
    }
}

/// The handle of a setting. It is as visible as the struct, since services use it even where the fields are private.
fn constant(this: &SettingsStruct, index: usize, field: &SettingField) -> TokenStream {
    let SettingsStruct { visibility, core, .. } = this;
    let SettingField { constant, name, ty, kept, .. } = field;
    let index = nested::index(this, index);
    let doc = (!kept.iter().any(|attr| attr.path().is_ident("doc"))).then(|| {
        let words = if field.nested { format!("The settings of `{name}`.") } else { format!("The setting `{name}`.") };
        quote!(#[doc = #words])
    });
    if field.nested {
        let handle = nested::handle(this, &index, field);
        return quote_spanned! {Span::mixed_site()=>
            #doc
            #(#kept)*
            #visibility const #constant: #core::Nested<Self, #ty> = #handle;
        };
    }
    quote_spanned! {Span::mixed_site()=>
        #doc
        #(#kept)*
        #visibility const #constant: #core::Setting<Self, #ty> = #core::Setting::new(#index, #name);
    }
}

fn context<'f>(this: &'f SettingsStruct, field: &'f SettingField) -> FieldContext<'f> {
    FieldContext { ty: &field.ty, name: &field.name, core: &this.core, serde: field.serde }
}

fn default(this: &SettingsStruct, field: &SettingField) -> TokenStream {
    let SettingField { ident, ty, .. } = field;
    if field.nested {
        let settings = nested::settings(this, field);
        return quote!(#ident: #settings::defaults());
    }
    let value = match &field.default {
        DefaultValue::Given(expression) => convert::value(expression, &context(this, field)),
        DefaultValue::OfType => quote_spanned!(at(ty)=> <#ty as ::core::default::Default>::default()),
        DefaultValue::None if is_option(ty) => quote!(::core::option::Option::None),
        // An error has been added for this field.
        DefaultValue::None => quote!(::core::unreachable!()),
    };
    quote!(#ident: #value)
}

fn declaration(this: &SettingsStruct, field: &SettingField) -> TokenStream {
    let SettingField { ident, ty, constant, aliases, .. } = field;
    if field.nested {
        return quote_spanned! {at(ty)=>
            |builder| ::core::result::Result::Ok(builder.nested(Self::#constant, |values| &mut values.#ident))
        };
    }
    // The span is that of the type, so that the compiler points there where it is no setting type.
    let span = at(ty);
    let core = respanned(this.core.to_token_stream(), span);
    let new = match field.serde {
        true => quote_spanned!(span=> #core::Declaration::serde),
        false => quote_spanned!(span=> #core::Declaration::new),
    };
    let help = match &field.help {
        Help::Given(help) => Some(quote!(.help(#help))),
        Help::Docs(docs) => (!docs.is_empty()).then(|| quote!(.help(#docs))),
    };
    let group = field.group.as_ref().map(|group| quote!(.group(#group)));
    let bounds = [(&field.min, "min"), (&field.max, "max")].into_iter().filter_map(|(bound, method)| {
        let bound = bound.as_ref()?;
        let value = convert::bound(bound, &context(this, field));
        let method = Ident::new(method, at(bound));
        Some(quote_spanned!(at(bound)=> .#method(#value)))
    });
    let choices = field.choices.iter().map(|choices| {
        let values = convert::values(choices, &context(this, field));
        quote_spanned!(at(choices)=> .choices(#values))
    });
    let rules = field.rules.iter().map(|rule| {
        let function = convert::rule(rule, &quote!(#ty));
        quote_spanned!(at(rule)=> .validate(#function))
    });
    let secret = field.secret.then(|| quote!(.secret()));
    quote_spanned! {span=>
        |builder| ::core::result::Result::Ok(builder.setting(
            #new(Self::#constant, |values| &values.#ident, |values, value| values.#ident = value)
                #help #group #(.alias(#aliases))* #(#bounds)* #(#choices)* #(#rules)* #secret
        ))
    }
}

fn rule(this: &SettingsStruct, rule: &Rule) -> TokenStream {
    let function = convert::rule(&rule.check, &quote!(Self));
    let name = rule.name();
    let named = this.fields.iter().filter(|field| rule.names(field));
    if named.clone().any(|field| field.nested) {
        let lists = named.map(|SettingField { constant, nested, .. }| match nested {
            true => quote!(Self::#constant.names()),
            false => quote!(&[Self::#constant.name()]),
        });
        return quote_spanned! {at(&rule.check)=>
            |builder| {
                let lists: &[&[&'static str]] = &[#(#lists),*];
                ::core::result::Result::Ok(builder.rule(#name, &lists.concat(), #function))
            }
        };
    }
    let constants = named.map(|field| &field.constant);
    quote_spanned! {at(&rule.check)=>
        |builder| ::core::result::Result::Ok(builder.rule(#name, &[#(Self::#constants.name()),*], #function))
    }
}

/// The tokens with the location of another span. Their names are still resolved where they were.
pub(crate) fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(span.resolved_at(token.span()));
            token
        })
        .collect()
}
