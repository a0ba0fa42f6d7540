//! Runs many connections, one cycle after another, until told to stop.
//!
//! Several workers on several machines may share a store: the lease decides who works on what.
//! A worker spawns nothing; its future does everything, and dropping it is safe at every point.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use crate::engine::{Connection, CycleReport, Engine, Held};
use crate::error::Error;
use crate::ids::ConnectionId;

/// How a worker works.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorkerOptions {
    /// Its name, different for every worker that shares the store.
    pub owner: String,
    /// How long it may hold a connection without renewing.
    pub lease_for: Duration,
    /// Cycles under way at once.
    pub parallel: usize,
    /// How long it rests when nothing is due.
    pub rest: Duration,
}

impl WorkerOptions {
    /// The defaults, under a name.
    #[must_use]
    pub fn new(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            lease_for: Duration::from_secs(180),
            parallel: 8,
            rest: Duration::from_secs(1),
        }
    }
}

/// Runs connections until told to stop.
#[derive(Debug)]
pub struct Worker {
    engine: Engine,
    connections: HashMap<ConnectionId, Connection>,
    options: WorkerOptions,
}

impl Worker {
    /// A worker for these connections.
    #[must_use]
    pub fn new(
        engine: Engine,
        connections: impl IntoIterator<Item = Connection>,
        options: WorkerOptions,
    ) -> Self {
        let connections = connections
            .into_iter()
            .map(|connection| (connection.id.clone(), connection))
            .collect();
        Self {
            engine,
            connections,
            options,
        }
    }

    /// Works until `shutdown` is ready; then starts nothing new and lets cycles under way end.
    /// `on_cycle` is told of every cycle.
    ///
    /// # Errors
    ///
    /// The store's, when connections cannot be registered until a person changes the settings or the
    /// rights. Its other failures, then and later, are logged and tried again.
    pub async fn run(
        &self,
        shutdown: impl Future<Output = ()>,
        on_cycle: impl Fn(&ConnectionId, &CycleReport),
    ) -> Result<(), Error> {
        let mut shutdown = std::pin::pin!(shutdown.fuse());
        while let Err(error) = self.register().await {
            if error.stops_connection() {
                return Err(error);
            }
            tracing::warn!(error = %error.report(), "the store cannot be used yet");
            let rest = self.engine.clock().sleep(self.options.rest);
            if let Either::Left(_) = select(shutdown.as_mut(), rest).await {
                return Ok(());
            }
        }
        let mut ids: Vec<ConnectionId> = self.connections.keys().cloned().collect();
        ids.sort_unstable();
        let ids: Arc<[ConnectionId]> = ids.into();
        let mut running = FuturesUnordered::new();
        let mut stopping = false;
        loop {
            if !stopping && running.len() < self.options.parallel {
                match self.claim(&ids).await {
                    Some((connection, held)) => {
                        running.push(self.cycle(connection, held, &on_cycle));
                        continue;
                    }
                    None if running.is_empty() => {
                        let rest = self.engine.clock().sleep(self.options.rest);
                        if let Either::Left(_) = select(shutdown.as_mut(), rest).await {
                            stopping = true;
                        }
                        continue;
                    }
                    None => {}
                }
            }
            if running.is_empty() {
                return Ok(());
            }
            let rest = self.engine.clock().sleep(self.options.rest);
            let next = select(running.next(), rest);
            if stopping {
                next.await;
            } else if let Either::Left(_) = select(shutdown.as_mut(), next).await {
                stopping = true;
            }
        }
    }

    async fn register(&self) -> Result<(), Error> {
        let now = self.engine.clock().now();
        for id in self.connections.keys() {
            self.engine.store().register(id.clone(), now).await?;
        }
        Ok(())
    }

    async fn claim(&self, ids: &Arc<[ConnectionId]>) -> Option<(&Connection, Held)> {
        let options = &self.options;
        match self
            .engine
            .claim_of(&options.owner, Arc::clone(ids), options.lease_for, false)
            .await
        {
            Ok(held) => {
                let held = held?;
                let connection = self.connections.get(held.connection())?;
                Some((connection, held))
            }
            Err(error) => {
                tracing::warn!(error = %error.report(), "the store refuses a claim");
                None
            }
        }
    }

    /// One cycle. A panic of a connector ends the cycle, not the worker.
    async fn cycle(
        &self,
        connection: &Connection,
        mut held: Held,
        on_cycle: &impl Fn(&ConnectionId, &CycleReport),
    ) {
        let cycle = AssertUnwindSafe(self.engine.run_cycle(connection, &mut held));
        match cycle.catch_unwind().await {
            Ok(report) => on_cycle(&connection.id, &report),
            Err(_) => tracing::error!(
                connection = %connection.id,
                "a cycle ended in a panic; what was stored is kept, the next cycle goes on"
            ),
        }
        if let Err(error) = self.engine.release(connection, held).await {
            tracing::warn!(
                connection = %connection.id, error = %error.report(),
                "the connection could not be given back; its lease runs out by itself"
            );
        }
    }
}
