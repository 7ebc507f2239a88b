//! Real connections and datagrams, and what came of them.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use netfilter::Protocol;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::netns;
use crate::outcome::{Answer, Outcome, Refusal};
use crate::server::{STOP, Sighting, Sightings};

/// A question: from where, to where, and how long to wait for the answer.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub protocol: Protocol,
    /// `0.0.0.0` or `::` lets the kernel choose the address. The port is always given.
    pub from: SocketAddr,
    pub to: SocketAddr,
    /// The mark that picks a route (`Testbed::set_up_outside`).
    pub mark: Option<u32>,
    pub patience: Duration,
}

/// What came of a question.
pub struct Report {
    pub outcome: Outcome,
    /// The source address that the kernel chose, where it came to that.
    pub source: Option<IpAddr>,
    pub began: Instant,
    pub ended: Instant,
    pub client: Client,
}

/// Who asked. Its port is still its own: it can go on waiting, and nothing is drawn anew.
pub enum Client {
    Connecting(Socket),
    Session(Session),
    Caller(Caller),
    /// Its socket is closed.
    Gone,
}

impl Report {
    /// Waits longer, without asking anything again.
    pub fn go_on(
        &mut self,
        question: &Question,
        patience: Duration,
        sightings: &Sightings,
    ) -> netns::Outcome {
        self.outcome = match &mut self.client {
            Client::Gone => return Ok(()),
            Client::Session(line) => line.go_on(patience)?,
            Client::Caller(caller) => caller.go_on(patience, sightings)?,
            Client::Connecting(socket) => {
                let question = Question { patience, ..*question };
                match await_connected(socket, &question) {
                    Ok(()) => {
                        Session::new(socket.try_clone().map_err(|e| e.to_string())?, &question)?.ask()?
                    }
                    Err(error) => failed(&question, socket, &error)?,
                }
            }
        };
        self.ended = Instant::now();
        Ok(())
    }
}

/// Asks, in the namespace of the calling thread, and leaves open what it opened. An error is the
/// harness's, not the network's.
pub fn open(question: &Question, sightings: &Sightings) -> netns::Outcome<Report> {
    let began = Instant::now();
    let (outcome, source, client) = match question.protocol {
        Protocol::Udp | Protocol::Icmp => ask_datagram(question, sightings)?,
        Protocol::Tcp | Protocol::Sctp => ask_stream(question)?,
    };
    Ok(Report { outcome, source, began, ended: Instant::now(), client })
}

/// The same, once: the socket is closed, unless somebody could go on waiting.
pub fn ask(question: &Question, sightings: &Sightings) -> netns::Outcome<Report> {
    let mut report = open(question, sightings)?;
    if !report.outcome.is_silent() {
        report.client = Client::Gone;
    }
    Ok(report)
}

fn socket(question: &Question, kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(question.to), kind, None)?;
    if let Some(mark) = question.mark {
        socket.set_mark(mark)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&SockAddr::from(question.from))?;
    Ok(socket)
}

/// Errors are put into the socket's queue, where they say whether an ICMP packet brought them.
fn hear_errors(socket: &Socket, question: &Question, hear: bool) -> netns::Outcome {
    let set = match question.to.is_ipv4() {
        true => setsockopt(socket, sockopt::Ipv4RecvErr, &hear),
        false => setsockopt(socket, sockopt::Ipv6RecvErr, &hear),
    };
    set.map_err(|error| format!("IP_RECVERR: {error}"))
}

fn ask_stream(question: &Question) -> netns::Outcome<(Outcome, Option<IpAddr>, Client)> {
    let socket = socket(question, Type::STREAM).map_err(|e| format!("{question:?}: {e}"))?;
    hear_errors(&socket, question, true)?;
    let connected = connect(&socket, question);
    let source = chosen_source(&socket);
    if let Err(error) = connected {
        return Ok((failed(question, &socket, &error)?, source, Client::Connecting(socket)));
    }
    let mut line = Session::new(socket, question)?;
    Ok((line.ask()?, source, Client::Session(line)))
}

/// Not `connect_timeout`: an ICMP error is put into the queue, which wakes who polls, a moment
/// before the socket has it.
fn connect(socket: &Socket, question: &Question) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    match socket.connect(&question.to.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::EINPROGRESS as i32) => Err(error),
        _ => await_connected(socket, question),
    }
}

