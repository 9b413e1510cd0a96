//! Requests to a service under test.

use std::net::SocketAddr;

/// Status and body of a GET.
pub async fn http_get(address: SocketAddr, path: &str) -> (u16, String) {
    // Already installed is as good: all tests of one process share it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let response = reqwest::get(format!("http://{address}{path}")).await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.text().await.expect("a body in UTF-8"))
}
