//! A page as a browser's parser sees it.

use html5ever::parse_document;
use html5ever::tendril::TendrilSink as _;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// A parsed page: its elements in document order.
pub(crate) struct Page {
    pub(crate) elements: Vec<Element>,
    pub(crate) html: String,
}

/// One element with all text below it.
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) ancestors: Vec<String>,
    /// Whether it, or something around it, is `hidden`: nobody sees, hears or reaches it.
    pub(crate) hidden: bool,
}

impl Element {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Every element that a page of ours may hold.
const KNOWN: &[&str] = &[
    "html", "head", "header", "meta", "title", "link", "style", "body", "div", "section", "main",
    "p", "h1", "h2", "ul", "li", "a", "form", "input", "fieldset", "legend", "label", "select",
    "option", "button", "span", "svg", "circle", "path", "noscript", "script",
];

impl Page {
    /// Parses as HTML says, and checks what must hold of every page whatever it shows.
    pub(crate) fn parse(html: String) -> Self {
        let page = Self::parse_unseen(html);
        page.check();
        page
    }

    /// The same of a page that nobody sees.
    pub(crate) fn parse_unseen(html: String) -> Self {
        // As where scripts are off.
        let tree_builder = html5ever::tree_builder::TreeBuilderOpts {
            scripting_enabled: false,
            ..Default::default()
        };
        let options = html5ever::ParseOpts { tree_builder, ..Default::default() };
        let dom = parse_document(RcDom::default(), options).one(html.as_str());
        // The renderer marks text that it would take over in a browser with `<!>`, which parsers read as an empty comment.
        let errors: Vec<_> = dom
            .errors
            .borrow()
            .iter()
            .filter(|error| !error.contains("MarkupDeclarationOpen"))
            .cloned()
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        let mut elements = Vec::new();
        walk(&dom.document, &mut Vec::new(), false, &mut elements);
        Self { elements, html }
    }

    fn has_nothing_to_type(&self) -> bool {
        self.elements.iter().all(|element| {
            element.name != "select"
                && (element.name != "input" || element.get("type") == Some("hidden"))
        })
    }

    /// The elements of a name that somebody can meet.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |element| element.name == name && !element.hidden)
    }

    pub(crate) fn one<'a>(&'a self, name: &'a str) -> &'a Element {
        let found: Vec<_> = self.all(name).collect();
        assert_eq!(found.len(), 1, "<{name}>");
        found[0]
    }

    pub(crate) fn by_id(&self, id: &str) -> &Element {
        let found: Vec<_> =
            self.elements.iter().filter(|element| element.get("id") == Some(id)).collect();
        assert_eq!(found.len(), 1, "#{id}");
        found[0]
    }

    pub(crate) fn control(&self, name: &str) -> Option<&Element> {
        self.elements.iter().find(|element| {
            matches!(element.name.as_str(), "input" | "select" | "button")
                && element.get("name") == Some(name)
        })
    }

    pub(crate) fn link(&self, text: &str) -> Option<&Element> {
        self.all("a").find(|link| link.text == text)
    }

    pub(crate) fn root(&self) -> &Element {
        let found: Vec<_> =
            self.elements.iter().filter(|element| element.get("data-state").is_some()).collect();
        assert_eq!(found.len(), 1, "one element carries data-state");
        found[0]
    }

    /// What a shopper can read.
    pub(crate) fn text(&self) -> &str {
        &self.one("body").text
    }

    fn check(&self) {
        assert!(self.html.starts_with("<!DOCTYPE html><html"));
        assert_eq!(self.one("html").get("lang"), Some("en"));
        assert!(!self.one("title").text.is_empty());
        assert_eq!(self.one("style").get("nonce"), Some("n0nce"));
        assert_eq!(self.all("h1").count(), 1);
        assert_eq!(self.all("main").count(), 1);
        let meta = |name: &str| {
            self.all("meta")
                .find(|meta| meta.get("name") == Some(name))
                .unwrap()
                .get("content")
                .unwrap()
        };
        assert_eq!(meta("viewport"), "width=device-width, initial-scale=1");
        assert_eq!(meta("referrer"), "same-origin");
        assert_eq!(meta("robots"), "noindex");

        let mut ids = Vec::new();
        for element in &self.elements {
            assert!(KNOWN.contains(&element.name.as_str()), "<{}>", element.name);
            for (key, value) in &element.attributes {
                assert!(key != "style" && !key.starts_with("on"), "{key}={value}");
                match key.as_str() {
                    "href" if element.name == "link" => assert_eq!(value, "data:,"),
                    "href" if element.hidden && value.is_empty() => {}
                    "href" => assert!(
                        value.starts_with('#')
                            || value.starts_with('/')
                            || value.starts_with("https://")
                            || value.starts_with("http://"),
                        "{value}"
                    ),
                    // Only a page without a single field to type in may post elsewhere: the hand-over to the bank.
                    "action" if value.starts_with("https://") => {
                        assert!(self.has_nothing_to_type(), "{value}");
                    }
                    "action" => {
                        assert!(value.starts_with('/') && !value.starts_with("//"), "{value}");
                    }
                    "src" | "srcset" | "formaction" | "srcdoc" | "background" | "ping" => {
                        panic!("{key}={value}")
                    }
                    "id" => ids.push(value.clone()),
                    _ => {}
                }
            }
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "an id is used twice");
        for element in &self.elements {
            for key in ["aria-describedby", "aria-labelledby", "for"] {
                for id in element.get(key).unwrap_or_default().split_whitespace() {
                    self.by_id(id);
                }
            }
            if let Some(id) = element.get("href").and_then(|href| href.strip_prefix('#')) {
                self.by_id(id);
            }
        }
        for control in
            self.elements.iter().filter(|e| matches!(e.name.as_str(), "input" | "select"))
        {
            if control.get("type") == Some("hidden") {
                continue;
            }
            let id = control.get("id").expect("a control has an id");
            let label = self
                .elements
                .iter()
                .find(|label| label.name == "label" && label.get("for") == Some(id))
                .expect("a control has a label");
            assert!(control.hidden || !label.text.trim().is_empty());
            assert!(control.ancestors.iter().any(|name| name == "fieldset"));
        }
        assert!(
            self.elements.iter().filter(|element| element.get("autofocus").is_some()).count() <= 1
        );
    }
}

fn walk(
    node: &Handle,
    ancestors: &mut Vec<String>,
    hidden: bool,
    out: &mut Vec<Element>,
) -> String {
    match &node.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        NodeData::Element { name, attrs, .. } => {
            let name = name.local.to_string();
            let attributes: Vec<_> = attrs
                .borrow()
                .iter()
                .map(|a| (a.name.local.to_string(), a.value.to_string()))
                .collect();
            let hidden = hidden || attributes.iter().any(|(key, _)| key == "hidden");
            let index = out.len();
            out.push(Element {
                name: name.clone(),
                attributes,
                text: String::new(),
                ancestors: ancestors.clone(),
                hidden,
            });
            ancestors.push(name);
            let text: String = node
                .children
                .borrow()
                .iter()
                .map(|child| walk(child, ancestors, hidden, out))
                .collect();
            ancestors.pop();
            out[index].text.clone_from(&text);
            text
        }
        _ => {
            node.children.borrow().iter().map(|child| walk(child, ancestors, hidden, out)).collect()
        }
    }
}
