//! The shop's files: compiled in, named by their content, so that a browser may keep them for good.

use std::collections::BTreeMap;

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::books::BOOKS;

const STYLE: &str = include_str!("../../../../www/demo/shop.css");
const SCRIPT: &str = include_str!("../../../../www/demo/shop.js");
const ICON: &str = include_str!("../../../../www/demo/icon.svg");

/// The files by their paths.
#[derive(Clone, Debug)]
pub(super) struct Assets {
    files: BTreeMap<String, (&'static str, &'static str)>,
    paths: BTreeMap<&'static str, String>,
}

impl Assets {
    /// Names every file.
    pub(super) fn new() -> Self {
        let mut all = Self { files: BTreeMap::new(), paths: BTreeMap::new() };
        all.add("shop", "css", "text/css; charset=utf-8", STYLE);
        all.add("script", "js", "text/javascript; charset=utf-8", SCRIPT);
        all.add("icon", "svg", "image/svg+xml", ICON);
        for book in BOOKS {
            all.add(book.slug, "svg", "image/svg+xml", book.cover);
        }
        all
    }

    fn add(
        &mut self,
        name: &'static str,
        extension: &str,
        kind: &'static str,
        content: &'static str,
    ) {
        let digest = hex::encode(Sha256::digest(content));
        let path = format!("/assets/{name}-{}.{extension}", digest.get(..12).unwrap_or(&digest));
        self.files.insert(path.clone(), (kind, content));
        self.paths.insert(name, path);
    }

    /// The path of the file of this name; a book's slug is the name of its cover.
    pub(super) fn path(&self, name: &str) -> &str {
        self.paths.get(name).map_or("/assets/missing", String::as_str)
    }

    /// The file at this path.
    pub(super) fn get(&self, path: &str) -> Option<Response> {
        let (kind, content) = *self.files.get(path)?;
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(kind)),
            (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        ];
        Some((headers, content).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_where_its_name_leads() {
        let assets = Assets::new();
        for name in ["shop", "script", "icon", "small-coins", "pocket-money"] {
            assert!(assets.get(assets.path(name)).is_some(), "{name}");
        }
        assert!(assets.get("/assets/shop.css").is_none(), "a name without its content's hash");
        assert!(assets.get(assets.path("no-such-file")).is_none());
    }
}
