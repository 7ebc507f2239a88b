//! What listens in each Pod and on each node: it answers with its own name and the peer it sees.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::Socket;

use crate::netns::{Netns, Outcome};
use crate::plan::{Place, TCP_PORTS, UDP_PORTS};

/// Who answers, on which port, and whom it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub by: Place,
    pub port: u16,
    pub peer: SocketAddr,
}

impl Sighting {
    fn line(&self) -> String {
        format!("{} {} {}\n", self.by, self.port, self.peer)
    }

    pub fn parse(line: &str) -> Option<Sighting> {
        let mut words = line.split_whitespace();
        let by = words.next()?.parse().ok()?;
        let port = words.next()?.parse().ok()?;
        Some(Sighting { by, port, peer: words.next()?.parse().ok()? })
    }
}

/// The datagrams that arrived, by what they said: so an answer that is lost differs from a
/// question that is.
#[derive(Default)]
pub struct Sightings(Mutex<BTreeMap<String, Sighting>>);

impl Sightings {
    pub fn of(&self, token: &str) -> Option<Sighting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(token).copied()
    }

    fn note(&self, token: &str, sighting: Sighting) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned(), sighting);
    }

    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// What a client sends to make the process at the other end stop.
pub const STOP: &str = "stop";
const STACK: usize = 128 << 10;

/// Everything that listens on one address of a place.
pub struct Server {
    sockets: Vec<Socket>,
    threads: Vec<JoinHandle<()>>,
    stopping: Arc<AtomicBool>,
}

impl Server {
    /// Starts it. When this returns it listens, and does until it is stopped or the run ends.
    pub fn start(netns: &Netns, by: Place, address: IpAddr, sightings: &Arc<Sightings>) -> Outcome<Server> {
        netns.within(|| Server::bind(by, address, sightings))
    }

    fn bind(by: Place, address: IpAddr, sightings: &Arc<Sightings>) -> Outcome<Server> {
        let failed = |port: u16| move |error| format!("{by} cannot listen on {address} port {port}: {error}");
        let stopping = Arc::new(AtomicBool::new(false));
        let mut server = Server { sockets: Vec::new(), threads: Vec::new(), stopping: stopping.clone() };
        for port in TCP_PORTS {
            let listener = TcpListener::bind((address, port)).map_err(failed(port))?;
            server.sockets.push(listener.try_clone().map_err(failed(port))?.into());
            let stopping = stopping.clone();
            server.threads.push(spawn(move || accept(by, port, &listener, &stopping))?);
        }
        for port in UDP_PORTS {
            let socket = UdpSocket::bind((address, port)).map_err(failed(port))?;
            server.sockets.push(socket.try_clone().map_err(failed(port))?.into());
            let (sightings, stopping) = (sightings.clone(), stopping.clone());
            server.threads.push(spawn(move || answer_datagrams(by, port, &socket, &sightings, &stopping))?);
        }
        Ok(server)
    }

    /// Closes its ports. Connections that were accepted stay, each until its client asks for its end.
    pub fn stop(self) -> Outcome {
        self.stopping.store(true, Ordering::SeqCst);
        for socket in &self.sockets {
            // It wakes who waits on the socket, though it calls that an error for one of datagrams.
            let _ = socket.shutdown(Shutdown::Both);
        }
        let threads = self.threads.into_iter();
        threads.map(JoinHandle::join).collect::<Result<Vec<()>, _>>().map_err(|_| "a server panicked")?;
        drop(self.sockets);
        Ok(())
    }
}

/// Waits, in the namespace of the calling thread, until nobody has a server's socket for datagrams: a
/// program that we are just starting holds all our sockets until it runs.
pub fn await_closed() -> Outcome {
    // A local address ends with its port, in hexadecimal digits.
    let ours = UDP_PORTS.map(|port| format!(":{port:04X}"));
    let is_open = |path: &str| -> Outcome<bool> {
        let table = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
        let mut local = table.lines().filter_map(|line| line.split_whitespace().nth(1));
        Ok(local.any(|address| ours.iter().any(|port| address.ends_with(port))))
    };
    for _ in 0..1_000 {
        if !is_open("/proc/thread-self/net/udp")? && !is_open("/proc/thread-self/net/udp6")? {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Err("a server's socket does not close".into())
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Outcome<JoinHandle<()>> {
    thread::Builder::new().stack_size(STACK).spawn(work).map_err(|e| e.to_string())
}

fn accept(by: Place, port: u16, listener: &TcpListener, stopping: &AtomicBool) {
    while !stopping.load(Ordering::SeqCst) {
        if let Ok((stream, _)) = listener.accept() {
            // A thread that cannot be started closes the connection, and the client tells.
            let _ = spawn(move || serve_connection(by, port, stream));
        }
    }
}

/// One line, one answer, until the client goes or asks it to stop.
fn serve_connection(by: Place, port: u16, stream: TcpStream) {
    let (Ok(peer), Ok(mut writer)) = (stream.peer_addr(), stream.try_clone()) else { return };
    let sighting = Sighting { by, port, peer };
    for line in BufReader::new(stream).lines() {
        match line {
            Ok(line) if line != STOP => {}
            _ => return,
        }
        if writer.write_all(sighting.line().as_bytes()).is_err() {
            return;
        }
    }
}

fn answer_datagrams(by: Place, port: u16, socket: &UdpSocket, sightings: &Sightings, stopping: &AtomicBool) {
    let mut buffer = [0; 64];
    while !stopping.load(Ordering::SeqCst) {
        // An error here is an earlier answer's, which nobody took.
        let Ok((length, peer)) = socket.recv_from(&mut buffer) else { continue };
        if stopping.load(Ordering::SeqCst) {
            break;
        }
        let sighting = Sighting { by, port, peer };
        sightings.note(&String::from_utf8_lossy(&buffer[..length]), sighting);
        let _ = socket.send_to(sighting.line().as_bytes(), peer);
    }
}
