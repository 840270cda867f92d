//! What happens, step by step, and what each process has and says after each.

use std::time::Duration;

use super::process::{Answer, Setup, Wrong};
use super::programs::{Before, New, NewTheme, Old, OldTheme, Worker};
use super::role::{Fault, Role};

/// Seconds are no duration, and nobody guesses.
const TIMEOUT: Fault = Fault {
    kind: "Decode",
    settings: &["basket_timeout"],
    detail: "wanted a duration such as 1h 30m, 45s or 250ms, found a whole number (6 bytes stored)",
};

/// The variant that the new version does not have.
const THEME: Fault = Fault {
    kind: "Decode",
    settings: &["theme"],
    detail: "wanted one of light, dark, found a text that does not fit (9 bytes stored)",
};

/// What the old version stores, not knowing the rule.
const STOCK: Fault = Fault {
    kind: "Invalid",
    settings: &["min_stock", "max_stock"],
    detail: "the rule \"in_order\" is broken: the minimum is above the maximum",
};

/// A fraction, for the version whose weights are whole numbers.
const WEIGHT: Fault = Fault {
    kind: "Decode",
    settings: &["max_weight"],
    detail: "wanted a whole number, found a float (12 bytes stored)",
};

fn invalid(settings: &str, message: &str) -> Answer {
    let message = message.to_owned();
    Err(Wrong { kind: "Invalid".to_owned(), settings: vec![settings.to_owned()], message })
}

/// All that run, but for what starts and ends within a step.
struct Deploy<'s> {
    setup: &'s Setup,
    old: Role<Old>,
    worker: Role<Worker>,
}

/// The whole of it.
pub(crate) fn deploy(setup: &Setup) {
    let mut deploy = Deploy::begin(setup);
    let mut new = deploy.start_new();
    deploy.both_write_the_setting_that_is_renamed(&mut new);
    deploy.both_write_settings_under_the_rule(&mut new);
    deploy.the_new_one_writes_what_the_old_one_does_not_know(&mut new);
    deploy.nothing_is_cleaned_up_that_somebody_uses(&mut new);
    new.end();
    deploy.the_old_one_has_everything();
    deploy.finish();
}

impl<'s> Deploy<'s> {
    fn begin(setup: &'s Setup) -> Self {
        let mut before = Role::start(setup, "before", Before { campaign: "spring".into() });
        before.does("follow");
        before.does("set campaign spring");
        before.is_right();
        before.end();
        let values = Old {
            title: "Shop".into(),
            page_size: 50,
            max_weight: 25,
            basket_timeout: 3600,
            theme: OldTheme::Sepia,
            min_stock: 50,
            max_stock: 10,
            banner: "Sale".into(),
        };
        let mut old = Role::start(setup, "old", values);
        old.does("follow");
        for (name, text) in [
            ("title", "Shop"),
            ("page_size", "50"),
            ("max_weight", "25"),
            ("basket_timeout", "3600"),
            ("theme", "sepia"),
            ("min_stock", "50"),
            ("max_stock", "10"),
            ("banner", "Sale"),
        ] {
            old.does(&format!("set {name} {text}"));
        }
        old.is_right();
        let values = Worker { title: "Shop".into(), page_size: 50, max_weight: 25, batch_size: 7 };
        let mut worker = Role::start(setup, "worker", values);
        worker.does("follow");
        worker.does("set batch_size 7");
        worker.is_right();
        Self { setup, old, worker }
    }

    #[track_caller]
    fn are_right(&mut self, new: &mut Role<New>) {
        self.old.is_right();
        self.worker.is_right();
        new.is_right();
    }

    /// What everybody calls the title. Whoever has it under the new name has it by the alias.
    fn title_is(&mut self, new: &mut Role<New>, title: &str) {
        self.old.values.title = title.into();
        self.worker.values.title = title.into();
        new.values.site_name = title.into();
        self.are_right(new);
    }

    /// By default it does not start, and says which settings stand in the way. Where it is told to, it starts with their
    /// defaults. Nobody else notices.
    fn start_new(&mut self) -> Role<New> {
        let values = New {
            site_name: "Shop".into(),
            page_size: 50,
            max_weight: 25.0,
            basket_timeout: Duration::from_secs(1800),
            theme: NewTheme::Light,
            min_stock: 0,
            max_stock: 100,
            greeting: "Hello".into(),
        };
        let mut new = Role::start(self.setup, "new", values);
        new.faults = vec![TIMEOUT, THEME, STOCK];
        new.does_not_start();
        new.says("get min_stock", "50");
        new.does("follow default_if_unreadable");
        new.says("defaults", "basket_timeout, theme, min_stock, max_stock");
        self.are_right(&mut new);
        new
    }

    fn both_write_the_setting_that_is_renamed(&mut self, new: &mut Role<New>) {
        self.old.does("set title of the old");
        self.title_is(new, "of the old");
        new.does("set site_name of the new");
        self.title_is(new, "of the new");
        self.worker.does("set title of the worker");
        self.title_is(new, "of the worker");
        self.old.does("reset title");
        self.title_is(new, "My Title");
        new.does("set title by its old name");
        self.title_is(new, "by its old name");
        new.does("reset site_name");
        self.title_is(new, "My Title");
        new.does("set site_name Corner Shop");
        self.title_is(new, "Corner Shop");
    }

