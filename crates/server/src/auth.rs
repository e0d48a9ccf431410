//! Who calls: `Authorization: Bearer sk_…` against the hashes of the configured keys.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::config::{Key, Scope};
use crate::problem::ApiError;
use crate::token::TokenHash;

/// A state that knows the configured keys.
pub trait HasKeys {
    /// `[[merchant.keys]]`.
    fn keys(&self) -> &[Key];
}

/// The key that a request was made with. As an extractor it refuses requests without a configured key.
#[derive(Clone, Debug)]
pub struct Caller {
    key: Key,
}

impl Caller {
    /// Finds the key of an `Authorization` header, in a time that does not tell which key was nearly right.
    pub fn identify(headers: &HeaderMap, keys: &[Key]) -> Result<Self, ApiError> {
        let secret = bearer(headers)
            .filter(|secret| secret.starts_with("sk_"))
            .ok_or(ApiError::Unauthorized)?;
        let hash = TokenHash::of(secret);
        // Every key is compared, and the position is chosen without a branch.
        let mut found = u32::MAX;
        for (index, key) in (0_u32..).zip(keys) {
            let fits: Choice = key.sha256.as_bytes().ct_eq(hash.as_bytes());
            found.conditional_assign(&index, fits);
        }
        let key = usize::try_from(found)
            .ok()
            .and_then(|index| keys.get(index))
            .ok_or(ApiError::Unauthorized)?;
        Ok(Self { key: key.clone() })
    }

    /// The key's id: for logs and idempotency records.
    pub fn key_id(&self) -> &str {
        &self.key.id
    }

    /// Refuses what the key may not do.
    pub fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if self.key.scopes.contains(&scope) { Ok(()) } else { Err(ApiError::MissingScope(scope)) }
    }
}

impl<S: HasKeys + Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Self::identify(&parts.headers, state.keys())
    }
}

/// Whether a request carries the configured bearer token, such as `[server] metrics_token`.
pub fn carries_token(headers: &HeaderMap, wanted: &SecretString) -> bool {
    // Hashes have one length, so the comparison tells nothing about the token's own.
    bearer(headers)
        .is_some_and(|token| TokenHash::of(token) == TokenHash::of(wanted.expose_secret()))
}

/// The credentials of the only `Authorization` header. Source: RFC 6750, section 2.1.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value: &HeaderValue = values.next().filter(|_| values.next().is_none())?;
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    fn key(id: &str, secret: &str, scopes: &[Scope]) -> Key {
        Key {
            id: id.into(),
            sha256: TokenHash::of(secret),
            scopes: scopes.iter().copied().collect(),
        }
    }

    fn keys() -> Vec<Key> {
        vec![
            key("a", "sk_aaa", &[Scope::Read]),
            key("b", "sk_bbb", &[Scope::Sessions]),
            key("c", "sk_ccc", &[]),
        ]
    }

    fn identify(value: &str) -> Result<String, StatusCode> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        Caller::identify(&headers, &keys())
            .map(|caller| caller.key_id().to_owned())
            .map_err(|error| error.status())
    }

    #[test]
    fn each_configured_key_is_found() {
        for (value, id) in [("Bearer sk_aaa", "a"), ("bearer sk_bbb", "b"), ("BEARER  sk_ccc", "c")]
        {
            assert_eq!(identify(value).as_deref(), Ok(id), "{value}");
        }
    }

    #[test]
    fn everything_else_is_401() {
        for value in [
            "Bearer sk_aab",
            "Bearer sk_aaa ",
            "Bearer sk_aa",
            "Bearer sk_",
            "Bearer",
            "Bearer ",
            "sk_aaa",
            "Basic sk_aaa",
            "Bearer aaa",
            "Bearer sk_AAA",
            "Bearer sk_aaa,sk_bbb",
        ] {
            assert_eq!(identify(value), Err(StatusCode::UNAUTHORIZED), "{value}");
        }
        assert!(Caller::identify(&HeaderMap::new(), &keys()).is_err());
        let mut two = HeaderMap::new();
        two.append(AUTHORIZATION, "Bearer sk_aaa".parse().unwrap());
        two.append(AUTHORIZATION, "Bearer sk_bbb".parse().unwrap());
        assert!(
            Caller::identify(&two, &keys()).is_err(),
            "two headers may mean two things to two readers"
        );
    }

    #[test]
    fn a_key_may_do_what_its_scopes_say_and_nothing_else() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "Bearer sk_aaa".parse().unwrap());
        let caller = Caller::identify(&headers, &keys()).unwrap();
        for scope in Scope::ALL {
            assert_eq!(caller.require(scope).is_ok(), scope == Scope::Read, "{scope:?}");
        }
        assert_eq!(caller.require(Scope::Refunds).unwrap_err().status(), StatusCode::FORBIDDEN);
    }

    #[test]
    fn the_metrics_token_is_compared_whole() {
        let wanted = SecretString::from("0123456789abcdef");
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            carries_token(&headers, &wanted)
        };
        assert!(with("Bearer 0123456789abcdef"));
        assert!(
            !with("Bearer 0123456789abcde")
                && !with("Bearer 0123456789abcdef0")
                && !with("Basic 0123456789abcdef")
        );
    }

    #[derive(Clone)]
    struct State;

    impl HasKeys for State {
        fn keys(&self) -> &[Key] {
            static KEYS: std::sync::LazyLock<Vec<Key>> = std::sync::LazyLock::new(keys);
            &KEYS
        }
    }

    #[tokio::test]
    async fn as_an_extractor_it_answers_401_with_a_challenge() {
        let router = Router::new()
            .route("/", get(async |caller: Caller| caller.key_id().to_owned()))
            .with_state(State);
        let request = |value: Option<&str>| {
            let mut builder = Request::builder().uri("/");
            if let Some(value) = value {
                builder = builder.header(AUTHORIZATION, value);
            }
            builder.body(Body::empty()).unwrap()
        };
        let known = router.clone().oneshot(request(Some("Bearer sk_bbb"))).await.unwrap();
        assert_eq!(known.status(), StatusCode::OK);
        let unknown = router.oneshot(request(None)).await.unwrap();
        assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(unknown.headers()["www-authenticate"], "Bearer realm=\"farthing\"");
    }
}
