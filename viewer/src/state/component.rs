//! View state: each component extracts and restores its own part (contract C6).

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// A part of the state that a person set or reached, and finds again after a relaunch.
pub(crate) trait Component {
    /// Its name in the saved state.
    const KEY: &'static str;
    /// Grows when the meaning of `Saved` changes.
    const SCHEMA: u32;
    type Saved: Serialize + DeserializeOwned;

    fn extract(&self) -> Self::Saved;
    fn restore(&mut self, saved: Self::Saved);
}

/// Schema of the whole: a map from component keys to `{schema, state}`.
pub(crate) const SCHEMA: u32 = 1;

/// The saved state of all components. Parts of unknown components are kept as they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Saved {
    parts: Map<String, Value>,
}

impl Saved {
    /// Reads what was saved. `Err`: why nothing of it could be read.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(parts)) => Ok(Self { parts }),
            Ok(_) => Err("it is no object".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.parts).unwrap_or_default()
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.parts.keys().cloned().collect()
    }

    pub(crate) fn put<C: Component>(&mut self, component: &C) {
        if let Ok(state) = serde_json::to_value(component.extract()) {
            self.parts.insert(C::KEY.to_owned(), json!({ "schema": C::SCHEMA, "state": state }));
        }
    }

    /// Restores a component from its part. `Err`: why it keeps its defaults, in words.
    pub(crate) fn give<C: Component>(&self, component: &mut C) -> Result<(), String> {
        let Some(part) = self.parts.get(C::KEY) else { return Ok(()) };
        let schema = part.get("schema").and_then(Value::as_u64);
        if schema != Some(u64::from(C::SCHEMA)) {
            return Err(format!("{}: saved by another version", C::KEY));
        }
        let state = part.get("state").cloned().unwrap_or_default();
        let saved = serde_json::from_value(state).map_err(|error| format!("{}: {error}", C::KEY))?;
        component.restore(saved);
        Ok(())
    }
}
