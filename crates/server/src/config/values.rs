//! Single values, read by their own rules.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{Database, MasterKey};

/// A password of Basic authentication. Source: RFC 7617, section 2.
pub(super) fn without_control_characters(secret: SecretString) -> Result<SecretString, String> {
    if secret.expose_secret().chars().any(char::is_control) {
        return Err("must hold no control character (RFC 7617)".to_owned());
    }
    Ok(secret)
}

pub(super) fn database(text: &str) -> Result<Database, String> {
    match text.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(Database::Sqlite(path.into())),
        Some(("postgres" | "postgresql", _)) => {
            Err("names PostgreSQL, which is not supported by this version".to_owned())
        }
        _ => Err("must be sqlite: and a path".to_owned()),
    }
}

pub(super) fn master_key(text: &SecretString) -> Result<MasterKey, String> {
    let text = text.expose_secret();
    let mut key = Zeroizing::new([0; 32]);
    if text.len() == 64 && hex::decode_to_slice(text, key.as_mut_slice()).is_ok() {
        return Ok(MasterKey::from_bytes(key));
    }
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        // The decoder wants room for its estimate, which is larger than 32.
        let mut buffer = Zeroizing::new([0; 48]);
        if let Ok(32) = engine.decode_slice(text, buffer.as_mut_slice())
            && let Some(bytes) = buffer.first_chunk::<32>()
        {
            key.copy_from_slice(bytes);
            return Ok(MasterKey::from_bytes(key));
        }
    }
    Err("must be 32 bytes in hexadecimal or base64".to_owned())
}
