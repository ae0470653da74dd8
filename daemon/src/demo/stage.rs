//! What all agents of the story share.

use std::{cell::Cell, net::SocketAddr, sync::Arc};

use super::{
    DemoError, Pace,
    answer::Answer,
    client::{Connection, Request},
    desk::Desk,
};

pub struct Stage {
    proxy: SocketAddr,
    desk: Arc<Desk>,
    pace: Pace,
    exchanges: Cell<u64>,
    agents: Cell<u64>,
}

impl Stage {
    pub fn new(proxy: SocketAddr, desk: Arc<Desk>, pace: Pace) -> Self {
        Self { proxy, desk, pace, exchanges: Cell::new(0), agents: Cell::new(0) }
    }

    /// Requests that were sent so far.
    pub fn exchanges(&self) -> u64 {
        self.exchanges.get()
    }

    pub fn agents(&self) -> u64 {
        self.agents.get()
    }

    pub fn agent_enters(&self) {
        self.agents.set(self.agents.get() + 1);
    }

    /// Waits for what takes `ms` milliseconds in earnest.
    pub async fn pause(&self, ms: u64) {
        self.pace.pause(ms).await;
    }

    pub fn connection(&self) -> Connection {
        Connection::new(self.proxy)
    }

    /// One exchange, to the end of its answer.
    pub async fn exchange(
        &self,
        connection: &mut Connection,
        request: &Request,
        answer: Answer,
    ) -> Result<(), DemoError> {
        let expected = self.prepare(request, answer);
        expect(request, expected, connection.call(request).await?)
    }

    /// One exchange whose client leaves when `bytes` of the answer have come.
    pub async fn broken_exchange(
        &self,
        connection: &mut Connection,
        request: &Request,
        (answer, bytes): (Answer, usize),
    ) -> Result<(), DemoError> {
        let expected = self.prepare(request, answer);
        expect(request, expected, connection.call_and_leave(request, bytes).await?)
    }

    /// Gives the status that will come.
    fn prepare(&self, request: &Request, answer: Answer) -> u16 {
        let status = answer.status;
        self.desk.leave(request.path, request.body.clone(), answer);
        self.exchanges.set(self.exchanges.get() + 1);
        status
    }
}

fn expect(request: &Request, expected: u16, status: u16) -> Result<(), DemoError> {
    if status == expected { Ok(()) } else { Err(DemoError::Status { path: request.path, status }) }
}
