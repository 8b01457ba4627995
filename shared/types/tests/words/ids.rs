//! Identifiers.

use artifactstore_types::{EventId, FileId, IdRefused, PackageId};
use proptest::prelude::*;
use uuid::Uuid;

proptest! {
    #[test]
    fn print_and_parse_back(value: u128) {
        let uuid = Uuid::from_u128(value);
        let text = uuid.as_hyphenated().to_string();
        prop_assert_eq!(PackageId::new(uuid).to_string(), text.clone());
        prop_assert_eq!(text.parse(), Ok(PackageId::new(uuid)));
        prop_assert_eq!(text.parse(), Ok(FileId::new(uuid)));
        prop_assert_eq!(text.parse(), Ok(EventId::new(uuid)));
        prop_assert_eq!(PackageId::new(uuid).uuid(), uuid);
    }

    #[test]
    fn every_other_form_of_the_same_uuid_is_refused(value: u128) {
        let uuid = Uuid::from_u128(value | 0xa << 124);
        let forms = [
            uuid.simple().to_string(),
            uuid.braced().to_string(),
            uuid.urn().to_string(),
            uuid.hyphenated().to_string().to_uppercase(),
            format!(" {uuid}"),
            format!("{uuid}\n"),
        ];
        for form in forms {
            prop_assert_eq!(form.parse::<PackageId>(), Err(IdRefused), "{}", form);
        }
    }

    #[test]
    fn any_text_is_an_id_or_refused(text: String) {
        prop_assert_eq!(text.parse::<EventId>(), Err(IdRefused));
    }

    #[test]
    fn are_ordered_as_their_texts_are(left: u128, right: u128) {
        let (left, right) = (FileId::new(Uuid::from_u128(left)), FileId::new(Uuid::from_u128(right)));
        prop_assert_eq!(left.cmp(&right), left.to_string().cmp(&right.to_string()));
    }
}
