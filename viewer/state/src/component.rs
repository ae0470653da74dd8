//! View state: each component extracts and restores its own part (contract C6).
//!
//! Viewers of several versions use the same saved state, one after the other: a newer one, and
//! after a failure an older one again. So a part carries its schema number and its time, a part of
//! a newer schema is never written over, and of what can be read the newest counts.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A part of the state that a person set or reached, and finds again after a relaunch.
pub trait Component {
    /// Its name in the saved state. Must not hold an `@`.
    const KEY: &'static str;
    /// Grows when the meaning of `Saved` changes. A new field needs no new number: it has a
    /// default.
    const SCHEMA: u32;
    type Saved: Serialize + DeserializeOwned;

    fn extract(&self) -> Self::Saved;
    fn restore(&mut self, saved: Self::Saved);

    /// A state of schema `from` as one of `from + 1`. `None`: it cannot be carried over.
    fn migrate(from: u32, state: Value) -> Option<Value> {
        let _ = (from, state);
        None
    }
}

/// Schema of the whole: a map from component keys to parts. A part beside one of a newer schema
/// stands under `key@schema`.
pub const SCHEMA: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Part {
    schema: u32,
    /// When it was saved. Milliseconds since the Unix epoch.
    #[serde(default)]
    at: i64,
    state: Value,
}

/// How well a part was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// There was none.
    Nothing,
    Whole,
    /// With a word about what is missing.
    Partly(String),
}

/// The saved state of all components. What this version does not know is kept as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Saved {
    parts: Map<String, Value>,
}

impl Saved {
    /// Reads what was saved. `Err`: why nothing of it could be read.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(parts)) => Ok(Self { parts }),
            Ok(_) => Err("it is no object".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.parts).unwrap_or_default()
    }

    pub fn keys(&self) -> Vec<String> {
        self.parts.keys().cloned().collect()
    }

    /// Takes a component's part in. `at`: milliseconds since the Unix epoch.
    pub fn put<C: Component>(&mut self, component: &C, at: i64) {
        let Ok(mut state) = serde_json::to_value(component.extract()) else { return };
        let newer = self.part(C::KEY).is_some_and(|part| part.schema > C::SCHEMA);
        let key = if newer { beside::<C>(C::SCHEMA) } else { C::KEY.to_owned() };
        // Fields that a newer version has added to the same schema.
        if let Some(Part { schema, state: Value::Object(former), .. }) = self.part(&key)
            && schema == C::SCHEMA
            && let Value::Object(fields) = &mut state
        {
            for (name, value) in former {
                fields.entry(name).or_insert(value);
            }
        }
        self.set(key, &Part { schema: C::SCHEMA, at, state });
    }

    /// Restores a component from the newest of its parts that can be read. `Err`: why it keeps its
    /// defaults.
    pub fn give<C: Component>(&mut self, component: &mut C) -> Result<Restored, String> {
        let others = self
            .parts
            .keys()
            .filter(|key| key.split_once('@').is_some_and(|(name, _)| name == C::KEY));
        let keys: Vec<String> = [C::KEY.to_owned()].into_iter().chain(others.cloned()).collect();
        let mut parts: Vec<Part> = Vec::new();
        let mut failure = None;
        for key in &keys {
            match self.parts.get(key).map(|part| serde_json::from_value(part.clone())) {
                Some(Ok(part)) => parts.push(part),
                Some(Err(error)) => failure = Some(format!("{}: {error}", C::KEY)),
                None => {}
            }
        }
        parts.sort_by_key(|part| std::cmp::Reverse(part.at));
        let known = serde_json::to_value(component.extract()).unwrap_or_default();
        for part in parts {
            let schema = part.schema;
            if schema > C::SCHEMA && !has_in_common(&part.state, &known) {
                failure = failure.or(Some(format!(
                    "{}: saved by a newer version, and nothing of it fits",
                    C::KEY
                )));
                continue;
            }
            match read::<C>(part.clone()) {
                Ok(saved) => {
                    component.restore(saved);
                    // For the version that it is from, should that come back.
                    if schema < C::SCHEMA && self.part(C::KEY).as_ref() == Some(&part) {
                        self.set(beside::<C>(schema), &part);
                    }
                    return Ok(match failure {
                        Some(failure) => Restored::Partly(failure),
                        None if schema > C::SCHEMA => {
                            Restored::Partly(format!("{}: saved by a newer version", C::KEY))
                        }
                        None => Restored::Whole,
                    });
                }
                Err(error) => failure = failure.or(Some(format!("{}: {error}", C::KEY))),
            }
        }
        failure.map_or(Ok(Restored::Nothing), Err)
    }

    pub fn remove<C: Component>(&mut self) {
        self.parts.remove(C::KEY);
    }

    fn part(&self, key: &str) -> Option<Part> {
        serde_json::from_value(self.parts.get(key)?.clone()).ok()
    }

    fn set(&mut self, key: String, part: &Part) {
        if let Ok(part) = serde_json::to_value(part) {
            self.parts.insert(key, part);
        }
    }
}

/// Whether a state has any of the fields that are known: one that has none would be read as what
/// every field is by itself, and that is nobody's place.
fn has_in_common(state: &Value, known: &Value) -> bool {
    match (state, known) {
        (Value::Object(state), Value::Object(known)) => {
            known.is_empty() || state.keys().any(|field| known.contains_key(field))
        }
        _ => true,
    }
}

fn beside<C: Component>(schema: u32) -> String {
    format!("{}@{schema}", C::KEY)
}

