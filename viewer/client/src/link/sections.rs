//! The sections of a session's system prompts.

use ccdump_record::SystemSection;
use ccdump_wire::{handshake::SYSTEM_SECTIONS, record::section, v1::SystemSectionsRequest};

use super::{Link, LinkError};

const WHAT: &str = "tell of the versions of system prompts";

impl Link {
    /// Those with a number greater than `after`, in order; about `most` of them at most.
    pub async fn system_sections(
        &mut self,
        session: Option<&str>,
        after: u64,
        most: usize,
    ) -> Result<Vec<SystemSection>, LinkError> {
        if !self.can(SYSTEM_SECTIONS) {
            return Err(LinkError::Unsupported(WHAT));
        }
        let mut sections: Vec<SystemSection> = Vec::new();
        loop {
            let after_number = sections.last().map_or(after, |last| last.number);
            let request = SystemSectionsRequest {
                session: session.map(str::to_owned),
                after_number,
                page_size: 0,
            };
            let page = self.client.system_sections(request).await;
            let page = page.map_err(|status| LinkError::of(status, WHAT))?.into_inner();
            let goes_on =
                page.more && page.sections.last().is_some_and(|last| last.number > after_number);
            sections.extend(page.sections.into_iter().filter_map(section));
            if !goes_on || sections.len() >= most {
                return Ok(sections);
            }
        }
    }
}
