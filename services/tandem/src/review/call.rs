//! Wishes as requests of the management API. What is answered is what the wish is answered.

use http::Method;
use serde_json::{Value as Json, json};
use tandem_outbound::Ask;

use super::{DeadFilter, DeadWish, MappingWish, Wish};

/// The request for a wish about a connection.
pub(crate) fn of_wish(connection: &str, wish: &Wish) -> Ask {
    let (get, post) = (
        |path: &[&str]| ask(Method::GET, connection, path, None),
        |path: &[&str], body: Json| ask(Method::POST, connection, path, Some(body)),
    );
    match wish {
        Wish::Record(name) => get(&["records", name]),
        Wish::Preview { contact, side, by } => {
            post(&["records", contact, "preview"], json!({ "side": side, "mapping": by }))
        }
        Wish::Mapping(MappingWish::History) => get(&["mapping", "versions"]),
        Wish::Mapping(MappingWish::Show(None)) => get(&["mapping"]),
        Wish::Mapping(MappingWish::Show(Some(number))) => get(&["mapping", "versions", &number.to_string()]),
        Wish::Mapping(MappingWish::Set { text, origin }) => {
            ask(Method::PUT, connection, &["mapping"], Some(json!({ "text": text, "origin": origin })))
        }
        Wish::Mapping(MappingWish::Use(number)) => {
            post(&["mapping", "versions", &number.to_string(), "use"], json!({}))
        }
        Wish::Segments => get(&["segments"]),
        Wish::Members(segment) => get(&["segments", segment, "members"]),
        Wish::Duplicates => get(&["duplicates"]),
        Wish::Merge { record, into, take, is_dry } => {
            post(&["records", record.as_str(), "merge"], json!({ "into": into, "take": take, "dry_run": is_dry }))
        }
        Wish::Apart { record, from } => post(&["records", record.as_str(), "apart"], json!({ "from": from })),
        Wish::Unmerge { record } => post(&["records", record.as_str(), "unmerge"], json!({})),
        Wish::Conflicts => get(&["conflicts"]),
        Wish::Settle { record, field, side } => {
            post(&["records", record.as_str(), "fields", field.name(), "settle"], json!({ "side": side }))
        }
    }
}

/// The request for something about scans of a connection.
pub(crate) fn of_scans(connection: &str, (steps, body): (&[&str], Option<Json>)) -> Ask {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    ask(method, connection, steps, body)
}

/// The request for a wish about dead letters.
pub(crate) fn of_dead(wish: &DeadWish) -> Ask {
    let at = |method, steps: &[&str], body: Option<Json>| Ask {
        method,
        path: path(&["dead"], steps),
        query: Vec::new(),
        body: body.map(|body| body.to_string()),
    };
    match wish {
        DeadWish::List(DeadFilter { connection, stage, code, numbers: _ }) => {
            let query = [("connection", connection), ("stage", stage), ("code", code)];
            let query = query.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect();
            Ask { query, ..at(Method::GET, &[], None) }
        }
        DeadWish::Show(number) => at(Method::GET, &[&number.to_string()], None),
        DeadWish::Redrive { which, is_dry } => at(Method::POST, &["redrive"], Some(meant(which, *is_dry))),
        DeadWish::Drop { which, is_dry } => at(Method::POST, &["drop"], Some(meant(which, *is_dry))),
        DeadWish::Edit { number, body } => at(Method::PUT, &[&number.to_string()], Some(json!({ "body": body }))),
    }
}

/// Whoever made the filter has said that all are meant, where all are.
fn meant(which: &DeadFilter, is_dry: bool) -> Json {
    let DeadFilter { numbers, connection, stage, code } = which;
    let all = which.is_any();
    json!({ "numbers": numbers, "connection": connection, "stage": stage, "code": code, "all": all, "dry_run": is_dry })
}

fn ask(method: Method, connection: &str, steps: &[&str], body: Option<Json>) -> Ask {
    let body = body.map(|body| body.to_string());
    Ask { method, path: path(&["connections", connection], steps), query: Vec::new(), body }
}

fn path(place: &[&str], steps: &[&str]) -> Vec<String> {
    let all = ["api", "v1"].iter().chain(place).chain(steps);
    all.map(|step| (*step).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(ask: &Ask) -> String {
        let Ask { method, path, query, body } = ask;
        format!("{method} /{} {query:?} {}", path.join("/"), body.as_deref().unwrap_or("-"))
    }

    #[test]
    fn wishes_are_requests_of_the_api() {
        let record = tandem_proto::RecordId::new("abc").unwrap();
        let first_name = tandem_contact::Field::FirstName;
        for (wish, expected) in [
            (Wish::Record("+1 415".to_owned()), "GET /api/v1/connections/acme/records/+1 415 [] -"),
            (Wish::Mapping(MappingWish::Use(3)), "POST /api/v1/connections/acme/mapping/versions/3/use [] {}"),
            (
                Wish::Settle { record: record.clone(), field: first_name, side: tandem_contact::Side::Ghl },
                r#"POST /api/v1/connections/acme/records/abc/fields/first_name/settle [] {"side":"ghl"}"#,
            ),
            (
                Wish::Merge { record, into: None, take: [first_name].into(), is_dry: true },
                r#"POST /api/v1/connections/acme/records/abc/merge [] {"dry_run":true,"into":null,"take":["first_name"]}"#,
            ),
        ] {
            assert_eq!(shown(&of_wish("acme", &wish)), expected);
        }
    }

    #[test]
    fn all_dead_letters_are_meant_only_where_that_is_said() {
        let some = DeadFilter { numbers: vec![3], ..DeadFilter::default() };
        let said = |which: &DeadFilter| {
            let ask = of_dead(&DeadWish::Drop { which: which.clone(), is_dry: false });
            serde_json::from_str::<Json>(ask.body.as_deref().unwrap()).unwrap()
        };
        assert_eq!((&said(&some)["all"], &said(&some)["numbers"]), (&json!(false), &json!([3])));
        assert_eq!(said(&DeadFilter::default())["all"], json!(true));
        let listed = of_dead(&DeadWish::List(DeadFilter { code: Some("x".to_owned()), ..DeadFilter::default() }));
        assert_eq!(shown(&listed), r#"GET /api/v1/dead [("code", "x")] -"#);
    }
}
