-- How requests with an API key have to be signed: not at all where it is null, else 'hmac-sha256', or
-- 'ed25519:' and the base64 of a public key. The secret of the first is in no row: it is derived.
ALTER TABLE api_key ADD COLUMN signing TEXT;
