//! Just enough HTML to use a page as a browser without scripts would: its forms, links, refresh and text.

/// A page that was read.
#[derive(Clone, Debug, Default)]
pub struct Html {
    /// The source without comments.
    pub source: String,
    /// Forms, in order.
    pub forms: Vec<HtmlForm>,
    /// `href`s of links, in order, with their text.
    pub links: Vec<(String, String)>,
    /// All start tags, in order.
    pub tags: Vec<Tag>,
}

/// A start tag.
#[derive(Clone, Debug, Default)]
pub struct Tag {
    /// In small letters.
    pub name: String,
    /// In order; values decoded.
    pub attributes: Vec<(String, String)>,
}

impl Tag {
    /// An attribute's value; empty for one without.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A form.
#[derive(Clone, Debug, Default)]
pub struct HtmlForm {
    /// In small letters; `get` if absent, as the standard says.
    pub method: String,
    /// As written.
    pub action: String,
    /// `name`, `type`, `value` of inputs and selects.
    pub fields: Vec<(String, String, String)>,
    /// Text, `name` and `value` of buttons.
    pub buttons: Vec<(String, String, String)>,
}

impl HtmlForm {
    /// The value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _, _)| field == name).map(|(_, _, value)| value.as_str())
    }

    /// Hidden fields: what a browser sends without being asked.
    pub fn hidden(&self) -> Vec<(String, String)> {
        let hidden = self.fields.iter().filter(|(_, kind, _)| kind == "hidden");
        hidden.map(|(name, _, value)| (name.clone(), value.clone())).collect()
    }
}

impl Html {
    /// Reads a page.
    pub fn parse(source: &str) -> Self {
        let source = without_comments(source);
        let mut page = Self { source: source.clone(), ..Self::default() };
        let mut form: Option<HtmlForm> = None;
        let mut open: Option<(Tag, String)> = None;
        let mut rest = source.as_str();
        while let Some(at) = rest.find('<') {
            if let Some((_, text)) = &mut open {
                text.push_str(&rest[..at]);
            }
            rest = &rest[at + 1..];
            let (tag, closing, after) = parse_tag(rest);
            rest = after;
            if closing {
                if tag.name == "form" {
                    page.forms.extend(form.take());
                }
                if open.as_ref().is_some_and(|(opened, _)| opened.name == tag.name) {
                    let (opened, text) = open.take().unwrap_or_default();
                    let text = decode(&text).split_whitespace().collect::<Vec<_>>().join(" ");
                    match (opened.name.as_str(), &mut form) {
                        ("a", _) => page
                            .links
                            .push((opened.get("href").unwrap_or_default().to_owned(), text)),
                        ("button", Some(form)) => form.buttons.push((
                            text,
                            opened.get("name").unwrap_or_default().to_owned(),
                            opened.get("value").unwrap_or_default().to_owned(),
                        )),
                        _ => {}
                    }
                }
                continue;
            }
            if matches!(tag.name.as_str(), "script" | "style") {
                let end = rest.find(&format!("</{}", tag.name)).unwrap_or(rest.len());
                rest = &rest[end..];
            }
            match tag.name.as_str() {
                "form" => {
                    page.forms.extend(form.take());
                    form = Some(HtmlForm {
                        method: tag.get("method").unwrap_or("get").to_lowercase(),
                        action: tag.get("action").unwrap_or_default().to_owned(),
                        ..HtmlForm::default()
                    });
                }
                "input" | "select" | "textarea" => {
                    if let Some(form) = &mut form {
                        let kind = if tag.name == "input" {
                            tag.get("type").unwrap_or("text")
                        } else {
                            &tag.name
                        };
                        let value = tag.get("value").unwrap_or_default().to_owned();
                        let name = tag.get("name").unwrap_or_default().to_owned();
                        if kind == "submit" {
                            form.buttons.push((value.clone(), name, value));
                        } else if !matches!(kind, "radio" | "checkbox")
                            || tag.get("checked").is_some()
                        {
                            form.fields.push((name, kind.to_owned(), value));
                        }
                    }
                }
                "a" | "button" => open = Some((tag.clone(), String::new())),
                _ => {}
            }
            page.tags.push(tag);
        }
        page.forms.extend(form);
        page
    }

