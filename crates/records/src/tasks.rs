//! What a reading of all open tasks showed the last time.

use tandem_contact::Side;
use tandem_proto::ConnectionId;
use tandem_store::{Expected, Store};

use crate::entry::{bytes, held, put};
use crate::{Error, Fingerprints, key};

/// Tasks of one connection are spread over so many entries, so that none grows too large.
const SHARDS: u8 = 64;

/// What was read; clones share it.
#[derive(Debug, Clone)]
pub struct SeenTasks {
    store: Store,
    side: Side,
}

impl SeenTasks {
    /// Of that side, in that store.
    pub fn new(store: Store, side: Side) -> Self {
        Self { store, side }
    }

    /// What the last reading showed.
    pub async fn seen(&self, connection: &ConnectionId) -> Result<Fingerprints, Error> {
        let mut all = Fingerprints::new();
        for shard in 0..SHARDS {
            all.extend(self.shard(connection, shard).await?.1);
        }
        Ok(all)
    }

    /// Notes what this one showed. What was forgotten since `before` was read stays so: the next reading tells of it.
    pub async fn note(
        &self,
        connection: &ConnectionId,
        (before, now): (&Fingerprints, &Fingerprints),
    ) -> Result<(), Error> {
        for shard in 0..SHARDS {
            let (expected, held) = self.shard(connection, shard).await?;
            let is_forgotten = |id: &String| before.contains_key(id) && !held.contains_key(id);
            let ours = now.iter().filter(|(id, _)| key::shard_of(id, SHARDS) == shard && !is_forgotten(id));
            let wanted: Fingerprints = ours.map(|(id, print)| (id.clone(), print.clone())).collect();
            if held != wanted {
                put(&self.store, &self.key(connection, shard), bytes(&wanted), expected).await?;
            }
        }
        Ok(())
    }

    /// What a task was found to be, so that the next reading doesn't tell of it. None for one that isn't open: should it be at the
    /// next reading, that is news.
    pub async fn learn(&self, connection: &ConnectionId, id: &str, print: Option<&str>) -> Result<(), Error> {
        let shard = key::shard_of(id, SHARDS);
        loop {
            let (expected, mut held) = self.shard(connection, shard).await?;
            if held.get(id).map(String::as_str) == print {
                return Ok(());
            }
            match print {
                Some(print) => drop(held.insert(id.to_owned(), print.to_owned())),
                None => drop(held.remove(id)),
            }
            if put(&self.store, &self.key(connection, shard), bytes(&held), expected).await? {
                return Ok(());
            }
        }
    }

    fn key(&self, connection: &ConnectionId, shard: u8) -> String {
        key::tasks_seen(connection, self.side, shard)
    }

    async fn shard(&self, connection: &ConnectionId, shard: u8) -> Result<(Expected, Fingerprints), Error> {
        Ok(held(self.store.get(&self.key(connection, shard)).await?.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{changed, fingerprint};

    #[tokio::test]
    async fn only_what_is_different_is_told() {
        let (tasks, acme) = (SeenTasks::new(Store::memory(), Side::Ghl), ConnectionId::new("acme").unwrap());
        let of = |pairs: &[(&str, &str)]| -> Fingerprints {
            pairs.iter().map(|(id, print)| ((*id).to_owned(), (*print).to_owned())).collect()
        };
        let first = of(&[("t1", "a"), ("t2", "b"), ("t3", "c")]);
        tasks.note(&acme, (&Fingerprints::new(), &first)).await.unwrap();
        assert_eq!(tasks.seen(&acme).await.unwrap(), first);
        let second = of(&[("t1", "a"), ("t2", "B"), ("t4", "d")]);
        let told: Vec<String> = changed(&first, &second).into_iter().collect();
        assert_eq!(told, ["t2", "t3", "t4"]);
        // While that was read, t1 was done.
        tasks.learn(&acme, "t1", None).await.unwrap();
        tasks.note(&acme, (&first, &second)).await.unwrap();
        let third = tasks.seen(&acme).await.unwrap();
        assert_eq!(third, of(&[("t2", "B"), ("t4", "d")]));
        assert_eq!(changed(&third, &second).into_iter().collect::<Vec<_>>(), ["t1"], "opened again");
        tasks.learn(&acme, "t2", Some("C")).await.unwrap();
        assert_eq!(tasks.seen(&acme).await.unwrap(), of(&[("t2", "C"), ("t4", "d")]));
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
    }
}
