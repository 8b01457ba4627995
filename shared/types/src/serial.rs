//! How words pass through serde: a word with a text form is that text, read back under the rules of its type, and a
//! [`Value`] is itself. Whoever deserializes a word holds a valid one. Which format it is, and whether its bytes are
//! canonical, is left to the format.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, SeqAccess, Unexpected, Visitor},
};

use crate::{
    Actor, BackendId, ClassName, ContentAddress, ContractStream, Digest, EventId, EventType, FamilyName, FileId,
    MediaType, Metadata, Name, Namespace, NodeId, PackageId, Producer, RelativePath, StreamKey, Subject, Timestamp,
    Value,
};

macro_rules! as_text {
    ($($word:ty),+ $(,)?) => {
        $(
            impl Serialize for $word {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $word {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
                }
            }
        )+
    };
}

as_text! {
    Actor, BackendId, ClassName, ContentAddress, ContractStream, Digest, EventId, EventType, FamilyName, FileId,
    MediaType, Name, Namespace, NodeId, PackageId, Producer, RelativePath, StreamKey, Subject, Timestamp,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Int(int) => serializer.serialize_i64(*int),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => serializer.collect_map(entries),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a boolean, an integer, text, a list or a map with distinct text keys")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Value, E> {
        Ok(Value::Bool(bool))
    }

    fn visit_i64<E>(self, int: i64) -> Result<Value, E> {
        Ok(Value::Int(int))
    }

    fn visit_u64<E: serde::de::Error>(self, int: u64) -> Result<Value, E> {
        i64::try_from(int).map(Value::Int).map_err(|_| E::invalid_value(Unexpected::Unsigned(int), &self))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        // The size a peer announces is not allocated on its word.
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Metadata::new();
        while let Some((key, item)) = entries.next_entry::<String, Value>()? {
            if map.insert(key, item).is_some() {
                return Err(A::Error::custom("a map has the same key twice"));
            }
        }
        Ok(Value::Map(map))
    }
}
