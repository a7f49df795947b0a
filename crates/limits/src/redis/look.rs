//! Whether Redis is there and will do: for `tandem check`, which wants to know before anything is asked of it.

use redis::InfoDict;

use super::RedisOptions;
use super::link::{Link, is_denied};
use super::options::Error;

/// The oldest version with everything that the scripts use.
const FLOOR: (u32, u32) = (6, 2);

/// Why Redis can't be used as it is. No message holds a password.
#[derive(Debug, thiserror::Error)]
pub enum RedisTrouble {
    /// The address or the sign-in.
    #[error(transparent)]
    Settings(#[from] Error),
    /// Nobody answers, or not in time.
    #[error("Redis gives no answer")]
    Away {
        /// What the system said.
        reason: String,
    },
    /// The server lacks what is needed.
    #[error("Redis is version {found}, {}.{} or newer is needed", FLOOR.0, FLOOR.1)]
    TooOld {
        /// Its version.
        found: String,
    },
}

/// Asks Redis which version it is; nothing is changed there.
pub async fn redis_version(options: &RedisOptions) -> Result<String, RedisTrouble> {
    let link = Link::new(options)?;
    let info = async {
        link.connect().await?;
        redis::cmd("INFO").arg("server").query_async::<InfoDict>(&mut link.get()?).await
    };
    let info = info.await.map_err(|error| {
        let reason = error.to_string();
        if is_denied(&error) { Error::Denied { reason }.into() } else { RedisTrouble::Away { reason } }
    })?;
    let found: String = info.get("redis_version").unwrap_or_default();
    if is_new_enough(&found) { Ok(found) } else { Err(RedisTrouble::TooOld { found }) }
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return false };
    (major, minor) >= FLOOR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_server_is_told_from_one_that_will_do() {
        for good in ["6.2", "6.2.14", "7.0.0", "8.2.1", "10.0.0"] {
            assert!(is_new_enough(good), "{good}");
        }
        for bad in ["", "6", "6.0.16", "5.9.9", "new"] {
            assert!(!is_new_enough(bad), "{bad}");
        }
    }
}
