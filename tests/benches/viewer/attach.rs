//! From the start of a viewer to the frame that shows the end of the newest conversation.

use std::time::Instant;

use crate::{
    Size, screen,
    stage::{LIMIT, Stage, megabytes, quit, until_idle},
    table::{Bar, Table},
};

pub(crate) fn measure(table: &mut Table, stage: &Stage, size: &Size) {
    let (mut first, mut whole, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..size.attaches {
        until_idle(stage.daemon_pid());
        let started = Instant::now();
        let viewer = stage.viewer();
        let mut shown_at = started;
        let shown = viewer.watch(LIMIT, |screen, at| {
            shown_at = at;
            screen::shows_end(screen, &stage.mark)
        });
        if shown.is_none() {
            table.remark(
                stage.name,
                &format!(
                    "the end of the newest conversation ({}) was not shown:\n{}",
                    stage.mark,
                    viewer.screen()
                ),
            );
            return;
        }
        whole.push((shown_at - started).as_secs_f64() * 1e3);
        if let Some(frame) = viewer.frames().first() {
            first.push((frame.ended - started).as_secs_f64() * 1e3);
        }
        viewer.wait_until_quiet(std::time::Duration::from_millis(300));
        resident.push(megabytes(&viewer, "VmRSS"));
        quit(&viewer);
    }
    table.add(stage.name, "attach → first frame, ms", Bar::None, first);
    table.add(stage.name, "attach → first full frame, ms", Bar::Max(150.0), whole);
    table.add(stage.name, "memory after attaching, MB", Bar::Max(80.0), resident);
}
