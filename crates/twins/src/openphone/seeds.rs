//! What people and customers do beside editing contacts: they text, call, write notes, and work on tasks.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::deliveries::Parcel;
use crate::door::{Done, Edited};
use crate::openphone::config::PhoneNumber;
use crate::openphone::server::OpenPhone;
use crate::openphone::talk::{Call, Conversation, Message};
use crate::openphone::talk_events::{self, Scene};
use crate::phone;
use crate::stamp::{Stamp, iso, later};

/// Who talks with whom, and when.
pub(super) struct Talked {
    /// The workspace's own number, as an id.
    pub(super) number: String,
    pub(super) participants: Vec<String>,
    pub(super) incoming: bool,
    pub(super) stamp: Stamp,
}

impl OpenPhone {
    /// The workspace that a seed names, or the first one.
    pub(super) fn seeded(&self, seed: &Value) -> Result<usize, String> {
        let org = seed["workspace"].as_str();
        let at = self.spaces.iter().position(|space| org.is_none_or(|org| space.config.org_id == org));
        at.ok_or_else(|| "no such workspace".to_owned())
    }

    /// Reads `phoneNumberId`, `participants`, `direction` and `createdAt`; only `participants` must be there.
    fn talked(&self, at: usize, seed: &Value, stamp: Stamp) -> Result<Talked, String> {
        let config = &self.spaces[at].config;
        let named = seed["phoneNumberId"].as_str();
        let number = named.map_or_else(|| config.phone_numbers.first(), |named| config.number(named));
        let number: &PhoneNumber = number.ok_or("no such number in the workspace")?;
        let others = seed["participants"].as_array().ok_or("participants are a list")?;
        let participants: Vec<String> = others.iter().filter_map(Value::as_str).map(phone::normal).collect();
        if participants.is_empty() {
            return Err("nobody takes part".to_owned());
        }
        let time = seed["createdAt"].as_str().map(str::parse::<Timestamp>).transpose();
        let time = time.map_err(|_| "createdAt is no time")?.unwrap_or(stamp.time);
        let incoming = seed["direction"] != "outgoing";
        Ok(Talked { number: number.id.clone(), participants, incoming, stamp: Stamp { time, ..stamp } })
    }

    /// The conversation of these people on this number; a new one if there is none yet.
    fn conversation(&mut self, at: usize, talked: &Talked) -> String {
        let same = |held: &Conversation| {
            let mut others = held.participants.iter();
            held.number == talked.number
                && held.participants.len() == talked.participants.len()
                && others.all(|one| talked.participants.contains(one))
        };
        let known = self.spaces[at].desk.conversations.rows().find(|(_, held)| same(held));
        if let Some(id) = known.map(|(_, held)| held.id.clone()) {
            return id;
        }
        let (id, time) = (format!("CN{}", self.ids.hex(32)), talked.stamp.time);
        let conversation = Conversation {
            id: id.clone(),
            number: talked.number.clone(),
            participants: talked.participants.clone(),
            name: None,
            latest: None,
            created: time,
            updated: time,
        };
        self.spaces[at].desk.conversations.insert(&id, conversation);
        id
    }

    /// Enters the latest activity of a conversation.
    fn active(&mut self, at: usize, conversation: &str, (time, activity): (Timestamp, &str)) {
        if let Some(held) = self.spaces[at].desk.conversations.get_mut(conversation) {
            held.latest = Some((time, activity.to_owned()));
            held.updated = later(held.updated, time);
        }
    }

    fn scene(&self, at: usize, conversation: &str) -> Option<Scene> {
        let space = &self.spaces[at];
        let conversation = space.desk.conversations.get(conversation)?.clone();
        let others = &conversation.participants;
        let known = |phones: &[super::contact::Item]| phones.iter().any(|one| others.iter().any(|o| **o == *one.value));
        let contacts = space.shelf.rows().filter(|(_, row)| known(&row.phones)).map(|(_, row)| row.id.to_string());
        let own = space.config.number(&conversation.number)?.number.clone();
        let contacts = contacts.collect();
        Some(Scene { org: space.config.org_id.clone(), own, conversation, contacts })
    }

    /// A message that was received or sent.
    pub(super) fn messaged(&mut self, at: usize, talked: Talked, text: String, status: &str) -> Done<Message> {
        let conversation = self.conversation(at, &talked);
        let config = &self.spaces[at].config;
        let own = config.number(&talked.number).map(|number| number.number.clone()).unwrap_or_default();
        let user = config.owner.clone();
        let id = format!("AC{}", self.ids.hex(32));
        let time = talked.stamp.time;
        let first = talked.participants.first().cloned().unwrap_or_default();
        let (from, to) = if talked.incoming { (first, vec![own]) } else { (own, talked.participants) };
        let message = Message {
            id: id.clone(),
            conversation,
            number: talked.number,
            incoming: talked.incoming,
            from,
            to,
            text,
            status: status.to_owned(),
            user,
            created: time,
            updated: time,
        };
        self.spaces[at].desk.messages.insert(&id, message.clone());
        self.active(at, &message.conversation, (time, &id));
        let parcels = self.tell_message(at, &message, talked.stamp);
        Done { result: message, parcels }
    }

