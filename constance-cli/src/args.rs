//! The arguments of the subcommand.

use crate::NewValue;

/// The subcommand as one `clap` type, for every way to add it to an application: as the type of a variant or flattened
/// (it implements [`clap::Args`]), as a whole program ([`clap::Parser::parse`]), and with clap's builder
/// ([`clap::CommandFactory::command`] gives a `Command` named `settings`):
///
/// ```
/// use constance_cli::SettingsArgs;
/// use constance_cli::clap::{Command, CommandFactory, FromArgMatches};
///
/// let program = Command::new("shop").subcommand(SettingsArgs::command());
/// let matches = program.try_get_matches_from(["shop", "settings", "set", "the_answer", "-5"])?;
/// if let Some(("settings", matches)) = matches.subcommand() {
///     let settings = SettingsArgs::from_arg_matches(matches)?;
///     // then: return settings.command.run(&config);
/// #   drop(settings);
/// }
/// # Ok::<(), constance_cli::clap::Error>(())
/// ```
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "settings", about = "Read and change the live settings", long_about = None)]
#[non_exhaustive]
pub struct SettingsArgs {
    /// What to do
    #[command(subcommand)]
    pub command: SettingsCommand,
}

/// One of `list`, `get`, `set`, `reset`, `stale`, `remove-stale`, `verify`, `migrate` and, with the feature `legacy`, `import-legacy`, with its arguments;
/// [`run`](Self::run) runs it.
///
/// Its `Debug` shows no value.
///
/// ```
/// use constance_cli::SettingsCommand;
/// use constance_cli::clap::{self, Parser};
///
/// #[derive(Parser)]
/// enum Program {
///     /// Run the service
///     Serve,
///     /// Read and change the live settings
///     #[command(subcommand)]
///     Settings(SettingsCommand),
/// }
///
/// let program = Program::try_parse_from(["shop", "settings", "get", "the_answer"])?;
/// assert!(matches!(program, Program::Settings(SettingsCommand::Get { name, json: false, .. }) if name == "the_answer"));
/// # let _ = Program::Serve;
/// # Ok::<(), clap::Error>(())
/// ```
#[derive(Debug, Clone, clap::Subcommand)]
#[non_exhaustive]
pub enum SettingsCommand {
    /// Show every setting: its value, default, help, and what it accepts
    #[non_exhaustive]
    List {
        /// Only the settings of this group
        #[arg(long)]
        group: Option<String>,
        /// Only the settings that have a stored value
        #[arg(long)]
        stored: bool,
        /// Print one JSON array, and errors as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the value that is in force, and nothing else
    #[non_exhaustive]
    Get {
        /// The setting's name
        name: String,
        /// Print one JSON object with everything known about the setting, and errors as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check a value and store it
    #[non_exhaustive]
    Set {
        /// The setting's name
        name: String,
        /// The new value; `-` reads it from standard input, which keeps a secret out of the shell's history and off the screen
        #[arg(allow_hyphen_values = true)]
        value: NewValue,
        /// More words, which only come from forgotten quotes
        // clap would refuse them too, but its message repeats the first, and that may be half of a password.
        #[arg(hide = true, allow_hyphen_values = true)]
        extra: Vec<NewValue>,
        /// Store an empty text where the setting is secret; without it, one is taken for what a failed command left
        #[arg(long)]
        empty: bool,
        /// Print one JSON object with the old and the new value, and errors as JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove the stored value, so that the default is in force
    #[non_exhaustive]
    Reset {
        /// The setting's name
        name: String,
        /// Print one JSON object with the old and the new value, and errors as JSON
        #[arg(long)]
        json: bool,
    },
    /// List stored keys that this program does not declare
    ///
    /// Another program that shares the store may use them, or another version of this one. On a terminal it shows how far it
    /// is.
    #[non_exhaustive]
    Stale {
        /// Print one JSON array of names, and errors as JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove what is stored under names that no program needs any more
    ///
    /// A name that this program declares is refused. What other programs declare, nobody but their developers knows. It prints
    /// the names under which something was stored.
    #[non_exhaustive]
    RemoveStale {
        /// The names, of those that `stale` lists
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        /// Print one JSON array of names, and errors as JSON
        #[arg(long)]
        json: bool,
    },
    /// Look whether the store answers and every setting in it is readable
    ///
    /// It also says what an operator should know of the store, such as that it may drop what is stored.
    #[non_exhaustive]
    Verify {
        /// Print one JSON object, and errors as JSON
        #[arg(long)]
        json: bool,
    },
    /// Bring the store's tables up to date
    ///
    /// It can be repeated at any time. A store without tables has nothing to do.
    #[non_exhaustive]
    Migrate {
        /// Print one JSON object, and errors as JSON
        #[arg(long)]
        json: bool,
    },
    /// Convert the values that django-constance 1 to 3 stored into what django-constance 4 stores
    ///
    /// Without --write nothing is changed, and the names are shown. Every stored key under the prefix is looked at, declared
    /// here or not. It can be repeated at any time; a django-constance before 4 cannot read the values afterwards.
    #[cfg(feature = "legacy")]
    #[non_exhaustive]
    ImportLegacy {
        /// Convert them, instead of only saying what would be converted
        #[arg(long)]
        write: bool,
        /// Print one JSON object, and errors as JSON
        #[arg(long)]
        json: bool,
    },
}

impl SettingsCommand {
    /// Whether JSON was asked for, which goes for errors too.
    #[must_use]
    pub fn is_json(&self) -> bool {
        match self {
            Self::List { json, .. } | Self::Stale { json } | Self::RemoveStale { json, .. } => *json,
            Self::Verify { json } | Self::Migrate { json } => *json,
            Self::Get { json, .. } | Self::Set { json, .. } | Self::Reset { json, .. } => *json,
            #[cfg(feature = "legacy")]
            Self::ImportLegacy { json, .. } => *json,
        }
    }
}
