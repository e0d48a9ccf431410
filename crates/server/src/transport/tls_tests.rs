//! Calls over TLS, against servers on loopback: one that is right, and each way of being wrong.

use std::net::TcpListener as StdListener;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, ProtocolVersion, ServerConfig, ServerConnection, SupportedProtocolVersion,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use zeroize::Zeroizing;

use super::*;

/// The name that is called; certificates are right when they hold it.
const HOST: &str = "localhost";
const BODY: &[u8] = b"{\"charge\":1}";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

// Content types of records. Source: RFC 8446, 5.1.
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

fn request(port: u16) -> WireRequest {
    WireRequest {
        method: "POST",
        url: Url::parse(&format!("https://{HOST}:{port}/x")).unwrap(),
        content_type: "application/json",
        authorization: Some("Basic eDp5".into()),
        body: Zeroizing::new(BODY.to_vec()),
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Root of the tests");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// What a server shows, and the key to it.
struct Identity(CertificateDer<'static>, PrivateKeyDer<'static>);

/// A certificate for these names. Its common name is always right, and must count for nothing.
fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, HOST);
    // Some systems hold a self-signed certificate whose subject is the common name `localhost` alone.
    params.distinguished_name.push(DnType::OrganizationName, "Tests of Farthing");
    params
}

fn signed(params: &CertificateParams, issuer: &Issuer<'_, KeyPair>) -> Identity {
    let key = KeyPair::generate().unwrap();
    Identity(params.signed_by(&key, issuer).unwrap().der().clone(), key.into())
}

fn self_signed(params: &CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    Identity(params.self_signed(&key).unwrap().der().clone(), key.into())
}

fn server_config(
    version: &'static SupportedProtocolVersion,
    Identity(certificate, key): Identity,
) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Arc::new(config)
}

/// Everything that a server saw on one connection, until the client closed it.
struct Seen {
    /// The bytes off the wire.
    raw: Vec<u8>,
    /// What came out of the encryption.
    plaintext: Vec<u8>,
    version: Option<ProtocolVersion>,
    error: Option<rustls::Error>,
}

/// The records in bytes off the wire: content type and payload. Source: RFC 8446, 5.1.
fn records(mut raw: &[u8]) -> Vec<(u8, &[u8])> {
    let mut records = Vec::new();
    while let [kind, _, _, high, low, rest @ ..] = raw {
        let (payload, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        records.push((*kind, payload));
        raw = rest;
    }
    assert!(raw.is_empty(), "half a record");
    records
}

/// Reads what there is; `false` at the end of the connection.
async fn read_some(stream: &mut TcpStream, raw: &mut Vec<u8>) -> bool {
    !matches!(stream.read_buf(raw).await, Ok(0) | Err(_))
}

/// Serves one connection by TLS and answers one request, should there be one.
async fn serve_tls(mut stream: TcpStream, config: Arc<ServerConfig>) -> Seen {
    let mut tls = ServerConnection::new(config).unwrap();
    let mut seen = Seen { raw: Vec::new(), plaintext: Vec::new(), version: None, error: None };
    let mut consumed = 0;
    while read_some(&mut stream, &mut seen.raw).await {
        while consumed < seen.raw.len() && seen.error.is_none() {
            consumed += tls.read_tls(&mut &seen.raw[consumed..]).unwrap();
            match tls.process_new_packets() {
                Ok(state) => {
                    let mut plaintext = vec![0; state.plaintext_bytes_to_read()];
                    std::io::Read::read_exact(&mut tls.reader(), &mut plaintext).unwrap();
                    seen.plaintext.extend(plaintext);
                    if seen.plaintext.ends_with(BODY) {
                        std::io::Write::write_all(&mut tls.writer(), ANSWER).unwrap();
                    }
                }
                Err(error) => seen.error = Some(error),
            }
        }
        let mut out = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut out).unwrap();
        }
        // The client may be gone; then the next read says so.
        let _ = stream.write_all(&out).await;
    }
    seen.version = tls.protocol_version();
    seen
}

