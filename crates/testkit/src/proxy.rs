//! A network between two processes that can be cut and held up.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use crate::eventually_blocking;
use crate::free_port;

const POLL: Duration = Duration::from_millis(5);
const REBIND: Duration = Duration::from_secs(20);

/// Passes TCP connections on to another loopback port. Every connection ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    network: Arc<Network>,
}

#[derive(Debug)]
struct Network {
    target: u16,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// `None` while cut.
    listener: Option<TcpListener>,
    links: Vec<Weak<Link>>,
    stalled: bool,
    over: bool,
}

/// One connection of a client, and ours to the target. Lives as long as bytes may still come.
#[derive(Debug)]
struct Link {
    client: TcpStream,
    server: TcpStream,
}

impl Proxy {
    /// On a port of its own, in front of a port where somebody listens now or later.
    ///
    /// # Panics
    /// There is no port to listen on.
    #[track_caller]
    pub fn in_front_of(target: u16) -> Self {
        let (port, listener) = eventually_blocking("a port for the proxy", REBIND, || {
            let port = free_port();
            Some((port, listen(port).ok()?))
        });
        let state = State { listener: Some(listener), links: Vec::new(), stalled: false, over: false };
        let network = Arc::new(Network { target, state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Arc::clone(&network);
        thread::spawn(move || {
            while accepting.accept() {
                thread::sleep(POLL);
            }
        });
        Self { port, network }
    }

    /// For clients.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends every connection, loses what was held in them, and refuses new ones.
    pub fn cut(&self) {
        let mut state = self.network.lock();
        state.listener = None;
        self.network.disconnect(&mut state);
    }

    /// Holds all bytes in both directions: connections stay and can be made, but nobody hears anything.
    pub fn stall(&self) {
        self.network.lock().stalled = true;
    }

    /// Everything flows again, what was held by [`Proxy::stall`] first.
    ///
    /// # Panics
    /// The port was taken while the network was cut.
    #[track_caller]
    pub fn restore(&self) {
        let mut state = self.network.lock();
        state.stalled = false;
        if state.listener.is_none() {
            let port = self.port;
            state.listener = Some(eventually_blocking("the proxy's port", REBIND, || listen(port).ok()));
        }
        self.network.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.network.lock();
        state.over = true;
        state.listener = None;
        self.network.disconnect(&mut state);
    }
}

impl Network {
    /// Takes whoever waits; `false` once the proxy is gone.
    fn accept(self: &Arc<Self>) -> bool {
        let mut state = self.lock();
        while let Some(Ok((client, _))) = state.listener.as_ref().map(TcpListener::accept) {
            // A client whose target is down sees its connection end at once.
            if let Ok(link) = self.link(client) {
                state.links.retain(|link| link.strong_count() > 0);
                state.links.push(Arc::downgrade(&link));
            }
        }
        !state.over
    }

    fn link(self: &Arc<Self>, client: TcpStream) -> io::Result<Arc<Link>> {
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.target))?;
        for stream in [&client, &server] {
            stream.set_nonblocking(false)?;
            stream.set_nodelay(true)?;
        }
        let link = Arc::new(Link { client, server });
        let (up, down) = (Arc::clone(self), Arc::clone(self));
        let (sending, answering) = (Arc::clone(&link), Arc::clone(&link));
        thread::spawn(move || up.pass(&sending, &sending.client, &sending.server));
        thread::spawn(move || down.pass(&answering, &answering.server, &answering.client));
        Ok(link)
    }

    /// A connection that fails on one side ends on both.
    fn pass(&self, link: &Link, from: &TcpStream, to: &TcpStream) {
        if self.copy(from, to).is_err() {
            link.end();
        }
    }

    /// Until `from` says that nothing more comes, which is passed on too.
    fn copy(&self, mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        loop {
            let count = from.read(&mut bytes)?;
            self.wait_while_stalled();
            match bytes.get(..count) {
                Some([]) | None => return to.shutdown(Shutdown::Write),
                Some(some) => to.write_all(some)?,
            }
        }
    }

    fn wait_while_stalled(&self) {
        let stalled = |state: &mut State| state.stalled && !state.over;
        drop(self.changed.wait_while(self.lock(), stalled).unwrap_or_else(PoisonError::into_inner));
    }

    fn disconnect(&self, state: &mut State) {
        for link in state.links.drain(..).filter_map(|link| link.upgrade()) {
            link.end();
        }
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    fn end(&self) {
        // Fails where the other side ended first.
        drop(self.client.shutdown(Shutdown::Both));
        drop(self.server.shutdown(Shutdown::Both));
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Sends every byte back.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        port
    }

    fn connect(proxy: &Proxy) -> BufReader<TcpStream> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        BufReader::new(stream)
    }

    fn hear(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
        let mut line = String::new();
        stream.read_line(&mut line).map(|_| line)
    }

    fn exchange(stream: &mut BufReader<TcpStream>, line: &str) {
        stream.get_mut().write_all(line.as_bytes()).unwrap();
        assert_eq!(hear(stream).unwrap(), line);
    }

    #[test]
    fn bytes_and_their_end_are_passed_on() {
        let proxy = Proxy::in_front_of(echo());
        let mut stream = connect(&proxy);
        exchange(&mut stream, "hello\n");
        exchange(&mut connect(&proxy), "another\n");
        stream.get_mut().shutdown(Shutdown::Write).unwrap();
        assert_eq!(hear(&mut stream).unwrap(), "");
    }

    #[test]
    fn cut_ends_connections_and_refuses_new_ones_until_restored() {
        let proxy = Proxy::in_front_of(echo());
        let mut stream = connect(&proxy);
        exchange(&mut stream, "hello\n");
        proxy.cut();
        assert!(!hear(&mut stream).is_ok_and(|line| !line.is_empty()));
        let refused = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        proxy.restore();
        exchange(&mut connect(&proxy), "again\n");
    }

    #[test]
    fn stalled_bytes_come_once_restored() {
        let proxy = Proxy::in_front_of(echo());
        let mut stream = connect(&proxy);
        exchange(&mut stream, "hello\n");
        proxy.stall();
        stream.get_mut().write_all(b"held\n").unwrap();
        let mut new = connect(&proxy);
        new.get_mut().write_all(b"held too\n").unwrap();
        stream.get_ref().set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert_eq!(hear(&mut stream).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        stream.get_ref().set_read_timeout(Some(LIMIT)).unwrap();
        proxy.restore();
        assert_eq!(hear(&mut stream).unwrap(), "held\n");
        assert_eq!(hear(&mut new).unwrap(), "held too\n");
    }

    #[test]
    fn cut_loses_what_was_held() {
        let proxy = Proxy::in_front_of(echo());
        let mut stream = connect(&proxy);
        exchange(&mut stream, "hello\n");
        proxy.stall();
        stream.get_mut().write_all(b"lost\n").unwrap();
        proxy.cut();
        proxy.restore();
        assert!(!hear(&mut stream).is_ok_and(|line| !line.is_empty()));
        exchange(&mut connect(&proxy), "again\n");
    }

    #[test]
    fn connections_end_with_the_proxy_and_with_a_target_that_is_down() {
        let proxy = Proxy::in_front_of(echo());
        let mut stream = connect(&proxy);
        exchange(&mut stream, "hello\n");
        drop(proxy);
        assert!(!hear(&mut stream).is_ok_and(|line| !line.is_empty()));
        let nobody = Proxy::in_front_of(free_port());
        assert!(!hear(&mut connect(&nobody)).is_ok_and(|line| !line.is_empty()));
    }
}
