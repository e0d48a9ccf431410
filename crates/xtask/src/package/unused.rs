//! What wasm-bindgen leaves because it was exported, although nobody here can call it.
//!
//! A dependency that exports classes for streams makes them, and everything that they call, part of every module. The frame's
//! glue is used by the start code alone, so that a class which the glue itself never makes is dead.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use walrus::{ExportItem, ModuleConfig};

/// The glue without classes that nothing makes.
pub(crate) fn without_classes(glue: &str) -> Result<String> {
    let mut out = glue.to_owned();
    for name in class_names(glue) {
        let without = without_class(&out, name)
            .with_context(|| format!("the glue's class {name} is not written as expected"))?;
        // Used elsewhere: it stays.
        if !words(&without).any(|word| word == name || word == format!("{name}Finalization")) {
            out = without;
        }
    }
    Ok(out)
}

fn class_names(glue: &str) -> Vec<&str> {
    let line = |line: &'_ str| -> Option<usize> {
        line.strip_prefix("export class ")?.strip_suffix(" {").map(str::len)
    };
    glue.lines()
        .filter_map(|text| line(text).and_then(|length| text.get(13..13 + length)))
        .collect()
}

/// Cuts the class, the line that makes it disposable and its registry of finalizers.
fn without_class(glue: &str, name: &str) -> Option<String> {
    let out = cut(glue, &format!("export class {name} {{\n"), "\n}\n")?;
    let out = cut(&out, &format!("if (Symbol.dispose) {name}.prototype"), ";\n")?;
    // Two statements of the chosen value end with `}` and `)`: the third line is the last.
    cut(&out, &format!("const {name}Finalization = "), "));\n")
}

fn cut(text: &str, begin: &str, end: &str) -> Option<String> {
    let (before, rest) = text.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{after}"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '$'))
}

/// The exports that the glue uses, every `wasm.name`, with the names that they get: those that end in a hash get short ones.
pub(crate) fn used_exports(glue: &str) -> BTreeMap<String, String> {
    let names: BTreeSet<&str> = glue
        .split("wasm.")
        .skip(1)
        .filter_map(|rest| words(rest).next())
        .filter(|name| !name.is_empty())
        .collect();
    let shorten = |(index, name): (usize, &str)| {
        let hashed = name.starts_with("wasm_bindgen__convert__closures");
        (name.to_owned(), if hashed { format!("invoke{index}") } else { name.to_owned() })
    };
    names.into_iter().enumerate().map(shorten).collect()
}

/// The glue with the exports' new names.
pub(crate) fn rename_exports(glue: &str, exports: &BTreeMap<String, String>) -> String {
    // Backwards: some names are the beginning of others.
    exports.iter().rev().fold(glue.to_owned(), |glue, (name, new)| glue.replace(name, new))
}

/// The module without other exports than these, and without what only they needed.
pub(crate) fn collect(
    module: &[u8],
    used: &BTreeMap<String, String>,
    with_names: bool,
) -> Result<Vec<u8>> {
    let mut module = ModuleConfig::new()
        .generate_name_section(with_names)
        .generate_producers_section(false)
        .parse(module)?;
    let unused: Vec<_> = module
        .exports
        .iter()
        .filter(|export| !used.contains_key(&export.name))
        .map(|export| (export.id(), matches!(export.item, ExportItem::Memory(_))))
        .collect();
    for (export, is_memory) in unused {
        anyhow::ensure!(!is_memory, "the glue does not use the module's memory");
        module.exports.delete(export);
    }
    for export in module.exports.iter_mut() {
        if let Some(name) = used.get(&export.name) {
            export.name.clone_from(name);
        }
    }
    walrus::passes::gc::run(&mut module);
    Ok(module.emit_wasm())
}

/// The glue without functions that the module does not import.
pub(crate) fn without_imports(glue: &str, imported: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(glue.len());
    let mut skipping = false;
    for line in glue.lines() {
        let key = line
            .strip_prefix("        __w")
            .and_then(|_| line.trim_start().split_once(": function("))
            .map(|(key, _)| key);
        skipping |= key.is_some_and(|key| !imported(key));
        if !skipping {
            out.push_str(line);
            out.push('\n');
        }
        skipping &= line != "        },";
    }
    out
}

