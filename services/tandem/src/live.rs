//! The configuration with the mappings that hold now: those that somebody has said since the start are in the store, and whoever
//! works by a mapping begins anew when it changes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tandem_contact::PerSide;
use tandem_mapping::Mapping;
use tandem_records::{Error, Mappings};
use tandem_service::Config;
use tandem_service::config::{self, ConfigError, Environment, Notifications};
use tandem_store::Store;
use tandem_telemetry::chain;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Between two looks whether a mapping has changed: one small read.
const LOOK: Duration = Duration::from_secs(1);

/// The configuration as it is now; none until the store was read for the first time.
pub(crate) type Current = watch::Receiver<Option<Arc<Config>>>;

/// Why a mapping doesn't hold.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("the store")]
    Records(#[from] Error),
    #[error("{0}")]
    Invalid(#[from] ConfigError),
    #[error("version {0} is not kept any more")]
    Gone(u32),
    #[error("{0}")]
    Channel(String),
}

/// Tells what holds, from the first look on and whenever it changes, until the shutdown.
pub(crate) async fn keep(
    config: Config,
    store: Store,
    (records_files, tell): (bool, watch::Sender<Option<Arc<Config>>>),
    shutdown: CancellationToken,
) {
    let mappings = Mappings::new(store);
    let mut seen = None;
    loop {
        match look(&config, &mappings, (records_files && seen.is_none(), seen)).await {
            Ok(None) => {}
            Ok(Some((changes, now))) => {
                // Whoever listens may have ended.
                drop(tell.send(Some(Arc::new(now))));
                seen = Some(changes);
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "whether a mapping has changed can't be told; it is looked again");
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// What holds now, and the number of the last change; none where nothing has changed.
async fn look(
    config: &Config,
    mappings: &Mappings,
    (records_files, seen): (bool, Option<u64>),
) -> Result<Option<(u64, Config)>, Error> {
    if records_files {
        for connection in &config.connections {
            let Some(file) = &connection.mapping_file else { continue };
            let origin = file.path.display().to_string();
            mappings.started_with(&connection.id, &file.text, (&origin, Timestamp::now())).await?;
        }
    }
    // Before what holds is read: a change meanwhile is seen the next time.
    let changes = mappings.changes().await?;
    if seen == Some(changes) {
        return Ok(None);
    }
    Ok(Some((changes, resolved(config, mappings).await?)))
}

/// The configuration with what holds. What can't be used is told of, and the file's mapping stays.
pub(crate) async fn resolved(config: &Config, mappings: &Mappings) -> Result<Config, Error> {
    let mut now = config.clone();
    for connection in &mut now.connections {
        let Some(number) = mappings.history(&connection.id).await?.holds else { continue };
        let text = mappings.text(&connection.id, number).await?;
        let channels = &config.notifications;
        let read =
            text.ok_or(Unusable::Gone(number)).and_then(|text| read(&text, &format!("version {number}"), channels));
        match read {
            Ok(mapping) => connection.mapping = mapping,
            Err(error) => tracing::error!(connection.id = %connection.id, error = %chain(&error),
                "version {number} of the mapping of connection {} can't be used: the mapping file holds", connection.id),
        }
    }
    Ok(now)
}

/// A mapping's text; `name` is what its problems name. Nothing of it comes from the environment: it is the same for everybody.
pub(crate) fn read(text: &str, name: &str, channels: &Notifications) -> Result<Mapping, Unusable> {
    let mapping = config::read_mapping(text, &PathBuf::from(name), &Environment::new())?;
    // Whatever it is asked to do is told now and not when it is.
    drop(mapping.rules(PerSide::default()));
    channels.has_those_of(&mapping).map_err(Unusable::Channel)?;
    Ok(mapping)
}

/// The configuration once the store was read.
pub(crate) async fn first(current: &mut Current) -> Option<Arc<Config>> {
    current.wait_for(Option::is_some).await.ok()?.clone()
}

/// Runs a task with what holds, and anew when that changes: the old one ends with what it has in hand, beside the new one. Ends with
/// the shutdown, or with the first failure.
pub(crate) async fn run<E, F>(
    mut current: Current,
    shutdown: CancellationToken,
    task: impl Fn(Arc<Config>, CancellationToken) -> F,
) -> Result<(), E>
where
    E: Send + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
{
    let mut runs = JoinSet::new();
    let mut newest = tokio::select! {
        () = shutdown.cancelled() => return Ok(()),
        config = first(&mut current) => match config {
            Some(config) => begin(&mut runs, &shutdown, |stop| task(config, stop)),
            None => return Ok(()),
        },
    };
    loop {
        tokio::select! {
            ended = runs.join_next() => match ended {
                // The last one has ended; before the shutdown that is for the supervisor to judge.
                None => return Ok(()),
                Some(Ok(ended)) => ended?,
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            },
            // Where nobody tells any more, what held last goes on.
            Ok(()) = current.changed(), if !shutdown.is_cancelled() => {
                let Some(config) = current.borrow_and_update().clone() else { continue };
                newest.cancel();
                newest = begin(&mut runs, &shutdown, |stop| task(config, stop));
            }
        }
    }
}

fn begin<E, F>(
    runs: &mut JoinSet<Result<(), E>>,
    shutdown: &CancellationToken,
    task: impl FnOnce(CancellationToken) -> F,
) -> CancellationToken
where
    E: Send + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
{
    let stop = shutdown.child_token();
    runs.spawn(task(stop.clone()));
    stop
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let environment = Environment::from([("A".to_owned(), "x".to_owned())]);
        let text = "connections: [{ id: acme, ghl: { location_id: l1, private_token: '${A}' }, openphone: { api_key: '${A}' } }]";
        Config::parse(text, std::path::Path::new("tandem.yaml"), &environment).unwrap()
    }

    #[tokio::test]
    async fn what_was_said_last_holds_and_what_cannot_be_used_does_not() {
        let (config, mappings) = (config(), Mappings::new(Store::memory()));
        let acme = config.connections[0].id.clone();
        let country =
            async || resolved(&config, &mappings).await.unwrap().connections[0].mapping.default_country.clone();
        assert_eq!(country().await, "US");
        mappings.add(&acme, "default_country: NO", ("a person", Timestamp::UNIX_EPOCH)).await.unwrap();
        assert_eq!(country().await, "NO");
        mappings.add(&acme, "default_country: Narnia", ("a later version", Timestamp::UNIX_EPOCH)).await.unwrap();
        assert_eq!(country().await, "US");
    }

    async fn tell_of(
        tell: tokio::sync::mpsc::UnboundedSender<(&'static str, String)>,
        config: Arc<Config>,
        stop: CancellationToken,
    ) -> Result<(), std::convert::Infallible> {
        let country = config.connections[0].mapping.default_country.clone();
        tell.send(("begin", country.clone())).unwrap();
        stop.cancelled().await;
        tell.send(("end", country)).unwrap();
        Ok(())
    }

    #[tokio::test]
    async fn a_task_begins_anew_with_each_change_and_the_old_one_ends() {
        let (tell, current) = watch::channel(None);
        let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let shutdown = CancellationToken::new();
        let task = move |config: Arc<Config>, stop: CancellationToken| tell_of(began.clone(), config, stop);
        let running = tokio::spawn(run(current, shutdown.clone(), task));
        let mut config = config();
        tell.send(Some(Arc::new(config.clone()))).unwrap();
        assert_eq!(begun.recv().await, Some(("begin", "US".to_owned())));
        "NO".clone_into(&mut config.connections[0].mapping.default_country);
        tell.send(Some(Arc::new(config))).unwrap();
        let mut both = vec![begun.recv().await.unwrap(), begun.recv().await.unwrap()];
        both.sort();
        assert_eq!(both, [("begin", "NO".to_owned()), ("end", "US".to_owned())]);
        shutdown.cancel();
        assert_eq!(begun.recv().await, Some(("end", "NO".to_owned())));
        running.await.unwrap().unwrap();
    }
}
