//! Closed sets of words, each with the violation that a foreign word raises.

/// Declares an enum whose members are words on the wire.
///
/// `as literal` refuses with `literal_error` and stands inline in schemas; `as enumeration` refuses with `enum` and
/// stands under `$defs`. Words are compared exactly.
macro_rules! closed_set {
    (@violation literal) => { $crate::model::ViolationType::LiteralError };
    (@violation enumeration) => { $crate::model::ViolationType::Enum };
    (@inline literal) => { true };
    (@inline enumeration) => { false };
    (
        $(#[$meta:meta])*
        pub enum $name:ident as $kind:ident {
            $( $(#[$word_meta:meta])* $variant:ident = $word:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[$word_meta])* $variant, )+ }

        impl $name {
            /// Every member, in the order of the contract.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),+];
            const WORDS: &'static [&'static str] = &[$( $word ),+];

            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            /// The member with this word, if there is one.
            pub fn find(word: &str) -> Option<Self> {
                match word { $( $word => Some(Self::$variant), )+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                // A derived enum would also take `{"word": null}`.
                $crate::model::from_text(input, |word| Self::find(word).ok_or("no such word"))
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                closed_set!(@inline $kind)
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": Self::WORDS })
            }
        }

        impl $crate::model::Field for $name {
            fn check(value: &serde_json::Value, report: &mut $crate::model::Report) {
                let found = value.as_str().and_then(Self::find);
                if found.is_none() {
                    let message = $crate::model::expected_words(Self::WORDS);
                    report.note(closed_set!(@violation $kind), message, value);
                }
            }
        }
    };
}
pub(crate) use closed_set;

/// `Input should be 'a', 'b' or 'c'`
pub(crate) fn expected_words(words: &[&str]) -> String {
    let mut message = String::from("Input should be ");
    for (position, word) in words.iter().enumerate() {
        let joint = match position {
            0 => "",
            _ if position + 1 == words.len() => " or ",
            _ => ", ",
        };
        message.extend([joint, "'", word, "'"]);
    }
    message
}
