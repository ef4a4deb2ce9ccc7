//! What `POST /liveness_check` takes. All that is wrong is told at once.

use crate::problem::{FieldError, Problem};
use liveness_events::values::{AuditImages, Invalid, LinkValidity, ReturnUrl, Threshold, parse_web_address};
use serde_json::{Map, Value};
use url::Url;

/// The fields, as they stand in the contract.
const KNOWN: [&str; 5] = ["return_url", "webhook_url", "link_valid_mins", "threshold", "audit_images"];

/// What a backend wants, checked.
#[derive(Debug, PartialEq)]
pub(super) struct Wanted {
    pub(super) return_url: ReturnUrl,
    pub(super) webhook_url: Option<Url>,
    pub(super) link_validity: LinkValidity,
    pub(super) threshold: Threshold,
    pub(super) audit_images: AuditImages,
}

impl Wanted {
    /// Checks every field.
    pub(super) fn read(
        fields: &Map<String, Value>,
        check_webhook: impl Fn(&Url) -> Result<(), String>,
    ) -> Result<Self, Problem> {
        let mut reader = Reader { fields, errors: Vec::new() };
        let return_url = reader.required("return_url", |value| ReturnUrl::parse(text(value)?));
        let webhook_url = reader.optional("webhook_url", |value| {
            let url = parse_web_address(text(value)?)?;
            check_webhook(&url).map_err(Invalid)?;
            Ok(url)
        });
        let link_validity = reader.optional("link_valid_mins", |value| LinkValidity::minutes(number(value)?));
        let threshold = reader.optional("threshold", |value| Threshold::new(number(value)?));
        let audit_images = reader.optional("audit_images", |value| AuditImages::new(number(value)?));
        reader.refuse_unknown();
        match return_url {
            Some(return_url) if reader.errors.is_empty() => Ok(Self {
                return_url,
                webhook_url,
                link_validity: link_validity.unwrap_or(LinkValidity::DEFAULT),
                threshold: threshold.unwrap_or(Threshold::DEFAULT),
                audit_images: audit_images.unwrap_or(AuditImages::DEFAULT),
            }),
            _ => Err(Problem::fields(reader.errors)),
        }
    }
}

struct Reader<'a> {
    fields: &'a Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn required<T>(&mut self, name: &str, parse: impl Fn(&Value) -> Result<T, Invalid>) -> Option<T> {
        if !self.fields.contains_key(name) {
            self.errors.push(FieldError::new(name, "is required"));
        }
        self.optional(name, parse)
    }

    fn optional<T>(&mut self, name: &str, parse: impl Fn(&Value) -> Result<T, Invalid>) -> Option<T> {
        parse(self.fields.get(name)?)
            .map_err(|Invalid(why)| self.errors.push(FieldError::new(name, why)))
            .ok()
    }

    fn refuse_unknown(&mut self) {
        for name in self.fields.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
            self.errors
                .push(FieldError::new(name, format!("is not known here; known: {}", KNOWN.join(", "))));
        }
    }
}

fn text(value: &Value) -> Result<&str, Invalid> {
    value.as_str().ok_or_else(|| Invalid(format!("must be a string, not {}", kind(value))))
}

/// A whole number, also where it is written as `10.0`; what no `i64` holds is outside every range anyway.
fn number(value: &Value) -> Result<i64, Invalid> {
    let Value::Number(number) = value else {
        return Err(Invalid(format!("must be a whole number, not {}", kind(value))));
    };
    if let Some(whole) = number.as_i64() {
        return Ok(whole);
    }
    match number.as_f64() {
        Some(float) if float.fract() != 0.0 => Err(Invalid(format!("must be a whole number, not {number}"))),
        #[expect(clippy::cast_possible_truncation, reason = "a float beyond the range saturates")]
        Some(float) => Ok(float as i64),
        None => Ok(i64::MAX),
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null (leave the field out instead)",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
