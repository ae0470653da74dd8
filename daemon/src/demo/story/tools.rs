//! The tools that the agents are offered.

use serde_json::Value;

/// A file of its own: schemas read better as what they are.
const TOOLS: &str = include_str!("tools.json");

/// What a subagent is not given: it changes nothing and has no list of things to do.
const KEPT_FROM_HELPERS: [&str; 4] = ["Edit", "Write", "TodoWrite", "mcp__tracker__get_ticket"];

/// The main agent's.
pub fn all() -> Result<Vec<Value>, serde_json::Error> {
    serde_json::from_str(TOOLS)
}

/// A subagent's.
pub fn helpers() -> Result<Vec<Value>, serde_json::Error> {
    let mut tools = all()?;
    tools.retain(|tool| !KEPT_FROM_HELPERS.iter().any(|name| tool["name"] == *name));
    Ok(tools)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_has_a_name_a_description_and_a_schema() {
        let tools = all().expect("JSON");
        assert!(tools.len() >= 10, "{}", tools.len());
        for tool in &tools {
            let is_text = |field: &str| tool[field].as_str().is_some_and(|text| !text.is_empty());
            assert!(is_text("name") && is_text("description"), "{tool}");
            let schema = &tool["input_schema"];
            let required = schema["required"].as_array().expect("a list");
            assert!(
                required
                    .iter()
                    .all(|name| !schema["properties"][name.as_str().unwrap_or_default()].is_null()),
                "{tool}"
            );
        }
        assert_eq!(helpers().expect("JSON").len(), tools.len() - KEPT_FROM_HELPERS.len());
    }
}
