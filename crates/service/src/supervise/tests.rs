use std::sync::atomic::AtomicUsize;

use tokio::time::Instant;

use super::*;

const GRACE: Duration = Duration::from_secs(10);

fn supervisor() -> (Supervisor, mpsc::Sender<Stop>, mpsc::Receiver<Stop>) {
    let (sender, receiver) = mpsc::channel(2);
    (Supervisor::new(GRACE), sender, receiver)
}

/// A service that does what it is told: returns when the token is cancelled.
async fn serve(shutdown: CancellationToken) -> Result<(), TaskError> {
    shutdown.cancelled().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn stop_turns_readiness_off_first_and_drains() {
    let (mut supervisor, stops, receiver) = supervisor();
    let (readiness, shutdown) = (supervisor.readiness(), supervisor.shutdown());
    let drained = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&drained);
    let task_readiness = readiness.clone();
    supervisor.start("writer", async move {
        shutdown.cancelled().await;
        assert!(!task_readiness.is_ready(), "the token came before readiness was off");
        tokio::time::sleep(GRACE / 2).await;
        seen.fetch_add(1, Ordering::Relaxed);
        Ok::<(), TaskError>(())
    });
    assert!(readiness.is_ready());
    stops.send(Stop::Terminate).await.unwrap();
    supervisor.run(receiver).await.unwrap();
    assert_eq!(drained.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn failure_of_one_task_stops_the_others_and_is_named() {
    let (mut supervisor, _stops, receiver) = supervisor();
    supervisor.start("ingest", serve(supervisor.shutdown()));
    supervisor.start("mapper", async { Err("the disk is gone") });
    let error = supervisor.run(receiver).await.unwrap_err();
    assert_eq!(error.to_string(), "task mapper failed");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is gone");
}

#[tokio::test]
async fn panic_of_one_task_stops_the_others_and_is_named() {
    let (mut supervisor, _stops, receiver) = supervisor();
    supervisor.start("ingest", serve(supervisor.shutdown()));
    supervisor
        .start_job("warm up", async { if true { panic!("index {} is odd", 3) } else { Ok::<(), TaskError>(()) } });
    let error = supervisor.run(receiver).await.unwrap_err();
    assert_eq!(error.to_string(), "task warm up panicked: index 3 is odd");
}

#[tokio::test]
async fn service_that_ends_unasked_is_a_failure_and_a_job_is_not() {
    let (mut supervisor, _stops, receiver) = supervisor();
    supervisor.start("ingest", serve(supervisor.shutdown()));
    supervisor.start_job("warm up", async { Ok::<(), TaskError>(()) });
    supervisor.start("writer", async { Ok::<(), TaskError>(()) });
    let error = supervisor.run(receiver).await.unwrap_err();
    assert_eq!(error.to_string(), "task writer ended although nothing asked it to stop");
}

#[tokio::test(start_paused = true)]
async fn task_beyond_the_grace_period_is_dropped_and_named() {
    struct GivesBack(Arc<AtomicUsize>);
    impl Drop for GivesBack {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (mut supervisor, stops, receiver) = supervisor();
    let given_back = Arc::new(AtomicUsize::new(0));
    let held = GivesBack(Arc::clone(&given_back));
    supervisor.start("ingest", serve(supervisor.shutdown()));
    supervisor.start("writer", async move {
        let _held = held;
        std::future::pending::<Result<(), TaskError>>().await
    });
    stops.send(Stop::Terminate).await.unwrap();
    let started = Instant::now();
    let error = supervisor.run(receiver).await.unwrap_err();
    assert_eq!(error.to_string(), "the grace period of 10s ran out; unfinished: writer");
    assert_eq!(started.elapsed(), GRACE);
    assert_eq!(given_back.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn second_stop_ends_the_grace_period() {
    let (mut supervisor, stops, receiver) = supervisor();
    supervisor.start("writer", std::future::pending::<Result<(), TaskError>>());
    stops.send(Stop::Interrupt).await.unwrap();
    stops.send(Stop::Interrupt).await.unwrap();
    let started = Instant::now();
    let error = supervisor.run(receiver).await.unwrap_err();
    assert!(matches!(error, SuperviseError::GraceExceeded { .. }), "{error}");
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn failure_tells_what_did_not_finish_either() {
    let (mut supervisor, _stops, receiver) = supervisor();
    supervisor.start("writer", std::future::pending::<Result<(), TaskError>>());
    supervisor.start("mapper", async { Err("the disk is gone") });
    let error = supervisor.run(receiver).await.unwrap_err();
    assert_eq!(error.to_string(), "task mapper failed (unfinished after the grace period: writer)");
}

#[tokio::test]
async fn run_ends_when_all_jobs_are_over() {
    let (mut supervisor, _stops, receiver) = supervisor();
    supervisor.start_job("one", async { Ok::<(), TaskError>(()) });
    supervisor.run(receiver).await.unwrap();
}

/// Not a test by itself: what `sigterm_drains_and_exits_with_0` runs as a child.
#[tokio::test]
#[ignore = "runs as a child process of another test"]
async fn child_serves_until_sigterm() {
    let stops = stop_signals().unwrap();
    let mut supervisor = Supervisor::new(GRACE);
    supervisor.start("writer", serve(supervisor.shutdown()));
    println!("child is up");
    supervisor.run(stops).await.unwrap();
    println!("child has drained");
}

#[test]
fn sigterm_drains_and_exits_with_0() {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "supervise::tests::child_serves_until_sigterm", "--ignored", "--nocapture"]);
    let mut child = tandem_testkit::Child::spawn(&mut command);
    child.wait_for_line("the child to come up", GRACE, |line| line.contains("child is up"));
    child.terminate();
    child.wait_for_line("the child to drain", GRACE, |line| line.contains("child has drained"));
    assert!(child.wait(GRACE).success());
}
