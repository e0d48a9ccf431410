//! Certificates for TLS: a root, the one that Apple's host shows, and merchants' identities.
//!
//! Tokens need certificates of Apple's structure, which the crate of wallets makes; TLS needs those of every web server, which rcgen
//! makes. One root signs both ends here, since the sandbox is the only one that trusts it.

use std::io;

use der::Decode as _;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use pem_rfc7468::LineEnding;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_cert::Certificate;
use zeroize::Zeroizing;

/// `userId`, where Apple writes the merchant identifier: RFC 4519, section 2.39.
const USER_ID: &[u64] = &[0, 9, 2342, 19_200_300, 100, 1, 1];
/// How long an identity is valid: Apple's 25 months.
const IDENTITY_DAYS: i64 = 25 * 365 / 12;
/// How long the host's certificate is valid, which every start makes anew; and the root.
const HOST_DAYS: i64 = 365;
const ROOT_DAYS: i64 = 3653;

/// A root that signs certificates for TLS.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// What an authority is made of.
pub(super) struct AuthorityFiles {
    /// PEM.
    pub(super) certificate: String,
    /// PKCS#8 in PEM.
    pub(super) key: Zeroizing<String>,
}

/// A certificate with its key, as the merchant would have them as files.
pub(crate) struct Identity {
    /// PEM.
    pub(crate) certificate: String,
    /// PKCS#8 in PEM.
    pub(crate) key: Zeroizing<String>,
}

impl Authority {
    /// Makes a root.
    pub(super) fn new_files(now: Timestamp) -> io::Result<AuthorityFiles> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = root();
        set_validity(&mut params, now, ROOT_DAYS);
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(AuthorityFiles {
            certificate: to_pem("CERTIFICATE", certificate.der())?,
            key: key_to_pem(&key)?,
        })
    }

    pub(super) fn from_files(files: &AuthorityFiles) -> io::Result<Self> {
        let der = from_pem("CERTIFICATE", &files.certificate)?;
        let certificate = Certificate::from_der(&der).map_err(io::Error::other)?;
        let key = PrivatePkcs8KeyDer::from(from_pem("PRIVATE KEY", &files.key)?.to_vec());
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ECDSA_P256_SHA256)
            .map_err(io::Error::other)?;
        let certified = certificate.tbs_certificate().subject_public_key_info();
        if certified.subject_public_key.as_bytes() != Some(key.public_key_raw()) {
            return Err(io::Error::other("the key of the TLS authority is not its certificate's"));
        }
        Ok(Self { issuer: Issuer::new(root(), key), certificate: files.certificate.clone() })
    }

    /// The root's certificate, PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The same in DER.
    pub(crate) fn certificate_der(&self) -> io::Result<CertificateDer<'static>> {
        Ok(from_pem("CERTIFICATE", &self.certificate)?.to_vec().into())
    }

    /// A certificate for these names, and its key.
    pub(crate) fn host(
        &self,
        names: Vec<SanType>,
        now: Timestamp,
    ) -> io::Result<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = leaf("Apple Pay gateway (Farthing Sandbox)");
        params.subject_alt_names = names;
        params.insert_extended_key_usage(ExtendedKeyUsagePurpose::ServerAuth);
        set_validity(&mut params, now, HOST_DAYS);
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        Ok((certificate.into(), key.into()))
    }

    /// A merchant identity certificate for a key that the merchant has made, PEM.
    pub(crate) fn identity(
        &self,
        merchant_id: &str,
        key: &impl PublicKeyData,
        now: Timestamp,
    ) -> io::Result<String> {
        let mut params = leaf(&format!("Apple Pay Merchant Identity:{merchant_id}"));
        params.distinguished_name.push(DnType::CustomDnType(USER_ID.to_vec()), merchant_id);
        params.insert_extended_key_usage(ExtendedKeyUsagePurpose::ClientAuth);
        set_validity(&mut params, now, IDENTITY_DAYS);
        let certificate = params.signed_by(key, &self.issuer).map_err(io::Error::other)?;
        to_pem("CERTIFICATE", certificate.der())
    }

    /// A merchant identity certificate on P-256 with its key.
    pub(crate) fn identity_files(&self, merchant_id: &str, now: Timestamp) -> io::Result<Identity> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        Ok(Identity { certificate: self.identity(merchant_id, &key, now)?, key: key_to_pem(&key)? })
    }
}

/// All but its time, so that a kept key signs under the same name.
fn root() -> CertificateParams {
    let mut params = leaf("Farthing Sandbox TLS CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.distinguished_name.push(DnType::OrganizationName, "Farthing Sandbox");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

/// From yesterday on, by days: TLS is judged by real time, whatever the sandbox's clock says.
fn set_validity(params: &mut CertificateParams, now: Timestamp, days: i64) {
    let day = |offset: i64| {
        let time = crate::clock::add(now, SignedDuration::from_hours(24 * offset));
        let date = time.to_zoned(TimeZone::UTC).date();
        let part = |number: i8| u8::try_from(number).unwrap_or(1);
        date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
    };
    params.not_before = day(-1);
    params.not_after = day(days);
}

fn key_to_pem(key: &KeyPair) -> io::Result<Zeroizing<String>> {
    to_pem("PRIVATE KEY", key.serialized_der()).map(Zeroizing::new)
}

fn to_pem(label: &str, der: &[u8]) -> io::Result<String> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).map_err(io::Error::other)
}

fn from_pem(label: &str, text: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    match pem_rfc7468::decode_vec(text.as_bytes()) {
        Ok((found, der)) if found == label => Ok(Zeroizing::new(der)),
        _ => Err(io::Error::other(format!("not the PEM of a {label}"))),
    }
}
