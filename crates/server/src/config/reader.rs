//! Typed reading of a [`Node`]: each key is taken once, what is left over is unknown, and every fault has a place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use zeroize::{Zeroize as _, Zeroizing};

use super::tree::{Kind, Node, Place, Table};
use super::{ConfigError, Fault};

/// Collects every fault, so that an operator sees all of them at once.
pub(super) struct Faults {
    found: Vec<Fault>,
    /// What `file:` references are relative to.
    folder: PathBuf,
    /// Files that secrets were read from.
    secret_files: Vec<PathBuf>,
}

impl Faults {
    pub(super) fn new(folder: &Path) -> Self {
        Self { found: Vec::new(), folder: folder.to_owned(), secret_files: Vec::new() }
    }

    pub(super) fn take_secret_files(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.secret_files)
    }

    pub(super) fn add(&mut self, place: &Place, key: &str, rule: impl Into<String>) {
        self.found.push(Fault::new(place.clone(), key, rule));
    }

    /// The value, unless there were faults. A missing value without a fault would be our own mistake.
    pub(super) fn or<T>(mut self, value: Option<T>) -> Result<T, ConfigError> {
        self.found.sort_by(|left, right| left.place.cmp(&right.place));
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            _ => Err(ConfigError { faults: self.found, path: None }),
        }
    }
}

/// A value with the place that it came from, for rules that compare it with others.
#[derive(Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) place: Place,
    pub(super) key: String,
}

impl<T> At<T> {
    /// Applies a rule; `Err` is the rule that is broken.
    pub(super) fn check<U>(
        self,
        faults: &mut Faults,
        rule: impl FnOnce(T) -> Result<U, String>,
    ) -> Option<At<U>> {
        match rule(self.value) {
            Ok(value) => Some(At { value, place: self.place, key: self.key }),
            Err(broken) => {
                faults.add(&self.place, &self.key, broken);
                None
            }
        }
    }

    pub(super) fn fault(&self, faults: &mut Faults, rule: impl Into<String>) {
        faults.add(&self.place, &self.key, rule);
    }
}

/// One section of the configuration.
pub(super) struct Section {
    entries: Table,
    path: String,
    place: Place,
}

impl Section {
    pub(super) fn new(node: Node, path: &str, faults: &mut Faults) -> Option<Self> {
        if let Kind::Table(entries) = node.kind {
            return Some(Self { entries, path: path.to_owned(), place: node.place });
        }
        faults.add(&node.place, path, "must be a section");
        None
    }

    /// Refuses every key that nobody took.
    pub(super) fn finish(self, faults: &mut Faults) {
        for (key, node) in &self.entries {
            // A name of the operator's own file; still, one that is no name might be a misplaced secret.
            let plain = key.len() <= 40
                && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let shown = if plain { join(&self.path, key) } else { self.path.clone() };
            faults.add(&node.place, &shown, "is not a setting");
        }
    }

