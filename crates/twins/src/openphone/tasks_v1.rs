//! Tasks on v1: one call per action, revisions as text.

use serde_json::json;

use crate::call::Answer;
use crate::door::Done;
use crate::openphone::asked::Asked;
use crate::openphone::lists;
use crate::openphone::routes::Rule;
use crate::openphone::server::OpenPhone;
use crate::openphone::task::{Bond, Status};
use crate::openphone::task_steps::Step;
use crate::openphone::tasks;

pub(super) const RULES: &[Rule] = &[
    Rule::reads("GET /v1/tasks", "06", list),
    Rule::writes("POST /v1/tasks", "06", create),
    Rule::reads("GET /v1/tasks/{taskId}", "06", tasks::get),
    Rule::writes("PUT /v1/tasks/{taskId}", "06", put),
    Rule::writes("DELETE /v1/tasks/{taskId}", "06", tasks::delete),
    Rule::writes("POST /v1/tasks/{taskId}/complete", "06", complete).without_body(),
    Rule::writes("POST /v1/tasks/{taskId}/reopen", "06", reopen).without_body(),
    Rule::writes("POST /v1/tasks/{taskId}/remove-due-date", "06", remove_due_date).without_body(),
    Rule::writes("POST /v1/tasks/{taskId}/change-due-date", "06", change_due_date),
    Rule::writes("POST /v1/tasks/{taskId}/assign", "06", assign),
    Rule::writes("POST /v1/tasks/{taskId}/unassign", "06", unassign),
    Rule::writes("POST /v1/tasks/{taskId}/link-conversation", "06", link),
    Rule::writes("POST /v1/tasks/{taskId}/unlink-conversation", "06", unlink),
];

type Reply = Result<Done<Answer>, Answer>;

fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    let mut answer = tasks::list(openphone, asked, &lists::v1_bounds(asked, 100)?);
    // This list alone leaves the token out instead of sending null.
    if let crate::call::Content::Json(body) = &mut answer.content
        && body["nextPageToken"].is_null()
        && let Some(body) = body.as_object_mut()
    {
        body.remove("nextPageToken");
    }
    Ok(answer)
}

fn create(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    const BONDS: [&str; 3] = ["phoneNumberId", "conversationId", "activityId"];
    tasks::strange_key(asked, &["title", "description", "dueDate", "assignedTo", BONDS[0], BONDS[1], BONDS[2]])?;
    let body = asked.body();
    if BONDS.iter().filter(|name| body.contains_key(**name)).count() != 1 {
        return Err(asked.bad("/", "Expected exactly one of phoneNumberId, conversationId and activityId"));
    }
    let wanted = tasks::wanted(openphone, asked, bond(openphone, asked)?)?;
    let done = tasks::create(openphone, asked, wanted)?;
    let (task, mut data) = (&done.result, done.result.reference(asked.surface()));
    data["phoneNumberId"] = json!(task.bond.number);
    for (name, id) in [("conversationId", &task.bond.conversation), ("activityId", &task.bond.activity)] {
        if let Some(id) = id {
            data[name] = json!(id);
        }
    }
    Ok(Done { result: Answer::json(201, json!({ "data": data })), parcels: done.parcels })
}

/// What the new task hangs on: a number alone, a conversation with its number, or an activity with both.
fn bond(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Bond, Answer> {
    let (body, space) = (asked.body(), &openphone.spaces[asked.at]);
    if body.contains_key("phoneNumberId") {
        let id = asked.id_in_body("phoneNumberId", "PN")?;
        let known = space.config.number(&id).is_some();
        let bond = Bond { number: Some(id), ..Bond::default() };
        return if known { Ok(bond) } else { Err(asked.missing("Phone number not found")) };
    }
    if body.contains_key("conversationId") {
        let (conversation, number) = tasks::conversation(openphone, asked)?;
        return Ok(Bond { number: Some(number), conversation: Some(conversation), activity: None });
    }
    let id = asked.id_in_body("activityId", "AC")?;
    let message = space.desk.messages.get(&id).map(|one| (&one.number, &one.conversation));
    let call = space.desk.calls.get(&id).map(|one| (&one.number, &one.conversation));
    let (number, conversation) = message.or(call).ok_or_else(|| asked.missing("Activity not found"))?;
    Ok(Bond { number: Some(number.clone()), conversation: Some(conversation.clone()), activity: Some(id) })
}

fn put(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    tasks::strange_key(asked, &["title", "description"])?;
    let step = tasks::rewrite(asked)?;
    tasks::act(openphone, asked, step)
}

fn complete(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    tasks::act(openphone, asked, Step::Status(Status::Completed))
}

fn reopen(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    tasks::act(openphone, asked, Step::Status(Status::Open))
}

fn remove_due_date(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    tasks::act(openphone, asked, Step::NotDue)
}

fn change_due_date(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    tasks::strange_key(asked, &["dueDate"])?;
    let due = tasks::due(asked)?;
    tasks::act(openphone, asked, Step::Due(due))
}

fn assign(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    tasks::strange_key(asked, &["userId"])?;
    let user = tasks::user(openphone, asked, "userId")?;
    tasks::act(openphone, asked, Step::Assign(user))
}

fn unassign(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    tasks::strange_key(asked, &["userId"])?;
    let user = asked.id_in_body("userId", "US")?;
    tasks::act(openphone, asked, Step::Unassign(user))
}

fn link(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let step = tasks::link(openphone, asked)?;
    tasks::act(openphone, asked, step)
}

fn unlink(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let conversation = asked.id_in_body("conversationId", "CN")?;
    tasks::act(openphone, asked, Step::Unlink(conversation))
}
