-- The tables of an office that runs the Python service without its saga. Where they exist already
-- they are adopted as they stand.
CREATE TABLE IF NOT EXISTS creditor_inquiries (
  id serial PRIMARY KEY,
  client_name varchar(255) NOT NULL,
  client_name_normalized varchar(255),
  creditor_name varchar(255) NOT NULL,
  creditor_email varchar(255) NOT NULL,
  creditor_name_normalized varchar(255),
  debt_amount numeric(10,2),
  reference_number varchar(100),
  zendesk_ticket_id varchar(50) NOT NULL,
  zendesk_side_conversation_id varchar(50),
  email_subject varchar(500),
  email_body text,
  status varchar(50),
  response_received boolean,
  sent_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz DEFAULT now()
);
CREATE INDEX IF NOT EXISTS ix_creditor_inquiries_creditor_email ON creditor_inquiries (creditor_email);
CREATE INDEX IF NOT EXISTS ix_creditor_inquiries_reference_number ON creditor_inquiries (reference_number);
CREATE INDEX IF NOT EXISTS ix_creditor_inquiries_zendesk_ticket_id ON creditor_inquiries (zendesk_ticket_id);

CREATE TABLE IF NOT EXISTS incoming_emails (
  id serial PRIMARY KEY,
  zendesk_ticket_id varchar(50) NOT NULL,
  zendesk_webhook_id varchar(100) UNIQUE,
  from_email varchar(255) NOT NULL,
  from_name varchar(255),
  subject varchar(500),
  raw_body_html text,
  raw_body_text text,
  cleaned_body text,
  token_count_before integer,
  token_count_after integer,
  extracted_data json,
  processing_status varchar(50),
  processing_error text,
  matched_inquiry_id integer,
  match_confidence integer,
  match_status varchar(50),
  received_at timestamptz NOT NULL DEFAULT now(),
  processed_at timestamptz,
  matched_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz DEFAULT now()
);
CREATE INDEX IF NOT EXISTS ix_incoming_emails_from_email ON incoming_emails (from_email);
CREATE INDEX IF NOT EXISTS ix_incoming_emails_matched_inquiry_id ON incoming_emails (matched_inquiry_id);
CREATE INDEX IF NOT EXISTS ix_incoming_emails_zendesk_ticket_id ON incoming_emails (zendesk_ticket_id);
