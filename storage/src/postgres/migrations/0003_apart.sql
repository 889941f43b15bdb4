-- A body may be a blob, as an update always could.
ALTER TABLE bodies
    ALTER COLUMN content DROP NOT NULL,
    ADD COLUMN blob_hash bytea CHECK (octet_length(blob_hash) = 32),
    ADD COLUMN blob_bytes bigint CHECK (blob_bytes >= 0),
    ADD CHECK ((content IS NULL) = (blob_hash IS NOT NULL)),
    ADD CHECK ((blob_hash IS NULL) = (blob_bytes IS NULL));
