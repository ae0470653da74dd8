//! The clipboard, by the terminal's own means (OSC 52): works over SSH and in tmux.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Terminals take about this much.
const LARGEST: usize = 74_000;

/// The sequence that puts `text` on the clipboard; `Err`: why there is none.
pub(super) fn sequence(text: &str) -> Result<String, String> {
    if text.len() > LARGEST {
        let size = ccdump_client::text::units::bytes(text.len() as u64);
        return Err(format!(
            "too large to copy through the terminal ({size}): open it in the pager or the editor"
        ));
    }
    Ok(format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(text)))
}
