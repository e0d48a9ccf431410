//! What browsers load besides pages: the loader, the frame's code and pictures, embedded at build time.
//!
//! Names with a hash never change their bytes and are kept for a year; `/farthing.js` and its types for five minutes. The
//! loader may be loaded by any page, everything else by our own pages only.

use axum::Router;
use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use farthing_widget::page::{Shell, ShellError};

use crate::encoding;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// One file, as the build found it.
#[derive(Clone, Copy, Debug)]
struct File {
    /// Where it is served.
    path: &'static str,
    /// Its `Content-Type`.
    kind: &'static str,
    /// Whether the name changes with the bytes.
    forever: bool,
    /// Whether pages of other origins may load it.
    anywhere: bool,
    /// What names these bytes: their integrity or their hash.
    tag: &'static str,
    /// The bytes.
    plain: &'static [u8],
    /// The same, compressed beforehand as well as brotli can.
    brotli: Option<&'static [u8]>,
}

/// The page's template, if this build has one: else pages carry no script.
///
/// # Errors
///
/// The embedded template is not one: it was made for another version.
pub fn shell() -> Result<Option<Shell>, ShellError> {
    SHELL.map(Shell::parse).transpose()
}

/// The template of checkouts that offer wallets: the same, with a script that knows them.
///
/// # Errors
///
/// The embedded template is not one: it was made for another version.
pub fn shell_with_wallets() -> Result<Option<Shell>, ShellError> {
    SHELL_WITH_WALLETS.map(Shell::parse).transpose()
}

/// The template of the wallets' own document, if this build has one: else no wallet is offered.
///
/// # Errors
///
/// The embedded template is not one: it was made for another version.
pub fn wallets_shell() -> Result<Option<Shell>, ShellError> {
    WALLETS.map(Shell::parse).transpose()
}

/// Whether this build has the wallets' own document, and the script of checkouts that show it.
pub const fn has_wallets_document() -> bool {
    WALLETS.is_some() && SHELL_WITH_WALLETS.is_some()
}

/// A route for each file. Any other name is an unknown route.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().copied().fold(Router::new(), |router, file| {
        let packed = match file.brotli {
            Some(packed) => Bytes::from_static(packed),
            // Released long ago, when nothing was packed beforehand: once, at the start.
            None => Bytes::from(encoding::brotli(file.plain, encoding::BEST)),
        };
        let answer = move |headers: HeaderMap| async move { serve(&file, &packed, &headers) };
        router.route(file.path, get(answer))
    })
}

/// The file in the encoding that suits the browser, or the news that it has it already.
fn serve(file: &File, packed: &Bytes, headers: &HeaderMap) -> Response {
    // Not worth a decoder's start below a network packet.
    let pack = packed.len() < file.plain.len() && encoding::accepts_brotli(headers);
    let tag = format!("\"{}{}\"", file.tag, if pack { "-br" } else { "" });
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = known.flat_map(|list| list.split(',')).map(str::trim);
    let fresh =
        known.map(|one| one.strip_prefix("W/").unwrap_or(one)).any(|one| one == tag || one == "*");
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else if pack {
        Body::from(packed.clone()).into_response()
    } else {
        Body::from(Bytes::from_static(file.plain)).into_response()
    };
    let headers = response.headers_mut();
    if !fresh {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.kind));
        if pack {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
    }
    let kept =
        if file.forever { "public, max-age=31536000, immutable" } else { "public, max-age=300" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    if file.anywhere {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
    response
}

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] =
        b"the same bytes again and again, the same bytes again and again, the same bytes again";
    const LOADER: File = File {
        path: "/farthing.js",
        kind: "text/javascript; charset=utf-8",
        forever: false,
        anywhere: true,
        tag: "sha384-abc",
        plain: TEXT,
        brotli: None,
    };
    const WASM: File = File {
        path: "/assets/frame-0.wasm",
        kind: "application/wasm",
        forever: true,
        anywhere: false,
        ..LOADER
    };

    fn ask(file: &File, headers: &[(HeaderName, &str)]) -> Response {
        let packed = Bytes::from(encoding::brotli(file.plain, encoding::BEST));
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        serve(file, &packed, &headers.collect())
    }

    async fn body(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn who_takes_brotli_gets_it_and_who_does_not_gets_the_bytes() {
        use axum::http::header::ACCEPT_ENCODING;
        let packed = ask(&LOADER, &[(ACCEPT_ENCODING, "gzip, deflate, br, zstd")]);
        assert_eq!(packed.headers()["content-encoding"], "br");
        assert_eq!(packed.headers()["vary"], "Accept-Encoding");
        let tag = packed.headers()["etag"].clone();
        let packed = body(packed).await;
        assert!(packed.len() < TEXT.len());
        assert_eq!(encoding::tests::unpack(&packed), TEXT);
        for refuses in ["", "gzip", "br;q=0", "br; q=0.000, *"] {
            let plain = ask(&LOADER, &[(ACCEPT_ENCODING, refuses)]);
            assert!(!plain.headers().contains_key("content-encoding"), "{refuses}");
            assert_eq!(plain.headers()["vary"], "Accept-Encoding", "{refuses}");
            assert_ne!(plain.headers()["etag"], tag, "another representation: RFC 9110, 8.8.3");
            assert_eq!(body(plain).await, TEXT, "{refuses}");
        }
    }

    #[test]
    fn the_loader_is_for_every_page_and_short_lived_the_rest_is_ours_and_immutable() {
        let loader = ask(&LOADER, &[]);
        assert_eq!(loader.headers()["cache-control"], "public, max-age=300");
        assert_eq!(loader.headers()["access-control-allow-origin"], "*");
        assert_eq!(loader.headers()["cross-origin-resource-policy"], "cross-origin");
        assert_eq!(loader.headers()["content-type"], "text/javascript; charset=utf-8");
        let wasm = ask(&WASM, &[]);
        assert_eq!(wasm.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(wasm.headers()["content-type"], "application/wasm");
        for header in ["access-control-allow-origin", "cross-origin-resource-policy"] {
            assert!(
                !wasm.headers().contains_key(header),
                "{header}: left to the layer of every answer"
            );
        }
    }

    #[tokio::test]
    async fn who_has_the_bytes_is_not_sent_them_again() {
        let tag = ask(&LOADER, &[]).headers()["etag"].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let answer = ask(&LOADER, &[(IF_NONE_MATCH, &known)]);
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
            assert!(body(answer).await.is_empty());
        }
        assert_eq!(ask(&LOADER, &[(IF_NONE_MATCH, "\"x\"")]).status(), StatusCode::OK);
    }

    #[test]
    fn the_files_of_this_build_have_what_the_contract_says() {
        for file in FILES {
            assert!(!file.plain.is_empty() && !file.tag.is_empty(), "{}", file.path);
            assert_eq!(file.anywhere, file.path.starts_with("/farthing"), "{}", file.path);
            let short = ["/farthing.js", "/farthing.d.ts"].contains(&file.path);
            assert_eq!(file.forever, !short, "{}", file.path);
            if let Some(packed) = file.brotli {
                assert_eq!(encoding::tests::unpack(packed), file.plain, "{}", file.path);
            }
        }
        assert!(shell().is_ok());
    }
}
