//! The backend keeps the contract.

use constance_core::Registry;
use constance_template::{Client, TemplateBackend};

constance_core::conformance_tests!(|| TemplateBackend::new(Client::new()));

constance_core::conformance_tests!(mod by_url: || {
    Registry::new().with(constance_template::schemes()).open("template://").expect("a valid URL")
});

constance_core::unreachable_backend_tests!(mod unreachable: || {
    let client = Client::new();
    client.shut_down();
    TemplateBackend::new(client)
});

// Where the store is persistent:
// constance_core::persistence_tests!(mod persistent: |folder: &std::path::Path| TemplateBackend::open(folder));
