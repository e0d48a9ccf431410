//! `farthing applepay csr`: keys and requests for both certificates of Apple Pay.

use std::path::{Path, PathBuf};

use farthing_wallets::apple::{CertificateRequest, Version};

use crate::files;
use crate::outcome::{Failure, Result};
use crate::output::{line, plain};

/// What the files of either certificate are called, but for their ends.
const PROCESSING: &str = "payment-processing";
const IDENTITY: &str = "merchant-identity";

/// Makes four files, or none.
pub(super) fn run(out: &Path, rsa: bool) -> Result {
    files::make_folder(out)?;
    // An absolute path is one that the configuration can have, wherever it lies itself.
    let out = out.canonicalize().map_err(|error| files::cannot("find the folder", out, &error))?;
    let path = |name: &str, end: &str| out.join(name).with_extension(end);
    // Before any key is made: that takes a moment, and most refusals are this one.
    for name in [PROCESSING, IDENTITY] {
        files::refuse_existing(&path(name, "key"))?;
        files::refuse_existing(&path(name, "csr"))?;
    }
    let version = if rsa { Version::RsaV1 } else { Version::EcV1 };
    let no_key = |error| Failure::refused("cannot make a key", error);
    let processing = CertificateRequest::payment_processing(version).map_err(no_key)?;
    let identity = CertificateRequest::merchant_identity().map_err(no_key)?;
    let mut made = Made::default();
    for (name, request) in [(PROCESSING, &processing), (IDENTITY, &identity)] {
        // The key first: a request without its key is worth nothing, and Apple would make a certificate of it all the same.
        made.add(&path(name, "key"), request.expose_key_pem(), files::PRIVATE)?;
        made.add(&path(name, "csr"), request.request_pem(), files::PUBLIC)?;
    }
    made.keep();
    line(next_steps(&out, rsa).trim_end());
    Ok(())
}

/// Files that were made, and go again unless all of them could be.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Made {
    fn add(&mut self, path: &Path, text: &str, mode: u32) -> Result {
        let file = files::create(path, mode)?;
        // Ours from here on: what stood there before would have been refused.
        self.0.push(path.to_owned());
        files::write(file, path, text)
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// What a person does next.
fn next_steps(out: &Path, rsa: bool) -> String {
    let path = |name: &str, end: &str| out.join(name).with_extension(end).display().to_string();
    let shell = |name| plain(&path(name, "pem"));
    let toml = |name, end| toml_string(&format!("file:{}", path(name, end)));
    format!(
        "\
Made in {folder}:
  {PROCESSING}.key, .csr  {algorithm}
  {IDENTITY}.key, .csr   RSA of 2048 bits
The .key files are secrets: they never leave this machine, and Apple never asks for them.

1. At developer.apple.com, Certificates, Identifiers & Profiles, Identifiers, Merchant IDs, your merchant ID:
   Apple Pay Payment Processing Certificate: upload {PROCESSING}.csr, download apple_pay.cer
   Apple Pay Merchant Identity Certificate: upload {IDENTITY}.csr, download merchant_id.cer
   If it asks whether payments are processed exclusively in mainland China: {exclusively}

2. What Apple gives is DER; the configuration wants PEM:
   openssl x509 -inform der -in apple_pay.cer -out '{processing_pem}'
   openssl x509 -inform der -in merchant_id.cer -out '{identity_pem}'

3. In the configuration, under [apple_pay] with your merchant_id:
   [[apple_pay.processing]]
   certificate = {processing_certificate}
   key = {processing_key}
   [apple_pay.identity]
   certificate = {identity_certificate}
   key = {identity_key}

Both certificates live 25 months. At renewal run this with another --out, and keep the old payment processing certificate
configured beside the new one until tokens to it have stopped coming.
",
        folder = plain(&out.display().to_string()),
        algorithm = if rsa { "RSA of 2048 bits, for mainland China" } else { "P-256" },
        exclusively = if rsa { "Yes" } else { "No" },
        processing_pem = shell(PROCESSING),
        identity_pem = shell(IDENTITY),
        processing_certificate = toml(PROCESSING, "pem"),
        processing_key = toml(PROCESSING, "key"),
        identity_certificate = toml(IDENTITY, "pem"),
        identity_key = toml(IDENTITY, "key"),
    )
}

/// A basic string of TOML, which JSON's are too.
fn toml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_steps_name_every_file_and_every_key_of_the_configuration() {
        let text = next_steps(Path::new("/etc/farthing"), false);
        for words in [
            "Apple Pay Payment Processing Certificate: upload payment-processing.csr, download apple_pay.cer",
            "Apple Pay Merchant Identity Certificate: upload merchant-identity.csr, download merchant_id.cer",
            "exclusively in mainland China: No",
            "-in merchant_id.cer -out '/etc/farthing/merchant-identity.pem'",
            "[[apple_pay.processing]]\n   certificate = \"file:/etc/farthing/payment-processing.pem\"\n   key = \"file:/etc/farthing/payment-processing.key\"",
            "[apple_pay.identity]\n   certificate = \"file:/etc/farthing/merchant-identity.pem\"\n   key = \"file:/etc/farthing/merchant-identity.key\"",
            "25 months",
        ] {
            assert!(text.contains(words), "{words} is missing in {text}");
        }
        assert!(next_steps(Path::new("/etc"), true).contains("exclusively in mainland China: Yes"));
    }

    #[test]
    fn a_path_with_quotes_stays_one_string_of_toml() {
        assert_eq!(toml_string("file:/a \"b\"\\c"), r#""file:/a \"b\"\\c""#);
    }

    #[test]
    fn what_was_made_goes_again_if_not_all_could_be_made() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        std::fs::write(&second, "theirs").unwrap();
        let mut made = Made::default();
        made.add(&first, "ours", files::PRIVATE).unwrap();
        made.add(&second, "ours", files::PRIVATE).unwrap_err();
        drop(made);
        assert!(!first.exists());
        assert_eq!(std::fs::read_to_string(second).unwrap(), "theirs");
    }
}
