//! What a provider makes of each kind of answer.

use domain::extraction::Intent;
use domain::money::Money;
use extraction::providers::{Api, prompt_version};
use extraction::{ExtractError, Extractor};
use serde_json::{Value, json};

use crate::server::{Server, Step, answering, completion, recording, success};
use crate::{APIS, KEY, config, extractor, mail, record, record_with};

async fn extract(
    api: Api,
    script: impl IntoIterator<Item = Step>,
) -> (Result<domain::extraction::Extraction, ExtractError>, usize) {
    let server = Server::playing(script).await;
    let result = extractor(config(api, &server)).extract(&mail()).await;
    (result, server.requests().len())
}

fn assert_rejected<T: std::fmt::Debug>(result: Result<T, ExtractError>) {
    assert!(matches!(result, Err(ExtractError::Rejected { .. })), "{result:?}");
}

#[tokio::test]
async fn a_good_answer_becomes_an_extraction_that_names_its_origin() {
    for (api, model) in [(Api::Claude, "claude-test-1"), (Api::OpenAi, "gpt-test-1")] {
        let (result, requests) = extract(api, [recording(api, &record())]).await;
        let extraction = result.unwrap();
        assert_eq!(requests, 1);
        assert_eq!(extraction.intent, Intent::DebtStatement);
        assert_eq!(extraction.debt_amount, Some(Money::from_cents(123_456)));
        assert_eq!(extraction.client_name.as_deref(), Some("Jörg Groß"));
        assert_eq!(extraction.client_aktenzeichen.as_deref(), Some("4711/26"));
        assert_eq!(extraction.provider, api.as_str());
        assert_eq!(extraction.model.as_deref(), Some(model));
        assert_eq!(extraction.prompt_version.as_deref(), Some(prompt_version()));
    }
}

#[tokio::test]
async fn the_request_is_the_one_that_anthropic_documents() {
    let server = Server::playing([recording(Api::Claude, &record())]).await;
    extractor(config(Api::Claude, &server)).extract(&mail()).await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.path, "post /v1/messages http/1.1");
    assert!(request.headers.contains(&format!("x-api-key: {KEY}")));
    assert!(request.headers.contains("anthropic-version: 2023-06-01"));
    let body = &request.body;
    assert_eq!(body["tool_choice"], json!({"type": "tool", "name": body["tools"][0]["name"]}));
    assert_eq!(body["tools"][0]["input_schema"]["additionalProperties"], false);
    assert!(body["max_tokens"].as_u64() > Some(0));
    assert_mail_only_in_the_user_message(&body["system"], &body["messages"]);
}

#[tokio::test]
async fn the_request_is_the_one_that_openai_documents() {
    let server = Server::playing([recording(Api::OpenAi, &record())]).await;
    extractor(config(Api::OpenAi, &server)).extract(&mail()).await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.path, "post /v1/chat/completions http/1.1");
    assert!(request.headers.contains(&format!("authorization: bearer {KEY}")));
    let body = &request.body;
    let format = &body["response_format"];
    assert_eq!(format["type"], "json_schema");
    assert_eq!(format["json_schema"]["strict"], true);
    assert_eq!(format["json_schema"]["schema"]["additionalProperties"], false);
    assert_eq!(body["messages"][0]["role"], "system");
    let (system, rest) = body["messages"].as_array().unwrap().split_at(1);
    assert_mail_only_in_the_user_message(&system[0], &json!(rest));
}

fn assert_mail_only_in_the_user_message(system: &Value, messages: &Value) {
    assert!(!system.to_string().contains("1.234,56"));
    let messages = messages.as_array().unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["role"], "user");
    assert!(messages[0]["content"].as_str().unwrap().contains("1.234,56"));
}

#[tokio::test]
async fn a_refusal_goes_to_a_person_and_is_not_asked_again() {
    let mut refusal = success(Api::Claude, &record());
    refusal["stop_reason"] = json!("refusal");
    refusal["content"] = json!([]);
    let (result, requests) = extract(Api::Claude, [answering(200, &refusal)]).await;
    assert_rejected(result);
    assert_eq!(requests, 1);

    let said = completion(Value::Null, json!("I can't help with that."), "stop");
    let filtered = completion(Value::Null, Value::Null, "content_filter");
    for refusal in [said, filtered] {
        let (result, requests) = extract(Api::OpenAi, [answering(200, &refusal)]).await;
        assert_rejected(result);
        assert_eq!(requests, 1);
    }
}

