//! `report`: what a viewer shows, in a file. `--replay-report`: the same again, without a daemon.

use std::path::{Path, PathBuf};

use ccdump_client::{
    link::Link,
    output::{Output, say},
    text::units::plural,
};
use jiff::Zoned;

use crate::{
    Look, cli,
    commands::attach::has_screen,
    failure::Failure,
    picture,
    report::{Report, Source, Stage, gather},
    screen,
};

/// The name of the view that one has who has not said another.
const NAME: &str = "main";

pub async fn run(socket: &Path, options: cli::Report, look: Look) -> Result<(), Failure> {
    let link = Link::connect(socket).await?;
    let path = options.out.unwrap_or_else(|| {
        format!("ccdump-report-{}.json", Zoned::now().strftime("%Y-%m-%d-%H%M%S")).into()
    });
    let report = gather(link, options.name.as_deref().unwrap_or(NAME), look).await?;
    let secrets = report.write(&path)?;
    let (rows, keys) = (plural(report.rows.len(), "exchange"), plural(report.keys.len(), "key"));
    let mut output = Output::stdout();
    output.text(&format!(
        "{}: {rows}, {keys}, {} left out\n",
        path.display(),
        plural(secrets, "secret")
    ))?;
    output.flush()?;
    say("it holds what stood on that screen: read it before you give it away");
    Ok(())
}

/// `print`: only the last screen, as text.
pub async fn replay(path: PathBuf, print: bool, look: Look) -> Result<(), Failure> {
    let mut report = Report::read(&path)?;
    if !print && !has_screen() {
        return Err(Failure::NoTerminal);
    }
    let mut source =
        Source::of(std::mem::take(&mut report.had), std::mem::take(&mut report.sections));
    let mut stage = Stage::new(&report, look);
    stage.settle(&mut source).await?;
    if !print {
        return screen::replay(stage, source, look).await;
    }
    while !stage.is_over() {
        stage.step(&mut source).await?;
    }
    let mut output = Output::stdout();
    output.text(&picture::text(&picture::picture(&stage.state, look.draw)))?;
    Ok(output.flush()?)
}
