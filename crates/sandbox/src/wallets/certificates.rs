//! Payment processing certificates that the portal has issued: the phone encrypts to the newest one of a merchant.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::files::write_private;

/// What the files are called before and after the merchant identifier.
const PREFIX: &str = "processing.";
const SUFFIX: &str = ".pem";
/// How many merchants are remembered.
const MAX_MERCHANTS: usize = 1000;

/// The newest certificate of each merchant, PEM. A reset forgets none of them, for merchants do not either.
#[derive(Debug, Default)]
pub(crate) struct Certificates {
    newest: Mutex<BTreeMap<String, String>>,
    /// Where they are kept over a restart, beside the keys that have signed them.
    directory: Option<PathBuf>,
}

impl Certificates {
    /// What the directory has, if there is one.
    pub(super) fn open(directory: Option<&Path>) -> io::Result<Self> {
        let mut newest = BTreeMap::new();
        if let Some(directory) = directory {
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                let name = entry.file_name();
                let merchant = name
                    .to_str()
                    .and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX))
                    .map(str::to_owned);
                if let Some(merchant) = merchant {
                    newest.insert(merchant, fs::read_to_string(entry.path())?);
                }
            }
        }
        Ok(Self { newest: Mutex::new(newest), directory: directory.map(Path::to_owned) })
    }

    /// Remembers a certificate. The merchant identifier must be one that the portal takes: it becomes part of a file's name.
    pub(super) fn issue(&self, merchant_id: &str, certificate: &str) -> Result<(), String> {
        let mut newest = self.lock();
        if newest.len() >= MAX_MERCHANTS && !newest.contains_key(merchant_id) {
            return Err("1000 merchants may have certificates".to_owned());
        }
        if let Some(directory) = &self.directory {
            keep(directory, merchant_id, certificate)
                .map_err(|error| format!("the certificate cannot be kept: {error}"))?;
        }
        newest.insert(merchant_id.to_owned(), certificate.to_owned());
        Ok(())
    }

    /// The newest certificate of a merchant.
    pub(super) fn newest(&self, merchant_id: &str) -> Option<String> {
        self.lock().get(merchant_id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a file where an older one may be, whole or not at all.
fn keep(directory: &Path, merchant_id: &str, certificate: &str) -> io::Result<()> {
    let path = directory.join(format!("{PREFIX}{merchant_id}{SUFFIX}"));
    let unfinished = directory.join(format!("{PREFIX}{merchant_id}.part"));
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    write_private(&unfinished, certificate)?;
    fs::rename(unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_certificate_counts_and_outlives_a_restart() {
        let directory = std::env::temp_dir().join(format!("farthing-certs-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let certificates = Certificates::open(Some(&directory)).unwrap();
        assert_eq!(certificates.newest("merchant.a"), None);
        certificates.issue("merchant.a", "old").unwrap();
        certificates.issue("merchant.a", "new").unwrap();
        certificates.issue("merchant.b", "other").unwrap();
        let again = Certificates::open(Some(&directory)).unwrap();
        assert_eq!(again.newest("merchant.a").as_deref(), Some("new"));
        assert_eq!(again.newest("merchant.b").as_deref(), Some("other"));
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
        fs::remove_dir_all(&directory).unwrap();
    }
}
