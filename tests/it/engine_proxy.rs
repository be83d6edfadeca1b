//! A proxy that counts round trips: how often the client had to wait for the server.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use postgres::config::Host;
use postgres::{Client, Config, NoTls};

pub(crate) struct Proxy {
    config: Config,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
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

fn connect(client: TcpStream, server: &Config, counts: &Arc<Counts>) {
    client.set_nodelay(true).unwrap();
    let port = server.get_ports().first().copied().unwrap_or(5432);
    match server.get_hosts().first() {
        Some(Host::Unix(folder)) => {
            let upstream = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).unwrap();
            let back = upstream.try_clone().unwrap();
            pump(client, upstream, back, counts);
        }
        Some(Host::Tcp(name)) => {
            let upstream = TcpStream::connect((name.as_str(), port)).unwrap();
            upstream.set_nodelay(true).unwrap();
            let back = upstream.try_clone().unwrap();
            pump(client, upstream, back, counts);
        }
        None => panic!("the server has no host"),
    }
}

fn pump<S: Read + Write + Send + 'static>(
    client: TcpStream,
    upstream: S,
    back: S,
    counts: &Arc<Counts>,
) {
    let answer = client.try_clone().unwrap();
    let (to, fro) = (Arc::clone(counts), Arc::clone(counts));
    thread::spawn(move || {
        copy(client, upstream, |_| {
            if !to.client_speaks.swap(true, Ordering::SeqCst) {
                to.trips.fetch_add(1, Ordering::SeqCst);
            }
        });
    });
    thread::spawn(move || {
        copy(back, answer, |read| {
            fro.client_speaks.store(false, Ordering::SeqCst);
            fro.bytes.fetch_add(read, Ordering::SeqCst);
        });
    });
}

fn copy(mut from: impl Read, mut to: impl Write, mut seen: impl FnMut(usize)) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        seen(read);
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}
