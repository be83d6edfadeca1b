//! A proxy before the server: counts round trips, and makes each take longer.

use crate::Result;
use postgres::Config;
use postgres::config::Host;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// The `X` message: a client says goodbye, and waits for nothing.
const GOODBYE: &[u8] = b"X\0\0\0\x04";

/// Listens on loopback for as long as the process lives.
pub(crate) struct Proxy {
    port: u16,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    /// How often a client began to speak after the server had spoken.
    trips: AtomicUsize,
    /// Directions of connections that are still open.
    open: AtomicUsize,
}

impl Proxy {
    /// In front of a server; what a client sends arrives `delay` later.
    pub(crate) fn new(server: &Config, delay: Duration) -> Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let counts = Arc::<Counts>::default();
        let (server, shared) = (server.clone(), Arc::clone(&counts));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Whoever is not connected to the server sees the end of the connection.
                let _ = connect(client, &server, delay, &shared);
            }
        });
        Ok(Proxy { port, counts })
    }

    /// The URL of a database through the proxy.
    pub(crate) fn url(&self, database: &Config) -> String {
        let user = database.get_user().unwrap_or("postgres");
        let password = database.get_password().map(String::from_utf8_lossy);
        let password = password.map(|password| format!(":{password}")).unwrap_or_default();
        let name = database.get_dbname().unwrap_or(user);
        format!("postgresql://{user}{password}@127.0.0.1:{}/{name}", self.port)
    }

    /// The round trips since it was last asked. Waits for the end of every connection.
    pub(crate) fn take_trips(&self) -> usize {
        while self.counts.open.load(Ordering::SeqCst) > 0 {
            thread::sleep(Duration::from_millis(1));
        }
        self.counts.trips.swap(0, Ordering::SeqCst)
    }
}

fn connect(
    client: TcpStream,
    server: &Config,
    delay: Duration,
    counts: &Arc<Counts>,
) -> Result<()> {
    client.set_nodelay(true)?;
    let port = server.get_ports().first().copied().unwrap_or(5432);
    match server.get_hosts().first() {
        Some(Host::Unix(folder)) => {
            let upstream = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}")))?;
            let (back, end) = (upstream.try_clone()?, upstream.try_clone()?);
            pump(client, upstream, back, move || drop(end.shutdown(Shutdown::Both)), delay, counts)
        }
        Some(Host::Tcp(name)) => {
            let upstream = TcpStream::connect((name.as_str(), port))?;
            upstream.set_nodelay(true)?;
            let (back, end) = (upstream.try_clone()?, upstream.try_clone()?);
            pump(client, upstream, back, move || drop(end.shutdown(Shutdown::Both)), delay, counts)
        }
        None => Err("the server has no host".into()),
    }
}

fn pump<S: Read + Write + Send + 'static>(
    client: TcpStream,
    mut upstream: S,
    mut back: S,
    end: impl FnOnce() + Send + 'static,
    delay: Duration,
    counts: &Arc<Counts>,
) -> Result<()> {
    let mut answer = client.try_clone()?;
    let mut client = client;
    let (to, fro) = (Arc::clone(counts), Arc::clone(counts));
    counts.open.fetch_add(2, Ordering::SeqCst);
    // What follows the client's last byte belongs to the same trip.
    let speaks = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&speaks);
    let (send, receive) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        each_chunk(&mut client, |chunk| {
            if chunk != GOODBYE && !speaks.swap(true, Ordering::SeqCst) {
                to.trips.fetch_add(1, Ordering::SeqCst);
            }
            send.send((Instant::now() + delay, chunk.to_vec())).is_ok()
        });
        to.open.fetch_sub(1, Ordering::SeqCst);
    });
    thread::spawn(move || {
        for (due, chunk) in receive {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if upstream.write_all(&chunk).is_err() {
                break;
            }
        }
        end();
    });
    thread::spawn(move || {
        each_chunk(&mut back, |chunk| {
            heard.store(false, Ordering::SeqCst);
            answer.write_all(chunk).is_ok()
        });
        let _ = answer.shutdown(Shutdown::Both);
        fro.open.fetch_sub(1, Ordering::SeqCst);
    });
    Ok(())
}

fn each_chunk(from: &mut impl Read, mut seen: impl FnMut(&[u8]) -> bool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if !seen(&buffer[..read]) {
            return;
        }
    }
}
