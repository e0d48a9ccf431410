//! The checkout as a page: how it is packed, who may frame it, where it sends the shopper.

use serde_json::json;

use crate::support::{Running, SHOP, nowhere, with_a_form};

const FRAME: (&str, &str) = ("sec-fetch-dest", "iframe");

fn unpack(packed: &[u8]) -> String {
    let mut plain = Vec::new();
    std::io::copy(&mut brotli::Decompressor::new(packed, 4096), &mut plain).unwrap();
    String::from_utf8(plain).unwrap()
}

#[tokio::test]
async fn the_page_is_compressed_for_who_wants_it_and_is_the_same() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let packed = running.get(&session.path, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(
        (packed.header("content-encoding"), packed.header("vary")),
        ("br", "Accept-Encoding")
    );
    let html = unpack(&packed.body);
    let plain = running.get(&session.path, &[("accept-encoding", "br;q=0")]).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "Accept-Encoding"));
    for page in [html.as_str(), plain.text()] {
        assert!(
            page.starts_with("<!DOCTYPE html><html ")
                || page.starts_with("<!DOCTYPE html>\n<html "),
            "{page}"
        );
        assert!(page.contains("<div id=\"farthing-app\"><div "), "{page}");
        assert!(page.trim_end().ends_with("</html>"), "{page}");
    }
    assert!(packed.body.len() * 3 < html.len(), "{} of {}", packed.body.len(), html.len());
}

#[tokio::test]
async fn scripts_have_to_be_marked_and_no_text_can_become_one() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let page = running.get(&session.path, &[]).await;
    let policy = page.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "'strict-dynamic' 'wasm-unsafe-eval'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    let (_, nonce) = policy.split_once("script-src 'nonce-").unwrap();
    let (nonce, _) = nonce.split_once('\'').unwrap();
    let scripts = page.text().matches("<script").count();
    let marked = page.text().matches(&format!("nonce=\"{nonce}\"")).count();
    let data = page.text().matches("<script type=\"application/json\"").count();
    // The style has the nonce too.
    assert_eq!(scripts - data + 1, marked, "{}", page.text());
    assert!(page.header("permissions-policy").contains("payment=(self)"));
}

#[tokio::test]
async fn a_link_that_is_over_or_was_never_one_says_so_in_the_shops_frame_and_in_no_other() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    running.call("POST", &format!("/v1/sessions/{}/expire", session.id), json!({})).await;
    let over = running.get(&session.path, &[FRAME]).await;
    assert_eq!(over.status, 200);
    assert!(over.text().contains("This checkout has expired"));
    let forged = format!("/checkout/cst_{}", "A".repeat(43));
    let unknown = running.get(&forged, &[FRAME]).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.text().contains("This page is not available"));
    let fields = running.get(&format!("{}?card_number=4012", session.path), &[FRAME]).await;
    assert_eq!(fields.status, 400);
    assert!(!fields.text().contains("4012"));
    for page in [over, unknown, fields] {
        let policy = page.header("content-security-policy");
        let (_, ancestors) = policy.split_once("frame-ancestors ").unwrap();
        assert_eq!(ancestors.split(';').next().unwrap(), SHOP, "{policy}");
    }
    let result = running.get(&format!("/return/rt_{}", "A".repeat(43)), &[FRAME]).await;
    assert!(result.header("content-security-policy").contains("frame-ancestors 'none'"));
}

#[tokio::test]
async fn the_bank_is_never_opened_inside_of_a_shops_page() {
    let running = Running::start(with_a_form().await).await;
    let session = running.session(json!({})).await;
    running.pay(&session, "att_0123456789", &[]).await;
    let step = format!("{}/step", session.path);
    let framed = running.get(&step, &[FRAME]).await;
    assert_eq!((framed.status, framed.header("location")), (303, session.path.as_str()));
    let page = running.get(&session.path, &[FRAME]).await;
    assert!(page.text().contains("data-state=\"challenge\""), "{}", page.text());
    let (before, _) = page.text().split_once(&format!("href=\"{step}\"")).unwrap();
    let (_, link) = before.rsplit_once("<a").unwrap();
    let rest =
        page.text().split_once(&format!("href=\"{step}\"")).unwrap().1.split('>').next().unwrap();
    assert!(link.contains("target=\"_top\"") || rest.contains("target=\"_top\""), "{link} {rest}");
    assert!(!page.text().contains("http-equiv=\"refresh\""));
    // The whole window is handed over, and the frame's look at it has not used that up.
    let top = running.get(&step, &[("sec-fetch-dest", "document")]).await;
    assert_eq!(top.status, 200);
    assert!(top.text().contains("0;url=http://127.0.0.1:9/form"), "{}", top.text());
}

