//! How much may be under way, and how much may be spent.

use std::sync::Arc;
use std::time::Duration;

use extraction::providers::ModelConfig;
use extraction::{ExtractError, Extractor};

use crate::server::{Server, Step, failing, recording, success};
use crate::{APIS, config, extractor, mail, record};

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    for api in APIS {
        let server = Server::playing([Step::AtGate(success(api, &record()).to_string())]).await;
        let extractor = Arc::new(extractor(ModelConfig { concurrency: 2, ..config(api, &server) }));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let extractor = Arc::clone(&extractor);
            tasks.spawn(async move { extractor.extract(&mail()).await.is_ok() });
        }
        for arrived in 2..=6 {
            server.arrived(arrived).await;
            assert_eq!(server.most_at_once(), 2, "the others wait for a slot");
            server.let_one_out();
        }
        server.let_one_out();
        assert_eq!(tasks.join_all().await, [true; 6]);
        assert_eq!(server.requests().len(), 6);
    }
}

#[tokio::test]
async fn a_mail_that_finds_no_slot_in_time_goes_back_to_its_queue() {
    for api in APIS {
        let server = Server::playing([Step::Hang]).await;
        let extractor = Arc::new(extractor(ModelConfig {
            concurrency: 1,
            max_retries: 5,
            timeout: Duration::from_millis(100),
            ..config(api, &server)
        }));
        let first = tokio::spawn({
            let extractor = Arc::clone(&extractor);
            async move { extractor.extract(&mail()).await }
        });
        server.arrived(1).await;
        let second = extractor.extract(&mail()).await;
        let Err(ExtractError::Unavailable { retry_after, .. }) = second else {
            panic!("{second:?}");
        };
        assert!(retry_after.is_some());
        first.abort();
    }
}

#[tokio::test]
async fn a_spent_budget_sends_nothing_until_midnight_utc() {
    for api in APIS {
        let server = Server::playing([recording(api, &record())]).await;
        // Each answer reports 1000 tokens: two are within the budget, the third is not.
        let limited = ModelConfig { daily_token_budget: Some(1500), ..config(api, &server) };
        let limited = extractor(limited);
        assert!(limited.extract(&mail()).await.is_ok());
        assert!(limited.extract(&mail()).await.is_ok());
        let Err(ExtractError::Unavailable { retry_after, reason }) = limited.extract(&mail()).await
        else {
            panic!("not held back");
        };
        assert!(retry_after.is_some_and(|wait| wait <= Duration::from_secs(86_400)));
        assert!(reason.contains("budget"), "{reason}");
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_lost_answer_is_charged_and_a_failed_request_is_not() {
    for api in APIS {
        let quick = Duration::from_millis(200);
        let patient = Duration::from_secs(5);
        for (failure, timeout, charged) in
            [(Step::Hang, quick, true), (failing(500, ""), patient, false)]
        {
            let server = Server::playing([failure, recording(api, &record())]).await;
            let limited = extractor(ModelConfig {
                daily_token_budget: Some(1),
                max_retries: 0,
                timeout,
                ..config(api, &server)
            });
            assert!(limited.extract(&mail()).await.is_err());
            assert_eq!(limited.extract(&mail()).await.is_err(), charged);
        }
    }
}