/// Sends one call to a server that handles one connection with `serve`; also tells that there was only that one.
async fn call<F, S>(transport: Transport, serve: S) -> (Result<WireResponse, SendError>, F::Output)
where
    S: FnOnce(TcpStream) -> F,
    F: Future + Send + 'static,
    F::Output: Send,
{
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let first = TcpListener::from_std(listener.try_clone().unwrap()).unwrap();
    let accepted = async move { first.accept().await.unwrap().0 };
    let sending = tokio::spawn(async move { transport.send(request(port)).await });
    let seen = tokio::spawn(serve(accepted.await));
    // The transport ends with the task, and its idle connections with it.
    let answer = sending.await.unwrap();
    let seen = seen.await.unwrap();
    let second = listener.accept().unwrap_err();
    assert_eq!(second.kind(), std::io::ErrorKind::WouldBlock, "a second connection");
    (answer, seen)
}

fn transport_trusting(root: &CertificateDer<'static>) -> Transport {
    Transport::trusting([root.clone()], Duration::from_secs(10)).unwrap()
}

/// The call is not sent, the client says why in its alert, and the alert is all that follows its part of the handshake.
async fn assert_refused(
    transport: Transport,
    version: &'static SupportedProtocolVersion,
    identity: Identity,
    alert: AlertDescription,
    what: &str,
) {
    let config = server_config(version, identity);
    let (answer, seen) = call(transport, |stream| serve_tls(stream, config)).await;
    let what = format!("{what}, {:?}", version.version);
    assert_eq!(answer.unwrap_err(), SendError::NotSent(NotSent::Connect), "{what}");
    assert_eq!(seen.error, Some(rustls::Error::AlertReceived(alert)), "{what}");
    assert_eq!(seen.plaintext, b"", "{what}");
    let after_hello: Vec<_> = records(&seen.raw)
        .into_iter()
        .skip(1)
        .filter(|(kind, _)| *kind != CHANGE_CIPHER_SPEC)
        .map(|(kind, payload)| (kind, payload.len()))
        .collect();
    // An alert is two bytes. TLS 1.3 encrypts it: one byte of type and sixteen of tag more, as application data.
    let expected = if version.version == ProtocolVersion::TLSv1_3 {
        (APPLICATION_DATA, 19)
    } else {
        (ALERT, 2)
    };
    assert_eq!(after_hello, [expected], "{what}: nothing but the alert");
}