#[tokio::test]
async fn a_theme_and_a_frame_are_said_to_the_styles() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let dark = running.get(&format!("{}?theme=dark&locale=de", session.path), &[FRAME]).await;
    let (_, html) = dark.text().split_once("<html ").unwrap();
    let (html, _) = html.split_once('>').unwrap();
    assert!(html.contains("lang=\"en\""), "the texts are English: {html}");
    assert!(html.contains("data-theme=\"dark\"") && html.contains("data-framed"), "{html}");
    let plain = running.get(&session.path, &[]).await;
    let (html, _) = plain.text().split_once("<head>").unwrap();
    assert!(!html.contains("data-theme") && !html.contains("data-framed"), "{html}");
}

#[tokio::test]
async fn an_unknown_file_is_a_problem() {
    let running = Running::start(nowhere()).await;
    for path in
        ["/assets/frame-0000000000000000.js", "/farthing-0000000000000000.js", "/assets/../x"]
    {
        let answer = running.get(path, &[]).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, "application/problem+json")
        );
    }
}

/// In a build that was packaged; one without scripts has nothing to show here.
#[tokio::test]
async fn every_script_that_the_page_names_is_served_with_the_bytes_that_it_promises() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({})).await;
    let page = running.get(&session.path, &[]).await;
    for (before, _) in page.text().match_indices(" integrity=\"") {
        let tag = page.text()[..before].rfind('<').unwrap();
        let tag = page.text()[tag..].split('>').next().unwrap();
        let value =
            |name: &str| tag.split(name).nth(1).unwrap().split('"').next().unwrap().to_owned();
        let (url, promised) = (value("src=\""), value("integrity=\""));
        for encoding in ["br", "identity"] {
            let file = running.get(&url, &[("accept-encoding", encoding)]).await;
            assert_eq!(file.status, 200, "{url}");
            let bytes =
                if encoding == "br" { unpack(&file.body).into_bytes() } else { file.body.clone() };
            assert_eq!(promised, integrity(&bytes), "{url}");
            assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(file.header("cross-origin-resource-policy"), "same-origin");
            assert_eq!(file.header("x-content-type-options"), "nosniff");
        }
        let head = running.client.head(running.url(&url)).send().await.unwrap();
        assert_eq!(head.status(), 200, "{url}");
        assert!(head.bytes().await.unwrap().is_empty());
    }
    let loader = running.get("/farthing.js", &[]).await;
    let scripts = page.text().contains(" integrity=\"");
    assert_eq!(loader.status, if scripts { 200 } else { 404 });
    if scripts {
        assert_eq!(loader.header("access-control-allow-origin"), "*");
        assert_eq!(loader.header("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(loader.header("cache-control"), "public, max-age=300");
    }
}

fn integrity(bytes: &[u8]) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let digest = sha2::Sha384::digest(bytes);
    format!("sha384-{}", base64::engine::general_purpose::STANDARD.encode(digest))
}

#[tokio::test]
async fn a_script_that_asks_for_json_alone_gets_what_the_page_shows_and_a_browser_gets_the_page() {
    let running = Running::start(nowhere()).await;
    let session = running.session(json!({"success_url": format!("{SHOP}/thanks")})).await;
    let answer = running.get(&session.path, &[("accept", "application/json")]).await;
    let view = answer.json();
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    assert_eq!(view["state"], "ready");
    assert_eq!(view["checkout_path"], session.path);
    assert!(view["attempt"].as_str().unwrap().starts_with("att_"));
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "",
        "another origin's script gets nothing"
    );
    for accept in
        ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json, text/html"]
    {
        let page = running.get(&session.path, &[("accept", accept)]).await;
        assert!(page.header("content-type").starts_with("text/html"), "{accept}");
    }
    let unknown = format!("/checkout/cst_{}", "A".repeat(43));
    let answer = running.get(&unknown, &[("accept", "application/json")]).await;
    assert_eq!(answer.status, 404);
}
