//! Accessibility, as far as a program can judge it: axe-core in the page that a browser shows.
//!
//! axe-core is not part of this repository: `FARTHING_AXE` names its `axe.min.js`, and `cargo xtask test` puts it there.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::browser::Browser;

/// Rules of WCAG 2.0 to 2.2, levels A and AA, and axe-core's own. Source: axe-core, "API", tags.
const TAGS: [&str; 7] =
    ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

/// Runs axe-core on the document that is looked at. A rule that WCAG 2.2 AA has and that is off by itself is switched on; frames are looked
/// into one by one by whoever calls.
const RUN: &str = "
    const [tags, done] = arguments;
    axe.run(document, {
        runOnly: {type: 'tag', values: tags},
        rules: {'target-size': {enabled: true}},
        resultTypes: ['violations'],
        iframes: false,
    }).then(done, error => done(String(error)));";

/// axe-core, ready to be put into pages.
#[derive(Clone, Debug)]
pub struct Axe {
    source: String,
}

/// One rule that a page breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's name, such as `color-contrast`.
    pub rule: String,
    /// Whether WCAG 2.2 AA demands it; otherwise it is good practice.
    pub required: bool,
    /// What the rule says.
    pub help: String,
    /// Where: one line per element, with what is wrong there.
    pub places: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.required { "WCAG 2.2 AA" } else { "good practice" };
        write!(f, "{} ({kind}): {}", self.rule, self.help)?;
        for place in &self.places {
            write!(f, "\n      {place}")?;
        }
        Ok(())
    }
}

impl Axe {
    /// Reads the file that `FARTHING_AXE` names.
    ///
    /// Panics without it: a check that does not run must not pass.
    pub fn load() -> Self {
        let path = std::env::var_os("FARTHING_AXE").map(PathBuf::from).expect(
            "FARTHING_AXE has to name axe.min.js; `cargo xtask test` sets it, `npm pack axe-core` brings it",
        );
        let source = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(source.contains("axe.run"), "{} is not axe-core", path.display());
        Self { source }
    }

    /// Checks the document that is looked at, frame or page.
    pub async fn check(&self, browser: &Browser) -> Vec<Violation> {
        // Not every document is new: one that changed its state has it already.
        let there = browser.script("return typeof axe === 'object'").await;
        if there != Value::Bool(true) {
            // The driver runs scripts past the page's policy, in the page's own world.
            browser.script(&format!("{}\nwindow.axe = axe; return true", self.source)).await;
        }
        let answer = browser
            .client
            .execute_async(RUN, vec![json!(TAGS)])
            .await
            .unwrap_or_else(|error| panic!("axe-core does not run: {error}"));
        let violations = answer["violations"]
            .as_array()
            .unwrap_or_else(|| panic!("axe-core did not finish: {answer}"));
        violations.iter().map(read).collect()
    }
}

fn read(violation: &Value) -> Violation {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tags = violation["tags"].as_array().into_iter().flatten();
    let places = violation["nodes"].as_array().into_iter().flatten().map(|node| {
        let summary = text(&node["failureSummary"]);
        let why = summary.lines().skip(1).map(str::trim).collect::<Vec<_>>().join("; ");
        format!("{} {why}", node["target"])
    });
    Violation {
        rule: text(&violation["id"]),
        required: tags.into_iter().any(|tag| text(tag).starts_with("wcag")),
        help: text(&violation["help"]),
        places: places.collect(),
    }
}
