//! The usual places, and files in the AWS tools' form.

use proptest::prelude::*;

use super::*;

const FILE: &str = "
# keys of this machine
[default]
aws_access_key_id = one
aws_secret_access_key = first=secret

[ rgw ]
aws_access_key_id=two
; aws_secret_access_key = old
aws_secret_access_key=second
aws_session_token = token
region = here

[half]
aws_access_key_id = three
";

fn keys(access: &str, secret: &str, token: Option<&str>) -> S3Keys {
    let (access_key_id, secret_access_key) = (access.to_owned(), secret.to_owned());
    S3Keys { access_key_id, secret_access_key, session_token: token.map(str::to_owned) }
}

fn find(variables: &[(&str, &str)]) -> std::result::Result<S3Credentials, CredentialsMissing> {
    let variables: BTreeMap<_, _> = variables.iter().copied().collect();
    S3Credentials::find(|name| variables.get(name).map(|value| (*value).to_owned()))
}

#[test]
fn reads_the_keys_of_one_profile() {
    assert_eq!(find_profile(FILE, "default"), Some(keys("one", "first=secret", None)));
    assert_eq!(find_profile(FILE, "rgw"), Some(keys("two", "second", Some("token"))));
    assert_eq!(find_profile(FILE, "half"), None);
    assert_eq!(find_profile(FILE, "absent"), None);
}

proptest! {
    #[test]
    fn reads_any_file(text in "(\\PC|\n)*", profile in "\\PC*") {
        let _ = find_profile(&text, &profile);
    }
}

#[test]
fn looks_in_the_usual_places_in_order() {
    let home = tempfile::tempdir().unwrap();
    let at_home = home.path().to_str().unwrap();
    let given = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let named = [("AWS_SHARED_CREDENTIALS_FILE", "/keys"), ("AWS_PROFILE", "rgw")];
    let platform = [("AWS_ROLE_ARN", "role"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), ("HOME", at_home)];
    let all: Vec<_> = given.into_iter().chain(named).chain(platform).collect();
    assert_eq!(find(&all).unwrap(), S3Credentials::Keys(keys("id", "secret", None)));
    let file = S3Credentials::File { path: "/keys".into(), profile: "rgw".to_owned() };
    assert_eq!(find(&all[2..]).unwrap(), file);
    assert!(matches!(find(&all[4..]).unwrap(), S3Credentials::Platform(found) if found.len() == 2));
    assert_eq!(find(&all[6..]), Err(CredentialsMissing));
    fs::create_dir(home.path().join(".aws")).unwrap();
    let path = home.path().join(".aws/credentials");
    fs::write(&path, FILE).unwrap();
    assert_eq!(find(&all[6..]).unwrap(), S3Credentials::File { path, profile: "default".to_owned() });
    // What is set to nothing is not set.
    assert_eq!(find(&[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")]), Err(CredentialsMissing));
}

#[test]
fn never_shows_a_secret() {
    let shown = format!("{:?}", S3Credentials::Keys(keys("id", "secret", Some("token"))));
    assert!(shown.contains("id") && !shown.contains("secret\"") && !shown.contains("token\""), "{shown}");
}

#[tokio::test]
async fn reads_the_file_again_when_it_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    let credentials = FileCredentials::new(path.clone(), "default".to_owned());
    assert!(matches!(credentials.get_credential().await, Err(Error::Unauthenticated { .. })));
    fs::write(&path, FILE).unwrap();
    assert_eq!(credentials.get_credential().await.unwrap().key_id, "one");
    fs::write(&path, FILE.replace("= one", "= another")).unwrap();
    assert_eq!(credentials.get_credential().await.unwrap().key_id, "another");
}