fn await_connected(socket: &Socket, question: &Question) -> io::Result<()> {
    let deadline = Instant::now() + question.patience;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        let mut state = [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)];
        let wait = u16::try_from(left.as_millis()).unwrap_or(u16::MAX).max(1);
        match poll(&mut state, wait) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(error) = socket.take_error()? {
            return Err(error);
        }
        let seen = state[0].revents().unwrap_or(PollFlags::empty());
        if seen.contains(PollFlags::POLLOUT) && !seen.contains(PollFlags::POLLHUP) {
            return socket.set_nonblocking(false);
        }
    }
}

fn chosen_source(socket: &Socket) -> Option<IpAddr> {
    let address = socket.local_addr().ok()?.as_socket()?.ip();
    (!address.is_unspecified()).then_some(address)
}

/// What an error of a socket says about the network.
fn failed(question: &Question, socket: &impl AsFd, error: &io::Error) -> netns::Outcome<Outcome> {
    Ok(match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Outcome::Silence,
        ErrorKind::ConnectionRefused if has_icmp(socket) => Outcome::Refused(Refusal::PortUnreachable),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            Outcome::Refused(Refusal::Reset)
        }
        ErrorKind::HostUnreachable => Outcome::Refused(Refusal::HostUnreachable),
        _ => return Err(format!("{question:?}: {error}")),
    })
}

/// Is there an ICMP error in the socket's queue?
fn has_icmp(socket: &impl AsFd) -> bool {
    use std::os::fd::AsRawFd;
    let mut control = nix::cmsg_space!([u8; 256]);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let fd = socket.as_fd().as_raw_fd();
    recvmsg::<SockaddrStorage>(fd, &mut [], Some(&mut control), flags).is_ok()
}

fn ask_datagram(
    question: &Question,
    sightings: &Sightings,
) -> netns::Outcome<(Outcome, Option<IpAddr>, Client)> {
    let mut caller = Caller::new(question)?;
    let outcome = caller.ask(sightings)?;
    Ok((outcome, caller.source, Client::Caller(caller)))
}

/// A connection that is kept.
pub struct Session {
    reader: BufReader<Socket>,
    question: Question,
}

impl Session {
    fn new(socket: Socket, question: &Question) -> netns::Outcome<Session> {
        // As in most programs: on a connection that is open an ICMP error is a soft one, and TCP goes on trying.
        hear_errors(&socket, question, false)?;
        socket.set_read_timeout(Some(question.patience)).map_err(|e| e.to_string())?;
        Ok(Session { reader: BufReader::new(socket), question: *question })
    }

    /// A round trip.
    pub fn ask(&mut self) -> netns::Outcome<Outcome> {
        let heard = self.say("hello");
        self.outcome(heard)
    }

    /// Waits longer for the answer to the last question.
    pub fn go_on(&mut self, patience: Duration) -> netns::Outcome<Outcome> {
        let wait = |line: &Session, patience| {
            line.reader.get_ref().set_read_timeout(Some(patience)).map_err(|e| e.to_string())
        };
        wait(self, patience)?;
        let heard = self.hear();
        wait(self, self.question.patience)?;
        self.outcome(heard)
    }

    fn outcome(&self, heard: io::Result<Option<Sighting>>) -> netns::Outcome<Outcome> {
        match heard {
            Ok(Some(sighting)) => Ok(Outcome::Answered(answer(&sighting, &self.question))),
            Ok(None) => Err(format!("{:?}: the connection ended in the middle", self.question)),
            Err(error) => failed(&self.question, self.reader.get_ref(), &error),
        }
    }

