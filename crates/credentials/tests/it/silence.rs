//! Canaries: no secret in anything that is printed.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tandem_credentials::{Answer, SigningSecrets, Timing};
use tandem_store::Store;
use tracing_subscriber::fmt::MakeWriter;

use crate::provider::{DAY, Fate, World, acme, location, masters, vault};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_secret_is_printed_whatever_happens() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut shown: Vec<String> = Vec::new();

    let store = Store::memory();
    let world = World::new(&store);
    drop(world.connected().await);
    let tokens = world.process_with(Timing { patience: Duration::from_secs(1), ..Timing::default() });
    let answers = [Answer::NotApplied { retry_after: None }, Answer::Unauthorized, Answer::LocationInactive];
    for answer in answers {
        world.advance(2 * DAY);
        world.provider.script([Fate::Say(answer)]);
        // A second attempt may come in time, and then it works.
        match tokens.access(acme()).await {
            Ok(token) => shown.push(format!("{token:?}")),
            Err(error) => shown.push(format!("{error} {error:?}")),
        }
        tokens.connected(acme(), location(), &world.provider.grant()).await.unwrap();
    }
    world.advance(2 * DAY);
    shown.push(format!("{:?}", tokens.access(acme()).await.unwrap()));
    world.advance(2 * DAY);
    world.provider.script([Fate::Say(Answer::Unknown), Fate::Say(Answer::Refused)]);
    let error = tokens.access(acme()).await.unwrap_err();
    shown.push(format!("{error} {error:?} {tokens:?} {:?}", tokens.status(acme()).await.unwrap()));
    shown.push(format!("{:?} {:?}", world.provider.grant(), masters(&[7])));

    let secrets = SigningSecrets::new(vault(&store, &[1]));
    secrets.replace(&acme(), ("w1", &"canary-signing".into()), (world.now(), world.now())).await.unwrap();
    let wrong = vault(&store, &[7]);
    let error = SigningSecrets::new(wrong.clone()).accepted(&acme(), world.now()).await.unwrap_err();
    shown.push(format!("{error} {error:?} {wrong:?} {secrets:?}"));
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("connection acme was not renewed") && text.contains("is paused"), "{text}");
    shown.push(text);
    for text in shown {
        assert!(!text.contains("canary") && !text.contains("[7, 7"), "{text}");
    }
}
