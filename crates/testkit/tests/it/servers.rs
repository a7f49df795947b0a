//! Real servers can be started, ended in every way, held, and started again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use tandem_testkit::eventually_blocking;
use tandem_testkit::servers::{Nats, NatsCluster, Redis};

const LIMIT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(2);

/// One request by the plain protocol of NATS. Empty where nobody answers in time, as while there is no leader.
fn request(server: &Nats, credentials: &str, subject: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_read_timeout(Some(ANSWER)).unwrap();
    write!(stream, "CONNECT {{\"verbose\":false{credentials}}}\r\nSUB answer 1\r\n").unwrap();
    write!(stream, "PUB {subject} answer {}\r\n{body}\r\n", body.len()).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    match lines.find(|line| line.starts_with("MSG ") || line.starts_with("-ERR")) {
        Some(line) if line.starts_with("MSG ") => lines.next().unwrap_or_default(),
        other => other.unwrap_or_default(),
    }
}

fn create_stream(server: &Nats, replicas: usize) -> String {
    let config = format!("{{\"name\":\"S\",\"subjects\":[\"s.>\"],\"storage\":\"file\",\"num_replicas\":{replicas}}}");
    request(server, "", "$JS.API.STREAM.CREATE.S", &config)
}

fn messages(server: &Nats) -> String {
    let info = request(server, "", "$JS.API.STREAM.INFO.S", "");
    let count = info.split_once("\"messages\":").unwrap_or_else(|| panic!("{info}")).1;
    count.split(',').next().unwrap().to_owned()
}

