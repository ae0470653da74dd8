//! What a tool call asks for, read from the shape of its arguments: agents give their tools
//! different names.

use serde_json::{Map, Value};

use super::{
    edit::Edit,
    todo::{self, Todo},
};

/// A call's arguments, sorted.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) shape: Shape<'a>,
    /// The arguments that the shape does not speak of.
    pub(super) rest: Vec<(&'a str, &'a Value)>,
}

#[derive(Debug)]
pub(super) enum Shape<'a> {
    Command {
        command: String,
        description: Option<&'a str>,
    },
    Edits {
        path: Option<&'a str>,
        edits: Vec<Edit<'a>>,
    },
    /// A diff in a form of its own, with `+` and `-` before its lines.
    Patch(&'a str),
    Write {
        path: &'a str,
        content: &'a str,
    },
    /// `range`: lines, as `10–59`.
    Read {
        path: &'a str,
        range: Option<String>,
    },
    Search {
        pattern: &'a str,
        path: Option<&'a str>,
    },
    Todos(Vec<Todo<'a>>),
    Agent {
        kind: Option<&'a str>,
        description: Option<&'a str>,
        prompt: &'a str,
    },
    /// Nothing that is known.
    Fields,
}

const PATHS: [&str; 5] = ["file_path", "filePath", "absolute_path", "notebook_path", "path"];

/// Sorts the arguments of a call; what is no object has none.
pub(super) fn read(input: &Value) -> Call<'_> {
    let Value::Object(fields) = input else {
        return Call { shape: Shape::Fields, rest: Vec::new() };
    };
    let mut taker = Taker { fields, taken: Vec::new() };
    let readers = [todos, edits, edit, patch, command, agent, write, search, path];
    let shape = readers.into_iter().find_map(|reader| {
        taker.taken.clear();
        reader(&mut taker)
    });
    if shape.is_none() {
        taker.taken.clear();
    }
    let rest = fields.iter().filter(|(name, _)| !taker.taken.contains(&name.as_str()));
    Call {
        shape: shape.unwrap_or(Shape::Fields),
        rest: rest.map(|(name, value)| (name.as_str(), value)).collect(),
    }
}

/// Gives arguments, and remembers which.
struct Taker<'a> {
    fields: &'a Map<String, Value>,
    taken: Vec<&'a str>,
}

impl<'a> Taker<'a> {
    /// The first of these fields that `read` takes for what it should be.
    fn take<T>(&mut self, names: &[&str], read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        names.iter().find_map(|name| {
            let (name, value) = self.fields.get_key_value(*name)?;
            let value = read(value)?;
            self.taken.push(name);
            Some(value)
        })
    }

    fn text(&mut self, names: &[&str]) -> Option<&'a str> {
        self.take(names, Value::as_str)
    }
}

fn todos<'a>(taker: &mut Taker<'a>) -> Option<Shape<'a>> {
    taker.take(&["todos", "plan"], todo::read).map(Shape::Todos)
}

fn edits<'a>(taker: &mut Taker<'a>) -> Option<Shape<'a>> {
    let edits = taker.take(&["edits"], |value| {
        value.as_array()?.iter().map(edit_of).collect::<Option<Vec<_>>>()
    })?;
    Some(Shape::Edits { path: taker.text(&PATHS), edits })
}

fn edit_of(value: &Value) -> Option<Edit<'_>> {
    let text = |names: [&str; 2]| names.iter().find_map(|name| value.get(name)?.as_str());
    Some(Edit { old: text(["old_string", "oldString"])?, new: text(["new_string", "newString"])? })
}

fn edit<'a>(taker: &mut Taker<'a>) -> Option<Shape<'a>> {
    let old = taker.text(&["old_string", "oldString", "old_str"])?;
    let new = taker.text(&["new_string", "newString", "new_str"])?;
    Some(Shape::Edits { path: taker.text(&PATHS), edits: vec![Edit { old, new }] })
}

fn patch<'a>(taker: &mut Taker<'a>) -> Option<Shape<'a>> {
    let is_patch =
        |text: &&str| text.trim_start().starts_with("*** Begin Patch") || text.contains("\n@@ ");
    taker
        .take(&["patch", "patchText", "input", "diff"], |value| value.as_str().filter(is_patch))
        .map(Shape::Patch)
}

fn command<'a>(taker: &mut Taker<'a>) -> Option<Shape<'a>> {
    let command = taker.take(&["command", "cmd"], |value| match value {
        Value::String(command) => Some(command.clone()),
        Value::Array(words) => {
            words.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(joined)
        }
        _ => None,
    })?;
    Some(Shape::Command { command, description: taker.text(&["description", "justification"]) })
}

