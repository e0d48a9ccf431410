//! Files that people hand over, and files that are made for them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::outcome::{Failure, Result};

/// The largest file that is read.
const MAX_LEN: u64 = 1024 * 1024;

/// The largest private key that is read: RSA of 2048 bits has some 1.7 KiB.
const MAX_KEY_LEN: usize = 64 * 1024;

/// For nobody else's eyes.
pub(crate) const PRIVATE: u32 = 0o600;

/// To be shown around.
pub(crate) const PUBLIC: u32 = 0o644;

/// A file's bytes; `-` is standard input.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let fail =
        |error: std::io::Error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_LEN + 1).read_to_end(&mut bytes).map_err(fail)?;
    } else {
        File::open(path).map_err(fail)?.take(MAX_LEN + 1).read_to_end(&mut bytes).map_err(fail)?;
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

/// A private key's file, in memory that is wiped.
pub(crate) fn key(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let fail =
        |error: std::io::Error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
    let mut file = File::open(path).map_err(fail)?;
    // Its final size from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(vec![0; MAX_KEY_LEN + 1]);
    let mut len = 0;
    loop {
        match file.read(bytes.get_mut(len..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(fail(error)),
        }
    }
    if len > MAX_KEY_LEN {
        return Err(Failure::Usage(format!("{} is larger than 64 KiB", path.display())));
    }
    bytes.truncate(len);
    Ok(bytes)
}

/// A folder and those above it; what is made is for nobody else. One that exists stays as it is.
pub(crate) fn make_folder(path: &Path) -> Result {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| cannot("make the folder", path, &error))
}

/// Refuses a place where something is, be it a link to nowhere.
pub(crate) fn refuse_existing(path: &Path) -> Result {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot("look at", path, &error)),
        Ok(_) => Err(exists(path)),
    }
}

/// A new file, with these permissions from its first moment on. One that exists is refused.
pub(crate) fn create(path: &Path, mode: u32) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => cannot("make", path, &error),
    })
}

/// The whole text, and onto the disk.
pub(crate) fn write(mut file: File, path: &Path, text: &str) -> Result {
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| cannot("write", path, &error))
}

/// A failure that leaves nothing done.
pub(crate) fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::Refused(format!("cannot {what} {}: {error}", path.display()))
}

fn exists(path: &Path) -> Failure {
    Failure::Refused(format!(
        "{} exists and is not overwritten: move it away, or choose another directory",
        path.display()
    ))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_new_file_is_for_its_owner_from_its_first_moment_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        let file = create(&path, PRIVATE).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, PRIVATE);
        write(file, &path, "text").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "text");
    }

    #[test]
    fn what_exists_is_refused_by_name_be_it_a_link_to_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        symlink("/nowhere/at/all", &link).unwrap();
        for refused in [refuse_existing(&link), create(&link, PRIVATE).map(drop)] {
            let failure = refused.unwrap_err();
            assert!(failure.text().starts_with(&link.display().to_string()), "{failure:?}");
            assert!(matches!(failure, Failure::Refused(_)));
        }
        refuse_existing(&folder.path().join("free")).unwrap();
    }

    #[test]
    fn a_key_is_read_whole_and_within_limits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for (len, fits) in [(0, true), (MAX_KEY_LEN, true), (MAX_KEY_LEN + 1, false)] {
            std::fs::write(&path, vec![b'k'; len]).unwrap();
            assert_eq!(key(&path).ok().map(|key| key.len()), fits.then_some(len));
        }
    }
}
