-- A wallet's token is money once: what tells it from all others is written with the intent, before the gateway is called.

CREATE TABLE wallet_tokens (
    fingerprint BLOB PRIMARY KEY,  -- HMAC-SHA-256 under a key made of the master key
    payment_id  TEXT NOT NULL REFERENCES payments (id)
) STRICT, WITHOUT ROWID;
