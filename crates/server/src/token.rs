//! Random names: tokens, which are secrets looked up by their SHA-256, and ids, which are not.

use std::fmt;
use std::hash::{Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The operating system gave no random bytes: nothing can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// `N` bytes from the operating system.
pub fn random_bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `/callbacks/{gateway}/{path-token}`: 128 bit, 32 lower-case hexadecimal digits, no prefix.
    Callback,
    /// `/checkout/{cst}`: `cst_` and 256 bit in base64url.
    Checkout,
    /// `/return/{rt}`: `rt_` and 256 bit in base64url.
    Return,
    /// A merchant's API key: `sk_` and 256 bit in base64url.
    SecretKey,
}

impl TokenKind {
    /// What the token starts with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Callback => "",
            Self::Checkout => "cst_",
            Self::Return => "rt_",
            Self::SecretKey => "sk_",
        }
    }
}

/// A secret that opens one thing. Wiped on drop; never printed, serialised or cloned. Only its [`TokenHash`] is stored.
pub struct Token {
    text: Zeroizing<String>,
}

impl Token {
    /// A fresh token.
    pub fn generate(kind: TokenKind) -> Result<Self, NoRandomness> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        text.push_str(kind.prefix());
        match kind {
            TokenKind::Callback => {
                let bytes = random_bytes::<16>()?;
                text.push_str(&Zeroizing::new(hex::encode(bytes.as_slice())));
            }
            TokenKind::Checkout | TokenKind::Return | TokenKind::SecretKey => {
                let bytes = random_bytes::<32>()?;
                URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
            }
        }
        Ok(Self { text })
    }

    /// Takes what has the shape of a token of that kind. The shape proves nothing: look up the hash.
    pub fn parse(kind: TokenKind, text: &str) -> Option<Self> {
        let body = text.strip_prefix(kind.prefix())?;
        let fits = match kind {
            TokenKind::Callback => {
                body.len() == 32
                    && body.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            }
            TokenKind::Checkout | TokenKind::Return | TokenKind::SecretKey => {
                body.len() == 43
                    && body
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            }
        };
        fits.then(|| Self { text: Zeroizing::new(text.to_owned()) })
    }

    /// The text: for the URL or the answer that hands it over, and nothing else.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is stored and looked up.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text: _ } = self; // a new field will not compile until it is judged here
        f.write_str("Token(..)")
    }
}

/// SHA-256 of a token's text. A database index over it tells nothing about the token.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// A hash that was stored before.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes that are stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    /// Takes the same time wherever the two differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl Hash for TokenHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("TokenHash(..)")
    }
}

/// A fresh public id: the prefix (`ses_`, `pay_`, `evt_`, …) and 128 random bits as 26 characters of lower-case base 32.
pub fn new_id(prefix: &str) -> Result<String, NoRandomness> {
    // Crockford's alphabet: no i, l, o, u, so that an id read aloud stays itself.
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    const LENGTH: usize = 26;
    let mut rest = u128::from_be_bytes(*random_bytes::<16>()?);
    let mut id = String::with_capacity(prefix.len() + LENGTH);
    id.push_str(prefix);
    for _ in 0..LENGTH {
        // `rest % 32` is always within the alphabet.
        let digit =
            ALPHABET.get(usize::try_from(rest % 32).unwrap_or_default()).copied().unwrap_or(b'0');
        id.push(char::from(digit));
        rest /= 32;
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use static_assertions::assert_not_impl_any;

    use super::*;

    assert_not_impl_any!(Token: Clone, fmt::Display, PartialEq, serde::Serialize);

    const KINDS: [TokenKind; 4] =
        [TokenKind::Callback, TokenKind::Checkout, TokenKind::Return, TokenKind::SecretKey];

    #[test]
    fn every_kind_parses_what_it_generates_and_hashes_it_alike() {
        for kind in KINDS {
            let token = Token::generate(kind).unwrap();
            let parsed = Token::parse(kind, token.expose()).unwrap();
            assert_eq!(parsed.hash(), token.hash());
            assert!(token.expose().starts_with(kind.prefix()));
        }
    }

    #[test]
    fn a_token_of_one_kind_is_not_taken_for_another() {
        for made in KINDS {
            let token = Token::generate(made).unwrap();
            for read in KINDS.into_iter().filter(|read| *read != made) {
                assert!(Token::parse(read, token.expose()).is_none(), "{made:?} as {read:?}");
            }
        }
    }

    #[test]
    fn two_tokens_are_never_alike() {
        let texts: HashSet<String> = (0..1000)
            .map(|_| Token::generate(TokenKind::Checkout).unwrap().expose().to_owned())
            .collect();
        assert_eq!(texts.len(), 1000);
    }

    #[test]
    fn the_hash_is_sha_256_of_the_whole_text() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(TokenHash::of("abc").as_bytes()), expected);
    }

    #[test]
    fn debug_prints_nothing_of_a_token_or_its_hash() {
        let token = Token::generate(TokenKind::Checkout).unwrap();
        assert_eq!(format!("{token:?} {:?}", token.hash()), "Token(..) TokenHash(..)");
    }

    #[test]
    fn ids_have_their_prefix_and_26_characters_and_differ() {
        let ids: HashSet<String> = (0..1000).map(|_| new_id("pay_").unwrap()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let body = id.strip_prefix("pay_").unwrap();
            assert_eq!(body.len(), 26);
            assert!(body.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z')), "{id}");
        }
    }

    #[test]
    fn every_character_of_an_id_varies_except_the_last_which_carries_three_bits() {
        let ids: Vec<String> = (0..2000).map(|_| new_id("").unwrap()).collect();
        for position in 0..26 {
            let seen: HashSet<u8> = ids.iter().map(|id| id.as_bytes()[position]).collect();
            assert_eq!(seen.len(), if position == 25 { 8 } else { 32 }, "position {position}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_takes_only_the_alphabet(text in "(cst_|rt_|sk_|)\\PC{0,60}") {
            for kind in KINDS {
                if let Some(token) = Token::parse(kind, &text) {
                    prop_assert!(token.expose().is_ascii());
                    prop_assert_eq!(token.expose(), &text);
                }
            }
        }
    }
}
