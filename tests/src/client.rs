//! An HTTP/1.1 client that sends exactly the bytes it is given, and sees exactly how the answer
//! ended.

use std::{io, net::SocketAddr};

use bytes::Bytes;
use tokio::net::{TcpSocket, TcpStream};

use crate::http1::{Body, Field, Head, Wire};

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As its framing says. For a body that ends with the connection: by FIN.
    Whole,
    /// The peer closed (FIN) before the end.
    Fin,
    /// The peer reset the connection (RST) before the end.
    Reset,
}

impl Ending {
    /// # Panics
    /// On an error that says neither.
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Fin,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted => Self::Reset,
            _ => panic!("neither FIN nor RST: {error}"),
        }
    }
}

/// All of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 1xx before it.
    pub interim: Vec<Head>,
    /// None when the connection ended before the head did.
    pub head: Option<Head>,
    /// After transfer coding, as far as it came.
    pub body: Vec<u8>,
    pub trailers: Vec<Field>,
    pub ending: Ending,
}

impl Answer {
    /// # Panics
    /// When none came.
    pub fn head(&self) -> &Head {
        self.head.as_ref().unwrap_or_else(|| panic!("no answer: {:?}", self.ending))
    }

    pub fn status(&self) -> u16 {
        self.head().status()
    }
}

#[derive(Debug)]
pub struct Client {
    wire: Wire<TcpStream>,
}

impl Client {
    /// # Panics
    /// When nobody listens.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address)
            .await
            .unwrap_or_else(|error| panic!("connect to {address}: {error}"));
        Self::over(stream)
    }

    /// With a small receive buffer, so that a reader that stops is soon felt at the other end.
    pub async fn connect_with_small_window(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(16 << 10).expect("set the buffer size");
        Self::over(socket.connect(address).await.expect("connect"))
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("set nodelay");
        Self { wire: Wire::new(stream) }
    }

    /// # Panics
    /// When the peer does not take it.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await.expect("the peer takes what is sent");
    }

    pub async fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write(bytes).await
    }

    /// The next head; `Err` tells how the connection ended without one.
    pub async fn head(&mut self) -> Result<Head, Ending> {
        match self.wire.read_head().await {
            Ok(Some(head)) => Ok(head),
            Ok(None) => Err(Ending::Fin),
            Err(error) => Err(Ending::of(&error)),
        }
    }

    /// The head of an answer whose body is then read with [`Self::piece`].
    pub async fn open(&mut self, request: &[u8]) -> Open {
        self.send(request).await;
        let head = self.head().await.expect("an answer");
        let body = Body::of_response(&head, method_of(request));
        Open { head, body }
    }

    /// The next piece of a body as it came off the socket; `None` at its end.
    pub async fn piece(&mut self, body: &mut Body) -> Result<Option<Bytes>, Ending> {
        body.next(&mut self.wire).await.map_err(|error| Ending::of(&error))
    }

    /// Sends a request and reads the answer to its end.
    pub async fn call(&mut self, request: &[u8]) -> Answer {
        self.send(request).await;
        self.answer(method_of(request)).await
    }

    /// Reads an answer to a request of that method to its end, however it ends.
    pub async fn answer(&mut self, method: &str) -> Answer {
        let mut answer = Answer {
            interim: Vec::new(),
            head: None,
            body: Vec::new(),
            trailers: Vec::new(),
            ending: Ending::Whole,
        };
        let head = loop {
            match self.head().await {
                Ok(head) if matches!(head.status(), 100 | 102..=199) => answer.interim.push(head),
                Ok(head) => break head,
                Err(ending) => {
                    answer.ending = ending;
                    return answer;
                }
            }
        };
        let mut body = Body::of_response(&head, method);
        answer.head = Some(head);
        loop {
            match self.piece(&mut body).await {
                Ok(Some(piece)) => answer.body.extend_from_slice(&piece),
                Ok(None) => break,
                Err(ending) => {
                    answer.ending = ending;
                    break;
                }
            }
        }
        answer.trailers = body.trailers;
        answer
    }

    /// The next bytes after an answer's head, where the protocol has changed.
    ///
    /// # Panics
    /// When the connection ends before.
    pub async fn read_exactly(&mut self, length: usize) -> Vec<u8> {
        self.wire.read_exactly(length).await.expect("the connection goes on")
    }

    /// Waits until the peer ends the connection. Panics on data.
    pub async fn closed(&mut self) -> Ending {
        match self.wire.read_some(1 << 20).await {
            Ok(bytes) if bytes.is_empty() => Ending::Fin,
            Ok(bytes) => panic!("bytes where the end was due: {}", String::from_utf8_lossy(&bytes)),
            Err(error) => Ending::of(&error),
        }
    }

    /// Ends the sending direction and keeps reading.
    pub async fn fin(&mut self) {
        self.wire.shutdown().await.expect("shut down");
    }

    /// Ends the connection with an RST.
    pub fn reset(self) {
        self.wire.stream().set_zero_linger().expect("set linger");
    }
}

/// An answer whose body is being read.
#[derive(Debug)]
pub struct Open {
    pub head: Head,
    pub body: Body,
}

fn method_of(request: &[u8]) -> &str {
    let end = request.iter().position(|byte| *byte == b' ').unwrap_or(0);
    std::str::from_utf8(&request[..end]).unwrap_or_default()
}

/// One request on a connection of its own.
pub async fn call(address: SocketAddr, request: &[u8]) -> Answer {
    Client::connect(address).await.call(request).await
}
