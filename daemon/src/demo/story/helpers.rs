//! Two subagents that work at the same time, and a third that one of them starts.

use serde_json::{Value, json};

use super::{files, files::numbered, prompts, tools};
use crate::demo::{
    DemoError,
    agent::{Agent, gives},
    reply::Reply,
    request::Role,
    stage::Stage,
};

pub const HISTORY: &str = "a5e1f2c9";
pub const CALLERS: &str = "b7d0c4e6";
const STATEMENTS: &str = "c91f3a80";

pub const HISTORY_TASK: &str = "In /home/mira/kalends/src/kalends/dates.py, parse_date uses match() where it seems to have used fullmatch(). \
Find the commit that changed it, and what it was for. Report the commit, the reason given, and whether a test came with it.";
pub const CALLERS_TASK: &str = "parse_date in /home/mira/kalends accepts text behind the date by mistake. Find every caller, and say for each \
whether it relies on that. Look at the data that they read, too, where it lies in the repository.";
const STATEMENTS_TASK: &str = "Do the dates in /home/mira/kalends/data/*.csv, column Buchungstag, hold anything behind the date? Report counts.";

pub const HISTORY_REPORT: &str = "\
Commit `4f1c2aa` (Jo, 22 November, 23:41), *“Accept dates that were pasted from a terminal”*.

- It turned `fullmatch` into `match`; nothing else was changed in `dates.py`.
- It brought `tests/fixtures/pasted.log` and `test_pasted_from_a_terminal`.
- `test_nothing_may_follow` is older (`91aa0c3`), and has failed since.";

pub const CALLERS_REPORT: &str = "\
| caller | reads | relies on the loose match |
| --- | --- | --- |
| `bank.py:22` | the bank's CSV, 412 of 412 dates are bare | no |
| `cli.py:31` | an argument | only when it was pasted |
| `mail.py:58` | the last word of a line | no |

A strict match breaks none of them, as long as control sequences are taken out first.";

const STATEMENTS_REPORT: &str =
    "412 dates in 3 files, all of the form `DD.MM.YYYY` with nothing behind them.";

/// What an Agent tool is asked.
pub fn order(description: &str, prompt: &str) -> Value {
    json!({"description": description, "prompt": prompt, "subagent_type": "explorer", "run_in_background": true})
}

/// How a report comes to the agent that asked for it.
pub fn notification(id: &str, report: &str) -> String {
    format!(
        "<task-notification>\n<agent>{id}</agent>\n<status>completed</status>\n<report>\n{report}\n</report>\n</task-notification>"
    )
}

/// Who loosened the match?
pub async fn history(stage: &Stage) -> Result<(), DemoError> {
    let mut agent = explorer(stage, HISTORY, None)?;
    agent.hears(&[HISTORY_TASK]);
    let log = json!({"command": "git log --format='%h %ad %an %s' --date=format:'%a %b %-d' -- src/kalends/dates.py"});
    agent.asks(Reply::default().text("The file's history first.").tool("Bash", log)).await?;
    agent.runs_tools([gives(28, files::LOG)]).await;
    let commit = json!({"command": "git show --unified=0 4f1c2aa -- src/kalends/dates.py"});
    agent
        .asks(
            Reply::default()
                .text("`4f1c2aa` is from the night before the tests failed.")
                .tool("Bash", commit),
        )
        .await?;
    agent.runs_tools([gives(35, files::COMMIT)]).await;
    agent.asks(Reply::default().text(HISTORY_REPORT)).await
}

/// Who relies on it?
pub async fn callers(stage: &Stage) -> Result<(), DemoError> {
    let mut agent = explorer(stage, CALLERS, None)?;
    agent.hears(&[CALLERS_TASK]);
    let first = Reply::default()
        .thinking("Callers first, then their data. The bank's files may be large: somebody else can count those.")
        .tool("Grep", json!({"pattern": "parse_date\\(", "path": "src", "output_mode": "content", "context": 1}))
        .tool("Read", json!({"file_path": "/home/mira/kalends/src/kalends/bank.py"}));
    agent.asks(first).await?;
    agent.runs_tools([gives(22, files::CLI_AND_MAIL), gives(7, numbered(files::BANK))]).await;
    let mut task = order("Dates in the bank's files", STATEMENTS_TASK);
    task["run_in_background"] = json!(false);
    agent
        .asks(
            Reply::default()
                .text("Three callers. I have the bank's files counted.")
                .tool("Agent", task),
        )
        .await?;
    statements(stage).await?;
    agent.runs_tools([gives(0, STATEMENTS_REPORT)]).await;
    agent.asks(Reply::default().text(CALLERS_REPORT)).await
}

/// Started by [`callers`], which waits for it.
async fn statements(stage: &Stage) -> Result<(), DemoError> {
    let mut agent = explorer(stage, STATEMENTS, Some(CALLERS))?;
    agent.hears(&[STATEMENTS_TASK]);
    let count = json!({"command": "cut -d';' -f1 data/*.csv | scripts/shapes", "description": "Count the dates by their shape"});
    agent.asks(Reply::default().tool("Bash", count)).await?;
    agent.runs_tools([gives(160, files::STATEMENTS)]).await;
    agent.asks(Reply::default().text(STATEMENTS_REPORT)).await
}

fn explorer<'a>(
    stage: &'a Stage,
    agent: &'static str,
    parent: Option<&'static str>,
) -> Result<Agent<'a>, DemoError> {
    let role =
        Role { agent: Some(agent), parent, kind: Some("explorer"), model: "claude-sonnet-5-5" };
    Ok(Agent::new(stage, role, prompts::helper(prompts::EXPLORER), tools::helpers()?))
}
