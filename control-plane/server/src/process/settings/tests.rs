//! What can be said to a control plane, and what it makes of it.

use super::*;

fn said(variables: &[(&str, &str)]) -> Result<ControlPlaneSettings, Fault> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ControlPlaneSettings::load(&Sources { file: None, variables })
}

#[test]
fn every_setting_can_be_said_and_a_secret_is_not_shown() {
    let settings = said(&[
        ("ARTIFACTSTORE_CONTROL_PLANE_ID", "control-b"),
        ("ARTIFACTSTORE_JOIN_TOKEN", "open sesame"),
        ("ARTIFACTSTORE_ZONE", "rack-1"),
        ("ARTIFACTSTORE_BACKEND_ID", "rgw"),
        ("ARTIFACTSTORE_MIGRATIONS", "check"),
        ("ARTIFACTSTORE_TICKET_SECONDS", "60"),
    ])
    .unwrap();
    assert!(!format!("{settings:?}").contains("sesame"));
    let fleet = settings.fleet().unwrap();
    assert_eq!((fleet.name.as_str(), fleet.actor.as_str()), ("control-b", "control-b"));
    assert!(fleet.join_token.is_some());
    assert_eq!(settings.direct().ticket_seconds, 60);
    assert!(!settings.migrates());
}

#[test]
fn a_database_in_a_file_is_brought_up_to_date_and_one_on_a_server_checked() {
    assert!(said(&[]).unwrap().migrates());
    assert!(!said(&[("ARTIFACTSTORE_DATABASE_URL", "postgres://localhost/a")]).unwrap().migrates());
}

#[test]
fn what_does_not_fit_is_refused() {
    for (name, value) in [
        ("ARTIFACTSTORE_TICKET_SECONDS", "3601"),
        ("ARTIFACTSTORE_SILENCE_SECONDS", "2"),
        ("ARTIFACTSTORE_HEARTBEAT_SECONDS", "0"),
        ("ARTIFACTSTORE_ZONE", "Rack 1"),
        ("ARTIFACTSTORE_STORAGE_LOCAL_ROOT", "./var/storage"),
    ] {
        assert_eq!(&*said(&[(name, value)]).unwrap_err().code, "AS-CONTROL-0001", "{name}");
    }
}

#[test]
fn help_tells_of_every_setting_with_its_default() {
    let refused = said(&[("ARTIFACTSTORE_NO_SUCH_SETTING", "1")]).unwrap_err().message;
    let (_, known) = refused.split_once("expected").expect("it says what it knows");
    let is_name = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let mut known: Vec<_> = known.split('`').filter(is_name).collect();
    known.sort_unstable();
    let mut told: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    told.sort_unstable();
    assert_eq!(told, known);
    let help = help();
    for Setting { name, default, .. } in SETTINGS {
        let variable = format!("ARTIFACTSTORE_{}", name.to_uppercase());
        assert!(help.contains(&variable) && help.contains(default), "{variable}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn the_defaults_that_help_tells_of_are_the_ones_there_are() {
    let told: Vec<_> = SETTINGS
        .iter()
        .filter(|setting| !setting.default.is_empty())
        .map(|setting| (format!("ARTIFACTSTORE_{}", setting.name.to_uppercase()), setting.default))
        .collect();
    let told: Vec<_> = told.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(format!("{:?}", said(&told).unwrap()), format!("{:?}", said(&[]).unwrap()));
}
