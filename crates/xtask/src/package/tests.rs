//! The packaging as a whole, on a small frame.

use std::collections::BTreeMap;
use std::io::Read as _;

use super::*;

const GLUE: &str = "import0 = {\n        __wbg_alert_0123456789abcdef: function() {\n        },\n        __wbindgen_throw: function() {\n        },\n};\n\
    wasm.run();\nreturn { \"./frame_bg.js\": import0 };\nfunction __wbg_finalize_init() {\n}\nasync function __wbg_init() {\n    return 1;\n}\nexport { initSync, __wbg_init as default };\n";
const SHELL: &str = "<!DOCTYPE html>\n<html {{html}}>\n<head>\n<!-- gone -->\n{{head}}\n\
    <style nonce=\"{{__TRUNK_NONCE__}}\" data-inline=\"checkout.css\"></style>\n\
    <script nonce=\"{{__TRUNK_NONCE__}}\" data-inline=\"frame/boot.js\"></script>\n</head>\n<body>\n{{body}}\n\
    <script type=\"application/json\" id=\"farthing-state\">{{state}}</script>\n\
    <script nonce=\"{{__TRUNK_NONCE__}}\" data-inline=\"frame/starter.js\"></script>\
    <script type=\"module\" async nonce=\"{{__TRUNK_NONCE__}}\" src=\"/frame-77aa.js\" crossorigin=\"anonymous\"></script>\n</body>\n</html>\n";

/// A staging directory as trunk leaves it, and `www`.
fn sources() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let (staging, www) = (directory.path().join("staging"), directory.path().join("www"));
    for folder in ["loader", "frame", "icons", "wallets"] {
        fs::create_dir_all(www.join(folder)).unwrap();
    }
    fs::create_dir_all(&staging).unwrap();
    let module = wasm::tests::small_module();
    let wallets =
        SHELL.replace("frame-77aa.js", "wallets.js").replace("checkout.css", "wallets/wallets.css");
    let wallets = wallets.replace(
        "<script nonce=\"{{__TRUNK_NONCE__}}\" data-inline=\"frame/boot.js\"></script>",
        "",
    );
    let files: [(&Path, &str, &[u8]); 17] = [
        (&staging, "index.html", SHELL.as_bytes()),
        (&staging, "frame-77aa.js", GLUE.as_bytes()),
        (&staging, "frame-77aa_bg.wasm", &module),
        (&staging, "frame_wallets.js", GLUE.as_bytes()),
        (&staging, "frame_wallets_bg.wasm", &module),
        (&staging, "wallets.js", GLUE.as_bytes()),
        (&staging, "wallets_bg.wasm", &module),
        (&www, "wallets/index.html", wallets.as_bytes()),
        (&www, "wallets/wallets.css", b"/* says */\na { b: c; }\n"),
        (&www, "wallets/start.js", b"// start\n__wbg_finalize_init();\n"),
        (&www, "frame/start.js", b"// start\n__wbg_finalize_init();\n"),
        (&www, "frame/boot.js", b"// boot\nboot();\n"),
        (&www, "frame/starter.js", b"go(\"{wasm}\", \"{integrity}\");\n"),
        (&www, "loader/farthing.js", b"// loader\nload();\n"),
        (&www, "loader/farthing.d.ts", b"// types\nexport {};\n"),
        (
            &www,
            "checkout.css",
            b"/* says */\nb {\n  background: url(\"icons/brands.svg#visa\");\n}\n",
        ),
        (&www, "icons/brands.svg", b"<svg>\n</svg>\n"),
    ];
    for (root, path, bytes) in files {
        fs::write(root.join(path), bytes).unwrap();
    }
    (directory, staging, www)
}

/// Every file below a directory.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn every_file_is_listed_with_its_hash_its_integrity_and_a_copy_that_unpacks() {
    let (_keep, staging, www) = sources();
    package(&staging, &www).unwrap();
    let files = tree(&staging);
    let entries = read(&staging).unwrap();
    assert_eq!(entries.len(), 13, "{entries:?}");
    let mut known = vec![MANIFEST.to_owned()];
    for entry in &entries {
        let bytes = &files[&entry.path];
        assert_eq!(entry.bytes, bytes.len());
        assert_eq!(entry.integrity, integrity(bytes));
        known.push(entry.path.clone());
        if entry.cache == Cache::Immutable {
            let hash = &hex::encode(Sha256::digest(bytes))[..16];
            assert!(entry.path.contains(hash), "{}", entry.path);
        }
        if let Some(size) = entry.brotli {
            let small = &files[&format!("{}.br", entry.path)];
            assert_eq!(size, small.len());
            let mut unpacked = Vec::new();
            brotli::Decompressor::new(small.as_slice(), 4096).read_to_end(&mut unpacked).unwrap();
            assert_eq!(&unpacked, bytes);
            known.push(format!("{}.br", entry.path));
        }
    }
    known.sort();
    assert_eq!(files.keys().cloned().collect::<Vec<_>>(), known);
}

