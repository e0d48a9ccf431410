//! A signature built part by part, by code that shares nothing with the product, so that each part can be wrong.

use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::array::typenum::U16;
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, KeyInit, Nonce};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use farthing_wallets::apple::{Expectations, Payment, PaymentToken, Refusal, TrustRoots, Verifier};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::issuer::{euro, now};
use crate::support::{MERCHANT_ID, fixture, merchant};

pub(crate) const SHA_256: &str = "300b0609608648016503040201";
pub(crate) const ECDSA_WITH_SHA_256: &str = "300a06082a8648ce3d040302";
const DATA: &str = "06092a864886f70d010701";
const SIGNED_DATA: &str = "06092a864886f70d010702";

/// The parts of a CMS signature, encoded; right ones to begin with.
pub(crate) struct Parts {
    pub(crate) indefinite: bool,
    pub(crate) content_info_type: Vec<u8>,
    pub(crate) version: Vec<u8>,
    pub(crate) digest_algorithms: Vec<u8>,
    pub(crate) content: Vec<u8>,
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) revocation_lists: Vec<u8>,
    pub(crate) signer_version: Vec<u8>,
    pub(crate) signer_id: Vec<u8>,
    pub(crate) digest_algorithm: Vec<u8>,
    pub(crate) attributes: Vec<Vec<u8>>,
    pub(crate) indefinite_attributes: bool,
    pub(crate) signature_algorithm: Vec<u8>,
    pub(crate) unsigned_attributes: Vec<u8>,
    pub(crate) signers: usize,
}

/// The fields of a token that are signed.
pub(crate) struct Content {
    pub(crate) key: Vec<u8>,
    pub(crate) data: Vec<u8>,
    transaction_id: [u8; 32],
}

pub(crate) fn bytes(hexadecimal: &str) -> Vec<u8> {
    hex::decode(hexadecimal).unwrap()
}

/// An element of DER.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let head = match u8::try_from(len) {
        Ok(len @ ..0x80) => vec![tag, len],
        Ok(len) => vec![tag, 0x81, len],
        Err(_) => [&[tag, 0x82][..], &u16::try_from(len).unwrap().to_be_bytes()].concat(),
    };
    [&head, content].concat()
}

/// An attribute with one value.
pub(crate) fn attribute(kind: &str, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[bytes(kind), tlv(0x31, value)].concat())
}

pub(crate) fn content_type() -> Vec<u8> {
    attribute("06092a864886f70d010903", &bytes(DATA))
}

pub(crate) fn message_digest(digest: &[u8]) -> Vec<u8> {
    attribute("06092a864886f70d010904", &tlv(0x04, digest))
}

pub(crate) fn signing_time(time: &str) -> Vec<u8> {
    attribute("06092a864886f70d010905", &tlv(0x17, time.as_bytes()))
}

pub(crate) fn protection(digest: &str, signature: &str) -> Vec<u8> {
    let signature = bytes(&signature[4..]);
    let value = tlv(0x30, &[bytes(digest), tlv(0xa1, &signature)].concat());
    attribute("06092a864886f70d010934", &value)
}

/// A chain of `fixtures/chains`: leaf, intermediate.
pub(crate) fn chain(name: &str) -> Vec<Vec<u8>> {
    let pem = String::from_utf8(fixture(&format!("../chains/{name}.pem"))).unwrap();
    let blocks = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
    let body = |block: &str| block.split("-----END").next().unwrap().replace('\n', "");
    blocks.map(|block| STANDARD.decode(body(block)).unwrap()).collect()
}

/// Issuer and serial number of a certificate, found by walking over its first elements.
fn signer_id(certificate: &[u8]) -> Vec<u8> {
    let tbs = elements(&elements(certificate)[0].1)[0].1.clone();
    let fields = elements(&tbs);
    let [_version, serial, _algorithm, issuer, ..] = &fields[..] else { panic!("no certificate") };
    let again = |(tag, content): &(u8, Vec<u8>)| tlv(*tag, content);
    tlv(0x30, &[again(issuer), again(serial)].concat())
}

/// The elements in some DER: tag and content.
fn elements(mut der: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while let [tag, first, ..] = *der {
        let (head, len) = match first {
            0x81 => (3, usize::from(der[2])),
            0x82 => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
            short => (2, usize::from(short)),
        };
        found.push((tag, der[head..head + len].to_vec()));
        der = &der[head + len..];
    }
    found
}

impl Parts {
    fn new(certificates: Vec<Vec<u8>>, digest: &[u8]) -> Self {
        Self {
            indefinite: true,
            content_info_type: bytes(SIGNED_DATA),
            version: bytes("020101"),
            digest_algorithms: bytes(SHA_256),
            content: bytes(DATA),
            signer_id: signer_id(&certificates[0]),
            certificates,
            revocation_lists: Vec::new(),
            signer_version: bytes("020101"),
            digest_algorithm: bytes(SHA_256),
            attributes: vec![
                content_type(),
                signing_time("260615120000Z"),
                protection(SHA_256, ECDSA_WITH_SHA_256),
                message_digest(digest),
            ],
            indefinite_attributes: false,
            signature_algorithm: bytes(ECDSA_WITH_SHA_256),
            unsigned_attributes: Vec::new(),
            signers: 1,
        }
    }

