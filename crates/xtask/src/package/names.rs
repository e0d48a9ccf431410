//! Short names for what the glue declares: they are most of it, and compress badly for being all alike and not the same.

use std::collections::BTreeMap;

/// Longer names are worth it.
const SHORT: usize = 4;

/// The glue, still indented, with short names for the functions and variables of its outermost level, and for parameters.
///
/// Names that also occur as a member (`wasm.name`, `{ name: … }`) or in quotes mean something outside, and stay.
pub(crate) fn shortened(glue: &str) -> String {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for line in glue.lines() {
        let line = line.strip_prefix("async ").unwrap_or(line);
        let declared = ["function ", "const ", "let ", "class "]
            .iter()
            .find_map(|keyword| line.strip_prefix(keyword))
            .and_then(|rest| pieces(rest).next());
        if let Some(name) = declared.filter(|name| name.len() > SHORT) {
            let short = format!("${}", names.len());
            names.entry(name).or_insert(short);
        }
    }
    for name in ["arg0", "arg1", "arg2", "arg3", "arg4", "arg5"] {
        names.insert(name, name.replace("arg", "a"));
    }
    names.retain(|name, short| {
        *name != "wasm"
            && !means_something_outside(glue, name)
            && !pieces(glue).any(|word| word == short)
    });
    let mut out = String::with_capacity(glue.len());
    for piece in pieces(glue) {
        out.push_str(names.get(piece).map_or(piece, String::as_str));
    }
    out
}

fn means_something_outside(glue: &str, name: &str) -> bool {
    let mut from = 0;
    while let Some(found) = glue.get(from..).and_then(|rest| rest.find(name)) {
        let (start, end) = (from + found, from + found + name.len());
        let before = glue.get(..start).and_then(|text| text.chars().next_back());
        let after = glue.get(end..).and_then(|text| text.chars().next());
        let quoted =
            matches!(before, Some('"' | '\'' | '`')) || matches!(after, Some('"' | '\'' | '`'));
        let is_name = |letter: Option<char>| letter.is_some_and(is_part_of_name);
        if !is_name(before)
            && !is_name(after)
            && (before == Some('.') || after == Some(':') || quoted)
        {
            return true;
        }
        from = end;
    }
    false
}

const fn is_part_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$')
}

/// Names and, one by one, what stands between them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = if is_part_of_name(first) {
            rest.find(|letter| !is_part_of_name(letter)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_glue_declares_gets_a_short_name_wherever_it_is_used() {
        let glue = "function handleError(f, args) {\nreturn f.apply(this, args);\n}\nconst cachedText = 1;\na: function(arg0) { return handleError(arg0, cachedText); },\n";
        assert_eq!(
            shortened(glue),
            "function $0(f, args) {\nreturn f.apply(this, args);\n}\nconst $1 = 1;\na: function(a0) { return $0(a0, $1); },\n"
        );
    }

    #[test]
    fn what_is_declared_inside_a_function_keeps_its_name() {
        let glue = "async function start() {\n    const instance = 1;\n    const { instance, module } = load();\n}\n";
        assert_eq!(shortened(glue), glue.replace("start", "$0"));
    }

    #[test]
    fn names_that_mean_something_outside_stay() {
        for glue in [
            "function invoke_it(arg0) {\nwasm.invoke_it(arg0);\n}\n",
            "const module_name = 1;\nreturn { module_name: 2 };\n",
            "function thingName() {}\nthrow new Error('thingName');\n",
        ] {
            let name = ["invoke_it", "module_name", "thingName"];
            let kept = name.iter().find(|name| glue.contains(**name)).unwrap();
            assert_eq!(shortened(glue).matches(kept).count(), glue.matches(kept).count(), "{glue}");
        }
    }

    #[test]
    fn a_short_name_that_is_taken_is_not_given_again() {
        let glue = "const veryLong = 1;\nconst $0 = 2;\nuse(veryLong, $0, a0, arg0);\n";
        assert_eq!(shortened(glue), glue);
    }
}