/// An older part is carried over step by step; of a newer one is taken what fits.
fn read<C: Component>(part: Part) -> Result<C::Saved, String> {
    let Part { schema, mut state, .. } = part;
    for from in schema..C::SCHEMA {
        state = C::migrate(from, state)
            .ok_or_else(|| format!("schema {from} cannot be carried over"))?;
    }
    serde_json::from_value(state).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The same component in two versions: the newer one counts from one instead of from zero, and
    /// has a name.
    #[derive(Debug, Default, PartialEq)]
    struct Old(u32);
    #[derive(Debug, Default, PartialEq)]
    struct New(u32, String);

    #[derive(Serialize, Deserialize)]
    struct SavedOld {
        row: u32,
    }

    #[derive(Serialize, Deserialize)]
    struct SavedNew {
        line: u32,
        #[serde(default)]
        name: String,
    }

    impl Component for Old {
        const KEY: &'static str = "list";
        const SCHEMA: u32 = 1;
        type Saved = SavedOld;

        fn extract(&self) -> SavedOld {
            SavedOld { row: self.0 }
        }

        fn restore(&mut self, saved: SavedOld) {
            self.0 = saved.row;
        }
    }

    impl Component for New {
        const KEY: &'static str = "list";
        const SCHEMA: u32 = 2;
        type Saved = SavedNew;

        fn extract(&self) -> SavedNew {
            SavedNew { line: self.0, name: self.1.clone() }
        }

        fn restore(&mut self, saved: SavedNew) {
            (self.0, self.1) = (saved.line, saved.name);
        }

        fn migrate(from: u32, state: Value) -> Option<Value> {
            let row = state.get("row")?.as_u64()?;
            (from == 1).then(|| json!({ "line": row + 1 }))
        }
    }

    fn saved(parts: Value) -> Saved {
        Saved::read(parts.to_string().as_bytes()).expect("an object")
    }

    #[test]
    fn an_older_state_is_carried_over() {
        let mut saved = saved(json!({"list": {"schema": 1, "state": {"row": 4}}}));
        let mut new = New::default();
        assert_eq!(saved.give(&mut new), Ok(Restored::Whole));
        assert_eq!(new, New(5, String::new()));
    }

    #[test]
    fn after_a_newer_version_failed_the_older_one_finds_its_last_place() {
        let mut saved = saved(json!({"list": {"schema": 1, "at": 10, "state": {"row": 4}}}));
        let mut new = New::default();
        saved.give(&mut new).expect("carried over");
        saved.put(&New(9, "n".to_owned()), 20);
        let mut old = Old::default();
        assert!(
            matches!(saved.give(&mut old), Ok(Restored::Partly(_))),
            "the newer part is not of its kind"
        );
        assert_eq!(old, Old(4));
        saved.put(&Old(7), 30);
        assert_eq!(saved.give(&mut old), Ok(Restored::Whole));
        assert_eq!(old, Old(7), "its own is newer now");
        assert_eq!(saved.give(&mut new), Ok(Restored::Whole));
        assert_eq!(new.0, 8, "and counts for the newer version, too");
        assert_eq!(
            saved.part("list").map(|part| part.state),
            Some(json!({"line": 9, "name": "n"})),
            "whose own is kept"
        );
    }

    #[test]
    fn what_a_newer_version_added_to_the_same_schema_survives() {
        let mut saved =
            saved(json!({"list": {"schema": 1, "state": {"row": 4, "colour": "red"}}, "map": [1]}));
        saved.put(&Old(5), 1);
        let parts: Value = serde_json::from_slice(&saved.bytes()).expect("JSON");
        assert_eq!(
            parts,
            json!({"list": {"schema": 1, "at": 1, "state": {"row": 5, "colour": "red"}}, "map": [1]})
        );
    }

    /// As [`Old`], but every field has a default.
    #[derive(Debug, Default, PartialEq)]
    struct Lenient(u32);

    #[derive(Serialize, Deserialize, Default)]
    #[serde(default)]
    struct SavedLenient {
        row: u32,
    }

    impl Component for Lenient {
        const KEY: &'static str = "list";
        const SCHEMA: u32 = 1;
        type Saved = SavedLenient;

        fn extract(&self) -> SavedLenient {
            SavedLenient { row: self.0 }
        }

        fn restore(&mut self, saved: SavedLenient) {
            self.0 = saved.row;
        }
    }

    #[test]
    fn a_newer_part_of_which_nothing_fits_does_not_take_the_place_away() {
        let own = json!({"schema": 1, "at": 10, "state": {"row": 4}});
        for (newer, wanted) in [
            (json!({"line": 9}), 4),
            (json!({}), 4),
            (json!({"row": 7, "line": 9}), 7),
            (json!("all of it is a text"), 4),
        ] {
            let mut saved =
                saved(json!({"list": {"schema": 2, "at": 20, "state": newer}, "list@1": own}));
            let mut lenient = Lenient::default();
            assert!(matches!(saved.give(&mut lenient), Ok(Restored::Partly(_))), "{newer}");
            assert_eq!(lenient, Lenient(wanted), "{newer}");
        }
        let mut alone = saved(json!({"list": {"schema": 2, "at": 20, "state": {"line": 9}}}));
        let failure = alone.give(&mut Lenient(3)).expect_err("there is nothing to be restored");
        assert!(failure.contains("newer"), "{failure}");
    }

    #[test]
    fn what_cannot_be_read_is_named_and_nothing_is_made_of_it() {
        for part in [
            json!(7),
            json!({"schema": 1}),
            json!({"schema": 1, "state": {"row": "x"}}),
            json!({"schema": -1, "state": {}}),
        ] {
            let mut old = Old(3);
            let failure = saved(json!({ "list": part })).give(&mut old).expect_err("unreadable");
            assert!(failure.starts_with("list: ") && old == Old(3), "{failure}");
        }
        assert_eq!(Saved::default().give(&mut Old(3)), Ok(Restored::Nothing));
    }
}
