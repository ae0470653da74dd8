//! Moves the bytes of an upstream connection, in the task of the client's.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Context,
};

/// hyper's side of a connection; it ends with it. Its errors reach whoever waits for the response
/// or reads its body.
pub type Moving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Holds the one upstream connection that a client connection uses. Dropping it closes that.
#[derive(Clone, Default)]
pub struct Driver {
    moving: Arc<Mutex<Option<Moving>>>,
}

impl Driver {
    /// Takes a connection over, and closes the one before.
    pub fn replace(&self, moving: Moving) {
        *self.lock() = Some(moving);
    }

    /// Gives the connection away: it is to outlive the client's HTTP.
    pub fn give_away(&self) -> Option<Moving> {
        self.lock().take()
    }

    /// Reads and writes what can be.
    pub fn drive(&self, cx: &mut Context<'_>) {
        let mut moving = self.lock();
        if let Some(connection) = moving.as_mut()
            && connection.as_mut().poll(cx).is_ready()
        {
            *moving = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Moving>> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
