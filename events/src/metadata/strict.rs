//! JSON of which no two texts that say different things have one canonical form.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::{Map, Number, Value};
use std::fmt;

/// From here on the parser gives integers as doubles, and whether they were rounded can no longer be told: 2^64.
const UNTOLD: f64 = 18_446_744_073_709_551_616.0;

/// A value in which each name stands once, and each integer is one that a double holds exactly.
pub(super) struct Strict(Value);

impl Serialize for Strict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

fn rounded<E: de::Error>(number: impl fmt::Display) -> E {
    E::custom(format_args!("the number {number} is beyond what a double holds exactly"))
}

/// Whether an integer of this magnitude has at most the 53 significant bits of a double.
const fn is_exact(magnitude: u64) -> bool {
    u64::BITS - magnitude.leading_zeros() <= f64::MANTISSA_DIGITS + magnitude.trailing_zeros()
}

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        if is_exact(value) { Ok(value.into()) } else { Err(rounded(value)) }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        if is_exact(value.unsigned_abs()) { Ok(value.into()) } else { Err(rounded(value)) }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).filter(|_| value.abs() < UNTOLD);
        number.map(Value::Number).ok_or_else(|| rounded(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if values.contains_key(&name) {
                return Err(de::Error::custom(format_args!("the name `{name}` stands twice in an object")));
            }
            let Strict(value) = map.next_value()?;
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash;
    use uuid::Uuid;

    fn hash_of(data: &str) -> Result<crate::Digest, String> {
        hash("s", 0, Uuid::nil(), "T", data.as_bytes(), b"{}").map_err(|error| error.to_string())
    }

    #[test]
    fn what_has_another_meaning_has_another_hash_or_none() {
        for twice in [r#"{"yaw":99,"yaw":3}"#, r#"[{"face":{"yaw":3,"y\u0061w":3}}]"#] {
            assert!(hash_of(twice).unwrap_err().contains("`yaw` stands twice"), "{twice}");
        }
        for number in
            ["9007199254740993", "-9007199254740993", "18446744073709551615", "18446744073709551617", "1e20"]
        {
            assert!(hash_of(&format!("[{number}]")).unwrap_err().contains("exactly"), "{number}");
        }
        for number in ["9007199254740992", "9007199254740994", "-9223372036854775808", "0", "-7", "98.5"] {
            hash_of(&format!("[{number}]")).unwrap();
        }
    }

    #[test]
    fn what_has_one_meaning_has_one_hash() {
        let plain = hash_of(r#"{"a":[1,null,true,"\u00e4"],"b":{"c":2.5}}"#).unwrap();
        assert_eq!(hash_of(" {\"b\": {\"c\": 25e-1}, \"a\": [1.0, null, true, \"ä\"]} ").unwrap(), plain);
        let text = r#"{"data":{"a":[1,null,true,"ä"],"b":{"c":2.5}},"id":"00000000-0000-0000-0000-000000000000","metadata":{},"revision":0,"stream":"s","type":"T"}"#;
        assert_eq!(plain, crate::Digest::of(text.as_bytes()));
    }
}
