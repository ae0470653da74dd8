//! View states under leased names.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{SystemTime, UNIX_EPOCH},
};

use ccdump_wire::v1;
use tokio_stream::Stream;
use tonic::Status;

use super::Service;
use crate::store::{
    StoreError,
    views::{ViewState, Views},
};

const LARGEST: usize = 1 << 20;
const LONGEST_NAME: usize = 64;
/// Viewers at once under default names; more join unsaved.
const MAINS: usize = 100;

/// Names that are held, each with the lease it is held by.
#[derive(Clone, Default)]
pub struct Leases {
    held: Arc<Mutex<HashMap<String, String>>>,
}

/// Holds a name until it is dropped.
struct Lease {
    leases: Leases,
    name: String,
}

impl Leases {
    /// Takes the wished name, or the lowest free default one. `Err`: it is taken, and this is its
    /// name.
    fn take(&self, wish: Option<String>) -> Result<(Lease, String), String> {
        let mut held = self.held();
        let name = match wish {
            Some(name) => name,
            None => std::iter::once("main".to_owned())
                .chain((2..=MAINS).map(|number| format!("main-{number}")))
                .find(|name| !held.contains_key(name))
                .unwrap_or_else(|| "main".to_owned()),
        };
        if held.contains_key(&name) {
            return Err(name);
        }
        let mut random = [0u8; 16];
        if getrandom::fill(&mut random).is_err() {
            return Err(name);
        }
        let lease: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        held.insert(name.clone(), lease.clone());
        Ok((Lease { leases: self.clone(), name }, lease))
    }

    /// The name that a lease holds.
    fn name_of(&self, lease: &str) -> Option<String> {
        self.held().iter().find(|(_, held)| *held == lease).map(|(name, _)| name.clone())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.held().remove(&self.name);
    }
}

/// Says once what was had, and holds it until the viewer is gone.
pub struct Held {
    answer: Option<v1::HoldViewResponse>,
    _lease: Option<Lease>,
}

impl Stream for Held {
    type Item = Result<v1::HoldViewResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Never woken again: the stream ends with its connection.
        self.answer.take().map_or(Poll::Pending, |answer| Poll::Ready(Some(Ok(answer))))
    }
}

pub async fn hold(service: &Service, wish: Option<String>) -> Result<Held, Status> {
    if let Some(name) = &wish
        && (name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control))
    {
        return Err(Status::invalid_argument(format!(
            "a view name has 1 to {LONGEST_NAME} printable characters"
        )));
    }
    let (name, lease, token) = match service.leases.take(wish) {
        Ok((lease, token)) => (lease.name.clone(), Some(lease), token),
        Err(name) => (name, None, String::new()),
    };
    let key = name.clone();
    let state = blocking(service, move |views| views.load(&key)).await?;
    let state = state.map(|state| v1::ViewState {
        schema: state.schema,
        data: state.data,
        saved_at_us: state.saved_at_us,
    });
    Ok(Held { answer: Some(v1::HoldViewResponse { lease: token, name, state }), _lease: lease })
}

pub async fn save(
    service: &Service,
    request: v1::SaveViewRequest,
) -> Result<v1::SaveViewResponse, Status> {
    if request.data.len() > LARGEST {
        return Err(Status::invalid_argument("a view state has 1 MiB at most"));
    }
    let name = service
        .leases
        .name_of(&request.lease)
        .ok_or_else(|| Status::permission_denied("that lease is not held"))?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let saved_at_us = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
    let state = ViewState { schema: request.schema, saved_at_us, data: request.data };
    blocking(service, move |views| views.save(&name, &state)).await?;
    Ok(v1::SaveViewResponse { saved_at_us })
}

/// Reads or writes where waiting for the disk holds nobody up.
async fn blocking<T: Send + 'static>(
    service: &Service,
    work: impl FnOnce(&Views) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Status> {
    let views = service.views.clone();
    let done = tokio::task::spawn_blocking(move || work(&views)).await;
    done.map_err(|_| Status::internal("keeping view states broke down"))?
        .map_err(|error| Status::unavailable(error.to_string()))
}
