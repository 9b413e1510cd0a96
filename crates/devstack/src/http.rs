//! How programs on this machine speak to the services of the stack.

/// The start of an HTTP client that goes to the services directly, whatever proxy the environment
/// names.
///
/// `reqwest` comes without a provider of TLS and panics where none is installed, also for plain HTTP;
/// that is seen to here.
pub fn http_client_builder() -> reqwest::ClientBuilder {
    // An error says that one is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}
