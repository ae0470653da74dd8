//! A fake model API on bare sockets, so that it can do what an HTTP library cannot: exact bytes, an
//! RST together with the last data, a FIN in mid chunk, interim answers. Each test says in an async
//! closure what happens to a request; everything that arrives is logged.

mod call;
mod gate;
mod log;
mod tls;

use std::{io, net::SocketAddr, rc::Rc, sync::Arc, thread};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::LocalSet,
};

pub use call::Call;
pub use gate::Gate;
pub use log::{Log, Seen};

use crate::{client::Ending, http1::Wire};
use tls::{Certificate, Socket};

/// A listening upstream on a thread of its own. It ends, and drops its connections, when this is
/// dropped.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    log: Arc<Log>,
    certificate: Option<Certificate>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Upstream {
    /// Lets `handler` answer each request. An error ends that connection.
    pub fn start(handler: impl AsyncFn(&mut Call) -> io::Result<()> + Send + 'static) -> Self {
        Self::listen(handler, None)
    }

    /// As [`Self::start`], over TLS with a certificate for `localhost` that signs itself.
    pub fn start_tls(handler: impl AsyncFn(&mut Call) -> io::Result<()> + Send + 'static) -> Self {
        Self::listen(handler, Some(Certificate::new()))
    }

    /// Answers everything with 200 and `{"ok":true}` after having read the body.
    pub fn ok() -> Self {
        Self::start(async |call| {
            call.reply("200 OK", &[("content-type", "application/json")], br#"{"ok":true}"#).await
        })
    }

    fn listen(
        handler: impl AsyncFn(&mut Call) -> io::Result<()> + Send + 'static,
        certificate: Option<Certificate>,
    ) -> Self {
        let log = Arc::new(Log::default());
        let acceptor = certificate.as_ref().map(Certificate::acceptor);
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let shared = Arc::clone(&log);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            LocalSet::new().block_on(&runtime, async move {
                let listener = bind().expect("bind a port");
                tell.send(listener.local_addr().expect("an address")).expect("the starter waits");
                tokio::select! {
                    () = accept(listener, acceptor, Rc::new(handler), shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address: told.recv().expect("the upstream starts"),
            log,
            certificate,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the daemon is given as `--upstream`.
    pub fn url(&self) -> String {
        match self.certificate {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }

    /// The value of `Host` that requests to it must have.
    pub fn host(&self) -> String {
        self.url().split("//").nth(1).unwrap_or_default().to_owned()
    }

    /// The certificate that a client must trust, in PEM.
    pub fn certificate_pem(&self) -> &str {
        self.certificate.as_ref().map_or("", Certificate::pem)
    }

    /// What arrived so far.
    pub fn log(&self) -> &Log {
        &self.log
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let died = thread.join().is_err();
            if !thread::panicking() {
                assert!(!died, "the fake upstream panicked");
                assert_eq!(self.log.failures(), [""; 0], "a handler of the fake upstream panicked");
            }
        }
    }
}

/// Takes bursts of connections without a refusal.
fn bind() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    socket.listen(1024)
}

async fn accept<H: AsyncFn(&mut Call) -> io::Result<()> + 'static>(
    listener: TcpListener,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    handler: Rc<H>,
    log: Arc<Log>,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        stream.set_nodelay(true).expect("set nodelay");
        let connection = log.connected();
        let (handler, log, acceptor) = (Rc::clone(&handler), Arc::clone(&log), acceptor.clone());
        tokio::task::spawn_local(async move {
            // Whoever cannot shake hands has not connected.
            let Ok(socket) = handshake(stream, acceptor).await else {
                return;
            };
            let serving = tokio::task::spawn_local({
                let log = Arc::clone(&log);
                async move { serve(socket, connection, &*handler, &log).await }
            });
            match serving.await {
                Ok(ending) => log.disconnected(connection, ending),
                Err(panicked) => log.handler_failed(panicked.to_string()),
            }
        });
    }
}

async fn handshake(
    stream: TcpStream,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
) -> io::Result<Socket> {
    match acceptor {
        Some(acceptor) => Ok(Socket::Tls(Box::new(acceptor.accept(stream).await?))),
        None => Ok(Socket::Plain(stream)),
    }
}

/// Answers requests one after the other. Gives how the peer left, or `None` where we ended the
/// connection.
async fn serve<H: AsyncFn(&mut Call) -> io::Result<()>>(
    socket: Socket,
    connection: usize,
    handler: &H,
    log: &Arc<Log>,
) -> Option<Ending> {
    let mut wire = Wire::new(socket);
    loop {
        let head = match wire.read_head().await {
            Ok(Some(head)) => head,
            Ok(None) => return Some(Ending::Fin),
            Err(error) => return Some(Ending::of(&error)),
        };
        let mut call = Call::new(head, wire, connection, Arc::clone(log));
        if let Err(error) = handler(&mut call).await {
            return Some(Ending::of(&error));
        }
        match call.finish().await {
            Ok(Some(open)) => wire = open,
            Ok(None) => return None,
            Err(error) => return Some(Ending::of(&error)),
        }
    }
}