/// The glue without functions that neither it nor the start code names.
pub(crate) fn without_functions(glue: &str, start: &str) -> String {
    let mut out = glue.to_owned();
    loop {
        let next = out.lines().find_map(|line| {
            let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("function ")?;
            let (name, _) = rest.split_once('(')?;
            // A function of the outermost level ends with the first brace that is not indented.
            let without = cut(&out, &format!("{line}\n"), "\n}\n")?;
            let is_named = words(&without).chain(words(start)).any(|word| word == name);
            (!is_named).then_some(without)
        });
        match next {
            Some(without) => out = without,
            None => return out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::wasm::sections;
    use crate::package::wasm::tests::small_module;

    const GLUE: &str = "export class Sink {\n    close() {\n        wasm.sink_close(1);\n    }\n}\n\
        if (Symbol.dispose) Sink.prototype[Symbol.dispose] = Sink.prototype.free;\n\
        function __wbg_get_imports() {\n    const import0 = {\n        __wbg_alert_01: function(arg0) {\n            alert();\n        },\n        \
        __wbg_other_02: function() {\n            other();\n        },\n    };\n}\n\
        const SinkFinalization = (typeof FinalizationRegistry === 'undefined')\n    ? { register: () => {}, unregister: () => {} }\n    \
        : new FinalizationRegistry(ptr => wasm.__wbg_sink_free(ptr, 1));\nwasm.__wbindgen_start();\n";

    #[test]
    fn a_class_that_nothing_makes_goes_with_its_registry() {
        let out = without_classes(GLUE).unwrap();
        assert!(!out.contains("Sink") && out.contains("alert();"), "{out}");
        let start = "__wbindgen_start".to_owned();
        assert_eq!(used_exports(&out), BTreeMap::from([(start.clone(), start)]));
    }

    #[test]
    fn a_class_that_the_glue_makes_stays() {
        let glue = GLUE.replace("alert();", "return Sink.__wrap(arg0);");
        assert_eq!(without_classes(&glue).unwrap(), glue);
    }

    #[test]
    fn functions_that_the_module_does_not_import_go() {
        let out = without_imports(GLUE, |name| name == "__wbg_alert_01");
        assert!(out.contains("alert();") && !out.contains("other();"), "{out}");
        assert!(out.contains("        },\n    };\n"), "{out}");
    }

    #[test]
    fn functions_that_nothing_names_go_and_then_those_that_only_they_named() {
        let glue = "function a() {\n    b('a()');\n}\nfunction b() {\n    if (x) {\n    }\n}\nasync function c() {\n    d();\n}\nfunction d() {\n}\n";
        assert_eq!(
            without_functions(glue, "await c();"),
            "async function c() {\n    d();\n}\nfunction d() {\n}\n"
        );
    }

    #[test]
    fn names_that_end_in_a_hash_become_short_and_others_stay() {
        let glue = "wasm.memory; wasm.wasm_bindgen__convert__closures_____invoke__h0a_14(1);\n\
                    wasm.wasm_bindgen__convert__closures_____invoke__h0a(1);\n";
        let exports = used_exports(glue);
        assert_eq!(exports["memory"], "memory");
        assert_eq!(
            rename_exports(glue, &exports),
            "wasm.memory; wasm.invoke2(1);\nwasm.invoke1(1);\n"
        );
    }

    #[test]
    fn functions_that_only_unused_exports_need_go() {
        let module = small_module();
        let used = BTreeMap::from([("memory".to_owned(), "memory".to_owned())]);
        let out = collect(&module, &used, false).unwrap();
        let ids: Vec<_> = sections(&out).unwrap().iter().map(|section| section.id).collect();
        assert!(!ids.contains(&10) && !ids.contains(&2), "{ids:?}");
    }
}