    /// Makes the process at the other end stop, and waits until its end is closed.
    pub fn stop_server(&mut self) -> netns::Outcome {
        match self.say(STOP) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(format!("{:?}: the server did not stop", self.question)),
            Err(error) => Err(format!("{:?}: {error} instead of the connection's end", self.question)),
        }
    }

    /// Writes after [`Session::stop_server`]. Reading would only give the end of the connection again,
    /// so it is the socket's state that tells of a RST.
    pub fn ask_stopped_server(&mut self) -> netns::Outcome<Outcome> {
        if let Err(error) = self.reader.get_mut().write_all(b"hello\n") {
            return failed(&self.question, self.reader.get_ref(), &error);
        }
        self.await_reset(self.question.patience)
    }

    /// Waits for a RST.
    pub fn await_reset(&mut self, patience: Duration) -> netns::Outcome<Outcome> {
        let mut state = [PollFd::new(self.reader.get_ref().as_fd(), PollFlags::empty())];
        let patience = u16::try_from(patience.as_millis()).unwrap_or(u16::MAX);
        loop {
            match poll(&mut state, patience) {
                Ok(0) => return Ok(Outcome::Silence),
                Ok(_) => return Ok(Outcome::Refused(Refusal::Reset)),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(format!("poll: {error}")),
            }
        }
    }

    fn say(&mut self, what: &str) -> io::Result<Option<Sighting>> {
        self.reader.get_mut().write_all(format!("{what}\n").as_bytes())?;
        self.hear()
    }

    fn hear(&mut self) -> io::Result<Option<Sighting>> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        Ok(Sighting::parse(&line))
    }
}

/// A socket for datagrams that is kept, and with it its port.
pub struct Caller {
    socket: Socket,
    question: Question,
    pub source: Option<IpAddr>,
    asked: u32,
}

impl Caller {
    pub fn new(question: &Question) -> netns::Outcome<Caller> {
        let failed = |error| format!("{question:?}: {error}");
        let socket = socket(question, Type::DGRAM).map_err(failed)?;
        hear_errors(&socket, question, true)?;
        socket.connect(&question.to.into()).map_err(failed)?;
        let source = chosen_source(&socket);
        Ok(Caller { socket, question: *question, source, asked: 0 })
    }

    pub fn ask(&mut self, sightings: &Sightings) -> netns::Outcome<Outcome> {
        self.asked += 1;
        let deadline = Instant::now() + self.question.patience;
        match self.socket.send(self.token().as_bytes()) {
            Ok(_) => {}
            // A rule on the sender's own node dropped it or refused it: the refusal comes as one.
            Err(error) if error.raw_os_error() == Some(Errno::EPERM as i32) => {}
            Err(error) => return failed(&self.question, &self.socket, &error),
        }
        self.outcome(deadline, sightings)
    }

    /// Waits longer for the answer to the last question. Where it did not arrive it is sent once more, as TCP
    /// would: a datagram that comes to a neighbour just as that is given up goes without a word
    /// (net/core/neighbour.c, neigh_invalidate purges what was queued meanwhile). What made an entry in
    /// conntrack goes by that again, and is no other draw.
    pub fn go_on(&mut self, patience: Duration, sightings: &Sightings) -> netns::Outcome<Outcome> {
        if sightings.of(&self.token()).is_none()
            && let Err(error) = self.socket.send(self.token().as_bytes())
            && error.raw_os_error() != Some(Errno::EPERM as i32)
        {
            return failed(&self.question, &self.socket, &error);
        }
        self.outcome(Instant::now() + patience, sightings)
    }

    fn token(&self) -> String {
        format!("{} {} {}", self.question.from, self.question.to, self.asked)
    }

    fn outcome(&mut self, deadline: Instant, sightings: &Sightings) -> netns::Outcome<Outcome> {
        match self.hear(deadline) {
            Ok(sighting) => Ok(Outcome::Answered(answer(&sighting, &self.question))),
            Err(error) => {
                let outcome = failed(&self.question, &self.socket, &error)?;
                let seen = sightings.of(&self.token()).filter(|_| outcome == Outcome::Silence);
                Ok(seen.map_or(outcome, |seen| Outcome::AnswerLost(answer(&seen, &self.question))))
            }
        }
    }

    fn hear(&mut self, deadline: Instant) -> io::Result<Sighting> {
        use std::io::Read;
        let mut buffer = [0; 128];
        let length = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            self.socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            match self.socket.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => break done?,
            }
        };
        let text = String::from_utf8_lossy(&buffer[..length]);
        Sighting::parse(&text).ok_or_else(|| io::Error::other(format!("an answer that says `{text}`")))
    }
}

fn answer(sighting: &Sighting, question: &Question) -> Answer {
    Answer {
        by: sighting.by,
        port: sighting.port,
        saw: sighting.peer.ip(),
        same_port: sighting.peer.port() == question.from.port(),
    }
}
