//! What can be seen without the network.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use farthing_server::config::{Config, Database, Mode, Scope};
use farthing_server::target;
use farthing_server::token::TokenHash;
use jiff::Timestamp;
use url::Host;

use super::{Finding, wallets};
use crate::demo::KEY;

/// Every check of this file.
pub(super) fn findings(path: &Path, config: &Config) -> Vec<Finding> {
    let mut findings = vec![configuration(path, config)];
    findings.extend(keys(config));
    findings.push(database(&config.server.database));
    findings.extend(private_files(path, &config.secret_files, &config.server.database));
    findings.push(public_url(config));
    findings.push(callback_url(config));
    findings.extend(wallets::local(config, Timestamp::now()));
    if config.merchant.webhook.is_none() {
        findings.push(Finding::note(
            "webhooks",
            "no endpoint is configured: events are only there to be pulled, or sent to a session's `webhook_url`",
        ));
    }
    findings
}

fn configuration(path: &Path, config: &Config) -> Finding {
    let mode = match config.mode {
        Mode::Live => "live: real money",
        Mode::Sandbox => "sandbox: no money",
    };
    let accounts: Vec<&str> =
        config.smartcore.accounts.keys().map(farthing_types::Currency::code).collect();
    Finding::good(
        "configuration",
        format!("{} is complete; mode {mode}; currencies {}", path.display(), accounts.join(", ")),
    )
}

fn keys(config: &Config) -> Vec<Finding> {
    let keys = &config.merchant.keys;
    let demo = TokenHash::of(KEY);
    let demo = keys.iter().find(|key| key.sha256 == demo);
    let mut findings = vec![match (demo, config.mode) {
        (Some(key), Mode::Live) => Finding::bad(
            "keys",
            format!("key `{}` is the demo's, which everybody knows", key.id),
            "make a key of 256 random bits and configure its SHA-256",
        ),
        (Some(key), Mode::Sandbox) => Finding::note(
            "keys",
            format!("key `{}` is the demo's, which everybody knows; live mode refuses it", key.id),
        ),
        (None, _) => {
            Finding::good("keys", format!("{} configured, none is the demo's", keys.len()))
        }
    }];
    if !keys.iter().any(|key| key.scopes.contains(&Scope::Sessions)) {
        findings.push(Finding::bad(
            "keys",
            "none may create sessions",
            "give one of them the scope `sessions`, or no shop can be paid",
        ));
    }
    findings
}

fn database(database: &Database) -> Finding {
    let Database::Sqlite(path) = database else {
        return Finding::note("database", "is of a kind that is not looked at here");
    };
    match sqlite(path) {
        Ok(finding) => finding,
        Err(error) => Finding::bad(
            "database",
            format!("{}: {error}", path.display()),
            "the server has to be able to read and write the file and to make files beside it",
        ),
    }
}

/// Looks without making anything: the file may be missing, then its folder counts.
fn sqlite(path: &Path) -> io::Result<Finding> {
    let is_new = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => false,
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(error),
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // SQLite makes files beside the database, so the folder has to be writable; permission bits alone do not tell.
    tempfile::Builder::new().prefix(".farthing-doctor-").tempfile_in(folder)?;
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    let is_held = match File::options().write(true).open(PathBuf::from(lock)) {
        Ok(file) => match file.try_lock() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(error)) => return Err(error),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    let shown = path.display();
    Ok(match (is_held, is_new) {
        (true, _) => Finding::note(
            "database",
            format!("{shown} is held by a running server; a second one would not start"),
        ),
        (false, true) => {
            Finding::good("database", format!("{shown} will be made at the first start"))
        }
        (false, false) => {
            Finding::good("database", format!("{shown} can be written, and nobody holds it"))
        }
    })
}

