//! Opening TCP connections. The addresses of a host are raced (RFC 8305): one that does not answer
//! costs a moment, not the request.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::timeout,
};

/// How long an address has the field to itself before the next one is tried beside it.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// For all of a host's addresses together, its name included; the system would wait for minutes.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// Why there is no TCP connection.
#[derive(Debug, thiserror::Error)]
pub enum TcpError {
    #[error("cannot resolve {host}: {source}")]
    Resolve { host: String, source: io::Error },
    #[error("cannot connect to {host}:{port}: {source}")]
    Connect { host: String, port: u16, source: io::Error },
    #[error("cannot connect to {host}:{port}: nobody answered within {} s", CONNECT_LIMIT.as_secs())]
    Silent { host: String, port: u16 },
}

/// Connects to the first address of `host` that answers.
pub async fn connect(host: &str, port: u16) -> Result<TcpStream, TcpError> {
    let host = || host.to_owned();
    let connecting = async {
        let addresses = lookup_host((host(), port))
            .await
            .map_err(|source| TcpError::Resolve { host: host(), source })?;
        let connected = race(interleave(addresses), TcpStream::connect).await;
        connected.map_err(|source| TcpError::Connect { host: host(), port, source })
    };
    timeout(CONNECT_LIMIT, connecting)
        .await
        .unwrap_or_else(|_| Err(TcpError::Silent { host: host(), port }))
}

/// The addresses with both families by turns, beginning with that of the first: where a family
/// leads nowhere, the second try is of the other one.
fn interleave(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let addresses: Vec<SocketAddr> = addresses.into_iter().collect();
    let Some(first) = addresses.first() else { return addresses };
    let (same, other): (Vec<SocketAddr>, Vec<SocketAddr>) =
        addresses.iter().partition(|address| address.is_ipv4() == first.is_ipv4());
    let mut ordered = Vec::with_capacity(addresses.len());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    loop {
        let before = ordered.len();
        ordered.extend(same.next());
        ordered.extend(other.next());
        if ordered.len() == before {
            return ordered;
        }
    }
}

/// The result of the first attempt that succeeds, or the error of the last one that failed. The
/// next attempt begins when one has failed, or [`ATTEMPT_DELAY`] after the one before; those that
/// lose are dropped.
async fn race<T, F>(addresses: Vec<SocketAddr>, attempt: impl Fn(SocketAddr) -> F) -> io::Result<T>
where
    T: Send + 'static,
    F: Future<Output = io::Result<T>> + Send + 'static,
{
    let mut waiting = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        match waiting.next() {
            Some(address) => drop(attempts.spawn(attempt(address))),
            None if attempts.is_empty() => return Err(failure),
            None => {}
        }
        let ended = if waiting.len() == 0 {
            attempts.join_next().await
        } else {
            timeout(ATTEMPT_DELAY, attempts.join_next()).await.ok().flatten()
        };
        match ended {
            Some(Ok(Ok(connected))) => return Ok(connected),
            Some(Ok(Err(error))) => failure = error,
            // The delay is over; or the runtime ends, and with it whoever waits for this.
            Some(Err(_)) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_families_take_turns() {
        let all = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"].map(address);
        assert_eq!(interleave(all), ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"].map(address));
        let all = ["1.1.1.1:1", "2.2.2.2:1", "[::1]:1", "[::2]:1"].map(address);
        assert_eq!(interleave(all), ["1.1.1.1:1", "[::1]:1", "2.2.2.2:1", "[::2]:1"].map(address));
        assert_eq!(interleave([]), []);
    }

    /// What becomes of an attempt.
    #[derive(Clone, Copy)]
    enum Fate {
        Answers,
        Refuses,
        IsSilent,
    }

    async fn meet(fate: Fate, address: SocketAddr) -> io::Result<SocketAddr> {
        match fate {
            Fate::Answers => Ok(address),
            Fate::Refuses => Err(io::ErrorKind::ConnectionRefused.into()),
            Fate::IsSilent => std::future::pending().await,
        }
    }

    #[tokio::test]
    async fn the_first_that_answers_wins_whatever_the_others_do() {
        use Fate::*;
        // What becomes of each, which one wins, and how many are tried.
        let cases: [(&[Fate], Option<usize>, usize); 8] = [
            (&[Answers], Some(0), 1),
            (&[Answers, Answers], Some(0), 1),
            (&[Refuses, Answers, Answers], Some(1), 2),
            (&[IsSilent, Answers, Answers], Some(1), 2),
            (&[IsSilent, Refuses, IsSilent, Answers], Some(3), 4),
            (&[Answers, IsSilent], Some(0), 1),
            (&[Refuses, Refuses], None, 2),
            (&[], None, 0),
        ];
        for (number, (fates, winner, tried)) in cases.into_iter().enumerate() {
            let addresses: Vec<SocketAddr> =
                (1..).zip(fates).map(|(n, _)| SocketAddr::from(([127, 0, 0, n], 1))).collect();
            let begun = Mutex::new(Vec::new());
            let connected = race(addresses.clone(), |address| {
                let mut begun = begun.lock().expect("one thread");
                assert_eq!(
                    address,
                    addresses[begun.len()],
                    "case {number}: in their order, none twice"
                );
                begun.push(address);
                meet(fates[begun.len() - 1], address)
            })
            .await;
            assert_eq!(connected.ok(), winner.map(|winner| addresses[winner]), "case {number}");
            assert_eq!(begun.into_inner().expect("one thread").len(), tried, "case {number}");
        }
    }

    /// A listener whose queue is full: the system drops what asks to connect, as a host that is
    /// gone does.
    async fn silent_listener() -> (TcpListener, Vec<tokio::task::JoinHandle<io::Result<TcpStream>>>)
    {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(address("127.0.0.1:0")).expect("bind");
        let listener = socket.listen(1).expect("listen");
        let silent = listener.local_addr().expect("an address");
        let mut filling = Vec::new();
        // Until one is not answered.
        loop {
            let mut connecting = tokio::spawn(TcpStream::connect(silent));
            if timeout(Duration::from_millis(300), &mut connecting).await.is_err() {
                filling.push(connecting);
                return (listener, filling);
            }
            filling.push(tokio::spawn(async { std::future::pending().await }));
            filling.push(connecting);
        }
    }

    #[tokio::test]
    async fn real_addresses_that_refuse_or_stay_silent_are_passed_over() {
        let (silent, _filling) = silent_listener().await;
        let answering = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        // Taken, so that nobody else gets it, and not listened on.
        let refusing = TcpSocket::new_v4().expect("a socket");
        refusing.bind(address("127.0.0.2:0")).expect("bind");
        let answers = answering.local_addr().expect("an address");
        let of = |address: io::Result<SocketAddr>| address.expect("an address");
        let addresses = vec![of(silent.local_addr()), of(refusing.local_addr()), answers];
        let stream = race(addresses, TcpStream::connect).await.expect("one of them answers");
        assert_eq!(stream.peer_addr().expect("a peer"), answers);
    }
}
