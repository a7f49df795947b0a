//! The versions of a connection's mapping: which there are, what they say, and which one holds.

use serde::{Deserialize, Serialize};
use tandem_mapping::Mapping;
use tandem_records::{MappingHistory, MappingVersion, Mappings};
use utoipa::ToSchema;

use super::{Refusal, Room};
use crate::api::shapes::Version;
use crate::live;

/// What a person wants to see of a mapping's versions, or has decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingWish {
    /// Every version that is kept.
    History,
    /// What a version says; none means the one that holds.
    Show(Option<u32>),
    /// This holds from now on.
    Set {
        /// The whole mapping.
        text: String,
        /// Where it comes from, for people and for messages.
        origin: String,
    },
    /// This version, which was made before, holds again.
    Use(u32),
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MappingReply {
    /// To [`MappingWish::History`].
    History(MappingHistory),
    /// To [`MappingWish::Show`].
    Shown(MappingShown),
    /// To [`MappingWish::Set`] and [`MappingWish::Use`]: the number of the version that holds now.
    Holds(u32),
}

/// A version's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MappingShown {
    /// Which.
    #[schema(value_type = Version)]
    pub version: MappingVersion,
    /// What it says.
    pub text: String,
}

impl Room<'_> {
    pub(super) async fn mapping(&self, wish: &MappingWish) -> Result<MappingReply, Refusal> {
        let (mappings, connection) = (Mappings::new(self.stage.store.clone()), self.connection);
        match wish {
            MappingWish::History => Ok(MappingReply::History(mappings.history(connection).await?)),
            MappingWish::Show(number) => {
                let history = mappings.history(connection).await?;
                let number = number.or(history.holds).ok_or(Refusal::NoMapping)?;
                let version = history.versions.into_iter().find(|version| version.number == number);
                let version = version.ok_or(Refusal::NoVersion(number))?;
                let text = mappings.text(connection, number).await?.ok_or(Refusal::NoVersion(number))?;
                Ok(MappingReply::Shown(MappingShown { version, text }))
            }
            MappingWish::Set { text, origin } => {
                drop(self.check(text, origin)?);
                let version = mappings.add(connection, text, (origin, self.now)).await?;
                Ok(MappingReply::Holds(version.number))
            }
            MappingWish::Use(number) => {
                let text = mappings.text(connection, *number).await?.ok_or(Refusal::NoVersion(*number))?;
                drop(self.check(&text, &format!("version {number}"))?);
                if !mappings.hold(connection, *number).await? {
                    return Err(Refusal::NoVersion(*number));
                }
                Ok(MappingReply::Holds(*number))
            }
        }
    }

    /// It says nothing that it may not, and its examples hold.
    pub(super) fn check(&self, text: &str, origin: &str) -> Result<Mapping, Refusal> {
        let mapping = live::read(text, origin, &self.stage.config.notifications)?;
        let failed = mapping.examples.iter().flat_map(|example| {
            let differences = example.run(&mapping);
            differences.into_iter().map(|difference| format!("  {}: {difference}", example.name))
        });
        let failed: Vec<String> = failed.collect();
        if failed.is_empty() { Ok(mapping) } else { Err(Refusal::Examples(failed.join("\n"))) }
    }
}
