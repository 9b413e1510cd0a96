-- Outbox, idempotency keys, reports, and what the durable queues need. The first part is what an
-- office with the Python service's saga has already; the second part is new for everybody.

CREATE TABLE IF NOT EXISTS outbox_messages (
  id serial PRIMARY KEY,
  aggregate_type varchar(100) NOT NULL,
  aggregate_id varchar(255) NOT NULL,
  operation varchar(50) NOT NULL,
  payload json NOT NULL,
  idempotency_key varchar(255) NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  processed_at timestamptz,
  retry_count integer NOT NULL DEFAULT 0,
  max_retries integer NOT NULL DEFAULT 5,
  error_message text
);
CREATE INDEX IF NOT EXISTS ix_outbox_unprocessed ON outbox_messages (processed_at, retry_count);
CREATE INDEX IF NOT EXISTS ix_outbox_created_at ON outbox_messages (created_at);

CREATE TABLE IF NOT EXISTS idempotency_keys (
  id serial PRIMARY KEY,
  key varchar(255) NOT NULL UNIQUE,
  result json,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_idempotency_keys_key ON idempotency_keys (key);
CREATE INDEX IF NOT EXISTS ix_idempotency_expires_at ON idempotency_keys (expires_at);

CREATE TABLE IF NOT EXISTS reconciliation_reports (
  id serial PRIMARY KEY,
  run_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  records_checked integer NOT NULL DEFAULT 0,
  mismatches_found integer NOT NULL DEFAULT 0,
  auto_repaired integer NOT NULL DEFAULT 0,
  failed_repairs integer NOT NULL DEFAULT 0,
  details json,
  status varchar(50) NOT NULL DEFAULT 'running',
  error_message text
);

ALTER TABLE incoming_emails ADD COLUMN IF NOT EXISTS sync_status varchar(50) NOT NULL DEFAULT 'pending';
ALTER TABLE incoming_emails ADD COLUMN IF NOT EXISTS sync_error text;
ALTER TABLE incoming_emails ADD COLUMN IF NOT EXISTS sync_retry_count integer NOT NULL DEFAULT 0;
ALTER TABLE incoming_emails ADD COLUMN IF NOT EXISTS idempotency_key varchar(255);
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint
                 WHERE conname = 'uq_incoming_emails_idempotency_key'
                   AND conrelid = 'incoming_emails'::regclass) THEN
    ALTER TABLE incoming_emails
      ADD CONSTRAINT uq_incoming_emails_idempotency_key UNIQUE (idempotency_key);
  END IF;
END $$;

-- New for everybody from here on.

ALTER TABLE outbox_messages ALTER COLUMN id TYPE bigint;
ALTER SEQUENCE outbox_messages_id_seq AS bigint;
ALTER TABLE outbox_messages
  ADD COLUMN next_attempt_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN dead_at timestamptz,
  -- Why this client and this entry: the matching library's sentences, for `dead show`.
  ADD COLUMN match_reasons json;

-- What the Python service had given up on is dead here too, and can be replayed.
UPDATE outbox_messages
   SET dead_at = now(),
       error_message = 'failed:given_up_before_adoption' || coalesce(': ' || error_message, '')
 WHERE processed_at IS NULL AND retry_count >= max_retries;

ALTER TABLE outbox_messages
  ADD CONSTRAINT ck_outbox_one_end CHECK (processed_at IS NULL OR dead_at IS NULL),
  ADD CONSTRAINT ck_outbox_dead_has_code
    CHECK (dead_at IS NULL OR error_message ~ '^(review|failed):[a-z]') NOT VALID;

-- The claim reads this one from its left end, in the order of delivery.
CREATE INDEX ix_outbox_pending ON outbox_messages (id)
  WHERE processed_at IS NULL AND dead_at IS NULL;
CREATE INDEX ix_outbox_dead ON outbox_messages (id) WHERE dead_at IS NOT NULL;
-- With the id, so that the newest message of a mail is the last of its few.
CREATE INDEX ix_outbox_aggregate ON outbox_messages (aggregate_id, aggregate_type, id);

ALTER TABLE incoming_emails
  -- Deduplication of mails without a webhook id.
  ADD COLUMN content_hash varchar(64),
  -- Attachments' names, to, cc and in_reply_to, as the webhook gave them.
  ADD COLUMN envelope json,
  -- Zendesk's invocation id; it follows the mail through every log line.
  ADD COLUMN request_id varchar(100),
  -- The lease of the worker that holds this mail, and how often one was taken.
  ADD COLUMN lease_token uuid,
  ADD COLUMN lease_expires_at timestamptz,
  ADD COLUMN attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN next_attempt_at timestamptz NOT NULL DEFAULT now();

CREATE UNIQUE INDEX uq_incoming_emails_content_hash ON incoming_emails (content_hash)
  WHERE content_hash IS NOT NULL;
CREATE INDEX ix_incoming_emails_queue ON incoming_emails (id)
  WHERE coalesce(processing_status, 'received')
        IN ('received', 'parsing', 'parsed', 'extracting', 'extracted');
-- The reconciler's comparison walks this one in key order.
CREATE INDEX ix_incoming_emails_synced ON incoming_emails (received_at, id)
  WHERE sync_status = 'synced';
-- Beside it, the mails that were delivered long after their receipt, which the lookback by receipt
-- would miss. The code has the same five minutes.
CREATE INDEX ix_incoming_emails_late ON incoming_emails (matched_at, id)
  WHERE sync_status = 'synced' AND matched_at - received_at > interval '5 minutes';
-- Mails that had a message and are to be delivered again, which is rare. A mail that was adopted
-- without a saga is pending too, and has no key.
CREATE INDEX ix_incoming_emails_delivered_again ON incoming_emails (id)
  WHERE sync_status = 'pending' AND processing_status = 'completed'
    AND idempotency_key IS NOT NULL;
-- Mails whose delivery is open, among them those that nothing moves any more.
CREATE INDEX ix_incoming_emails_unsynced ON incoming_emails (updated_at)
  WHERE sync_status = 'pending';
CREATE INDEX ix_incoming_emails_unfinished ON incoming_emails (updated_at)
  WHERE processing_status NOT IN ('completed', 'not_creditor_reply', 'failed');

-- NOT VALID: rows of an adopted database keep whatever they hold.
ALTER TABLE incoming_emails
  ADD CONSTRAINT ck_incoming_emails_processing_status CHECK (processing_status IN
    ('received', 'parsing', 'parsed', 'extracting', 'extracted', 'matching',
     'completed', 'not_creditor_reply', 'failed')) NOT VALID,
  ADD CONSTRAINT ck_incoming_emails_match_status CHECK (match_status IN
    ('auto_matched', 'needs_review', 'no_match')) NOT VALID,
  ADD CONSTRAINT ck_incoming_emails_sync_status CHECK (sync_status IN
    ('pending', 'synced', 'failed', 'not_applicable')) NOT VALID;
ALTER TABLE reconciliation_reports
  ADD CONSTRAINT ck_reconciliation_reports_status
    CHECK (status IN ('running', 'completed', 'failed')) NOT VALID;
