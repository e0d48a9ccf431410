//! Files that people hand over.

use std::io::Read as _;
use std::path::Path;

use secrecy::SecretString;

use crate::outcome::{Failure, Result};

/// The largest file that is read.
const MAX_LEN: u64 = 1024 * 1024;

/// A file's bytes; `-` is standard input.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let fail =
        |error: std::io::Error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_LEN + 1).read_to_end(&mut bytes).map_err(fail)?;
    } else {
        std::fs::File::open(path)
            .map_err(fail)?
            .take(MAX_LEN + 1)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|len| len > MAX_LEN) {
        return Err(Failure::Usage(format!("{} is larger than 1 MiB", path.display())));
    }
    Ok(bytes)
}

/// A secret in a file: UTF-8, without the line break that editors put at the end.
pub(crate) fn secret(path: &Path) -> Result<SecretString> {
    let text = String::from_utf8(bytes(path)?)
        .map_err(|_| Failure::Usage(format!("{} is not UTF-8", path.display())))?;
    let text = text
        .strip_suffix('\n')
        .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(Failure::Usage(format!("{} is empty", path.display())));
    }
    Ok(SecretString::from(text.to_owned()))
}
