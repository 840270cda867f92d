//! The long suite `bare`: the README's commands on a Debian with a Rust toolchain, a C compiler and nothing else.
//!
//! A machine on which somebody develops has every library that the project ever needed, so that only an empty one shows
//! what is missing from a list of packages.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::Cmd;
use crate::error::{Error, Result};
use crate::output;
use crate::system::{self, SystemPackage};
use crate::workspace::Workspace;

use super::long::LongSuite;

pub(super) const SUITE: LongSuite = LongSuite {
    name: "bare",
    about: "the demo and the unit tests in an empty Debian with a Rust toolchain and a C compiler",
    advice: "what failed is above; a package that building needs belongs into xtask/src/toolchain.rs, and nothing that the \
             demo links may need one",
    can_run: only_as_root,
    homes: &["bare"],
    run,
};

pub(super) const DEBOOTSTRAP: SystemPackage = SystemPackage {
    name: "debootstrap",
    program: Some("debootstrap"),
    reason: "makes an empty Debian for the suite `bare`",
};

/// What somebody has who cloned the repository and installed Rust as its page says.
const INCLUDED: &str = "--include=ca-certificates,curl,gcc,git,libc6-dev";

/// The first suite that builds the whole workspace with all features: a missing package stops it.
const SHORTEST: &str = "unit";

/// A process of its own, in its own view of the mounts: they go with it, whatever ends it.
const ENTER: &str = r#"
set -e
root=$1 toolchain=$2 cargo_home=$3
shift 3
mount --bind "$toolchain" "$root/toolchain"
mount -o remount,bind,ro "$root/toolchain"
mount --bind "$cargo_home" "$root/home/.cargo"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" /usr/bin/env -i HOME=/home LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
    PATH=/toolchain/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    sh -c "cd /clone && $*"
"#;

