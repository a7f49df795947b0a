//! Calls and what is left of them: recordings, summaries, transcripts, voicemails.

use serde_json::{Value, json};

use crate::call::Answer;
use crate::openphone::asked::Asked;
use crate::openphone::dated;
use crate::openphone::lists::{self, Span};
use crate::openphone::messages::own_number;
use crate::openphone::routes::Rule;
use crate::openphone::server::{OpenPhone, ok};
use crate::openphone::talk::{Call, direction};

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /v1/calls", "01", v1_list),
    Rule::reads("GET /v1/calls/{callId}", "01", v1_get),
    Rule::reads("GET /v1/call-recordings/{callId}", "09", v1_recordings),
    Rule::reads("GET /v1/call-summaries/{callId}", "05", summary),
    Rule::reads("GET /v1/call-transcripts/{id}", "06", transcript),
    Rule::reads("GET /v1/call-voicemails/{callId}", "12", voicemail),
    Rule::reads("GET /calls", "01", list),
    Rule::reads("GET /calls/{callId}", "01", get),
    Rule::reads("GET /calls/{callId}/recordings", "09", recordings),
    Rule::reads("GET /calls/{callId}/transcripts", "06", transcripts),
];

fn found<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> Result<&'a Call, Answer> {
    openphone.spaces[asked.at].desk.calls.get(asked.id(0)).ok_or_else(|| asked.missing("Call not found"))
}

fn own<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>, call: &Call) -> &'a str {
    openphone.spaces[asked.at].config.number(&call.number).map_or("", |number| &number.number)
}

fn all<'a>(openphone: &'a OpenPhone, asked: &Asked<'_>) -> impl Iterator<Item = &'a Call> {
    openphone.spaces[asked.at].desk.calls.rows().rev().map(|(_, row)| row)
}

fn v1_list(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::v1_bounds(asked, 100)?;
    let number = own_number(openphone, asked)?;
    let [other] = asked.call.params("participants")[..] else {
        return Err(asked.bad("/participants", "Expected array with exactly one number"));
    };
    let span = Span::asked(asked, "createdAfter", "createdBefore")?;
    let user = asked.call.param("userId");
    let rows = all(openphone, asked).filter(|row| {
        row.number == number
            && row.participants == [other]
            && span.holds(row.created)
            && user.is_none_or(|user| row.user == user)
    });
    Ok(lists::shown(asked, &bounds, rows.map(|row| row.view(asked.surface(), own(openphone, asked, row))).collect()))
}

/// Refuses calls with more than two parties.
fn v1_get(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let call = found(openphone, asked)?;
    if call.participants.len() > 1 {
        return Err(asked.refused(
            400,
            "01",
            ("Too Many Participants", "Calls with more than two parties are refused"),
        ));
    }
    Ok(ok(call.view(asked.surface(), own(openphone, asked, call))))
}

fn v1_recordings(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    Ok(ok(json!(found(openphone, asked)?.recordings)))
}

/// Absent, unless the seed has one.
fn summary(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let call = found(openphone, asked)?;
    let absent = json!({ "callId": call.id, "status": "absent", "summary": null, "nextSteps": null });
    Ok(ok(call.summary.clone().unwrap_or(absent)))
}

fn transcript(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let call = found(openphone, asked)?;
    let at = crate::stamp::iso(call.completed);
    let absent = json!({ "callId": call.id, "createdAt": at, "duration": 0, "status": "absent", "dialogue": null });
    Ok(ok(call.transcript.clone().unwrap_or(absent)))
}

fn voicemail(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let found = found(openphone, asked)?.voicemail.clone();
    Ok(ok(found.ok_or_else(|| asked.missing("Voicemail not found"))?))
}

/// What `include` adds to the dated call.
fn dated_view(openphone: &OpenPhone, asked: &Asked<'_>, call: &Call) -> Value {
    let mut view = call.view(asked.surface(), own(openphone, asked, call));
    let wanted: Vec<&str> = asked.call.param("include").into_iter().flat_map(|all| all.split(',')).collect();
    for (name, held) in [("summary", &call.summary), ("voicemail", &call.voicemail)] {
        if let Some(held) = held.as_ref().filter(|_| wanted.contains(&name)) {
            view[name] = held.clone();
        }
    }
    view
}

fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    let span = Span::asked(asked, "createdAt[gte]", "createdAt[lte]")?;
    let is = |name: &str, value: &str| asked.call.param(name).is_none_or(|wanted| wanted == value);
    let (others, states) = (dated::filter(asked, "participant"), dated::filter(asked, "status"));
    let rows = all(openphone, asked).filter(|row| {
        is("phoneNumberId", &row.number)
            && is("actorId", &row.user)
            && is("direction", direction(row.incoming))
            && (states.is_empty() || states.contains(&row.status.as_str()))
            && (others.is_empty() || row.participants.iter().any(|one| others.contains(&one.as_str())))
            && span.holds(row.created)
    });
    Ok(lists::shown(asked, &bounds, rows.map(|row| dated_view(openphone, asked, row)).collect()))
}

fn get(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    Ok(ok(dated_view(openphone, asked, found(openphone, asked)?)))
}

fn recordings(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    Ok(lists::shown(asked, &bounds, found(openphone, asked)?.recordings.clone()))
}

fn transcripts(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bounds = lists::dated_bounds(asked, 50, 10)?;
    let call = found(openphone, asked)?;
    let view = |held: &Value| {
        let mut view = held.clone();
        if let Some(fields) = view.as_object_mut() {
            fields.remove("callId");
        }
        for line in view["dialogue"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            let user = line.remove("userId").unwrap_or_default();
            line.insert("actorId".to_owned(), user);
        }
        view["recordingId"] = call.recordings.first().map_or_else(|| json!(""), |one| one["id"].clone());
        view["startTime"] = json!(crate::stamp::iso(call.created));
        view
    };
    Ok(lists::shown(asked, &bounds, call.transcript.iter().map(view).collect()))
}