#[tokio::test]
async fn an_answer_that_was_cut_off_is_not_used() {
    let mut claude = success(Api::Claude, &record());
    claude["stop_reason"] = json!("max_tokens");
    let openai = completion(json!(record().to_string()), Value::Null, "length");
    for (api, cut) in [(Api::Claude, claude), (Api::OpenAi, openai)] {
        let (result, requests) = extract(api, [answering(200, &cut)]).await;
        assert_rejected(result);
        assert_eq!(requests, 2);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_the_schema_is_asked_for_once_more_and_then_refused() {
    let mut missing = record();
    missing.as_object_mut().unwrap().remove("confidence");
    let broken = [
        missing,
        record_with("debt_amount", json!("1.234,56")),
        record_with("intent", json!("Forderungsaufstellung")),
        record_with("note", json!("one field too many")),
        json!({"debt": 5}),
    ];
    for api in APIS {
        for wrong in &broken {
            let (result, requests) = extract(api, [recording(api, wrong)]).await;
            assert_rejected(result);
            assert_eq!(requests, 2, "{wrong}");

            let script = [recording(api, wrong), recording(api, &record())];
            let (result, requests) = extract(api, script).await;
            assert_eq!(result.unwrap().debt_amount, Some(Money::from_cents(123_456)));
            assert_eq!(requests, 2, "{wrong}");
        }
    }
}

#[tokio::test]
async fn the_second_request_says_what_was_wrong() {
    for api in APIS {
        let wrong = recording(api, &record_with("confidence", json!(7)));
        let server = Server::playing([wrong, recording(api, &record())]).await;
        extractor(config(api, &server)).extract(&mail()).await.unwrap();
        let requests = server.requests();
        assert!(!requests[0].body.to_string().contains("confidence must be"));
        assert!(requests[1].body.to_string().contains("confidence must be"));
    }
}

#[tokio::test]
async fn prose_and_malformed_json_instead_of_a_record_are_refused() {
    let mut prose = success(Api::Claude, &record());
    prose["content"] = json!([{"type": "text", "text": "The amount is 1234.56."}]);
    let mut other_tool = success(Api::Claude, &record());
    other_tool["content"][1]["name"] = json!("another_tool");
    let mut cases: Vec<(Api, Value)> = [prose, other_tool].map(|body| (Api::Claude, body)).into();
    for content in
        [json!("{\"is_creditor_reply\": tru"), json!("The amount is 1234.56."), Value::Null]
    {
        cases.push((Api::OpenAi, completion(content, Value::Null, "stop")));
    }
    for (api, body) in cases {
        let (result, requests) = extract(api, [answering(200, &body)]).await;
        assert_rejected(result);
        assert_eq!(requests, 2);
    }
}

#[tokio::test]
async fn an_answer_in_another_language_counts_by_its_fields_alone() {
    for api in APIS {
        let chinese = record_with("summary", json!("债权人说明总债务为1234.56欧元。"));
        let (result, _) = extract(api, [recording(api, &chinese)]).await;
        assert_eq!(result.unwrap().debt_amount, Some(Money::from_cents(123_456)));

        let german = record_with("intent", json!("forderungsauskunft"));
        let (result, _) = extract(api, [recording(api, &german)]).await;
        assert_rejected(result);
    }
}

#[tokio::test]
async fn a_request_that_the_service_will_never_take_goes_to_a_person() {
    for api in APIS {
        for status in [400, 413, 422] {
            let (result, requests) = extract(api, [crate::server::failing(status, "")]).await;
            assert_rejected(result);
            assert_eq!(requests, 1, "{status}");
        }
    }
}

#[tokio::test]
async fn an_empty_mail_is_sent_to_nobody_and_written_nowhere() {
    for api in APIS {
        let server = Server::playing([recording(api, &record())]).await;
        let empty = extraction::clean::clean(&extraction::Mail {
            body_text: Some(" \n\u{200b} ".to_owned()),
            from_email: "a@b.example".to_owned(),
            ..extraction::Mail::default()
        });
        let extraction = extractor(config(api, &server)).extract(&empty).await.unwrap();
        assert_eq!(server.requests().len(), 0);
        assert_eq!(extraction.debt_amount, None);
        assert!(!extraction.doubts.is_empty());
    }
}