#[test]
fn the_shell_names_the_final_files_and_holds_what_was_inline() {
    let (_keep, staging, www) = sources();
    package(&staging, &www).unwrap();
    let entries = read(&staging).unwrap();
    let entry = |start: &str, end: &str| {
        let is = |entry: &&Entry| entry.path.starts_with(start) && entry.path.ends_with(end);
        entries.iter().find(is).unwrap()
    };
    let shell = fs::read_to_string(staging.join("index.html")).unwrap();
    let (glue, module) = (entry("assets/frame-", ".js"), entry("assets/frame-", ".wasm"));
    let brands = entry("assets/brands", ".svg");
    assert!(glue.path.starts_with("assets/frame-"), "{}", glue.path);
    for wanted in [
        format!("src=\"/{}\" integrity=\"{}\" crossorigin", glue.path, glue.integrity),
        format!("go(\"/{}\", \"{}\");</script>", module.path, module.integrity),
        format!("url(\"/{}#visa\")", brands.path),
        "<script nonce=\"{{__TRUNK_NONCE__}}\">boot();</script>".to_owned(),
    ] {
        assert!(shell.contains(&wanted), "{wanted} is not in {shell}");
    }
    assert!(!shell.contains("says") && !shell.contains("gone"), "{shell}");
    let glue = fs::read_to_string(staging.join(&glue.path)).unwrap();
    assert!(glue.contains("\na: function()") && glue.ends_with("{\n$0();\n}\n"), "{glue}");

    let page = fs::read_to_string(staging.join("checkout-wallets.html")).unwrap();
    let (glue, module) =
        (entry("assets/frame_wallets-", ".js"), entry("assets/frame_wallets-", ".wasm"));
    assert!(page.contains(&format!("src=\"/{}\" integrity=\"{}\"", glue.path, glue.integrity)));
    assert!(
        page.contains(&format!("go(\"/{}\", \"{}\");</script>", module.path, module.integrity))
    );

    let page = fs::read_to_string(staging.join("wallets.html")).unwrap();
    let (glue, module) = (entry("assets/wallets-", ".js"), entry("assets/wallets-", ".wasm"));
    for wanted in [
        format!("src=\"/{}\" integrity=\"{}\" crossorigin", glue.path, glue.integrity),
        format!("go(\"/{}\", \"{}\");</script>", module.path, module.integrity),
        "<style nonce=\"{{__TRUNK_NONCE__}}\">a{b:c}</style>".to_owned(),
    ] {
        assert!(page.contains(&wanted), "{wanted} is not in {page}");
    }
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    let (_keep, staging, www) = sources();
    let (_keep_too, again, www_again) = sources();
    package(&staging, &www).unwrap();
    package(&again, &www_again).unwrap();
    assert_eq!(tree(&staging), tree(&again));
}

#[test]
fn loaders_may_be_used_by_any_page_and_the_frames_files_by_ours() {
    let (_keep, staging, www) = sources();
    package(&staging, &www).unwrap();
    for entry in read(&staging).unwrap() {
        let reach = if entry.path.starts_with("farthing") { Reach::Any } else { Reach::Same };
        assert_eq!(entry.reach, reach, "{}", entry.path);
    }
}

#[test]
fn a_file_that_nobody_knows_ends_the_build() {
    let (_keep, staging, www) = sources();
    fs::create_dir(staging.join("snippets")).unwrap();
    let error = package(&staging, &www).unwrap_err().to_string();
    assert!(error.contains("snippets"), "{error}");
}

#[test]
fn a_picture_that_does_not_exist_ends_the_build() {
    let (_keep, staging, www) = sources();
    fs::remove_file(www.join("icons/brands.svg")).unwrap();
    let error = package(&staging, &www).unwrap_err().to_string();
    assert!(error.contains("www/icons/brands.svg"), "{error}");
}