    /// The first value of an attribute, wherever it stands.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.tags.iter().find_map(|tag| tag.get(name))
    }

    /// The checkout's `data-state`.
    pub fn state(&self) -> &str {
        self.attribute("data-state").unwrap_or("(no data-state)")
    }

    /// The form that has a button with this text.
    pub fn form_with_button(&self, text: &str) -> Option<&HtmlForm> {
        self.forms.iter().find(|form| form.buttons.iter().any(|(label, _, _)| label == text))
    }

    /// The form that has this field.
    pub fn form_with_field(&self, name: &str) -> Option<&HtmlForm> {
        self.forms.iter().find(|form| form.value(name).is_some())
    }

    /// The content of `<meta http-equiv="refresh">`.
    pub fn refresh(&self) -> Option<&str> {
        let meta = self.tags.iter().find(|tag| {
            tag.name == "meta"
                && tag.get("http-equiv").is_some_and(|value| value.eq_ignore_ascii_case("refresh"))
        });
        meta.and_then(|tag| tag.get("content"))
    }

    /// The text without tags, white space collapsed.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.source.as_str();
        while let Some(at) = rest.find('<') {
            text.push_str(&rest[..at]);
            text.push(' ');
            let (tag, closing, after) = parse_tag(&rest[at + 1..]);
            rest = after;
            if !closing && matches!(tag.name.as_str(), "script" | "style" | "head") {
                rest = rest.find(&format!("</{}", tag.name)).map_or("", |end| &rest[end..]);
            }
        }
        text.push_str(rest);
        decode(&text).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn without_comments(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some(at) = rest.find("<!--") {
        out.push_str(&rest[..at]);
        rest = rest[at..].find("-->").map_or("", |end| &rest[at + end + 3..]);
    }
    out.push_str(rest);
    out
}

/// Reads a tag after its `<`: the tag, whether it closes, and what follows its `>`.
fn parse_tag(source: &str) -> (Tag, bool, &str) {
    let closing = source.starts_with('/');
    let mut rest = source.trim_start_matches('/');
    let end =
        rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(rest.len());
    let mut tag = Tag { name: rest[..end].to_lowercase(), attributes: Vec::new() };
    rest = &rest[end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            return (tag, closing, rest);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (tag, closing, after);
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
            .unwrap_or(rest.len());
        let name = rest[..end].to_lowercase();
        rest = &rest[end..];
        let mut value = "";
        if let Some(after) = rest.trim_start().strip_prefix('=') {
            let after = after.trim_start();
            (value, rest) = if let Some(quote @ ('"' | '\'')) = after.chars().next() {
                let end = after[1..].find(quote).map_or(after.len(), |end| end + 1);
                (&after[1..end], after.get(end + 1..).unwrap_or_default())
            } else {
                after.split_at(
                    after.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(after.len()),
                )
            };
        } else if name.is_empty() {
            rest = rest.get(1..).unwrap_or_default();
        }
        tag.attributes.push((name, decode(value)));
    }
}

/// Decodes the character references that our pages use.
fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end < 12);
        let decoded = end.and_then(|end| match &rest[1..end] {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some('\u{a0}'),
            number => {
                let number = number.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)
            }
        });
        if let (Some(end), Some(character)) = (end, decoded) {
            out.push(character);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_fields_buttons_links_and_refresh_are_found() {
        let page = Html::parse(
            "<!DOCTYPE html><head><meta http-equiv=refresh content='2'><script>if (a<b) '<form>'</script></head>\
             <main data-state=\"ready\"><!-- <form> --><form METHOD=post action=\"/a?b=1&amp;c=2\">\
             <input type=\"hidden\" name=\"attempt\" value=\"a&quot;&#x3C;b\"/><input name=card_number required>\
             <input type=radio name=card_brand value=visa><input type=radio name=card_brand value=dankort checked>\
             <button type=submit name=choice value=approve>Ap<!-- -->prove &amp; go</button></form>\
             <a href='/x'>Back  to <b>shop</b></a></main>",
        );
        assert_eq!(page.state(), "ready");
        assert_eq!(page.refresh(), Some("2"));
        assert_eq!(page.forms.len(), 1);
        let form = &page.forms[0];
        assert_eq!((form.method.as_str(), form.action.as_str()), ("post", "/a?b=1&c=2"));
        assert_eq!(form.hidden(), [("attempt".to_owned(), "a\"<b".to_owned())]);
        assert_eq!(form.value("card_number"), Some(""));
        assert_eq!(form.value("card_brand"), Some("dankort"), "what is not chosen is not sent");
        assert_eq!(
            form.buttons[0],
            ("Approve & go".to_owned(), "choice".to_owned(), "approve".to_owned())
        );
        assert_eq!(page.links[0], ("/x".to_owned(), "Back to shop".to_owned()));
        assert_eq!(page.text(), "Approve & go Back to shop");
    }
}
