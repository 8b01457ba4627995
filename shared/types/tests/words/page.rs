//! Page sizes.

use artifactstore_types::PageSize;
use proptest::prelude::*;

proptest! {
    #[test]
    fn are_always_from_1_to_the_most(asked: u32) {
        let items = PageSize::clamped(asked).items();
        prop_assert!((1..=PageSize::MAX.items()).contains(&items));
        if (1..=u32::from(PageSize::MAX.items())).contains(&asked) {
            prop_assert_eq!(u32::from(items), asked);
        }
    }
}

#[test]
fn zero_is_the_default_and_too_many_the_most() {
    assert_eq!(PageSize::clamped(0), PageSize::default());
    assert_eq!(PageSize::default().items(), 100);
    assert_eq!(PageSize::clamped(1000), PageSize::MAX);
    assert_eq!(PageSize::clamped(1001), PageSize::MAX);
    assert_eq!(PageSize::clamped(u32::MAX), PageSize::MAX);
}
