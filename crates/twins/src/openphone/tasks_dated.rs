//! Tasks on the dated surface: always on a conversation, one status, and two `DELETE`s with a body.

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
    Rule::reads("GET /tasks", "06", list),
    Rule::writes("POST /tasks", "06", create),
    Rule::reads("GET /tasks/{taskId}", "06", tasks::get),
    Rule::writes("PATCH /tasks/{taskId}", "06", patch),
    Rule::writes("DELETE /tasks/{taskId}", "06", tasks::delete),
    Rule::writes("PATCH /tasks/{taskId}/status", "06", status),
    Rule::writes("POST /tasks/{taskId}/conversations", "06", link),
    Rule::writes("DELETE /tasks/{taskId}/conversations", "06", unlink).with_body(),
    Rule::writes("POST /tasks/{taskId}/users", "06", assign),
    Rule::writes("DELETE /tasks/{taskId}/users", "06", unassign).with_body(),
    Rule::writes("PATCH /tasks/{taskId}/due-date", "06", change_due_date),
    Rule::writes("DELETE /tasks/{taskId}/due-date", "06", remove_due_date),
];

type Reply = Result<Done<Answer>, Answer>;

fn list(openphone: &OpenPhone, asked: &Asked<'_>) -> Result<Answer, Answer> {
    Ok(tasks::list(openphone, asked, &lists::dated_bounds(asked, 100, 50)?))
}

fn create(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let (conversation, number) = tasks::conversation(openphone, asked)?;
    let bond = Bond { number: Some(number), conversation: Some(conversation), activity: None };
    let wanted = tasks::wanted(openphone, asked, bond)?;
    let done = tasks::create(openphone, asked, wanted)?;
    let data = done.result.reference(asked.surface());
    Ok(Done { result: Answer::json(201, json!({ "data": data })), parcels: done.parcels })
}

fn patch(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let step = tasks::rewrite(asked)?;
    tasks::act(openphone, asked, step)
}

fn status(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let status = Status::named(&asked.text("status")?);
    let status = status.ok_or_else(|| asked.bad("/status", "Expected one of open, completed, deleted"))?;
    tasks::act(openphone, asked, Step::Status(status))
}

fn link(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let step = tasks::link(openphone, asked)?;
    tasks::act(openphone, asked, step)
}

fn unlink(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let conversation = asked.id_in_body("conversationId", "CN")?;
    tasks::act(openphone, asked, Step::Unlink(conversation))
}

fn assign(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let user = tasks::user(openphone, asked, "userId")?;
    tasks::act(openphone, asked, Step::Assign(user))
}

fn unassign(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let user = asked.id_in_body("userId", "US")?;
    tasks::act(openphone, asked, Step::Unassign(user))
}

fn change_due_date(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    let due = tasks::due(asked)?;
    tasks::act(openphone, asked, Step::Due(due))
}

fn remove_due_date(openphone: &mut OpenPhone, asked: &Asked<'_>) -> Reply {
    tasks::act(openphone, asked, Step::NotDue)
}
