//! What happens to scripts, styles and the shell as text. Nothing here understands a language: whole lines go, or stay.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};

/// Drops lines that are comments, blank lines and indentation: the sources are written so that this is safe.
///
/// A comment is a line that begins with `//`, or lines from one that begins with `/*` to the first that ends with `*/`.
pub(crate) fn strip(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut in_comment = false;
    for line in source.lines() {
        let line = line.trim();
        if in_comment {
            in_comment = !line.ends_with("*/");
        } else if line.starts_with("/*") {
            // `/*/` opens and does not close.
            in_comment = line.len() < 4 || !line.contains("*/");
            if let Some((_, after)) = line.split_once("*/")
                && !after.trim().is_empty()
            {
                out.push_str(line);
                out.push('\n');
            }
        } else if !line.is_empty() && !line.starts_with("//") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Styles without the white space that only people need: after `: , ; { }`, before `{`, and the last `;` of a block.
///
/// White space elsewhere can mean something (a descendant, the terms of `calc`), and so can any in quotes.
pub(crate) fn pack_styles(styles: &str) -> String {
    let mut out = String::with_capacity(styles.len());
    let mut quote = None;
    let mut blank = false;
    for letter in styles.chars() {
        if quote.is_some() {
            out.push(letter);
            if quote == Some(letter) {
                quote = None;
            }
            continue;
        }
        if letter.is_ascii_whitespace() {
            blank = true;
            continue;
        }
        if blank && letter != '{' && !out.ends_with([':', ',', ';', '{', '}']) && !out.is_empty() {
            out.push(' ');
        }
        blank = false;
        if letter == '}' && out.ends_with(';') {
            out.pop();
        }
        if matches!(letter, '"' | '\'') {
            quote = Some(letter);
        }
        out.push(letter);
    }
    out
}

/// What wasm-bindgen calls the function that the glue exports as default, and the one that takes a module which is there. The start code
/// calls the second one.
const INIT: &str = "__wbg_init";
const FINISH: &str = "__wbg_finalize_init(";

/// The glue and the code that starts the frame, as one module that exports nothing.
pub(crate) fn join_start(glue: &str, start: &str) -> Result<String> {
    let list = format!("\nexport {{ initSync, {INIT} as default }};");
    if glue.matches(&list).count() != 1 {
        bail!("the glue does not export {INIT} as its default");
    }
    if let Some(line) =
        start.lines().find(|line| line.starts_with("import ") || line.starts_with("export "))
    {
        bail!("the start code is part of a module and cannot have: {line}");
    }
    if !start.contains(FINISH) {
        bail!("the start code does not call {FINISH}");
    }
    if !glue.contains(&format!("function {FINISH}")) {
        bail!("the glue has no function {FINISH}");
    }
    let glue = glue.replace(&list, "").replace("\nexport ", "\n");
    let glue = glue.strip_prefix("export ").unwrap_or(&glue);
    Ok(format!("{}\n{{\n{}\n}}\n", glue.trim_end(), start.trim_end()))
}

/// Gives the glue's imports the names that they have in the slim module.
pub(crate) fn rename_imports(
    glue: &str,
    renamed: &BTreeMap<String, String>,
    module: &(String, String),
) -> Result<String> {
    let mut left = renamed.len();
    let mut out = String::with_capacity(glue.len());
    for line in glue.lines() {
        let trimmed = line.trim_start();
        let key = trimmed.split_once(": ").map(|(key, _)| key).and_then(|key| renamed.get(key));
        match (key, trimmed.split_once(": ")) {
            (Some(short), Some((_, value))) => {
                left = left.checked_sub(1).context("an import occurs twice in the glue")?;
                out.push_str(short);
                out.push_str(": ");
                out.push_str(value);
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    if left != 0 {
        bail!("{left} imports of the module are not in the glue");
    }
    let quoted = format!("\"{}\": ", module.0);
    if out.matches(&quoted).count() != 1 {
        bail!("the glue does not hand over its imports as {}", module.0);
    }
    Ok(out.replace(&quoted, &format!("\"{}\": ", module.1)))
}

/// Puts files into the shell: `<script … data-inline="frame/boot.js"></script>`, `<style … data-inline="checkout.css"></style>`.
pub(crate) fn inline(shell: &str, path: &str, content: &str) -> Result<String> {
    let attribute = format!(" data-inline=\"{path}\">");
    let (before, after) = shell
        .split_once(&attribute)
        .with_context(|| format!("the shell does not inline {path}"))?;
    if after.contains(&attribute) {
        bail!("the shell inlines {path} twice");
    }
    for end in ["</script", "</style", "<!--"] {
        if content.to_ascii_lowercase().contains(end) {
            bail!("{path} cannot be inlined, for it contains {end}");
        }
    }
    for name in PLACEHOLDERS {
        if content.contains(name) {
            bail!("{path} contains the placeholder {name}");
        }
    }
    Ok(format!("{before}>{}{after}", content.trim()))
}

/// The shell without its comments.
pub(crate) fn without_html_comments(shell: &str) -> Result<String> {
    let mut out = String::with_capacity(shell.len());
    let mut rest = shell;
    while let Some((before, comment)) = rest.split_once("<!--") {
        let (_, after) = comment.split_once("-->").context("a comment of the shell has no end")?;
        out.push_str(before);
        rest = after;
    }
    out.push_str(rest);
    Ok(out.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
}

/// What the server fills in.
pub(crate) const PLACEHOLDERS: [&str; 5] =
    ["{{__TRUNK_NONCE__}}", "{{html}}", "{{head}}", "{{body}}", "{{state}}"];

/// Whether the finished shell is what the server expects.
pub(crate) fn check_shell(shell: &str) -> Result<()> {
    for name in PLACEHOLDERS {
        let count = shell.matches(name).count();
        if count == 0 || (count > 1 && name != "{{__TRUNK_NONCE__}}") {
            bail!("the shell has {name} {count} times");
        }
    }
    for left in ["data-inline", "data-trunk", "{wasm}", "{integrity}"] {
        if shell.contains(left) {
            bail!("the finished shell still has {left}");
        }
    }
    let scripts = shell.matches("<script").count();
    let with_nonce = shell.matches("<script nonce=\"{{__TRUNK_NONCE__}}\"").count()
        + shell.matches("<script type=\"module\" async nonce=\"{{__TRUNK_NONCE__}}\"").count();
    let data = shell.matches("<script type=\"application/json\"").count();
    if scripts != with_nonce + data {
        bail!("a script of the shell has no nonce");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_blank_lines_and_indentation_go_and_code_stays() {
        let source = "// says\n  const a = 'x // y'; // kept\n\n  /** Doc\n   * more\n   */\n/* one line */\n  a();\n/* with code */ b();\n";
        assert_eq!(strip(source), "const a = 'x // y'; // kept\na();\n/* with code */ b();\n");
    }

    #[test]
    fn white_space_that_means_something_in_styles_stays() {
        let styles = "a b,\n.c > d {\n  width: calc(1px + 2px);\n  content: \"x; {  y\";\n}\n@media (min-width: 9px) and (hover) {\n.e\n.f { --x: 1; }\n}\n";
        assert_eq!(
            pack_styles(styles),
            "a b,.c > d{width:calc(1px + 2px);content:\"x; {  y\"}@media (min-width:9px) and (hover){.e .f{--x:1}}"
        );
    }

    #[test]
    fn the_start_code_follows_the_glue_in_a_block_and_nothing_is_exported() {
        let glue = "export class Stream {}\nexport function hello() {}\nfunction __wbg_finalize_init() {}\n\nexport { initSync, __wbg_init as default };\n";
        let joined = join_start(glue, "__wbg_finalize_init();\n").unwrap();
        assert_eq!(
            joined,
            "class Stream {}\nfunction hello() {}\nfunction __wbg_finalize_init() {}\n{\n__wbg_finalize_init();\n}\n"
        );
    }

    #[test]
    fn start_code_that_could_not_run_there_is_refused() {
        let glue =
            "\nfunction __wbg_finalize_init() {}\nexport { initSync, __wbg_init as default };\n";
        for start in ["start();", "import a from \"./b.js\";\n__wbg_finalize_init();"] {
            assert!(join_start(glue, start).is_err(), "{start}");
        }
        let start = "__wbg_finalize_init();";
        assert!(join_start(glue, start).is_ok());
        assert!(join_start("export { x as default };", start).is_err());
        assert!(join_start("\nexport { initSync, __wbg_init as default };", start).is_err());
    }

    #[test]
    fn every_import_is_renamed_once_or_the_build_fails() {
        let renamed = BTreeMap::from([("__wbg_alert_01".to_owned(), "a".to_owned())]);
        let module = ("./frame_bg.js".to_owned(), "f".to_owned());
        let glue = "const import0 = {\n    __wbg_alert_01: function(arg0) {\n    },\n};\nreturn { \"./frame_bg.js\": import0 };";
        let out = rename_imports(glue, &renamed, &module).unwrap();
        assert!(out.contains("\na: function(arg0)") && out.contains("{ \"f\": import0 }"), "{out}");
        assert!(rename_imports("return { \"./frame_bg.js\": 0 };", &renamed, &module).is_err());
    }

    #[test]
    fn what_would_end_its_element_is_not_inlined() {
        let shell = "<head><script nonce=\"n\" data-inline=\"a.js\"></script></head>";
        assert_eq!(
            inline(shell, "a.js", "a();\n").unwrap(),
            "<head><script nonce=\"n\">a();</script></head>"
        );
        for bad in ["'</SCRIPT>'", "x = '{{body}}'", "'<!--'"] {
            assert!(inline(shell, "a.js", bad).is_err(), "{bad}");
        }
        assert!(inline(shell, "b.js", "").is_err());
    }

    #[test]
    fn a_script_without_a_nonce_is_found() {
        let good = "<html {{html}}>{{head}}<script nonce=\"{{__TRUNK_NONCE__}}\"></script>{{body}}<script type=\"application/json\">{{state}}</script>";
        assert!(check_shell(good).is_ok());
        assert!(check_shell(&format!("{good}<script src=x></script>")).is_err());
        assert!(check_shell(&good.replace("{{state}}", "")).is_err());
        assert!(check_shell(&good.replace("{{body}}", "{{body}}{{body}}")).is_err());
    }
}
