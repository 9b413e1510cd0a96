//! A service that is slow, overloaded, broken or gone.

use std::time::{Duration, Instant};

use extraction::providers::{Api, Backoff, BreakerConfig, ModelConfig, WithFallback};
use extraction::{ExtractError, Extractor};
use serde_json::json;
use tokio::net::TcpListener;

use crate::server::{Server, Step, answering, failing, recording, success};
use crate::{APIS, config, extractor, mail, record};

fn retry_after(result: Result<domain::extraction::Extraction, ExtractError>) -> Option<Duration> {
    match result {
        Err(ExtractError::Unavailable { retry_after, .. }) => retry_after,
        other => panic!("not unavailable: {other:?}"),
    }
}

#[tokio::test]
async fn failures_that_pass_are_tried_again() {
    for api in APIS {
        for failure in [
            failing(408, ""),
            failing(409, ""),
            failing(429, ""),
            failing(500, ""),
            failing(503, ""),
            failing(529, ""),
            Step::HangUp,
            Step::BreakOff(success(api, &record()).to_string()),
            answering(200, &json!("a page of a proxy")),
        ] {
            let script = [failure.clone(), failure, recording(api, &record())];
            let server = Server::playing(script).await;
            let result = extractor(config(api, &server)).extract(&mail()).await;
            assert!(result.is_ok(), "{result:?}");
            assert_eq!(server.requests().len(), 3);
        }
    }
}

#[tokio::test]
async fn a_service_that_stays_broken_makes_the_mail_wait() {
    for api in APIS {
        let server = Server::playing([failing(500, "")]).await;
        let result = extractor(config(api, &server)).extract(&mail()).await;
        assert_eq!(retry_after(result), None);
        assert_eq!(server.requests().len(), 3, "the first attempt and two retries");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_never_used() {
    for api in APIS {
        let server = Server::playing([Step::BreakOff(success(api, &record()).to_string())]).await;
        let result = extractor(config(api, &server)).extract(&mail()).await;
        assert!(matches!(result, Err(ExtractError::Unavailable { .. })), "{result:?}");
    }
}

#[tokio::test]
async fn a_service_that_hangs_is_given_up_after_the_timeout() {
    for api in APIS {
        let server = Server::playing([Step::Hang]).await;
        let hasty = ModelConfig { timeout: Duration::from_millis(100), ..config(api, &server) };
        let longest = hasty.longest_extraction();
        let began = Instant::now();
        let result = extractor(hasty).extract(&mail()).await;
        assert_eq!(retry_after(result), None);
        assert_eq!(server.requests().len(), 3);
        assert!(began.elapsed() < longest);
    }
}

#[tokio::test]
async fn nobody_listening_makes_the_mail_wait() {
    for api in APIS {
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let server = Server::playing([Step::Hang]).await;
        let nowhere = ModelConfig { base_url: format!("http://{address}"), ..config(api, &server) };
        assert_eq!(retry_after(extractor(nowhere).extract(&mail()).await), None);
    }
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for_in_place() {
    for api in APIS {
        let script = [failing(429, "retry-after: 1\r\n"), recording(api, &record())];
        let server = Server::playing(script).await;
        let backoff = Backoff { first: Duration::from_millis(1), longest: Duration::from_secs(2) };
        let patient = ModelConfig { backoff, ..config(api, &server) };
        let began = Instant::now();
        extractor(patient).extract(&mail()).await.unwrap();
        assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_long_retry_after_sends_the_mail_back_to_its_queue() {
    for api in APIS {
        for status in [429, 503] {
            let server = Server::playing([failing(status, "retry-after: 120\r\n")]).await;
            let result = extractor(config(api, &server)).extract(&mail()).await;
            assert_eq!(retry_after(result), Some(Duration::from_secs(120)));
            assert_eq!(server.requests().len(), 1, "no request before the time that was asked for");
        }
    }
}

#[tokio::test]
async fn a_service_that_turns_us_away_is_not_pressed_and_no_mail_is_blamed() {
    for api in APIS {
        for status in [401, 403, 404] {
            let server = Server::playing([failing(status, "")]).await;
            let result = extractor(config(api, &server)).extract(&mail()).await;
            assert_eq!(retry_after(result), None);
            assert_eq!(server.requests().len(), 1, "{status}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key() {
    for api in APIS {
        let elsewhere = Server::playing([recording(api, &record())]).await;
        let location = format!("location: {}/v1/x\r\n", elsewhere.url());
        let server = Server::playing([failing(307, &location)]).await;
        let result = extractor(config(api, &server)).extract(&mail()).await;
        assert!(result.is_err());
        assert_eq!(elsewhere.requests().len(), 0);
    }
}

#[tokio::test]
async fn the_breaker_opens_lets_one_probe_through_and_closes_again() {
    for api in APIS {
        let server = Server::playing([failing(500, "")]).await;
        let open_for = Duration::from_millis(150);
        let extractor = extractor(ModelConfig {
            max_retries: 0,
            breaker: BreakerConfig { failures: 3, open_for },
            ..config(api, &server)
        });
        for _ in 0..3 {
            assert_eq!(retry_after(extractor.extract(&mail()).await), None);
        }
        let wait = retry_after(extractor.extract(&mail()).await).expect("the breaker knows");
        assert!(wait <= open_for);
        assert_eq!(server.requests().len(), 3, "an open breaker sends nothing");

        // The service is well again: as soon as the time is over, the next mail gets through.
        server.play([recording(api, &record())]);
        let result = loop {
            match extractor.extract(&mail()).await {
                Err(ExtractError::Unavailable { retry_after: Some(wait), .. }) => {
                    tokio::time::sleep(wait).await;
                }
                other => break other,
            }
        };
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(server.requests().len(), 4);
        assert!(extractor.extract(&mail()).await.is_ok(), "closed");
    }
}

#[tokio::test]
async fn the_rules_step_in_visibly_while_the_model_is_away() {
    let server = Server::playing([failing(500, "")]).await;
    let with_fallback = WithFallback(extractor(config(Api::Claude, &server)));
    let extraction = with_fallback.extract(&mail()).await.unwrap();
    assert_eq!(extraction.provider, "rules (fallback from claude)");
    assert_eq!(extraction.model, None);
    assert_eq!(with_fallback.name(), "claude");
}

#[tokio::test]
async fn the_rules_do_not_step_in_for_an_answer_that_was_refused() {
    let server = Server::playing([failing(400, "")]).await;
    let with_fallback = WithFallback(extractor(config(Api::OpenAi, &server)));
    let result = with_fallback.extract(&mail()).await;
    assert!(matches!(result, Err(ExtractError::Rejected { .. })), "{result:?}");
}