fn is_process(id: u32) -> bool {
    Command::new("kill").args(["-0", &id.to_string()]).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
fn nats_keeps_streams_over_kill_and_stop() {
    let nats = Nats::start();
    assert!(create_stream(&nats, 1).contains("\"created\""), "{:?}", nats.log());
    assert!(request(&nats, "", "s.a", "one").contains("\"seq\":1"));
    let first = nats.pid();
    nats.kill();
    assert!(!nats.is_running());
    assert!(TcpStream::connect(("127.0.0.1", nats.port())).is_err());
    nats.start_again();
    assert_eq!(messages(&nats), "1");
    assert_ne!(nats.pid(), first);
    assert!(request(&nats, "", "s.a", "two").contains("\"seq\":2"));
    nats.stop();
    assert!(!nats.is_running());
    nats.start_again();
    assert_eq!(messages(&nats), "2");
    assert!(nats.store_dir().join("jetstream").is_dir());
}

#[test]
fn paused_nats_answers_when_it_goes_on() {
    let nats = Nats::start();
    nats.pause();
    let mut byte = [0];
    // The signal takes a moment to reach every thread.
    let silent = (0..50).find_map(|_| {
        let mut stream = TcpStream::connect(("127.0.0.1", nats.port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        stream.read(&mut byte).is_err().then_some(stream)
    });
    let mut stream = silent.expect("a server that doesn't answer");
    assert!(nats.is_running());
    nats.resume();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"I");
    nats.pause();
    nats.stop();
    assert!(!nats.is_running());
}

#[test]
fn nats_asks_for_a_password_and_takes_more_configuration() {
    let nats = Nats::builder().user("tandem", "s3cret").config("max_payload: 2048").start();
    assert!(request(&nats, "", "$JS.API.INFO", "").contains("Authorization Violation"));
    let credentials = ",\"user\":\"tandem\",\"pass\":\"s3cret\"";
    assert!(request(&nats, credentials, "$JS.API.INFO", "").contains("\"streams\":0"));
    assert!(nats.monitor("/varz").contains("\"max_payload\": 2048"));
}

#[test]
fn nats_syncs_always_and_can_do_without_jetstream() {
    assert!(Nats::start().monitor("/jsz?config=true").contains("\"sync_always\": true"));
    let plain = Nats::builder().without_jetstream().start();
    assert!(plain.monitor("/jsz").contains("\"disabled\": true"));
    let lazy = Nats::builder().sync_interval("2m").start();
    assert!(!lazy.monitor("/jsz?config=true").contains("\"sync_always\": true"));
}

#[test]
fn full_store_refuses_messages() {
    let nats = Nats::builder().max_file_store(64 * 1024).start();
    create_stream(&nats, 1);
    let body = "x".repeat(16 * 1024);
    let answers: Vec<String> = (0..8).map(|_| request(&nats, "", "s.a", &body)).collect();
    assert!(answers[0].contains("\"seq\":1"), "{answers:?}");
    assert!(answers[7].contains("\"error\""), "{answers:?}");
}

#[test]
fn cluster_survives_the_loss_of_a_node() {
    let cluster = NatsCluster::start(3);
    assert_eq!(cluster.urls().len(), 3);
    let created = create_stream(cluster.node(0), 3);
    assert!(created.contains("\"created\""), "{created}");
    assert!(request(cluster.node(1), "", "s.a", "one").contains("\"seq\":1"));
    let leader = created.split_once("\"leader\":\"").unwrap().1.split('"').next().unwrap();
    let lost = cluster.named(leader);
    lost.kill();
    let other = cluster.nodes().iter().find(|node| node.name() != leader).unwrap();
    let published = eventually_blocking("another leader", Duration::from_secs(30), || {
        let answer = request(other, "", "s.a", "two");
        answer.contains("\"seq\":").then_some(answer)
    });
    lost.start_again();
    cluster.wait_until_healthy();
    assert!(messages(lost).parse::<u32>().unwrap() >= 2, "{published}");
}

#[test]
fn redis_is_empty_after_flush_and_after_kill() {
    let redis = Redis::start();
    assert_eq!(redis.url(), format!("redis://127.0.0.1:{}", redis.port()));
    for forget in [Redis::flush as fn(&Redis), restart] {
        redis.command(&["SET", "key", "value"]);
        assert_eq!(redis.command(&["GET", "key"]), "value");
        forget(&redis);
        assert_eq!(redis.command(&["DBSIZE"]), "0");
    }
    assert!(redis.info("persistence").contains("aof_enabled:0"));
}

fn restart(redis: &Redis) {
    redis.kill();
    assert!(!redis.is_running());
    redis.start_again();
}

#[test]
fn redis_asks_for_its_password() {
    let redis = Redis::start_with_password("s3cret");
    assert!(redis.url().starts_with("redis://:s3cret@"));
    assert_eq!(redis.command(&["PING"]), "PONG");
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    assert!(answer.starts_with("-NOAUTH"), "{answer}");
}

#[test]
fn paused_redis_goes_on_and_stops() {
    let redis = Redis::start();
    redis.pause();
    assert!(redis.is_running());
    redis.resume();
    assert_eq!(redis.command(&["PING"]), "PONG");
    redis.stop();
    assert!(!redis.is_running());
    redis.start_again();
    assert_eq!(redis.command(&["PING"]), "PONG");
}

#[test]
fn dropped_servers_are_gone_even_while_paused() {
    let (nats, redis) = (Nats::start(), Redis::start());
    let ids = [nats.pid(), redis.pid()];
    nats.pause();
    redis.pause();
    drop((nats, redis));
    assert!(!ids.into_iter().any(is_process));
}

#[test]
fn server_waits_for_its_port() {
    let redis = Redis::start();
    redis.kill();
    let taken = std::net::TcpListener::bind(("127.0.0.1", redis.port())).unwrap();
    std::thread::scope(|scope| {
        let starting = scope.spawn(|| redis.start_again());
        eventually_blocking("a start that fails", LIMIT, || {
            redis.log().iter().any(|line| line.contains("in use")).then_some(())
        });
        drop(taken);
        starting.join().unwrap();
    });
    assert_eq!(redis.command(&["PING"]), "PONG");
}

/// Not a test: what the next one kills.
#[test]
#[ignore = "run by servers_end_with_a_killed_test_process"]
fn holds_servers() {
    let (nats, redis) = (Nats::start(), Redis::start());
    println!("holding {} {}", nats.pid(), redis.pid());
    std::thread::sleep(Duration::from_mins(1));
    assert!(nats.is_running() && redis.is_running());
}

#[test]
fn servers_end_with_a_killed_test_process() {
    let this = std::env::current_exe().unwrap();
    let mut child = tandem_testkit::Child::spawn(Command::new(this).args([
        "--exact",
        "servers::holds_servers",
        "--ignored",
        "--nocapture",
    ]));
    let line = child.wait_for_line("the servers", LIMIT, |line| line.contains("holding "));
    let ids: Vec<u32> = line.split_once("holding ").unwrap().1.split(' ').map(|id| id.parse().unwrap()).collect();
    assert!(ids.iter().all(|&id| is_process(id)));
    child.kill();
    eventually_blocking("the servers to end", LIMIT, || (!ids.iter().any(|&id| is_process(id))).then_some(()));
}