    fn encode(self) -> Vec<u8> {
        let outer = |tag: u8, content: &[u8]| {
            if self.indefinite {
                [&[tag, 0x80], content, &[0, 0]].concat()
            } else {
                tlv(tag, content)
            }
        };
        let attributes = self.attributes.concat();
        let pem = String::from_utf8(fixture("../chains/leaf.key.pem")).unwrap();
        let pkcs8: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let pkcs8 = STANDARD.decode(pkcs8).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8).unwrap();
        let signature = key.sign(&SystemRandom::new(), &tlv(0x31, &attributes)).unwrap();
        let under_tag = match (attributes.is_empty(), self.indefinite_attributes) {
            (true, _) => Vec::new(),
            (false, true) => [&[0xa0, 0x80], &attributes[..], &[0, 0]].concat(),
            (false, false) => tlv(0xa0, &attributes),
        };
        let signer = [
            self.signer_version,
            self.signer_id,
            self.digest_algorithm,
            under_tag,
            self.signature_algorithm,
            tlv(0x04, signature.as_ref()),
            self.unsigned_attributes,
        ];
        let signer = tlv(0x30, &signer.concat());
        let signed_data = [
            self.version,
            tlv(0x31, &self.digest_algorithms),
            outer(0x30, &self.content),
            outer(0xa0, &self.certificates.concat()),
            self.revocation_lists,
            tlv(0x31, &signer.repeat(self.signers)),
        ];
        let explicit = outer(0xa0, &outer(0x30, &signed_data.concat()));
        outer(0x30, &[self.content_info_type, explicit].concat())
    }
}

/// Encrypts good payment data to merchant B.
fn content() -> Content {
    let plaintext = br#"{"applicationPrimaryAccountNumber":"4012000000003010","applicationExpirationDate":"301231","currencyCode":"978","transactionAmount":1000,"paymentDataType":"3DSecure","paymentData":{"onlinePaymentCryptogram":"x3GCsthcSffnWq0+KC/EqSlIJ68="}}"#;
    let ephemeral = PrivateKey::generate(&ECDH_P256).unwrap();
    let public = ephemeral.compute_public_key().unwrap();
    // Merchant B's public key is the last 65 bytes of the SubjectPublicKeyInfo that its private key gives.
    let pem = String::from_utf8(fixture("merchant-b.key.pem")).unwrap();
    let pkcs8: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let private =
        PrivateKey::from_private_key_der(&ECDH_P256, &STANDARD.decode(pkcs8).unwrap()).unwrap();
    let merchant = private.compute_public_key().unwrap();
    let peer = UnparsedPublicKey::new(&ECDH_P256, merchant.as_ref());
    let key = agreement::agree(&ephemeral, peer, (), |shared| {
        let id: [u8; 32] = Sha256::digest(MERCHANT_ID).into();
        let input = [&[0, 0, 0, 1], shared, b"\x0did-aes256-GCM", b"Apple", &id].concat();
        assert_eq!(input.len(), 87);
        Ok(Sha256::digest(input))
    });
    let mut data = plaintext.to_vec();
    let tag = AesGcm::<Aes256, U16>::new_from_slice(&key.unwrap())
        .unwrap()
        .encrypt_inout_detached(&Nonce::default(), b"", data.as_mut_slice().into())
        .unwrap();
    data.extend_from_slice(&tag);
    Content { key: public.as_der().unwrap().as_ref().to_vec(), data, transaction_id: [0x5a; 32] }
}

/// A token under a chain, its signature changed by `change`; what a verifier of the chains' root makes of it.
pub(crate) fn read(chain_name: &str, change: impl FnOnce(&mut Parts)) -> Result<Payment, Refusal> {
    read_token(chain_name, |_| {}, change)
}

/// A token whose content was changed before it was signed.
pub(crate) fn read_content(change: impl FnOnce(&mut Content)) -> Result<Payment, Refusal> {
    read_token("good", change, |_| {})
}

fn read_token(
    chain_name: &str,
    change_content: impl FnOnce(&mut Content),
    change: impl FnOnce(&mut Parts),
) -> Result<Payment, Refusal> {
    let mut content = content();
    change_content(&mut content);
    let digest =
        Sha256::digest([content.key.as_slice(), &content.data, &content.transaction_id].concat());
    let mut parts = Parts::new(chain(chain_name), &digest);
    change(&mut parts);
    let key = merchant("merchant-b");
    let token: Value = json!({
        "paymentData": {
            "version": "EC_v1",
            "data": STANDARD.encode(content.data),
            "signature": STANDARD.encode(parts.encode()),
            "header": {
                "ephemeralPublicKey": STANDARD.encode(content.key),
                "publicKeyHash": STANDARD.encode(key.certificate().public_key_hash()),
                "transactionId": hex::encode(content.transaction_id),
            },
        },
        "paymentMethod": {"displayName": "Visa 3010", "network": "Visa", "type": "debit"},
        "transactionIdentifier": hex::encode(content.transaction_id),
    });
    let roots = TrustRoots::danger_sandbox(&fixture("../chains/root.pem")).unwrap();
    let token = PaymentToken::from_json(token.to_string().as_bytes())?;
    let expected = Expectations { amount: euro(1000), application_data: None };
    Verifier::new(roots, vec![key]).verify_and_decrypt(&token, &expected, now())
}
