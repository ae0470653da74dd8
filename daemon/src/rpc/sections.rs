//! The sections of a session's system prompts.

use ccdump_wire::v1;
use tonic::Status;

use super::Service;
use crate::store::sections;

/// Sections of a page: some hundred bytes each.
const PAGE: usize = 1000;

pub async fn page(
    service: &Service,
    request: v1::SystemSectionsRequest,
) -> Result<v1::SystemSectionsResponse, Status> {
    let wanted = usize::try_from(request.page_size).unwrap_or(PAGE);
    let limit = if wanted == 0 { PAGE } else { wanted.min(PAGE) };
    service
        .read_again(move |reader| {
            // One more than asked for tells whether there are more.
            let mut found = sections::page(
                &reader.index,
                request.session.as_deref(),
                request.after_number,
                limit + 1,
            )?;
            let more = found.len() > limit;
            found.truncate(limit);
            let sections = found.into_iter().map(v1::SystemSection::from).collect();
            Ok(v1::SystemSectionsResponse { sections, more })
        })
        .await
}
