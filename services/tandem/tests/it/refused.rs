//! What is refused, with which exit code, and in which words.

use tandem_testkit::tempdir;

use crate::command::{ended, tandem};

#[test]
fn wrong_usage_exits_with_2() {
    let cases: [&[&str]; 8] = [
        &[],
        &["nope"],
        &["demo", "--json"],
        &["demo", "--contacts", "0"],
        &["demo", "--log", "loud"],
        &["sandbox", "--webhook-url", "not a url"],
        &["check", "--connection"],
        &["check", "--log", "loud"],
    ];
    for arguments in cases {
        let (code, stdout, stderr) = ended(tandem(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stdout.is_empty() && !stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_tells_the_commands_and_the_exit_codes() {
    let (code, stdout, _) = ended(tandem(&["--help"]));
    assert_eq!(code, Some(0));
    for word in ["up", "check", "demo", "sandbox", "64 bad configuration"] {
        assert!(stdout.contains(word), "{word}: {stdout}");
    }
}

#[test]
fn bad_configuration_exits_with_64_and_names_every_problem() {
    let folder = tempdir();
    let path = folder.path().join("tandem.yaml");
    let text = "
http: { listen: nowhere }
colour: blue
connections:
  - id: acme
    ghl: { location_id: SandboxLocation00001, private_token: '${NOBODY_SET_THIS}' }
    openphone: { api_key: key-in-the-file }
";
    std::fs::write(&path, text).unwrap();
    for command in ["up", "sandbox", "check"] {
        let mut command = tandem(&[command, "--config"]);
        command.arg(&path);
        let (code, stdout, stderr) = ended(command);
        assert_eq!(code, Some(64), "{stderr}");
        assert!(stdout.is_empty(), "{stdout}");
        assert!(stderr.starts_with("error: "), "{stderr}");
        for problem in ["tandem.yaml:2: http.listen", "tandem.yaml:3: colour", "NOBODY_SET_THIS is not set"] {
            assert!(stderr.contains(problem), "{problem}: {stderr}");
        }
        assert!(stderr.contains("tandem.yaml:7: connections[0].openphone.api_key"), "{stderr}");
        assert!(!stderr.contains("key-in-the-file"), "a secret was printed: {stderr}");
        assert!(!stderr.contains("backtrace") && !stderr.contains("Error {"), "{stderr}");
    }
}

#[test]
fn missing_configuration_says_how_to_get_one() {
    let folder = tempdir();
    let mut command = tandem(&["up"]);
    command.current_dir(folder.path());
    let (code, _, stderr) = ended(command);
    assert_eq!(code, Some(64));
    assert!(stderr.contains("there is no configuration file tandem.yaml"), "{stderr}");
    assert!(stderr.contains("tandem demo"), "{stderr}");
}
