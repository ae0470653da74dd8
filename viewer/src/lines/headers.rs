//! Headers of one side.

use ccdump_record::Header;

use super::{
    Span, content,
    page::{Fold, Page},
};
use ccdump_model::{blocks::Headers, theme::Role};

pub(super) fn headers(headers: &Headers, full: bool, page: &mut Page) {
    let (mark, name) =
        if headers.of_request { ("»", "request headers") } else { ("«", "response headers") };
    page.mark(Role::Header, mark);
    let count = headers.fields.len().saturating_add(headers.trailers.len());
    let lead = vec![Span::new(Role::Header, name), Span::new(Role::Dim, &format!(" · {count}"))];
    if !full {
        let gist = if headers.first_line.is_empty() {
            String::new()
        } else {
            format!(" · {}", content::short(&headers.first_line))
        };
        return page.head(lead, vec![Span::new(Role::Dim, &gist)], vec![], Fold::Closed);
    }
    page.head(lead, vec![], vec![], Fold::Open);
    if !headers.first_line.is_empty() {
        page.words(vec![Span::new(Role::Strong, &headers.first_line)], 2);
    }
    fields(&headers.fields, page);
    if !headers.trailers.is_empty() {
        page.words(vec![Span::new(Role::Dim, "trailers:")], 2);
        fields(&headers.trailers, page);
    }
}

fn fields(fields: &[Header], page: &mut Page) {
    for field in fields {
        page.words(
            vec![
                Span::new(Role::Header, &format!("{}:", field.name)),
                Span::new(Role::Text, &format!(" {}", field.value)),
            ],
            2,
        );
    }
}