    fn tell_message(&mut self, at: usize, message: &Message, stamp: Stamp) -> Vec<Parcel> {
        let Some(scene) = self.scene(at, &message.conversation) else { return Vec::new() };
        let mut event = talk_events::message(talk_events::message_kind(message), message, &scene);
        event.number = Some(&message.number);
        self.fire(at, &event, stamp)
    }

    fn tell_call(&mut self, at: usize, call: &Call, stamp: Stamp) -> Vec<Parcel> {
        let Some(scene) = self.scene(at, &call.conversation) else { return Vec::new() };
        let mut parcels = Vec::new();
        for kind in talk_events::call_kinds(call) {
            let mut event = talk_events::call(kind, call, &scene);
            event.number = Some(&call.number);
            parcels.extend(self.fire(at, &event, stamp));
        }
        parcels
    }
}

/// A conversation begins, without a message yet.
pub(super) fn conversation(openphone: &mut OpenPhone, seed: &Value, stamp: Stamp) -> Edited<String> {
    let at = openphone.seeded(seed)?;
    let talked = openphone.talked(at, seed, stamp)?;
    let id = openphone.conversation(at, &talked);
    let name = seed["name"].as_str().map(str::to_owned);
    if let Some(held) = openphone.spaces[at].desk.conversations.get_mut(&id) {
        held.name = name.or_else(|| held.name.take());
    }
    Ok(Done::quietly(id))
}

/// A customer texts, or a person in the app does.
pub(super) fn message(openphone: &mut OpenPhone, seed: &Value, stamp: Stamp) -> Edited<String> {
    let at = openphone.seeded(seed)?;
    let talked = openphone.talked(at, seed, stamp)?;
    let text = seed["text"].as_str().unwrap_or_default().to_owned();
    let usual = if talked.incoming { "received" } else { "delivered" };
    let done = openphone.messaged(at, talked, text, seed["status"].as_str().unwrap_or(usual));
    Ok(Done { result: done.result.id, parcels: done.parcels })
}

/// A call that has ended, with what is left of it.
pub(super) fn call(openphone: &mut OpenPhone, seed: &Value, stamp: Stamp) -> Edited<String> {
    let at = openphone.seeded(seed)?;
    let talked = openphone.talked(at, seed, stamp)?;
    let id = format!("AC{}", openphone.ids.hex(32));
    let duration = seed["duration"].as_u64().unwrap_or_default();
    let length = SignedDuration::from_secs(i64::try_from(duration).unwrap_or_default());
    let created = talked.stamp.time;
    let call = Call {
        id: id.clone(),
        conversation: openphone.conversation(at, &talked),
        number: talked.number,
        incoming: talked.incoming,
        status: seed["status"].as_str().unwrap_or("completed").to_owned(),
        participants: talked.participants,
        user: openphone.spaces[at].config.owner.clone(),
        duration,
        created,
        completed: created.saturating_add(length).unwrap_or(created),
        recordings: recordings(openphone, seed, (created, duration)),
        summary: seed.get("summary").map(|summary| {
            json!({ "callId": id, "status": "completed", "summary": summary, "nextSteps": seed["nextSteps"] })
        }),
        transcript: seed.get("transcript").map(|lines| transcript(lines, (&id, created, duration))),
        voicemail: seed.get("voicemail").map(|voicemail| {
            json!({
                "id": format!("VM{}", openphone.ids.hex(32)), "status": "completed",
                "duration": voicemail["duration"], "transcript": voicemail["transcript"],
                "recordingUrl": voicemail["recordingUrl"],
            })
        }),
    };
    openphone.spaces[at].desk.calls.insert(&id, call.clone());
    openphone.active(at, &call.conversation, (call.completed, &id));
    let parcels = openphone.tell_call(at, &call, talked.stamp);
    Ok(Done { result: id, parcels })
}

/// `recordings` are links.
fn recordings(openphone: &mut OpenPhone, seed: &Value, (began, duration): (Timestamp, u64)) -> Vec<Value> {
    let links = seed["recordings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |url: &Value| {
        json!({
            "id": format!("CR{}", openphone.ids.hex(32)), "duration": duration, "startTime": iso(began),
            "status": "completed", "type": "audio/mpeg", "url": url,
        })
    };
    links.iter().map(one).collect()
}

/// `transcript` is a list of `{content, identifier, userId}`.
fn transcript(lines: &Value, (call, created, duration): (&str, Timestamp, u64)) -> Value {
    let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
    let line = |(at, line): (usize, &Value)| {
        json!({
            "content": line["content"], "start": at, "end": at + 1, "identifier": line["identifier"],
            "userId": line["userId"],
        })
    };
    let dialogue: Vec<Value> = lines.iter().enumerate().map(line).collect();
    json!({
        "callId": call, "createdAt": iso(created), "duration": duration, "status": "completed", "dialogue": dialogue,
    })
}
