//! Requests to a service under test.

use std::net::SocketAddr;

pub use devstack::http_client_builder;

/// A client for requests over plain HTTP.
pub fn http_client() -> reqwest::Client {
    http_client_builder().build().expect("a client")
}

/// Status and body of a GET.
pub async fn http_get(address: SocketAddr, path: &str) -> (u16, String) {
    let request = http_client().get(format!("http://{address}{path}"));
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.text().await.expect("a body in UTF-8"))
}
