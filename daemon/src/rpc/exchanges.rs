//! The index, and one exchange with its headers.

use std::time::Duration;

use ccdump_wire::v1;
use tokio::time::timeout;
use tonic::Status;

use super::{Service, convert::headers};
use crate::store::{
    event::{Detail, Headers},
    index,
    reader::frame_of,
};

/// Rows of a page: a row is under a kilobyte, so a page stays far below gRPC's limit.
const PAGE: usize = 1000;
/// Rows follow their events within milliseconds; after this long something is wrong.
const DERIVED_WITHIN: Duration = Duration::from_secs(5);

pub async fn page(service: &Service, request: v1::ExchangesRequest) -> Result<v1::ExchangesResponse, Status> {
    let wanted = usize::try_from(request.page_size).unwrap_or(PAGE);
    let limit = if wanted == 0 { PAGE } else { wanted.min(PAGE) };
    service
        .read(move |reader| {
            // One more than asked for tells whether there are more.
            let mut exchanges = index::page(&reader.index, &request, limit + 1)?;
            let more = exchanges.len() > limit;
            exchanges.truncate(limit);
            Ok(v1::ExchangesResponse { exchanges, more })
        })
        .await
}

pub async fn one(service: &Service, id: u64) -> Result<v1::ExchangeResponse, Status> {
    let events = service.read(move |reader| frame_of(&reader.log, id)).await?;
    if events.is_empty() {
        return Err(not_found(id));
    }
    let row = timeout(DERIVED_WITHIN, service.derived(move |reader| index::exchange(&reader.index, id)))
        .await
        .map_err(|_| Status::unavailable(format!("exchange {id} is not derived yet; try again")))??;
    let (mut request, mut response) = (Headers::new(), Headers::new());
    let (mut request_trailers, mut response_trailers) = (Headers::new(), Headers::new());
    let mut upstream = String::new();
    for event in events {
        match event.detail {
            Detail::Opened(opened) => {
                request = opened.headers;
                upstream = opened.upstream;
            }
            Detail::RequestEnd(end) => request_trailers = end.trailers,
            Detail::ResponseHead(head) => response = head.headers,
            Detail::Ended(ended) => response_trailers = ended.trailers,
            _ => {}
        }
    }
    Ok(v1::ExchangeResponse {
        exchange: Some(row),
        request_headers: headers(request),
        response_headers: headers(response),
        upstream,
        request_trailers: headers(request_trailers),
        response_trailers: headers(response_trailers),
    })
}

pub fn not_found(id: u64) -> Status {
    Status::not_found(format!("there is no exchange {id}; `ccdump-view ls` lists them"))
}
