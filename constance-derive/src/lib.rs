#![doc = include_str!("../README.md")]
use proc_macro::TokenStream;

/// Declares a struct's fields as settings.
#[proc_macro_derive(Settings, attributes(setting, settings))]
pub fn settings(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Makes an enum of plain words a setting type.
#[proc_macro_derive(SettingEnum, attributes(setting))]
pub fn setting_enum(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
