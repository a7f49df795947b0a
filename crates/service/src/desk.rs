//! Questions that one of our commands asks the process that runs with the same configuration: what only that process has at
//! hand, such as a store that is locked for others and budgets that are counted in memory.
//!
//! A question is a text, and so is the answer. Who asks shows a password that only the configuration's owner can make. One
//! question is worked on at a time, by a task of its own: it is worked on to its end when whoever asked has gone.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// The largest question that is read: one may carry an event's body, of a webhook's size.
const LARGEST: usize = 2 * 1024 * 1024;

/// A question, and the way back.
#[derive(Debug)]
pub struct Question {
    /// What is asked.
    pub text: String,
    answer: oneshot::Sender<String>,
    _place: OwnedSemaphorePermit,
}

impl Question {
    /// Answers it; the next one may come. Whoever asked may have gone, and then nobody hears it.
    pub fn answer(self, text: String) {
        drop(self.answer.send(text));
    }
}

/// The questions, one after the other; none comes any more once the server has gone.
#[derive(Debug)]
pub struct Questions(mpsc::Receiver<Question>);

impl Questions {
    /// Waits for the next one.
    pub async fn next(&mut self) -> Option<Question> {
        self.0.recv().await
    }
}

struct Desk {
    password: SecretString,
    questions: mpsc::Sender<Question>,
    /// One: for the question that is worked on.
    place: Arc<Semaphore>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// The route where questions are asked, to be merged into a server's own, and the questions that come.
///
/// 200 answers, 401 is for somebody without the password, 409 while another question is worked on, 503 when the process
/// stops.
pub fn desk(path: &'static str, password: SecretString) -> (Router, Questions) {
    let (questions, asked) = mpsc::channel(1);
    let desk = Desk { password, questions, place: Arc::new(Semaphore::new(1)) };
    (Router::new().route(path, post(ask)).with_state(Arc::new(desk)), Questions(asked))
}

/// Nothing is read from somebody who doesn't know the password.
async fn ask(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !shown.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|word| is_same(word, &desk.password)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let body = to_bytes(request.into_body(), LARGEST).await.unwrap_or_default();
    let Ok(text) = String::from_utf8(body.into()) else { return StatusCode::BAD_REQUEST.into_response() };
    let Ok(place) = Arc::clone(&desk.place).try_acquire_owned() else { return StatusCode::CONFLICT.into_response() };
    let (answer, answered) = oneshot::channel();
    let stopping = StatusCode::SERVICE_UNAVAILABLE;
    if desk.questions.send(Question { text, answer, _place: place }).await.is_err() {
        return stopping.into_response();
    }
    answered.await.map_or_else(|_| stopping.into_response(), IntoResponse::into_response)
}

/// Takes as long for a wrong password as for one that is nearly right.
fn is_same(shown: &str, password: &SecretString) -> bool {
    verify_slices_are_equal(shown.as_bytes(), password.expose_secret().as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinHandle;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::serve;

    const LIMIT: Duration = Duration::from_secs(10);

    async fn served(stop: &CancellationToken) -> (SocketAddr, Questions, JoinHandle<std::io::Result<()>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (router, questions) = desk("/ask", "secret".into());
        (address, questions, tokio::spawn(serve(listener, router, stop.clone())))
    }

    async fn ask(address: SocketAddr, password: &str, text: &str) -> String {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let length = text.len();
        let request =
            format!("POST /ask HTTP/1.0\r\nauthorization: Bearer {password}\r\ncontent-length: {length}\r\n\r\n{text}");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn next(questions: &mut Questions) -> Question {
        tokio::time::timeout(LIMIT, questions.next()).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_question_is_answered_to_whoever_knows_the_password() {
        let (address, mut questions, _server) = served(&CancellationToken::new()).await;
        for stranger in ["", "secre", "secrets", "Secret"] {
            assert!(ask(address, stranger, "who?").await.starts_with("HTTP/1.0 401"), "{stranger}");
        }
        let asking = tokio::spawn(async move { ask(address, "secret", "how are you?").await });
        let question = next(&mut questions).await;
        assert_eq!(question.text, "how are you?");
        assert!(ask(address, "secret", "and now?").await.starts_with("HTTP/1.0 409"), "two at once");
        question.answer("fine".to_owned());
        let answer = asking.await.unwrap();
        assert!(answer.starts_with("HTTP/1.0 200") && answer.ends_with("\r\n\r\nfine"), "{answer}");
    }

    #[tokio::test]
    async fn who_asked_may_leave_and_the_next_question_waits_for_the_work() {
        let (address, mut questions, _server) = served(&CancellationToken::new()).await;
        let asking = tokio::spawn(async move { ask(address, "secret", "first").await });
        let first = next(&mut questions).await;
        asking.abort();
        drop(asking.await);
        assert!(ask(address, "secret", "second").await.starts_with("HTTP/1.0 409"), "the first is worked on");
        first.answer("nobody hears this".to_owned());
        let asking = tokio::spawn(async move { ask(address, "secret", "second").await });
        next(&mut questions).await.answer("heard".to_owned());
        assert!(asking.await.unwrap().ends_with("heard"));
    }

    #[tokio::test]
    async fn a_process_that_stops_says_so() {
        let (address, questions, _server) = served(&CancellationToken::new()).await;
        drop(questions);
        assert!(ask(address, "secret", "anybody?").await.starts_with("HTTP/1.0 503"));
    }
}
