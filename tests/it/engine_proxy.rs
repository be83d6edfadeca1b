//! A proxy that counts round trips (how often the client had to wait for the server), and that cuts
//! the line where it is told to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use postgres::config::Host;
use postgres::{Client, Config, NoTls};

pub(crate) struct Proxy {
    config: Config,
    counts: Arc<Counts>,
}

/// Where the line is cut: in the how many-th trip from now, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never gets to hear of it.
    Question(usize),
    /// The server gets the question, and nobody waits for its answer.
    Waiting(usize),
    /// The server has answered, and the client does not get to hear of it.
    Answer(usize),
}

#[derive(Default)]
struct Counts {
    cut: Mutex<Option<Cut>>,
    trips: AtomicUsize,
    bytes: AtomicUsize,
    /// The last byte seen came from the client: what follows belongs to the same trip.
    client_speaks: AtomicBool,
}

impl Proxy {
    /// In front of a server, for one client at a time.
    pub(crate) fn new(server: &Config) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = server.clone();
        let mut fresh = Config::new();
        fresh.host("127.0.0.1").port(listener.local_addr().unwrap().port());
        fresh.user(config.get_user().unwrap()).dbname(config.get_dbname().unwrap());
        if let Some(password) = config.get_password() {
            fresh.password(password);
        }
        std::mem::swap(&mut config, &mut fresh);
        let counts = Arc::<Counts>::default();
        let (server, shared) = (fresh, Arc::clone(&counts));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                connect(client, &server, &shared);
            }
        });
        Proxy { config, counts }
    }

    pub(crate) fn connect(&self) -> Client {
        self.config.connect(NoTls).unwrap()
    }

    /// From now on.
    pub(crate) fn cut(&self, cut: Cut) {
        let now = self.counts.trips.load(Ordering::SeqCst);
        *self.counts.cut.lock().unwrap() = Some(match cut {
            Cut::Question(trip) => Cut::Question(now + trip),
            Cut::Waiting(trip) => Cut::Waiting(now + trip),
            Cut::Answer(trip) => Cut::Answer(now + trip),
        });
    }

    /// Round trips during `work`, and the bytes that the server sent.
    pub(crate) fn count(&self, work: impl FnOnce()) -> (usize, usize) {
        let before =
            (self.counts.trips.load(Ordering::SeqCst), self.counts.bytes.load(Ordering::SeqCst));
        work();
        (
            self.counts.trips.load(Ordering::SeqCst) - before.0,
            self.counts.bytes.load(Ordering::SeqCst) - before.1,
        )
    }
}

impl Counts {
    /// Whether the line is to be cut here; it is, from then on, not to be cut any more.
    fn is_to_be_cut(&self, here: fn(usize) -> Cut) -> bool {
        let mut cut = self.cut.lock().unwrap();
        let met = *cut == Some(here(self.trips.load(Ordering::SeqCst)));
        if met {
            *cut = None;
        }
        met
    }
}

/// Either kind of socket.
trait Line: Read + Write + Send + Sized + 'static {
    fn again(&self) -> Self;
    fn hang_up(&self);
}

impl Line for TcpStream {
    fn again(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn hang_up(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Line for UnixStream {
    fn again(&self) -> Self {
        self.try_clone().unwrap()
    }

    fn hang_up(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// A server that is being started again may be away: then the client finds the line dead.
fn connect(client: TcpStream, server: &Config, counts: &Arc<Counts>) {
    client.set_nodelay(true).unwrap();
    let port = server.get_ports().first().copied().unwrap_or(5432);
    match server.get_hosts().first() {
        Some(Host::Unix(folder)) => {
            let socket = folder.join(format!(".s.PGSQL.{port}"));
            if let Ok(upstream) = UnixStream::connect(socket) {
                pump(client, upstream, counts);
            }
        }
        Some(Host::Tcp(name)) => {
            if let Ok(upstream) = TcpStream::connect((name.as_str(), port)) {
                upstream.set_nodelay(true).unwrap();
                pump(client, upstream, counts);
            }
        }
        None => panic!("the server has no host"),
    }
}

fn pump<S: Line>(client: TcpStream, upstream: S, counts: &Arc<Counts>) {
    let (answer, back) = (client.again(), upstream.again());
    let (to, fro) = (Arc::clone(counts), Arc::clone(counts));
    thread::spawn(move || {
        copy(client, upstream, |_| {
            if !to.client_speaks.swap(true, Ordering::SeqCst) {
                to.trips.fetch_add(1, Ordering::SeqCst);
            }
            match to.is_to_be_cut(Cut::Question) {
                true => Pass::Cut,
                false if to.is_to_be_cut(Cut::Waiting) => Pass::ThenCut,
                false => Pass::On,
            }
        });
    });
    thread::spawn(move || {
        copy(back, answer, |read| {
            fro.client_speaks.store(false, Ordering::SeqCst);
            fro.bytes.fetch_add(read, Ordering::SeqCst);
            if fro.is_to_be_cut(Cut::Answer) { Pass::Cut } else { Pass::On }
        });
    });
}

/// What becomes of what was read.
#[derive(PartialEq, Eq)]
enum Pass {
    On,
    ThenCut,
    Cut,
}

fn copy(mut from: impl Line, mut to: impl Line, mut seen: impl FnMut(usize) -> Pass) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let pass = seen(read);
        if pass == Pass::Cut || to.write_all(&buffer[..read]).is_err() || pass == Pass::ThenCut {
            break;
        }
    }
    from.hang_up();
    to.hang_up();
}