#[tokio::test]
async fn a_call_goes_through_to_a_right_certificate_under_a_trusted_root() {
    for version in VERSIONS {
        let root = authority();
        let config = server_config(version, signed(&params(&[HOST]), &root));
        let (answer, seen) =
            call(transport_trusting(root.der()), |stream| serve_tls(stream, config)).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"{}".as_slice()));
        assert_eq!(seen.version, Some(version.version));
        let text = String::from_utf8(seen.plaintext).unwrap();
        assert!(text.starts_with("POST /x HTTP/1.1\r\n"), "{text}");
        assert!(text.ends_with("{\"charge\":1}"), "{text}");
        assert!(!seen.raw.windows(BODY.len()).any(|window| window == BODY), "in clear");
    }
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_refused_before_anything_is_sent() {
    for version in VERSIONS {
        let root = authority();
        let mut expired = params(&[HOST]);
        expired.not_after = date_time_ymd(2020, 1, 1);
        let mut early = params(&[HOST]);
        early.not_before = date_time_ymd(4000, 1, 1);
        for (params, what) in [(expired, "expired"), (early, "not yet valid")] {
            assert_refused(
                transport_trusting(root.der()),
                version,
                signed(&params, &root),
                AlertDescription::CertificateExpired,
                what,
            )
            .await;
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused_before_anything_is_sent() {
    for version in VERSIONS {
        let root = authority();
        // The last one is for the address that is connected to, but the call is to a name.
        for name in ["gateway.example", "localhost.example", "*.localhost", "127.0.0.1"] {
            assert_refused(
                transport_trusting(root.der()),
                version,
                signed(&params(&[name]), &root),
                AlertDescription::BadCertificate,
                name,
            )
            .await;
        }
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_refused_before_anything_is_sent() {
    for version in VERSIONS {
        assert_refused(
            transport_trusting(authority().der()),
            version,
            self_signed(&params(&[HOST])),
            AlertDescription::UnknownCA,
            "self-signed",
        )
        .await;
    }
}

#[tokio::test]
async fn a_right_certificate_under_an_unknown_root_is_refused_before_anything_is_sent() {
    for version in VERSIONS {
        let root = authority();
        let product = Transport::new(Duration::from_secs(10)).unwrap();
        assert_refused(
            product,
            version,
            signed(&params(&[HOST]), &root),
            AlertDescription::UnknownCA,
            "the product's own roots",
        )
        .await;
    }
}

/// A `ServerHello` of a server that knows nothing after `minor` (0: SSL 3.0, 1: TLS 1.0, 2: TLS 1.1, 3: TLS 1.2).
///
/// Source: RFC 5246, 6.2.1, 7.4 and 7.4.1.3.
fn server_hello(minor: u8) -> Vec<u8> {
    let mut hello = vec![HANDSHAKE, 3, minor, 0, 42, 2, 0, 0, 38, 3, minor];
    hello.extend([7; 32]); // random
    hello.push(0); // no session
    hello.extend([0xc0, 0x2f]); // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, which the client offers
    hello.push(0); // no compression
    hello
}

/// Waits for the whole `ClientHello`, answers with these bytes, and returns what came after it.
async fn serve_bytes(mut stream: TcpStream, answer: Vec<u8>) -> Vec<u8> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[0], HANDSHAKE);
    let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut hello).await.unwrap();
    stream.write_all(&answer).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    while read_some(&mut stream, &mut rest).await {}
    rest
}

#[tokio::test]
async fn a_server_of_an_older_protocol_is_refused_before_anything_is_sent() {
    const FATAL: u8 = 2;
    const PROTOCOL_VERSION: u8 = 70;
    for (minor, protocol) in [(0, "SSL 3.0"), (1, "TLS 1.0"), (2, "TLS 1.1")] {
        let transport = transport_trusting(authority().der());
        let (answer, rest) =
            call(transport, |stream| serve_bytes(stream, server_hello(minor))).await;
        assert_eq!(answer.unwrap_err(), SendError::NotSent(NotSent::Connect), "{protocol}");
        let alert = [FATAL, PROTOCOL_VERSION];
        assert_eq!(records(&rest), [(ALERT, alert.as_slice())], "{protocol}");
    }
    // It was the version: the same hello of TLS 1.2 is not objected to.
    let transport = transport_trusting(authority().der());
    let (answer, rest) = call(transport, |stream| serve_bytes(stream, server_hello(3))).await;
    assert_eq!(answer.unwrap_err(), SendError::NotSent(NotSent::Connect));
    assert_eq!(records(&rest), []);
}

#[tokio::test]
async fn a_server_that_refuses_our_protocol_gets_nothing() {
    for (alert, what) in [(40, "handshake_failure"), (70, "protocol_version")] {
        for minor in 0..=3 {
            let transport = transport_trusting(authority().der());
            let bytes = vec![ALERT, 3, minor, 0, 2, 2, alert];
            let (answer, rest) = call(transport, |stream| serve_bytes(stream, bytes)).await;
            assert_eq!(answer.unwrap_err(), SendError::NotSent(NotSent::Connect), "{what}");
            assert_eq!(records(&rest), [], "{what}");
        }
    }
}

#[test]
fn no_request_travels_in_the_first_flight_where_it_could_be_replayed() {
    assert!(!tls_config().unwrap().enable_early_data);
}
