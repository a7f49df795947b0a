//! What the log says, and what it never says.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::server::{Server, contact_update, embedded, memory};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

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

/// Logs of this thread; the test runtime has no other.
fn capture() -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    (lines, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn an_accepted_event_can_be_followed_and_says_nothing_of_the_person() {
    let (lines, _guard) = capture();
    let server = Server::start(memory()).await;
    assert!(server.ghl(&contact_update("w-1")).await.is("accepted"));
    let text = lines.text();
    let line = text
        .lines()
        .find(|line| line.contains("accepted contact.updated from ghl"))
        .unwrap_or_else(|| panic!("{text}"));
    for part in ["INFO", "connection.id=acme", "event.id=\"w-1\""] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!text.contains("Ana"), "{text}");
}

#[tokio::test]
async fn a_queue_in_trouble_is_one_line_that_names_the_cause() {
    let (lines, _guard) = capture();
    let (queue, database, _dir) = embedded(None);
    let server = Server::start(queue).await;
    database.close().await.unwrap();
    for number in 0..20 {
        assert_eq!(server.ghl(&contact_update(&number.to_string())).await.status, 429);
    }
    let text = lines.text();
    let errors: Vec<&str> = text.lines().filter(|line| line.contains("ERROR")).collect();
    // One per five seconds; a slow machine may see a second one.
    assert!((1..=3).contains(&errors.len()), "{errors:#?}");
    assert!(errors[0].contains("429") && errors[0].contains("the queue is closed"), "{errors:#?}");
    assert!(!text.contains("Ana"), "{text}");
}
