//! The long suite `backends`: the examples of backends that are workspaces of their own.
//!
//! Their drivers are in no other build, and the one of etcd needs a compiler of its own.

use crate::command::Cmd;
use crate::error::Result;
use crate::system::SystemPackage;
use crate::workspace::Workspace;

use super::long::LongSuite;

pub(super) const SUITE: LongSuite = LongSuite {
    name: "backends",
    about: "the examples of backends over redb and etcd keep the contract, and follow an etcd whose leader moves",
    advice: "the failing test is named above; repeat it with `cargo test` in the folder of the example",
    can_run: || Ok(()),
    homes: &["backends"],
    run,
};

/// Where they are, as workspaces of their own.
pub(crate) const FOLDERS: [&str; 2] = ["examples/backends/redb", "examples/backends/etcd"];

pub(super) const PACKAGES: [SystemPackage; 3] = [
    SystemPackage {
        name: "etcd-server",
        program: Some("etcd"),
        reason: "the server that the example over etcd is tested on",
    },
    SystemPackage { name: "protobuf-compiler", program: Some("protoc"), reason: "the client of etcd is made by it" },
    SystemPackage { name: "libprotobuf-dev", program: None, reason: "what the client of etcd imports" },
];

fn run(workspace: &Workspace) -> Result<()> {
    let cargo = |command: &str, folder: &str| {
        let manifest = workspace.root.join(folder).join("Cargo.toml");
        Cmd::cargo()
            .words(command)
            .words("--locked --manifest-path")
            .args([manifest.to_string_lossy().into_owned()])
            .words("--target-dir")
            .args([workspace.target.join("backends").to_string_lossy().into_owned()])
    };
    FOLDERS.iter().try_for_each(|folder| {
        cargo("clippy --all-targets", folder).words("-- -D warnings").run(&workspace.root)?;
        cargo("test", folder).env("CONSTANCE_REQUIRE_SERVICES", "1").run(&workspace.root)
    })
}
