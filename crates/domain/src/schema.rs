//! The tables as Diesel sees them. `migrations/` is the source of truth; a test holds the two
//! against each other. What is adopted and left alone is not here: `creditor_inquiries` and
//! `incoming_emails.matched_inquiry_id`.

diesel::table! {
    incoming_emails (id) {
        id -> Int4,
        zendesk_ticket_id -> Varchar,
        zendesk_webhook_id -> Nullable<Varchar>,
        from_email -> Varchar,
        from_name -> Nullable<Varchar>,
        subject -> Nullable<Varchar>,
        raw_body_html -> Nullable<Text>,
        raw_body_text -> Nullable<Text>,
        cleaned_body -> Nullable<Text>,
        token_count_before -> Nullable<Int4>,
        token_count_after -> Nullable<Int4>,
        extracted_data -> Nullable<Json>,
        processing_status -> Nullable<Varchar>,
        processing_error -> Nullable<Text>,
        match_confidence -> Nullable<Int4>,
        match_status -> Nullable<Varchar>,
        received_at -> Timestamptz,
        processed_at -> Nullable<Timestamptz>,
        matched_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Nullable<Timestamptz>,
        sync_status -> Varchar,
        sync_error -> Nullable<Text>,
        sync_retry_count -> Int4,
        idempotency_key -> Nullable<Varchar>,
        content_hash -> Nullable<Varchar>,
        envelope -> Nullable<Json>,
        request_id -> Nullable<Varchar>,
        lease_token -> Nullable<Uuid>,
        lease_expires_at -> Nullable<Timestamptz>,
        attempts -> Int4,
        next_attempt_at -> Timestamptz,
    }
}

diesel::table! {
    outbox_messages (id) {
        id -> Int8,
        aggregate_type -> Varchar,
        aggregate_id -> Varchar,
        operation -> Varchar,
        payload -> Json,
        idempotency_key -> Varchar,
        created_at -> Timestamptz,
        processed_at -> Nullable<Timestamptz>,
        retry_count -> Int4,
        max_retries -> Int4,
        error_message -> Nullable<Text>,
        next_attempt_at -> Timestamptz,
        dead_at -> Nullable<Timestamptz>,
        match_reasons -> Nullable<Json>,
    }
}

diesel::table! {
    idempotency_keys (id) {
        id -> Int4,
        key -> Varchar,
        result -> Nullable<Json>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    reconciliation_reports (id) {
        id -> Int4,
        run_at -> Timestamptz,
        completed_at -> Nullable<Timestamptz>,
        records_checked -> Int4,
        mismatches_found -> Int4,
        auto_repaired -> Int4,
        failed_repairs -> Int4,
        details -> Nullable<Json>,
        status -> Varchar,
        error_message -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(incoming_emails, outbox_messages);
