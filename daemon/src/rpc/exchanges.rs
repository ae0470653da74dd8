//! The index, and one exchange with its headers.

use std::time::Duration;

use ccdump_record::{Detail, Heads};
use ccdump_wire::v1;
use tokio::time::timeout;
use tonic::Status;

use super::Service;
use crate::store::{
    index::{self, Selection},
    reader::frame_of,
};

/// Rows of a page: a row is under a kilobyte, so a page stays far below gRPC's limit.
const PAGE: usize = 1000;
/// Rows follow their events within milliseconds; after this long something is wrong.
const DERIVED_WITHIN: Duration = Duration::from_secs(5);

/// While the index is made anew, whoever asks is told so.
const MENDED_WITHIN: Duration = Duration::from_millis(500);

pub async fn page(
    service: &Service,
    request: v1::ExchangesRequest,
) -> Result<v1::ExchangesResponse, Status> {
    let notice = service.recording.health.work().notice();
    let wanted = usize::try_from(request.page_size).unwrap_or(PAGE);
    let limit = if wanted == 0 { PAGE } else { wanted.min(PAGE) };
    let v1::ExchangesRequest { session, agent, provider, since_us, after_id, newest, .. } = request;
    let selection = Selection { session, agent, provider, since_us, after_id, newest };
    service
        .read_again(move |reader| {
            // One more than asked for tells whether there are more.
            let mut exchanges = index::page(&reader.index, &selection, limit + 1)?;
            let more = exchanges.len() > limit;
            exchanges.truncate(limit);
            let exchanges = exchanges.into_iter().map(v1::Exchange::from).collect();
            Ok(v1::ExchangesResponse { exchanges, more, notice: notice.clone() })
        })
        .await
}

pub async fn one(service: &Service, id: u64) -> Result<v1::ExchangeResponse, Status> {
    let events = service.read_again(move |reader| frame_of(&reader.log, id)).await?;
    if events.is_empty() {
        // It may be among what is still to be brought over.
        return Err(match service.recording.health.work().salvage {
            Some(salvage) => Status::unavailable(format!(
                "exchange {id} is not on record yet: {salvage}; try again"
            )),
            None => not_found(id),
        });
    }
    let is_mended = service.recording.health.work().notice();
    let within = if is_mended.is_some() { MENDED_WITHIN } else { DERIVED_WITHIN };
    let row =
        timeout(within, service.derived(move |reader| Ok(index::exchange(&reader.index, id)?)))
            .await
            .map_err(|_| {
                let why = is_mended.unwrap_or_else(|| format!("exchange {id} is not derived yet"));
                Status::unavailable(format!("{why}; try again"))
            })??;
    let mut heads = Heads::default();
    for event in events {
        match event.detail {
            Detail::Opened(opened) => {
                heads.request = opened.headers;
                heads.upstream = opened.upstream;
            }
            Detail::RequestEnd(end) => heads.request_trailers = end.trailers,
            Detail::ResponseHead(head) => heads.response = head.headers,
            Detail::Ended(ended) => heads.response_trailers = ended.trailers,
            _ => {}
        }
    }
    Ok(v1::ExchangeResponse { exchange: Some(row.into()), ..heads.into() })
}

pub fn not_found(id: u64) -> Status {
    Status::not_found(format!("there is no exchange {id}; `ccdump-view ls` lists them"))
}
