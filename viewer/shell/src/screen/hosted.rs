//! The viewer under the hot-reload host (`ccdump-view dev`).

use std::{io, time::Duration};

use ccdump_host::{
    hosted::Host,
    protocol::{FromViewer, ToViewer, ViewState},
};
use ccdump_state::Event;
use tokio::{sync::mpsc, time::timeout};

use super::{effects::Incoming, log};
use crate::failure::Failure;

/// How long the host may take to answer: it does when the viewer before has left.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the host knows of the viewer before.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub(super) view: Option<String>,
    pub(super) state: Option<ViewState>,
}

/// Finds the host, if there is one. To be called before anything is drawn, and after the panic hook
/// is set.
pub(super) fn find() -> Result<Option<Host>, Failure> {
    let build = concat!("ccdump-view ", env!("CARGO_PKG_VERSION"));
    let log = || log::file().ok_or_else(|| io::Error::other("the log file cannot be written"));
    let host = if ccdump_host::hosted::is_hosted() {
        Host::find(log().map_err(Failure::Terminal)?, build)
    } else {
        Ok(None)
    };
    host.map_err(Failure::Terminal)
}

/// Lets what the host says come in with everything else; gives what it says first.
pub(super) async fn listen(
    host: &Host,
    incoming: mpsc::Sender<Incoming>,
) -> Result<Before, Failure> {
    host.report_panics().map_err(Failure::Terminal)?;
    let (tell, mut told) = mpsc::channel(1);
    host.listen(move |message| {
        let event = match message {
            Some(ToViewer::Hello { view, state, .. }) => {
                return drop(tell.try_send(Before { view, state }));
            }
            Some(message) => Event::Host(message),
            None => Event::Leave,
        };
        // Nobody hears it any more: this viewer is leaving.
        let _ = incoming.blocking_send(event.into());
    })
    .map_err(Failure::Terminal)?;
    Ok(timeout(PATIENCE, told.recv()).await.ok().flatten().unwrap_or_default())
}

/// Gives the host the view state to keep for the next viewer.
pub(super) fn keep(host: &Host, name: &str, schema: u32, state: &[u8]) {
    if let Ok(data) = serde_json::from_slice(state) {
        host.tell(&FromViewer::State(ViewState { name: name.to_owned(), schema, data }));
    }
}
