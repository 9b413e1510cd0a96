//! The way to MongoDB.

use std::time::Duration;

use domain::settings::Secret;
use mongodb::Client;
use mongodb::options::ClientOptions;

use super::{ClientStore, StoreError, StoreSettings};

/// How soon a primary that is back is noticed.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Beyond what one service uses side by side.
const MAX_CONNECTIONS: u32 = 16;

impl ClientStore {
    /// Prepares a client from `MONGODB_URL`. It connects on first use, so that a service starts
    /// while MongoDB is away; an unreadable URL is an error at once.
    pub async fn connect(
        url: &Secret,
        database: &str,
        application_name: &str,
        settings: StoreSettings,
    ) -> Result<Self, StoreError> {
        let unreadable = |error| StoreError::driver("read MONGODB_URL", &error);
        let mut options = ClientOptions::parse(url.expose()).await.map_err(unreadable)?;
        options.app_name = Some(application_name.to_owned());
        options.server_selection_timeout = Some(settings.timeout);
        options.connect_timeout = Some(settings.timeout);
        options.heartbeat_freq = Some(HEARTBEAT);
        options.max_pool_size.get_or_insert(MAX_CONNECTIONS);
        let client = Client::with_options(options).map_err(unreadable)?;
        Ok(Self::new(client.database(database), settings))
    }
}