fn run(workspace: &Workspace) -> Result<()> {
    has_programs()?;
    let bare = Bare::make(workspace)?;

    let begun = Instant::now();
    let demo = bare.demo()?;
    output::line(format!("the demo answered after {} s", begun.elapsed().as_secs()));
    let printed = bare.output(&demo.second_terminal)?;
    if !printed.contains("the_answer: 42 -> 43") {
        return Err(Error::failed(format!("the printed `set` did not set: {printed}")));
    }
    // The shop may see the change a moment after the command ends, so ask until then.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !bare.output(&demo.curl)?.contains("\"the_answer\": 43") {
        if Instant::now() > deadline {
            return Err(Error::failed("the running shop did not get the new value"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(demo);

    let begun = Instant::now();
    bare.show(&format!("cargo xtask test {SHORTEST}"))?;
    output::line(format!("`cargo xtask test {SHORTEST}` passed after {} s", begun.elapsed().as_secs()));
    Ok(())
}

fn only_as_root() -> Result<()> {
    match system::answers(Command::new("id").arg("-u")).as_deref() {
        Some("0") => Ok(()),
        _ => Err(Error::skipped("only root may make a Debian inside this system")),
    }
}

/// Where nothing was to be installed, or this is no Debian.
fn has_programs() -> Result<()> {
    match ["debootstrap", "setpriv", "unshare", "chroot"].into_iter().find(|program| !system::on_path(program)) {
        Some(program) => Err(Error::skipped(format!("`{program}` is not installed"))),
        None => Ok(()),
    }
}

/// An empty Debian with the tree in `/clone`. It is removed on drop.
struct Bare {
    root: PathBuf,
    toolchain: PathBuf,
    cargo_home: PathBuf,
}

impl Bare {
    fn make(workspace: &Workspace) -> Result<Self> {
        let folder = &workspace.root;
        let toolchain = PathBuf::from(Cmd::new("rustc").words("--print sysroot").output(folder)?.trim());
        let home = || std::env::home_dir().map(|home| home.join(".cargo"));
        let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home);
        let cargo_home = cargo_home.ok_or_else(|| Error::failed("cannot tell where cargo keeps its registry"))?;
        let bare = Self { root: workspace.target.join("bare"), toolchain, cargo_home };
        bare.remove();
        let root = bare.root.display().to_string();

        // Its mounts are its own as well, so that none is left if it is killed.
        let debian = Cmd::new("unshare").words("--mount debootstrap --variant=minbase");
        let debian = debian.args([INCLUDED, &codename(), &root]);
        let debian = mirror(folder).into_iter().fold(debian, |debian, mirror| debian.args([mirror]));
        // It says a line for each package, which nobody wants to read unless it fails.
        debian.print();
        debian.output(folder)?;

        let failed = |error: std::io::Error| Error::failed(format!("cannot prepare {root}: {error}"));
        for inside in ["toolchain", "home/.cargo", "clone"] {
            fs::create_dir_all(bare.root.join(inside)).map_err(failed)?;
        }
        // The authorities that this machine trusts: between it and the network there may be a proxy.
        let trusted = Path::new("etc/ssl/certs/ca-certificates.crt");
        if Path::new("/").join(trusted).is_file() {
            fs::copy(Path::new("/").join(trusted), bare.root.join(trusted)).map_err(failed)?;
        }
        let sources = sources(folder);
        if !sources.is_empty() {
            fs::write(bare.root.join("etc/apt/sources.list"), sources).map_err(failed)?;
        }
        bare.clone(workspace)?;
        Ok(bare)
    }

    /// The files of the tree as they are now, and nothing that was built.
    fn clone(&self, workspace: &Workspace) -> Result<()> {
        let files =
            Cmd::new("git").words("ls-files -z --cached --others --exclude-standard").output(&workspace.root)?;
        for file in files.split('\0').filter(|file| !file.is_empty()) {
            let (from, to) = (workspace.root.join(file), self.root.join("clone").join(file));
            // One that is deleted and not yet committed is still listed.
            if !from.is_file() {
                continue;
            }
            let copied = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::copy(&from, &to));
            copied.map_err(|error| Error::failed(format!("cannot copy {}: {error}", from.display())))?;
        }
        Ok(())
    }

    /// Starts the demo and reads what it prints until the shop listens.
    fn demo(&self) -> Result<Demo> {
        let mut process = self.enter("cargo xtask demo").stdout(Stdio::piped()).spawn().map_err(not_started)?;
        let printed = process.stdout.take().map(BufReader::new);
        let mut demo = Demo { process, second_terminal: String::new(), curl: String::new() };
        for line in printed.into_iter().flat_map(BufReader::lines).map_while(std::io::Result::ok) {
            output::line(&line);
            if line.starts_with("listening on ") {
                return Ok(demo);
            }
            // What is to be typed is indented.
            if let Some(typed) = line.strip_prefix("  ") {
                if typed.starts_with("curl ") {
                    demo.curl = typed.to_owned();
                }
                let and = if demo.second_terminal.is_empty() { "" } else { " && " };
                demo.second_terminal.push_str(&format!("{and}{typed}"));
            }
        }
        Err(Error::failed("the demo ended before the shop listened"))
    }

    fn show(&self, line: &str) -> Result<()> {
        let status = self.enter(line).status().map_err(not_started)?;
        if status.success() { Ok(()) } else { Err(Error::failed(format!("`{line}` ended with {status}"))) }
    }

    fn output(&self, line: &str) -> Result<String> {
        let output = self.enter(line).stderr(Stdio::inherit()).output().map_err(not_started)?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        output::line(printed.trim_end());
        if output.status.success() {
            return Ok(printed);
        }
        Err(Error::failed(format!("`{line}` ended with {}", output.status)))
    }

    /// A shell line in the folder of the clone.
    fn enter(&self, line: &str) -> Command {
        output::line(format!("bare$ {line}"));
        // It ends with this process, however that ends: nobody would stop the demo otherwise.
        let mut command = Command::new("setpriv");
        command.args([
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            ENTER,
            "sh",
        ]);
        command.args([&self.root, &self.toolchain, &self.cargo_home]).arg(line).stdin(Stdio::null());
        command
    }

    fn remove(&self) {
        // What is left shows when it is made again.
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The demo as it runs, killed on drop, and what it says to type.
struct Demo {
    process: Child,
    second_terminal: String,
    curl: String,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn not_started(error: std::io::Error) -> Error {
    Error::failed(format!("cannot start `setpriv`: {error}"))
}

/// The Debian of this machine, or the stable one.
fn codename() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    name.filter(|_| release.contains("ID=debian")).unwrap_or("stable").to_owned()
}

/// This machine's sources of Debian, which have its updates and security updates too; debootstrap knows the release alone.
///
/// The release's first libmariadb of Debian 12 is broken, and nobody stays without updates.
fn sources(folder: &Path) -> String {
    let asked = Cmd::new("apt-get").words("indextargets --format").args([
        "deb $(REPO_URI) $(RELEASE) $(COMPONENT)",
        "Created-By: Packages",
        "Origin: Debian",
    ]);
    let mut lines: Vec<_> = asked.output(folder).unwrap_or_default().lines().map(|line| format!("{line}\n")).collect();
    lines.sort();
    lines.dedup();
    lines.concat()
}

/// Where this machine gets its Debian packages; debootstrap has a default.
fn mirror(folder: &Path) -> Option<String> {
    let identifier = format!("Codename: {}", codename());
    let asked =
        Cmd::new("apt-get").words("indextargets --format $(REPO_URI)").args([identifier, "Origin: Debian".into()]);
    asked.output(folder).ok()?.lines().next().map(str::to_owned)
}
