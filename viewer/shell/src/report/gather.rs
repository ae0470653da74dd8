//! Makes a report of what a viewer shows, with the daemon's help.

use std::collections::BTreeSet;

use ccdump_client::link::{Link, build};
use ccdump_model::record::{AgentKey, Node};
use ccdump_record::Exchange;
use ccdump_state::{Journal, Saved, State};
use ccdump_wire::v1::ExchangesRequest;
use jiff::{Timestamp, tz::TimeZone};

use super::{FORMAT, Report, ReportError, Source, Stage};
use crate::Look;
use crate::failure::Failure;

/// Of a viewer that has not said how large its terminal is.
const SIZE: (u16, u16) = (100, 30);

/// A report of the viewer whose view state is kept under `name`.
pub async fn gather(mut link: Link, name: &str, look: Look) -> Result<Report, Failure> {
    let no_view = || ReportError::NoView(name.to_owned());
    // Whoever holds the name keeps it; what was saved is told anyway.
    let held = link.hold_view(Some(name.to_owned())).await?;
    let (_, bytes) = held.saved.as_ref().ok_or_else(no_view)?;
    let saved = Saved::read(bytes).map_err(|_| no_view())?;
    let mut report = begun(saved, Timestamp::now().as_microsecond());
    drop(held);
    report.viewer = build();
    let hello = link.hello();
    report.daemon = hello.peer.as_ref().map(|peer| peer.build.clone()).unwrap_or_default();
    report.proxy.clone_from(&hello.proxy);
    report.zone = TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
    report.name = name.to_owned();
    report.rows = rows(&mut link).await?;

    let mut source = Source::daemon(link);
    let mut stage = Stage::new(&report, look);
    let mut sessions = BTreeSet::new();
    stage.settle(&mut source).await?;
    see(&stage.state, &mut sessions);
    while !stage.is_over() {
        stage.step(&mut source).await?;
        see(&stage.state, &mut sessions);
    }
    report.rows.retain(|row| sessions.contains(&session(row.session.as_ref(), &row.provider)));
    (report.had, report.sections) = source.into_had();
    Ok(report)
}

/// How one came to the view state `saved`: from which state on, and by which keys.
fn begun(mut saved: Saved, now_us: i64) -> Report {
    let mut journal = Journal::default();
    // One that cannot be read is taken for none.
    let _ = saved.give(&mut journal);
    saved.remove::<Journal>();
    let (width, height) = if journal.width > 0 { (journal.width, journal.height) } else { SIZE };
    let (begun_at_us, state) = journal
        .chapters
        .front()
        .map_or((now_us, saved), |chapter| (chapter.at_us, chapter.state.clone()));
    let keys = journal.chapters.into_iter().flat_map(|chapter| chapter.keys).collect();
    Report {
        format: FORMAT,
        made_at_us: now_us,
        width,
        height,
        begun_at_us,
        state,
        keys,
        ..Report::default()
    }
}

async fn rows(link: &mut Link) -> Result<Vec<Exchange>, Failure> {
    let mut rows: Vec<Exchange> = Vec::new();
    loop {
        let after_id = rows.last().map_or(0, |row| row.id);
        let page =
            link.exchanges(ExchangesRequest { after_id, ..ExchangesRequest::default() }).await?;
        let more = page.more && !page.exchanges.is_empty();
        rows.extend(page.exchanges);
        if !more {
            return Ok(rows);
        }
    }
}

/// A session, or the provider of what has none.
type Session = (Option<String>, String);

fn session(session: Option<&String>, provider: &str) -> Session {
    (session.cloned(), if session.is_some() { String::new() } else { provider.to_owned() })
}

/// Adds the sessions that are on the screen.
fn see(state: &State, sessions: &mut BTreeSet<Session>) {
    let height = usize::from(state.areas().sidebar.height);
    let of = |key: &AgentKey| session(key.session.as_ref(), &key.provider);
    sessions.extend(state.conversation.agent.as_ref().map(of));
    sessions.extend(state.roster.nodes().iter().skip(state.sidebar.first).take(height).map(
        |node| match node {
            Node::Agent { key, .. } => of(key),
            Node::Session { name, provider, .. } => session(name.as_ref(), provider),
        },
    ));
}
