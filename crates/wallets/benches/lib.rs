//! Nothing: the package is its benchmark, `token.rs`.
