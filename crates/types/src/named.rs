//! Values that travel as one word: read and written by name, with errors that never repeat what was read.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads a word and parses it. Serde's own errors quote what they refuse; these say the rule alone.
pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display + Default>,
{
    // Not `deserialize_str`: on a number, serde_json would refuse by itself and quote it.
    deserializer.deserialize_any(Word(PhantomData))
}

struct Word<T>(PhantomData<T>);

impl<T> Visitor<'_> for Word<T>
where
    T: FromStr<Err: fmt::Display + Default>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
        word.parse().map_err(E::custom)
    }

    // Everything below would be quoted by the default methods.

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Err(E::custom(T::Err::default()))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Err(E::custom(T::Err::default()))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        Err(E::custom(T::Err::default()))
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<T, E> {
        Err(E::custom(T::Err::default()))
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<T, E> {
        Err(E::custom(T::Err::default()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Err(E::custom(T::Err::default()))
    }
}

/// Gives a fieldless enum its names once: `ALL`, `name()`, `Display`, `FromStr`, `Serialize` and `Deserialize`.
macro_rules! named {
    ($(#[$meta:meta])* $type:ident, $error:ident, $rule:literal: $($variant:ident => $name:literal,)+) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
        #[error($rule)]
        pub struct $error;

        impl $type {
            /// The stable name in JSON and in stored rows.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $error;

            /// Reads exactly what `name()` writes.
            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err($error),
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::named::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use named;
