//! The vendors' scripts define what the vendors' public types say.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;

use crate::common::World;

/// What the scripts have to define.
const WINDOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/types/window.d.ts");

/// The folder that `FARTHING_TYPES` names; `cargo xtask test` sets it. Without it nothing is checked, and that is said.
fn checker() -> Option<PathBuf> {
    let folder = std::env::var_os("FARTHING_TYPES").map(PathBuf::from);
    if folder.is_none() {
        // Past the test harness, which would keep it to itself.
        let note =
            "SKIPPED: FARTHING_TYPES does not say where TypeScript and the wallets' types are\n";
        std::io::stderr().write_all(note.as_bytes()).unwrap();
    }
    folder
}

/// What TypeScript has against these files; nothing is empty.
fn complaints(checker: &Path, files: &[&Path]) -> String {
    let output = Command::new("node")
        .arg(checker.join("node_modules/typescript/lib/tsc.js"))
        .args(["--noEmit", "--allowJs", "--checkJs", "--strict", "--pretty", "false"])
        .args(["--target", "es2020", "--lib", "es2020,dom,dom.iterable"])
        .arg("--typeRoots")
        .arg(checker.join("node_modules/@types"))
        .args(["--types", "googlepay,applepayjs"])
        .args(files)
        .output()
        .unwrap_or_else(|error| panic!("node does not run: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.success(), text.is_empty(), "{text}{:?}", output.stderr);
    text
}

/// A script of the sandbox, as a browser gets it; of a sheet, what stands in its script element.
async fn script(world: &World, path: &str) -> String {
    let response = world.call(Method::GET, path, None).await;
    assert_eq!(response.status(), 200, "{path}");
    let text = response.text().await.unwrap();
    match text.rsplit_once("<script nonce=\"") {
        Some((_, script)) => {
            let script = script.split_once('>').unwrap().1.split_once("</script>").unwrap().0;
            format!("// @ts-check\n{script}")
        }
        None => text,
    }
}

#[tokio::test]
async fn scripts_and_sheets_pass_the_type_checker_against_the_public_types() {
    let Some(checker) = checker() else { return };
    let world = World::new().await;
    let folder = std::env::temp_dir().join(format!("farthing-types-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let window = folder.join("window.d.ts");
    fs::copy(WINDOW, &window).unwrap();
    let put = |name: &str, text: &str| {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        file
    };
    let google = script(&world, "/wallets/google/pay.js").await;
    let apple = script(&world, "/wallets/apple/apple-pay-sdk.js").await;
    let files = [
        window.clone(),
        put("pay.js", &google),
        put("apple-pay-sdk.js", &apple),
        put("google-sheet.js", &script(&world, "/wallets/google/sheet").await),
        put("apple-sheet.js", &script(&world, "/wallets/apple/sheet").await),
    ];
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    assert_eq!(complaints(&checker, &files), "");

    // And the check can fail: a method that has another name, a result that has another form.
    for (name, text, good, bad) in [
        ("lacking.js", &google, "    createButton(", "    createButtons("),
        ("other.js", &apple, "paymentCredentialStatus: can", "paymentCredentialState: can"),
    ] {
        assert_eq!(text.matches(good).count(), 1, "{good}");
        let spoiled = put(name, &text.replace(good, bad));
        let found = complaints(&checker, &[&window, &spoiled]);
        assert!(found.contains(name) && found.contains("error TS"), "{found}");
    }
    fs::remove_dir_all(&folder).unwrap();
}
