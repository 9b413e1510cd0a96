//! What is done to the stack.

use serde::Serialize;

/// How many processes of each service run.
pub(crate) const INGESTS: usize = 2;
pub(crate) const RELAYS: usize = 3;
pub(crate) const RECONCILERS: usize = 2;
/// Services are numbered through: ingests, then relays, then reconcilers.
pub(crate) const SERVICES: usize = INGESTS + RELAYS + RECONCILERS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(crate) enum Role {
    Ingest,
    Relay,
    Reconciler,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(crate) enum Database {
    Postgres,
    Mongo,
}

/// What the proxy between a service and a database does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(crate) enum LinkFault {
    /// Nobody listens, and what is open is closed.
    Refuse,
    /// Each reply is cut in the middle, by a reset.
    Reset,
    /// Each piece comes late.
    Delay,
    /// Requests pass, replies do not until it is over.
    HalfOpen,
    /// Nothing passes until it is over.
    BlackHole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(crate) enum ProviderFault {
    /// Answers take longer than the service waits for some of them.
    Slow,
    /// 500 and 529.
    ServerError,
    /// 429 with Retry-After.
    RateLimit,
    /// The connection ends in mid-answer.
    Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(crate) enum FaultKind {
    Kill(Role),
    Terminate(Role),
    Freeze(Role),
    RestartDatabase(Database),
    KillDatabase(Database),
    FreezeDatabase(Database),
    TerminateBackends,
    Link(Database, LinkFault),
    PinHorizon,
    Provider(ProviderFault),
}

/// One fault of the plan.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fault {
    /// Milliseconds after the begin of the run.
    pub(crate) at_ms: u64,
    pub(crate) kind: FaultKind,
    /// Which service, by number; of a link, `None` is all of them.
    pub(crate) service: Option<usize>,
    /// How long it holds, in milliseconds; 0 where it is over at once.
    pub(crate) lasts_ms: u64,
    /// For what is left to chance in carrying it out.
    pub(crate) dice: u64,
}

impl Role {
    pub(crate) const ALL: [Role; 3] = [Role::Ingest, Role::Relay, Role::Reconciler];

    /// The numbers of its processes.
    pub(crate) fn services(self) -> std::ops::Range<usize> {
        match self {
            Role::Ingest => 0..INGESTS,
            Role::Relay => INGESTS..INGESTS + RELAYS,
            Role::Reconciler => INGESTS + RELAYS..SERVICES,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Role::Ingest => "ingest",
            Role::Relay => "relay",
            Role::Reconciler => "reconciler",
        }
    }
}

impl Database {
    pub(crate) const ALL: [Database; 2] = [Database::Postgres, Database::Mongo];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Database::Postgres => "postgres",
            Database::Mongo => "mongod",
        }
    }
}

impl LinkFault {
    pub(crate) const ALL: [LinkFault; 5] = [
        LinkFault::Refuse,
        LinkFault::Reset,
        LinkFault::Delay,
        LinkFault::HalfOpen,
        LinkFault::BlackHole,
    ];
}

impl ProviderFault {
    pub(crate) const ALL: [ProviderFault; 4] = [
        ProviderFault::Slow,
        ProviderFault::ServerError,
        ProviderFault::RateLimit,
        ProviderFault::Cut,
    ];
}

impl FaultKind {
    /// Every kind once.
    pub(crate) fn all() -> Vec<FaultKind> {
        let mut kinds = Vec::new();
        for role in Role::ALL {
            kinds.extend([
                FaultKind::Kill(role),
                FaultKind::Terminate(role),
                FaultKind::Freeze(role),
            ]);
        }
        for database in Database::ALL {
            kinds.extend([
                FaultKind::RestartDatabase(database),
                FaultKind::KillDatabase(database),
                FaultKind::FreezeDatabase(database),
            ]);
            kinds.extend(LinkFault::ALL.map(|fault| FaultKind::Link(database, fault)));
        }
        kinds.extend([FaultKind::TerminateBackends, FaultKind::PinHorizon]);
        kinds.extend(ProviderFault::ALL.map(FaultKind::Provider));
        kinds
    }

    /// For the table.
    pub(crate) fn name(self) -> String {
        match self {
            FaultKind::Kill(role) => format!("kill -9 {}", role.name()),
            FaultKind::Terminate(role) => format!("SIGTERM {}", role.name()),
            FaultKind::Freeze(role) => format!("SIGSTOP {}", role.name()),
            FaultKind::RestartDatabase(database) => format!("restart {}", database.name()),
            FaultKind::KillDatabase(database) => format!("kill -9 {}", database.name()),
            FaultKind::FreezeDatabase(database) => format!("SIGSTOP {}", database.name()),
            FaultKind::TerminateBackends => "pg_terminate_backend".to_owned(),
            FaultKind::Link(database, fault) => {
                let what = match fault {
                    LinkFault::Refuse => "refuse",
                    LinkFault::Reset => "reset in mid-reply",
                    LinkFault::Delay => "delay",
                    LinkFault::HalfOpen => "half-open",
                    LinkFault::BlackHole => "black hole",
                };
                format!("link to {}: {what}", database.name())
            }
            FaultKind::PinHorizon => "pinned xmin horizon".to_owned(),
            FaultKind::Provider(fault) => {
                let what = match fault {
                    ProviderFault::Slow => "slow",
                    ProviderFault::ServerError => "5xx",
                    ProviderFault::RateLimit => "429",
                    ProviderFault::Cut => "cut answer",
                };
                format!("model provider: {what}")
            }
        }
    }
}