/// Files that only the server's user should read. Where there are no permission bits, nothing is said.
fn private_files(path: &Path, secrets: &[PathBuf], database: &Database) -> Vec<Finding> {
    let mut findings = open_files("secrets", secrets);
    findings.extend(open_configuration(path));
    if let Database::Sqlite(database) = database {
        // SQLite's write-ahead log holds what is not in the database yet, its index is shared memory: "WAL-mode File Format".
        let beside = |suffix: &str| {
            let mut name = database.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        let files = [database.clone(), beside("-wal"), beside("-shm")];
        findings.extend(open_files("database", &files));
    }
    findings
}

/// The configuration may hold secrets or only point to them: whether it matters is for its owner to say.
fn open_configuration(path: &Path) -> Option<Finding> {
    is_open(path).then(|| {
        Finding::note(
            "configuration",
            format!(
                "{} is open to other users of this machine: chmod 600, unless all its secrets are `file:` references",
                path.display()
            ),
        )
    })
}

/// Whether group or others may do anything with a file. A missing one is not open.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}

fn open_files(what: &'static str, paths: &[PathBuf]) -> Vec<Finding> {
    let open = |path: &PathBuf| {
        Finding::bad(
            what,
            format!("{} is open to other users of this machine", path.display()),
            "chmod 600, with the server's user as owner",
        )
    };
    paths.iter().filter(|path| is_open(path)).map(open).collect()
}

fn public_url(config: &Config) -> Finding {
    match (&config.server.public_url, config.mode) {
        (None, Mode::Sandbox) => {
            Finding::note("public URL", "not set: it will be the address that is bound")
        }
        (None, Mode::Live) => Finding::bad(
            "public URL",
            "not set",
            "set `server.public_url` to the https origin of this server",
        ),
        (Some(origin), Mode::Live) if !origin.is_https() => Finding::bad(
            "public URL",
            "is not https",
            "live mode needs a certificate in front of the server",
        ),
        (Some(origin), _) => Finding::good("public URL", origin.as_str()),
    }
}

fn callback_url(config: &Config) -> Finding {
    const WHAT: &str = "callback URL";
    let Some(origin) = &config.server.public_url else {
        return Finding::note(
            WHAT,
            "follows from the address that is bound; only a sandbox on this machine can reach it",
        );
    };
    let shape = origin.join("/callbacks/smartcore/{token}");
    let is_reachable = match origin.host() {
        Some(Host::Ipv4(address)) => target::is_public(address.into()),
        Some(Host::Ipv6(address)) => target::is_public(address.into()),
        Some(host @ Host::Domain(_)) => !target::is_loopback_host(&host),
        None => false,
    };
    match (is_reachable, config.mode) {
        (true, _) => Finding::good(WHAT, shape),
        (false, Mode::Sandbox) => {
            Finding::note(WHAT, format!("{shape}; a gateway on another machine cannot reach it"))
        }
        (false, Mode::Live) => Finding::bad(
            WHAT,
            format!("{shape} is not a public address"),
            "without callbacks, results are learned late; set `server.public_url` to what the gateway can reach",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Mark;

    #[test]
    fn a_database_in_a_folder_that_does_not_exist_has_to_be_put_right() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| Database::Sqlite(folder.path().join(name));
        assert_eq!(database(&inside("nowhere/farthing.sqlite")).mark, Mark::Bad);
        assert_eq!(database(&inside("farthing.sqlite")).mark, Mark::Good);
        assert!(
            std::fs::read_dir(folder.path()).unwrap().next().is_none(),
            "looking leaves nothing behind"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_has_to_be_put_right() {
        use std::os::unix::fs::PermissionsExt as _;

        let file = tempfile::NamedTempFile::new().unwrap();
        let paths = [file.path().to_owned(), file.path().join("missing")];
        for (mode, count) in [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1)] {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            let found = open_files("secrets", &paths);
            assert_eq!(found.len(), count, "{mode:o}");
            assert!(found.iter().all(|finding| finding.mark == Mark::Bad));
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_open_configuration_is_noted_and_an_open_write_ahead_log_has_to_be_put_right() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("farthing.toml");
        let database = Database::Sqlite(folder.path().join("farthing.sqlite"));
        let marks = || -> Vec<_> {
            private_files(&path, &[], &database)
                .into_iter()
                .map(|finding| (finding.what, finding.mark))
                .collect()
        };
        let set = |file: &Path, mode| {
            File::create(file).unwrap();
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set(&path, 0o600);
        assert_eq!(marks(), []);
        set(&path, 0o644);
        assert_eq!(marks(), [("configuration", Mark::Note)]);
        for name in ["farthing.sqlite-wal", "farthing.sqlite-shm"] {
            set(&folder.path().join(name), 0o640);
        }
        assert_eq!(
            marks(),
            [("configuration", Mark::Note), ("database", Mark::Bad), ("database", Mark::Bad)]
        );
    }

    #[test]
    fn a_database_that_a_server_holds_is_said_to_be_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("farthing.sqlite");
        let lock = File::create(folder.path().join("farthing.sqlite.lock")).unwrap();
        File::create(&path).unwrap();
        assert_eq!(database(&Database::Sqlite(path.clone())).mark, Mark::Good);
        lock.lock().unwrap();
        assert_eq!(database(&Database::Sqlite(path)).mark, Mark::Note);
    }
}
