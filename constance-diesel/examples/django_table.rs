//! Django beside Rust: both read and write the table that the migrations of django-constance made.
//!
//! ```text
//! cargo run -p constance-diesel --example django_table --features sqlite,bundled
//! cargo run -p constance-diesel --example django_table --features sqlite,bundled -- sqlite:///srv/site/db.sqlite3
//! ```
//!
//! Without a URL it makes the table itself, in a temporary file, as `manage.py migrate` would, and stores a value as Django's
//! admin does. With one it only reads. `docs/django.md` of the repository has both sides.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use constance_core::{Config, Json, Settings};
use constance_diesel::diesel::connection::SimpleConnection;
use constance_diesel::diesel::{Connection, SqliteConnection};
use constance_diesel::{Layout, SqliteBackend};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The same names as in `CONSTANCE_CONFIG` of `settings.py`.
#[derive(Debug, Clone, Settings)]
#[settings(rename_all = "SCREAMING_SNAKE_CASE")]
struct Shop {
    #[setting(default = "My Title")]
    site_name: String,
    #[setting(default = 42)]
    the_answer: i64,
}

const BY_DJANGO: &str = r#"
    CREATE TABLE "constance_constance" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
        "key" varchar(255) NOT NULL UNIQUE, "value" text NULL);
    INSERT INTO "constance_constance" ("key", "value")
        VALUES ('SITE_NAME', '{"__type__": "default", "__value__": "Corner"}');
"#;

fn main() -> Result<()> {
    run(std::env::args().nth(1))
}

fn run(url: Option<String>) -> Result<()> {
    if let Some(url) = url {
        println!("{:?}", open(&url)?.snapshot()?);
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("db.sqlite3").display().to_string();
    let mut django = SqliteConnection::establish(&path)?;
    django.batch_execute(BY_DJANGO)?;

    let config = open(&format!("sqlite://{path}"))?;
    let by_django = config.get(Shop::SITE_NAME)?;
    println!("Django stored:  {by_django}");
    assert_eq!(by_django, "Corner");
    config.set(Shop::THE_ANSWER, 43)?;
    // What Django reads. A program that prints stored bytes shows secrets too; this one has none.
    let key = config.prefix().key("THE_ANSWER")?;
    let stored = config.backend().read(&[&key])?.remove(0);
    let text = stored.bytes()?.map(|bytes| String::from_utf8_lossy(bytes.as_bytes()).into_owned());
    println!("Django reads:   {key} = {}", text.as_deref().unwrap_or("nothing"));
    assert_eq!(text.as_deref(), Some(r#"{"__type__": "default", "__value__": 43}"#));
    Ok(())
}

fn open(url: &str) -> Result<Config<Shop, Json>> {
    let backend = SqliteBackend::builder().url(url).layout(Layout::Django).build()?;
    backend.migrate()?; // makes nothing: refuses a table that is missing or of another shape
    Ok(Config::<Shop>::builder(backend).codec(Json::new()).build()?)
}

#[test]
fn it_runs() {
    run(None).expect("it runs");
}
