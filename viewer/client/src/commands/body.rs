//! `body`: the bytes of one side, on stdout.

use std::path::Path;

use ccdump_wire::v1::{BodyRequest, BodyResponse};

use crate::{
    failure::Failure,
    link::{Link, next, wire_side},
    options::Body,
    output::{Output, say},
    text::{Sanitiser, clean_line},
};

pub async fn run(socket: &Path, options: Body) -> Result<(), Failure> {
    let mut link = Link::connect(socket).await?;
    let side = options.side();
    let request = BodyRequest {
        exchange: options.id,
        side: wire_side(side),
        decoded: !options.raw,
        offset: 0,
        length: None,
    };
    let mut chunks = link.body(request).await?;
    let mut writer = Writer {
        output: Output::stdout(),
        sanitiser: Sanitiser::default(),
        troubles: Vec::new(),
        complete: false,
    };
    while let Some(chunk) = next(&mut chunks, "send bodies").await? {
        writer.chunk(&chunk)?;
    }
    writer.finish(side.as_str())
}

struct Writer {
    output: Output,
    /// Used on a terminal only: elsewhere the bytes are written as they are.
    sanitiser: Sanitiser,
    troubles: Vec<String>,
    complete: bool,
}

impl Writer {
    fn chunk(&mut self, chunk: &BodyResponse) -> Result<(), Failure> {
        if chunk.missing_before > 0 {
            let at = chunk.offset.saturating_sub(chunk.missing_before);
            self.troubles
                .push(format!("{} bytes were not recorded at offset {at}", chunk.missing_before));
        }
        if let Some(reason) = &chunk.undecodable {
            self.troubles.push(format!(
                "the body cannot be decoded any further: {}; --raw gives it as it is",
                clean_line(reason)
            ));
        }
        self.complete = chunk.complete;
        if self.output.is_terminal() {
            let mut text = String::new();
            self.sanitiser.push(&chunk.data, &mut text);
            self.output.text(&text)?;
        } else {
            self.output.bytes(&chunk.data)?;
        }
        self.output.flush()
    }

    fn finish(mut self, side: &str) -> Result<(), Failure> {
        let mut text = String::new();
        self.sanitiser.finish(&mut text);
        self.output.text(&text)?;
        self.output.flush()?;
        if !self.complete {
            say(&format!("the {side} has not ended: this is what was recorded so far"));
        }
        match self.troubles.as_slice() {
            [] => Ok(()),
            troubles => Err(Failure::Incomplete(troubles.join("; "))),
        }
    }
}