    /// Refuses a section that a later version may know.
    pub(super) fn not_supported(&mut self, key: &str, faults: &mut Faults) {
        if let Some(node) = self.entries.remove(key) {
            faults.add(&node.place, &join(&self.path, key), "is not supported by this version");
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    fn take(&mut self, key: &str) -> Option<Node> {
        self.entries.remove(key)
    }

    pub(super) fn missing(&self, key: &str, faults: &mut Faults) {
        self.missing_because(key, "is missing", faults);
    }

    pub(super) fn missing_because(&self, key: &str, rule: &str, faults: &mut Faults) {
        faults.add(&self.place, &join(&self.path, key), rule);
    }

    pub(super) fn section(&mut self, key: &str, faults: &mut Faults) -> Option<Self> {
        let path = join(&self.path, key);
        self.take(key).and_then(|node| Self::new(node, &path, faults))
    }

    pub(super) fn required_section(&mut self, key: &str, faults: &mut Faults) -> Option<Self> {
        if !self.has(key) {
            self.missing(key, faults);
        }
        self.section(key, faults)
    }

    /// A list of sections: `[[a.b]]`, or an array of inline tables.
    pub(super) fn sections(&mut self, key: &str, faults: &mut Faults) -> Option<Vec<Self>> {
        let path = join(&self.path, key);
        let node = self.take(key)?;
        match node.kind {
            Kind::Array(nodes) if !nodes.is_empty() => {
                Some(nodes.into_iter().filter_map(|node| Self::new(node, &path, faults)).collect())
            }
            _ => {
                faults.add(&node.place, &path, "must be a list of at least one section");
                None
            }
        }
    }

    pub(super) fn text(&mut self, key: &str, faults: &mut Faults) -> Option<At<String>> {
        let path = join(&self.path, key);
        let node = self.take(key)?;
        text_of(node, &path, faults)
    }

    pub(super) fn required_text(&mut self, key: &str, faults: &mut Faults) -> Option<At<String>> {
        if !self.has(key) {
            self.missing(key, faults);
        }
        self.text(key, faults)
    }

    pub(super) fn integer(&mut self, key: &str, faults: &mut Faults) -> Option<At<i64>> {
        let path = join(&self.path, key);
        let node = self.take(key)?;
        let value = match node.kind {
            Kind::Integer(value) => Some(value),
            Kind::Bare(text) => text.parse().ok(),
            _ => None,
        };
        if value.is_none() {
            faults.add(&node.place, &path, "must be a whole number");
        }
        Some(At { value: value?, place: node.place, key: path })
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &str, faults: &mut Faults) -> Option<At<bool>> {
        let path = join(&self.path, key);
        let node = self.take(key)?;
        let value = match node.kind {
            Kind::Flag(value) => Some(value),
            Kind::Bare(text) => text.parse().ok(),
            _ => None,
        };
        if value.is_none() {
            faults.add(&node.place, &path, "must be true or false");
        }
        Some(At { value: value?, place: node.place, key: path })
    }

    /// `"500ms"`, `"30s"` or `"2m"`.
    pub(super) fn duration(&mut self, key: &str, faults: &mut Faults) -> Option<At<Duration>> {
        self.text(key, faults)?.check(faults, |text| {
            let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let number: Option<u64> = digits.parse().ok();
            let duration = match (number, text.get(digits.len()..)) {
                (Some(number), Some("ms")) => Some(Duration::from_millis(number)),
                (Some(number), Some("s")) => Some(Duration::from_secs(number)),
                (Some(number), Some("m")) => number.checked_mul(60).map(Duration::from_secs),
                _ => None,
            };
            duration.ok_or_else(|| "must be a number with its unit: ms, s or m".to_owned())
        })
    }

    /// A list of texts, each with its own place.
    pub(super) fn texts(&mut self, key: &str, faults: &mut Faults) -> Option<Vec<At<String>>> {
        self.list(key, 0, faults)
    }

    /// A list of at least one text.
    pub(super) fn some_texts(&mut self, key: &str, faults: &mut Faults) -> Option<Vec<At<String>>> {
        self.list(key, 1, faults)
    }

    fn list(&mut self, key: &str, at_least: usize, faults: &mut Faults) -> Option<Vec<At<String>>> {
        let path = join(&self.path, key);
        let node = self.take(key)?;
        match node.kind {
            Kind::Array(nodes) if nodes.len() >= at_least => {
                Some(nodes.into_iter().filter_map(|node| text_of(node, &path, faults)).collect())
            }
            Kind::Array(_) => {
                faults.add(&node.place, &path, "must not be empty");
                None
            }
            _ => {
                faults.add(&node.place, &path, "must be a list of strings");
                None
            }
        }
    }

    /// A map from any key to text.
    pub(super) fn map(
        &mut self,
        key: &str,
        faults: &mut Faults,
    ) -> Option<BTreeMap<String, At<String>>> {
        let inner = self.section(key, faults)?;
        if inner.entries.is_empty() {
            faults.add(&inner.place, &inner.path, "must not be empty");
        }
        let path = inner.path;
        Some(
            inner
                .entries
                .into_iter()
                .filter_map(|(name, node)| Some((name, text_of(node, &path, faults)?)))
                .collect(),
        )
    }

    pub(super) fn secret(&mut self, key: &str, faults: &mut Faults) -> Option<At<SecretString>> {
        self.text(key, faults)?.check_secret(faults)
    }

    pub(super) fn required_secret(
        &mut self,
        key: &str,
        faults: &mut Faults,
    ) -> Option<At<SecretString>> {
        self.required_text(key, faults)?.check_secret(faults)
    }

    pub(super) fn secrets(&mut self, key: &str, faults: &mut Faults) -> Vec<At<SecretString>> {
        let texts = self.texts(key, faults).unwrap_or_default();
        texts.into_iter().filter_map(|text| text.check_secret(faults)).collect()
    }
}

impl At<String> {
    /// The secret itself, or what the file of a `file:` reference holds without the newline at its end.
    pub(super) fn check_secret(self, faults: &mut Faults) -> Option<At<SecretString>> {
        let file = self.value.strip_prefix("file:").map(|path| faults.folder.join(path));
        faults.secret_files.extend(file.clone());
        self.check(faults, |mut text| {
            let secret = match file {
                None => SecretString::from(text.as_str()),
                Some(path) => {
                    let content =
                        std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
                            format!("refers to a file that cannot be read: {}", error.kind())
                        })?;
                    SecretString::from(content.trim_end_matches(['\r', '\n']))
                }
            };
            text.zeroize();
            if secrecy::ExposeSecret::expose_secret(&secret).is_empty() {
                return Err("must not be empty".to_owned());
            }
            Ok(secret)
        })
    }
}

impl At<String> {
    /// What the file of a `file:` reference holds, byte for byte. For what is no secret.
    pub(super) fn check_file(self, faults: &mut Faults) -> Option<At<Vec<u8>>> {
        let file = self.value.strip_prefix("file:").map(|path| faults.folder.join(path));
        self.check(faults, |_| {
            let path = file.ok_or_else(|| "must be `file:` and a path".to_owned())?;
            let bytes = std::fs::read(path).map_err(|error| {
                format!("refers to a file that cannot be read: {}", error.kind())
            })?;
            if bytes.is_empty() { Err("must not be empty".to_owned()) } else { Ok(bytes) }
        })
    }
}

fn text_of(node: Node, path: &str, faults: &mut Faults) -> Option<At<String>> {
    match node.kind {
        Kind::Bare(value) | Kind::Text(value) => {
            Some(At { value, place: node.place, key: path.to_owned() })
        }
        _ => {
            faults.add(&node.place, path, "must be a string");
            None
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