/// A command that is given word by word; what a shell is told to do stands for the whole.
fn joined(words: Vec<&str>) -> String {
    match words.as_slice() {
        [shell, "-c" | "-lc", script] if shell.ends_with("sh") => (*script).to_owned(),
        words => words.join(" "),
    }
}

fn agent<'a>(taker: &mut Taker<'a>) -> Option<Shape<'a>> {
    let prompt = taker.text(&["prompt"])?;
    let kind = taker.text(&["subagent_type", "agent_type", "agent"]);
    let description = taker.text(&["description"]);
    (kind.is_some() || description.is_some()).then_some(Shape::Agent { kind, description, prompt })
}

fn write<'a>(taker: &mut Taker<'a>) -> Option<Shape<'a>> {
    let content = taker.text(&["content", "contents", "new_source"])?;
    Some(Shape::Write { path: taker.text(&PATHS)?, content })
}

fn search<'a>(taker: &mut Taker<'a>) -> Option<Shape<'a>> {
    let pattern = taker.text(&["pattern", "query"])?;
    Some(Shape::Search { pattern, path: taker.text(&["path", "dir_path", "url"]) })
}

fn path<'a>(taker: &mut Taker<'a>) -> Option<Shape<'a>> {
    let path = taker.text(&PATHS)?;
    let offset = taker.take(&["offset"], Value::as_u64);
    let limit = taker.take(&["limit"], Value::as_u64);
    let range = match (offset, limit) {
        (None, None) => None,
        (Some(from), None) => Some(format!("{from}–")),
        (from, Some(limit)) => {
            let from = from.unwrap_or(1).max(1);
            Some(format!("{from}–{}", from.saturating_add(limit).saturating_sub(1)))
        }
    };
    Some(Shape::Read { path, range })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_known_by_their_shape_whatever_the_tool_is_called() {
        for (input, shape, rest) in [
            (
                json!({"command": "ls", "description": "Lists", "timeout": 5}),
                r#"Command { command: "ls", description: Some("Lists") }"#,
                "timeout",
            ),
            (
                json!({"cmd": ["bash", "-lc", "ls -l"], "workdir": "/"}),
                r#"Command { command: "ls -l", description: None }"#,
                "workdir",
            ),
            (
                json!({"command": ["git", "log"]}),
                r#"Command { command: "git log", description: None }"#,
                "",
            ),
            (json!({"command": 3}), "Fields", "command"),
            (
                json!({"filePath": "a", "oldString": "x", "newString": "y", "replaceAll": true}),
                r#"Edits { path: Some("a"), edits: [Edit { old: "x", new: "y" }] }"#,
                "replaceAll",
            ),
            (
                json!({"file_path": "a", "edits": [{"old_string": "x", "new_string": "y"}]}),
                r#"Edits { path: Some("a"), edits: [Edit { old: "x", new: "y" }] }"#,
                "",
            ),
            (
                json!({"file_path": "a", "edits": [1]}),
                r#"Read { path: "a", range: None }"#,
                "edits",
            ),
            (
                json!({"input": "*** Begin Patch\n-a\n+b"}),
                r#"Patch("*** Begin Patch\n-a\n+b")"#,
                "",
            ),
            (json!({"file_path": "a", "content": "c"}), r#"Write { path: "a", content: "c" }"#, ""),
            (
                json!({"file_path": "a", "offset": 10, "limit": 50}),
                r#"Read { path: "a", range: Some("10–59") }"#,
                "",
            ),
            (
                json!({"path": "a", "offset": u64::MAX, "limit": u64::MAX}),
                r#"Read { path: "a", range: Some("18446744073709551615–18446744073709551614") }"#,
                "",
            ),
            (
                json!({"pattern": "*.rs", "path": "src", "-n": true}),
                r#"Search { pattern: "*.rs", path: Some("src") }"#,
                "-n",
            ),
            (
                json!({"prompt": "p", "subagent_type": "explorer", "description": "d"}),
                r#"Agent { kind: Some("explorer"), description: Some("d"), prompt: "p" }"#,
                "",
            ),
            (json!({"prompt": "p", "url": "u"}), "Fields", "prompt url"),
            (json!("text"), "Fields", ""),
        ] {
            let call = read(&input);
            let names: Vec<&str> = call.rest.iter().map(|(name, _)| *name).collect();
            assert_eq!(
                (format!("{:?}", call.shape).as_str(), names.join(" ").as_str()),
                (shape, rest),
                "{input}"
            );
        }
    }
}
