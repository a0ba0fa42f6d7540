//! How the types look in JSON and the like.

use core::fmt;

use serde::de::{Error, Visitor};
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Candidate, Carrier, Country, Detection, Lookalike, Reason};

impl Serialize for Carrier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.slug())
    }
}

struct Text<T>(fn(&str) -> Option<T>, &'static str);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).ok_or_else(|| E::custom(format_args!("{text} is not {}", self.1)))
    }
}

impl<'de> Deserialize<'de> for Carrier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(Self::from_slug, "the slug of a known carrier"))
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(Self::new, "a country code of two letters"))
    }
}

impl Serialize for Lookalike {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

struct Reasons<'a>(&'a Candidate);

impl Serialize for Reasons<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for reason in self.0.reasons() {
            list.serialize_element(&reason)?;
        }
        list.end()
    }
}

impl Serialize for Candidate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Candidate", 9)?;
        fields.serialize_field("carrier", &self.carrier())?;
        fields.serialize_field("name", self.carrier().name())?;
        fields.serialize_field("fits", &self.fits())?;
        fields.serialize_field("format", self.format().id)?;
        fields.serialize_field("service", self.service())?;
        fields.serialize_field("confidence", &self.confidence())?;
        fields.serialize_field("check", &self.check())?;
        fields.serialize_field("also", self.also())?;
        fields.serialize_field("reasons", &Reasons(self))?;
        fields.end()
    }
}

impl Serialize for Detection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Detection", 5)?;
        fields.serialize_field("code", self.code())?;
        fields.serialize_field("verdict", &self.verdict())?;
        fields.serialize_field("candidates", self.candidates())?;
        fields.serialize_field("not_a_code", &self.not_a_code())?;
        fields.serialize_field("lookalike", &self.lookalike())?;
        fields.end()
    }
}
