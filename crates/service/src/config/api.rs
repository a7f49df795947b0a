//! Who may use the management API: tokens, each with a name that the audit knows it by and a role.

use secrecy::{ExposeSecret as _, SecretString};

use super::section::Slot;

/// A token that is guessed is a key to everything: fewer characters are a slip of the pen.
const SHORTEST_TOKEN: usize = 32;

/// The management API.
#[derive(Debug, Clone, Default)]
pub struct Api {
    /// Who may use it; where nobody may, it is not there.
    pub tokens: Vec<ApiToken>,
}

/// Somebody who may use the management API.
#[derive(Debug, Clone)]
pub struct ApiToken {
    /// What the audit and the log call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What they show.
    pub token: SecretString,
}

/// What somebody may do; each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Decides about records, and has work done again.
    Operator,
    /// Changes mappings and messages, and reads the audit.
    Admin,
}

impl Role {
    /// All of them, the one that may least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// As the configuration spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

pub(super) fn api(slot: &Slot<'_>) -> Option<Api> {
    let mut keys = slot.section()?;
    let tokens = keys.slot("tokens");
    keys.finish();
    let slots = tokens.list()?;
    let read: Vec<Option<ApiToken>> = slots.iter().map(token).collect();
    refuse_repeated(&slots, &read);
    Some(Api { tokens: read.into_iter().collect::<Option<_>>()? })
}

fn token(slot: &Slot<'_>) -> Option<ApiToken> {
    let mut keys = slot.section()?;
    let name = keys.slot("name").parse(name);
    let role = keys.slot("role").parse(role);
    let token_slot = keys.slot("token");
    let token = token_slot.secret();
    keys.finish();
    let token = token.filter(|token| match sound(token.expose_secret()) {
        Ok(()) => true,
        Err(problem) => {
            token_slot.problem(problem);
            false
        }
    });
    Some(ApiToken { name: name?, role: role?, token: token? })
}

fn name(text: &str) -> Result<String, String> {
    let sound = text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if sound {
        return Ok(text.to_owned());
    }
    Err(format!("expected 1 to 64 letters, digits, `-`, `_` or `.`, found `{text}`"))
}

fn role(text: &str) -> Result<Role, String> {
    let found = Role::ALL.into_iter().find(|role| role.name() == text);
    found.ok_or_else(|| format!("expected `viewer`, `operator` or `admin`, found `{text}`"))
}

/// It travels in a header.
fn sound(token: &str) -> Result<(), String> {
    if token.len() < SHORTEST_TOKEN {
        return Err(format!("expected at least {SHORTEST_TOKEN} characters: make one with `openssl rand -hex 32`"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(
            "expected letters, digits and signs without spaces: make one with `openssl rand -hex 32`".to_owned()
        );
    }
    Ok(())
}

/// Two entries with one name can't be told apart in the audit, and two with one token can't be told apart at all.
fn refuse_repeated(slots: &[Slot<'_>], read: &[Option<ApiToken>]) {
    for (position, (slot, token)) in slots.iter().zip(read).enumerate() {
        let Some(token) = token else { continue };
        for (earlier, other) in read.iter().take(position).enumerate() {
            let Some(other) = other else { continue };
            if other.name == token.name {
                slot.problem(format!("the name `{}` is taken by api.tokens[{earlier}]", token.name));
            } else if other.token.expose_secret() == token.token.expose_secret() {
                slot.problem(format!("has the same token as api.tokens[{earlier}]: each needs one of its own"));
            }
        }
    }
}
