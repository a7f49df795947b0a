//! `cargo xtask compose`: builds the images, runs the demo of the compose stack, and judges it at the twins.
//!
//! Its containers, volumes and ports are apart from those of a stack that runs already, and are removed at the end.

mod engine;
mod http;
mod scan;

use std::thread;
use std::time::{Duration, Instant};

use crate::Failure;
use engine::Compose;
use scan::{count, number_after};

const CONTACTS: u64 = 100;
const WRITERS: usize = 4;

const GHL_TWIN: u16 = 14_010;
const OPENPHONE_TWIN: u16 = 14_020;
const GRAFANA: u16 = 13_000;
const PROMETHEUS: u16 = 19_090;
const JAEGER: u16 = 26_686;

/// What .env would say.
fn variables() -> Vec<(&'static str, String)> {
    vec![
        ("CONFIG_DIR", "./deploy/tandem".to_owned()),
        ("INGEST_PORT", "18080".to_owned()),
        ("GHL_TWIN_PORT", GHL_TWIN.to_string()),
        ("OPENPHONE_TWIN_PORT", OPENPHONE_TWIN.to_string()),
        ("GRAFANA_PORT", GRAFANA.to_string()),
        ("PROMETHEUS_PORT", PROMETHEUS.to_string()),
        ("JAEGER_PORT", JAEGER.to_string()),
        ("DEMO_CONTACTS", CONTACTS.to_string()),
        ("DEMO_PAUSE", "1".to_owned()),
    ]
}

/// True if all went well, or if no engine answers: then it says so.
pub(crate) fn run() -> Result<bool, Failure> {
    let compose = match engine::find(variables()) {
        Ok(compose) => compose,
        Err(why) => {
            println!("not run: the compose stack, because no Docker engine answers ({why})");
            return Ok(true);
        }
    };
    println!("Docker engine {}, {}", compose.engine_version, compose.version);
    let done = drive(&compose);
    if done.is_err() {
        compose.show_logs();
    }
    let removed = compose.run("removing the stack", &["--profile", "demo", "down", "--volumes", "--remove-orphans"]);
    done?;
    removed?;
    println!("the compose stack works");
    Ok(true)
}

fn drive(compose: &Compose) -> Result<(), Failure> {
    compose.run(
        "reading the files of the three-server stack",
        &["-f", "docker-compose.yml", "-f", "compose.ha.yml", "config", "--quiet"],
    )?;
    compose.run("building the images", &["--profile", "demo", "build"])?;
    compose.run("starting the demo", &["--profile", "demo", "up", "--detach"])?;
    until("every container is healthy", Duration::from_mins(5), || compose.all_healthy(1))?;
    until("every contact is in OpenPhone", Duration::from_mins(5), || arrived(CONTACTS))?;
    let scale = format!("writer={WRITERS}");
    compose.run("scaling the writer", &["--profile", "demo", "up", "--detach", "--no-recreate", "--scale", &scale])?;
    until("every writer is healthy", Duration::from_mins(3), || compose.all_healthy(WRITERS))?;
    a_new_contact_arrives()?;
    until("Prometheus sees every service", Duration::from_mins(2), prometheus_sees_all)?;
    until("Jaeger has traces", Duration::from_mins(2), || {
        Ok(http::get(JAEGER, "/api/services")?
            .contains("\"tandem")
            .then_some(())
            .ok_or("no service of ours".to_owned()))
    })?;
    until("Grafana has the dashboards", Duration::from_mins(1), || {
        let found = count(&http::get(GRAFANA, "/api/search?tag=tandem")?, "\"dash-db\"");
        Ok(if found == 6 { Ok(()) } else { Err(format!("{found} of 6")) })
    })?;
    judge(&http::get(OPENPHONE_TWIN, "/_twin/report")?)
}

/// Not yet, and why.
type Waiting = Result<(), String>;

/// Looks again and again. A look that fails is a "not yet": servers are starting.
fn until(what: &str, limit: Duration, mut look: impl FnMut() -> Result<Waiting, Failure>) -> Result<(), Failure> {
    println!("waiting until {}", what.to_lowercase());
    let start = Instant::now();
    loop {
        let why = match look() {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(why)) | Err(why) => why,
        };
        if start.elapsed() > limit {
            return Err(format!("waited {limit:?} until {what}: {why}"));
        }
        thread::sleep(Duration::from_secs(1));
    }
}

fn contacts_of(twin: u16) -> Result<u64, Failure> {
    number_after(&http::get(twin, "/_twin/report")?, "\"contacts\":")
}

fn arrived(least: u64) -> Result<Waiting, Failure> {
    let (ghl, openphone) = (contacts_of(GHL_TWIN)?, contacts_of(OPENPHONE_TWIN)?);
    let is_there = ghl >= least && ghl == openphone;
    Ok(if is_there { Ok(()) } else { Err(format!("{openphone} of {ghl} contacts")) })
}

fn a_new_contact_arrives() -> Result<(), Failure> {
    let contact = r#"{"firstName":"Zora","lastName":"Afterscale","phone":"+12125550199"}"#;
    http::post(GHL_TWIN, "/_twin/people/contacts", contact)?;
    until("a contact that was entered after scaling is in OpenPhone", Duration::from_mins(2), || {
        let found = count(&http::get(OPENPHONE_TWIN, "/_twin/contacts?limit=10000")?, "\"Afterscale\"");
        Ok(if found == 1 { Ok(()) } else { Err(format!("it is there {found} times")) })
    })
}

fn prometheus_sees_all() -> Result<Waiting, Failure> {
    let expected = format!("\"{}\"]", 2 + WRITERS);
    let answer = http::get(PROMETHEUS, "/api/v1/query?query=sum(up%7Bjob=~%22tandem-.%2B%22%7D)")?;
    Ok(if answer.contains(&expected) { Ok(()) } else { Err(answer) })
}

/// The twin's own judgement of what came in.
fn judge(report: &str) -> Result<(), Failure> {
    let rate = ["\"refused\":0", "\"violations\":0"].iter().all(|well| report.contains(well));
    let lists = ["duplicates", "losses", "wiped"].map(|list| format!("\"{list}\":[]"));
    let lost = lists.iter().find(|empty| !report.contains(*empty));
    match lost {
        None if rate => Ok(()),
        None => Err(format!("requests went over the published rate: {report}")),
        Some(list) => Err(format!("the OpenPhone twin does not say {list}: {report}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twins_judgement_is_taken() {
        let fine = r#"{"duplicates":[],"losses":[],"rate":{"refused":0,"violations":0},"wiped":[]}"#;
        assert_eq!(judge(fine), Ok(()));
        for (was, is) in
            [("\"refused\":0", "\"refused\":3"), ("\"losses\":[]", "\"losses\":[{}]"), ("\"wiped\":[]", "")]
        {
            assert!(judge(&fine.replace(was, is)).is_err(), "{is}");
        }
    }

    #[test]
    fn waiting_ends_with_the_last_reason() {
        let mut looks = 0;
        let done = until("it is there", Duration::ZERO, || {
            looks += 1;
            Ok(Err(format!("look {looks}")))
        });
        assert_eq!(done, Err("waited 0ns until it is there: look 1".to_owned()));
        assert_eq!(until("it is there", Duration::ZERO, || Ok(Ok(()))), Ok(()));
    }
}
