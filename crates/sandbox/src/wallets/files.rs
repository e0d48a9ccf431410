//! The vendors' keys as files of a directory, so that what a server was told to trust is trusted after a restart too.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use farthing_wallets::apple::issuer::{Issuer, IssuerFiles};
use farthing_wallets::google;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::tls::{Authority, AuthorityFiles};

const APPLE_ROOT: &str = "apple-root.pem";
const APPLE_INTERMEDIATE: &str = "apple-intermediate.pem";
const APPLE_INTERMEDIATE_KEY: &str = "apple-intermediate.key.pem";
const GOOGLE_ROOT_KEY: &str = "google-root.key.pem";
const TLS_CA: &str = "host-ca.pem";
const TLS_CA_KEY: &str = "host-ca.key.pem";

/// All that is kept.
pub(super) struct Files {
    pub(super) apple: IssuerFiles,
    /// PKCS#8 in PEM.
    pub(super) google_root: Zeroizing<String>,
    pub(super) tls: AuthorityFiles,
}

impl Files {
    /// New keys.
    pub(super) fn new(now: Timestamp) -> io::Result<Self> {
        let apple = Issuer::new(now).and_then(|issuer| issuer.files()).map_err(io::Error::other)?;
        let google = google::issuer::Issuer::new(now);
        let google_root = google.and_then(|issuer| issuer.root_key()).map_err(io::Error::other)?;
        Ok(Self { apple, google_root, tls: Authority::new_files(now)? })
    }

    fn read(directory: &Path) -> io::Result<Self> {
        let text =
            |name| fs::read_to_string(directory.join(name)).map_err(|error| named(name, &error));
        Ok(Self {
            apple: IssuerFiles {
                root: text(APPLE_ROOT)?,
                intermediate: text(APPLE_INTERMEDIATE)?,
                intermediate_key: text(APPLE_INTERMEDIATE_KEY)?.into(),
            },
            google_root: text(GOOGLE_ROOT_KEY)?.into(),
            tls: AuthorityFiles { certificate: text(TLS_CA)?, key: text(TLS_CA_KEY)?.into() },
        })
    }

    fn write(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        for (name, text) in [
            (APPLE_ROOT, self.apple.root.as_str()),
            (APPLE_INTERMEDIATE, &self.apple.intermediate),
            (APPLE_INTERMEDIATE_KEY, &self.apple.intermediate_key),
            (GOOGLE_ROOT_KEY, &self.google_root),
            (TLS_CA, &self.tls.certificate),
            (TLS_CA_KEY, &self.tls.key),
        ] {
            write_private(&directory.join(name), text).map_err(|error| named(name, &error))?;
        }
        Ok(())
    }
}

/// Reads the directory, or fills it if none of the files is there. Some without the others are an error, and nothing is written.
pub(super) fn open(
    directory: &Path,
    make: impl FnOnce() -> io::Result<Files>,
) -> io::Result<Files> {
    let names = [
        APPLE_ROOT,
        APPLE_INTERMEDIATE,
        APPLE_INTERMEDIATE_KEY,
        GOOGLE_ROOT_KEY,
        TLS_CA,
        TLS_CA_KEY,
    ];
    if names.iter().any(|name| directory.join(name).exists()) {
        return Files::read(directory);
    }
    let files = make()?;
    files.write(directory)?;
    Ok(files)
}

fn named(name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("wallet keys: {name}: {error}"))
}

/// For the owner's eyes only, and never over another file.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
