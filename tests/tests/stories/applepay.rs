//! The operator's commands for Apple Pay: keys and requests for both certificates.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use farthing_stories::process;

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    fn of(arguments: &[&str], stdin: Option<&str>) -> Self {
        let (code, out, err) = process::run(arguments, &[], stdin);
        Self { code, out, err }
    }

    #[track_caller]
    fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self
    }
}

const FILES: [&str; 4] = [
    "merchant-identity.csr",
    "merchant-identity.key",
    "payment-processing.csr",
    "payment-processing.key",
];

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// What OpenSSL says, or `None` where there is none.
#[expect(clippy::print_stderr, reason = "whoever runs the story learns what it could not look at")]
fn openssl(arguments: &[&str], file: &Path) -> Option<String> {
    let output = match Command::new("openssl").args(arguments).arg("-in").arg(file).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!(
                "openssl is not there: what it would say about {} is not known",
                file.display()
            );
            return None;
        }
        Err(error) => panic!("openssl: {error}"),
    };
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "openssl {arguments:?} {}: {said}", file.display());
    Some(said)
}

#[test]
fn keys_and_requests_are_made_for_their_owner_alone_and_openssl_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world");
    let china = folder.path().join("china");
    let make = |out: &Path, more: &[&str]| {
        let out = out.display().to_string();
        Ended::of(&[&["applepay", "csr", "--out", &out], more].concat(), None).code(0)
    };
    let said = make(&world, &[]);
    make(&china, &["--rsa"]);
    for (folder, processing) in [(&world, "prime256v1"), (&china, "Public-Key: (2048 bit)")] {
        assert_eq!(names(folder), FILES.map(str::to_owned).into());
        for (name, algorithm) in
            [("payment-processing", processing), ("merchant-identity", "Public-Key: (2048 bit)")]
        {
            let (key, request) =
                (folder.join(name).with_extension("key"), folder.join(name).with_extension("csr"));
            assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let text = std::fs::read_to_string(&key).unwrap();
            assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "PKCS#8");
            let body = text.lines().nth(1).unwrap();
            assert!(!said.out.contains(body) && !said.err.contains(body), "a key was printed");
            let Some(described) = openssl(&["req", "-noout", "-verify", "-text"], &request) else {
                continue;
            };
            assert!(described.contains("verify OK"), "{described}");
            assert!(described.contains(algorithm), "{described}");
            let sha_256 = described.contains("ecdsa-with-SHA256")
                || described.contains("sha256WithRSAEncryption");
            assert!(sha_256, "{described}");
            let of_key = openssl(&["pkey", "-pubout"], &key);
            assert_eq!(
                openssl(&["req", "-noout", "-pubkey"], &request),
                of_key,
                "another's request"
            );
        }
    }
    for words in ["payment-processing.csr", "merchant_id.cer", "[[apple_pay.processing]]"] {
        assert!(said.out.contains(words), "{words} is missing in {}", said.out);
    }
}

#[test]
fn a_file_that_exists_is_named_and_kept_and_nothing_is_made_beside_it() {
    for name in FILES {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join(name);
        std::fs::write(&there, "precious").unwrap();
        let out = folder.path().display().to_string();
        let ended = Ended::of(&["applepay", "csr", "--out", &out], None).code(1);
        assert!(
            ended.err.contains(&format!("{name} exists and is not overwritten")),
            "{}",
            ended.err
        );
        assert_eq!(ended.out, "");
        assert_eq!(names(folder.path()), BTreeSet::from([name.to_owned()]));
        assert_eq!(std::fs::read_to_string(&there).unwrap(), "precious");
    }
}
