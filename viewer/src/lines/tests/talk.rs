//! What is said and thought.

use std::sync::Arc;

use ccdump_provider::content::Content;

use super::{Detail, here, item, lines, plain, sheet, text};
use ccdump_model::blocks::{Change, ItemBody, Pending, Voice};

fn said(voice: Voice, words: &str) -> ItemBody {
    ItemBody::Text { voice, text: text(words), change: Change::New, open: false }
}

const ANSWER: &str = "\
# What I found

The parser drops **leap days**: see `Date::parse` in [dates.rs](src/dates.rs) and <https://example.org/leap>. It is *almost* right.
This line follows a plain line break.

1. Read the failing test
   - it expects 29 February
   - the parser says ~~28~~ nothing, because the length of February is looked up in a table that knows no leap years at all
2. Fix `days_in_month`

```rust
fn days_in_month(year: i32, month: u8) -> u8 {
\tif month == 2 && is_leap(year) { 29 } else { TABLE[usize::from(month - 1)] } // a line that is much too long for a narrow screen
}
```

> Quoted words stand apart.
> > And nested ones further.

| case | before | now |
|:-----|-------:|:---:|
| 2024-02-29 | error | **ok** |
| 1900-02-29, which is no leap day in the Gregorian calendar | ok | error |

---

- [x] tested
- [ ] released

<details>tags stay</details> and &lt;so do&gt; these: 漢字 👩\u{200d}🚀
";

#[test]
fn answers_are_laid_out_as_markdown() {
    insta::assert_snapshot!(sheet(vec![("assistant", said(Voice::Assistant, ANSWER))]));
}

#[test]
fn prompts_and_what_agents_put_into_them() {
    let injected = "<system-reminder>\nAs you answer, note:\n  - the todo list is empty, which you should not mention to anybody at all\n</system-reminder>";
    let both = format!("{injected}\n\nFix the *failing* test.\n\n    cargo test\n\nThanks!");
    let changed = ItemBody::Text {
        voice: Voice::User,
        text: text("Hello, and then\nmore"),
        change: Change::Changed,
        open: false,
    };
    insta::assert_snapshot!(sheet(vec![
        ("short", said(Voice::User, "Fix the failing test in dates.")),
        ("own and injected", said(Voice::User, &both)),
        ("injected", said(Voice::Injected, injected)),
        ("changed", changed),
        ("message of role system", said(Voice::System, "Be brief.\nVery.")),
        ("empty", said(Voice::User, " ")),
    ]));
}

/// What looks like Markdown and is none, as prompts are full of it: every character is shown.
#[test]
fn marks_that_stand_for_themselves_stay() {
    for words in [
        "faults=0:529*2,1:cut*1,2:sse_error*1",
        "5*a, 6*b and 2**3, 4**5",
        "~/src:~/bin",
        "[warn]: done",
        "Before.\n[warn]: done",
        r"the regex \d+\.\d+ and C:\_x\!y",
        "curl -X POST \\\n  -d x",
    ] {
        let shown: String = lines(&item(said(Voice::User, words)), Detail::Full, 80)
            .iter()
            .map(|line| plain(line) + "\n")
            .collect();
        for word in words.split_whitespace() {
            assert!(shown.contains(word), "{word:?} of {words:?} in\n{shown}");
        }
    }
}

#[test]
fn texts_that_are_still_coming() {
    let open = |words: &str| ItemBody::Text {
        voice: Voice::Assistant,
        text: text(words),
        change: Change::New,
        open: true,
    };
    let thinking = |words: &str| ItemBody::Thinking {
        text: Arc::new(Content::Thinking(words.to_owned())),
        open: true,
    };
    insta::assert_snapshot!(sheet(vec![
        ("begun", open("")),
        ("under way", open("I'll look at the **test** and at what it")),
        ("code under way", open("So:\n\n```rust\nfn main() {")),
        ("thinking", thinking("Let me see.")),
    ]));
}

#[test]
fn thinking_in_brief_is_its_first_sentence() {
    let thinking = |words: &str| ItemBody::Thinking {
        text: Arc::new(Content::Thinking(words.to_owned())),
        open: false,
    };
    insta::assert_snapshot!(sheet(vec![
        (
            "long",
            thinking(
                "I need to look at the tests first. Version 1.2 of the parser may be at fault.\n\n- maybe the table of months, which knows nothing of leap years\n- maybe not"
            )
        ),
        ("short", thinking("Easy.")),
        ("not told", thinking("")),
        ("redacted", ItemBody::RedactedThinking { bytes: 900 }),
    ]));
}

#[test]
fn sections_of_the_system_prompt() {
    let section = |number, of, change, words: &str| ItemBody::System {
        tag: None,
        number,
        of,
        text: here(Content::Text(words.to_owned())),
        change,
    };
    let long = "You are an agent that works on code.\n\n# Tone\n- Be brief, and when a line of the prompt is long it is broken below its bullet.\n\tTabs too.";
    let absent = ccdump_model::blocks::Part::Absent { bytes: 70_000, pending: Pending::NotAsked };
    insta::assert_snapshot!(sheet(vec![
        ("one of many", section(2, Some(3), Change::New, long)),
        ("changed", section(1, None, Change::Changed, "x-billing-header: cc_version=2.1.330;")),
        (
            "not loaded",
            ItemBody::System {
                tag: None,
                number: 3,
                of: Some(3),
                text: absent,
                change: Change::New
            }
        ),
    ]));
}