    /// The old version knows no rule: it has what it writes. The new one keeps the last values that were right together.
    fn both_write_settings_under_the_rule(&mut self, new: &mut Role<New>) {
        new.does("change min_stock=5 max_stock=20");
        (self.old.values.min_stock, self.old.values.max_stock) = (5, 20);
        (new.values.min_stock, new.values.max_stock) = (5, 20);
        new.faults = vec![TIMEOUT, THEME];
        self.are_right(new);
        new.says("defaults", "basket_timeout, theme");
        let refused = invalid("min_stock", "setting \"min_stock\": the minimum is above the maximum");
        assert_eq!(new.ask("set min_stock 30"), refused);
        self.are_right(new);
        self.old.does("set min_stock 30");
        self.old.values.min_stock = 30;
        new.faults = vec![TIMEOUT, THEME, STOCK];
        self.are_right(new);
        new.says("get min_stock", "30");
        self.worker.does("set page_size 60");
        self.old.values.page_size = 60;
        self.worker.values.page_size = 60;
        new.values.page_size = 60;
        self.are_right(new);
        new.does("set max_stock 40");
        self.old.values.max_stock = 40;
        (new.values.min_stock, new.values.max_stock) = (30, 40);
        new.faults = vec![TIMEOUT, THEME];
        self.are_right(new);
    }

    /// What both can read is read by both. Of a fraction the old version keeps its last good value, and goes on with all else.
    fn the_new_one_writes_what_the_old_one_does_not_know(&mut self, new: &mut Role<New>) {
        new.does("set theme dark");
        self.old.values.theme = OldTheme::Dark;
        new.values.theme = NewTheme::Dark;
        new.faults = vec![TIMEOUT];
        self.are_right(new);
        new.does("set greeting Welcome");
        new.values.greeting = "Welcome".into();
        new.does("set max_weight 2.5");
        new.values.max_weight = 2.5;
        self.old.faults = vec![WEIGHT];
        self.worker.faults = vec![WEIGHT];
        self.are_right(new);
        new.does("set page_size 70");
        self.old.values.page_size = 70;
        self.worker.values.page_size = 70;
        new.values.page_size = 70;
        self.are_right(new);
    }

    fn nothing_is_cleaned_up_that_somebody_uses(&mut self, new: &mut Role<New>) {
        new.says("stale", "banner, batch_size, campaign");
        self.old.says("stale", "batch_size, campaign, greeting, site_name");
        self.worker.says("stale", "banner, basket_timeout, campaign, greeting, max_stock, min_stock, site_name, theme");
        let renamed = "setting \"title\": it is an old name of \"site_name\"; \
                       drop the alias first, when no program that knows the old name runs any more";
        assert_eq!(new.ask("remove campaign,title"), invalid("title", renamed));
        let declared = "setting \"page_size\": this program declares it; reset it instead";
        assert_eq!(self.worker.ask("remove campaign,page_size"), invalid("page_size", declared));
        new.says("stale", "banner, batch_size, campaign");
        // What the version before the old one had: nobody runs that knows it.
        assert_eq!(new.ask("remove campaign"), Ok("campaign".to_owned()));
        assert_eq!(self.old.ask("clean"), Ok(String::new()), "nothing is left of it");
        self.are_right(new);
    }

    /// The new version is taken back. What it wrote is there, and one value has to be written as the old version knows it.
    fn the_old_one_has_everything(&mut self) {
        self.old.is_right();
        self.worker.is_right();
        let mut restarted = Role::start(self.setup, "old", self.old.values.clone());
        restarted.faults = vec![WEIGHT];
        restarted.does_not_start();
        restarted.does("set max_weight 3");
        self.old.values.max_weight = 3;
        self.worker.values.max_weight = 3;
        self.old.faults.clear();
        self.worker.faults.clear();
        self.old.is_right();
        self.worker.is_right();
        restarted.values.max_weight = 3;
        restarted.faults.clear();
        restarted.does("follow");
        restarted.is_right();
        restarted.end();
    }

    /// The new version comes again, the old one ends, and only then what is left of it is brought into the new form.
    fn finish(self) {
        let Self { setup, old, mut worker } = self;
        let values = New {
            site_name: old.values.title.clone(),
            page_size: 70,
            max_weight: 3.0,
            basket_timeout: Duration::from_secs(1800),
            theme: NewTheme::Dark,
            min_stock: 30,
            max_stock: 40,
            greeting: "Welcome".into(),
        };
        let mut new = Role::start(setup, "new", values);
        new.faults = vec![TIMEOUT];
        new.does_not_start();
        new.does("follow default_if_unreadable");
        new.says("defaults", "basket_timeout");
        new.is_right();
        old.end();
        new.does("set basket_timeout 1h");
        new.values.basket_timeout = Duration::from_secs(3600);
        new.faults.clear();
        new.is_right();

        worker.does("set title Shop");
        worker.values.title = "Shop".into();
        worker.is_right();
        new.values.site_name = "Shop".into();
        let differs = "setting \"site_name\": an old name differs, and a program that knows only that wrote or reset it \
                       last; set or reset it to have one state";
        new.says("verify", differs);
        assert_eq!(new.ask("settle"), Ok("site_name".to_owned()));
        new.is_right();

        new.says("stale", "banner, batch_size");
        assert_eq!(new.ask("clean"), Ok("banner".to_owned()));
        new.says("stale", "batch_size");
        new.is_right();
        worker.is_right();
        let mut restarted = Role::start(setup, "new", new.values.clone());
        restarted.does("follow");
        restarted.is_right();
        restarted.end();
        new.end();
        worker.is_right();
        worker.end();
    }
}
