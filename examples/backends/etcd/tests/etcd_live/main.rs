//! A service on etcd: many settings with a rule, an outage, and a leader that moves.

mod many;

use std::time::{Duration, Instant};

use constance_core::aio::AsyncConfig;
use constance_core::{ErrorKind, Settings};
use constance_etcd::EtcdBackend;
use constance_etcd::etcd_client::Client;
use constance_testserver::EtcdServer;

use self::many::{Named, Unnamed};

/// Long for anything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, PartialEq, Settings)]
struct Shop {
    #[setting(default = 42)]
    the_answer: i64,
}

/// Asks again until the answer is there.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_among_150_settings_can_be_written() {
    let Some(server) = EtcdServer::start() else { return };
    let config = AsyncConfig::<Named>::new(EtcdBackend::new([server.url()]));
    config.set(Named::S0, 5).await.expect("the rule expects one other setting");
    assert_eq!(config.set(Named::S1, -6).await.map_err(|error| error.kind()), Err(ErrorKind::Invalid));
    assert_eq!(config.snapshot().await.expect("all of them").s0, 5);
}

#[tokio::test]
async fn a_rule_over_150_settings_is_refused_when_the_config_is_built() {
    // No server: this is known without asking one.
    let built = AsyncConfig::<Unnamed>::builder(EtcdBackend::new(["http://127.0.0.1:1"])).build();
    let error = built.map(drop).expect_err("no transaction has room for it");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let text = error.to_string();
    assert!(text.contains("149 other stored values, and the backend takes 128 expectations"), "{text}");
    assert!(text.contains("validate(check, fields("), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn live_goes_on_after_an_outage() {
    let Some(mut server) = EtcdServer::start() else { return };
    let config = AsyncConfig::<Shop>::new(EtcdBackend::new([server.url()]));
    let live = config.live().await.expect("a server");
    let other = AsyncConfig::<Shop>::new(EtcdBackend::new([server.url()]));
    other.set(Shop::THE_ANSWER, 43).await.expect("a server");
    until("the change is followed", async || live.load().the_answer == 43).await;
    server.kill();
    assert!(other.get(Shop::THE_ANSWER).await.is_err(), "an outage is not a default");
    assert_eq!(live.load().the_answer, 43, "the last good value");
    server.restart();
    until("a write after the outage", async || other.set(Shop::THE_ANSWER, 44).await.is_ok()).await;
    until("the change after the outage is followed", async || live.load().the_answer == 44).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn live_goes_on_when_the_leader_moves() {
    let Some(mut servers) = EtcdServer::cluster(3) else { return };
    let endpoints: Vec<String> = servers.iter().map(EtcdServer::url).collect();
    let config = AsyncConfig::<Shop>::new(EtcdBackend::new(endpoints.clone()));
    let other = AsyncConfig::<Shop>::new(EtcdBackend::new(endpoints.clone()));
    until("the cluster has a leader", async || other.set(Shop::THE_ANSWER, 43).await.is_ok()).await;
    let live = config.live().await.expect("a cluster");
    // Asked of its present leader, the cluster takes each of the others in turn.
    for answer in 44..47 {
        until("the leader moves", async || move_leader(&endpoints).await).await;
        until("a write after the move", async || other.set(Shop::THE_ANSWER, answer).await.is_ok()).await;
        until("the change after the move is followed", async || live.load().the_answer == answer).await;
    }
    // A member is lost, leader or not: two of three go on.
    servers[0].kill();
    until("a write without a member", async || other.set(Shop::THE_ANSWER, 50).await.is_ok()).await;
    until("the change without a member is followed", async || live.load().the_answer == 50).await;
}

/// Has the leader give way to the member after it; whether it did.
async fn move_leader(endpoints: &[String]) -> bool {
    for endpoint in endpoints {
        let Ok(mut client) = Client::connect([endpoint], None).await else { continue };
        let Ok(status) = client.status().await else { continue };
        let (leader, own) = (status.leader(), status.header().map_or(0, |header| header.member_id()));
        if leader == 0 || leader != own {
            continue;
        }
        let Ok(members) = client.member_list().await else { continue };
        let Some(next) = members.members().iter().map(|member| member.id()).find(|id| *id != leader) else { continue };
        if client.move_leader(next).await.is_ok() {
            return true;
        }
    }
    false
}
