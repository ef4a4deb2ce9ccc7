use crate::problem::{FieldError, Problem};
use actix_web::HttpRequest;
use std::collections::BTreeMap;

/// A query whose every parameter is known and given once.
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads the query; parameters that are not among `known`, and repeated ones, are refused by name.
    pub(crate) fn read(request: &HttpRequest, known: &[&str]) -> Result<Self, Problem> {
        let mut taken = BTreeMap::new();
        let mut errors = Vec::new();
        for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
            if !known.contains(&&*name) {
                errors
                    .push(FieldError::new(&name, format!("is not known here; known: {}", known.join(", "))));
            } else if taken.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                errors.push(FieldError::new(&name, "was given more than once"));
            }
        }
        if errors.is_empty() { Ok(Self(taken)) } else { Err(Problem::fields(errors)) }
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Problem> {
        self.0
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| Problem::fields(vec![FieldError::new(name, "is required")]))
    }

    /// A whole number within bounds, or `default` where it is not given.
    pub(crate) fn number(&self, name: &str, default: u64, least: u64, most: u64) -> Result<u64, Problem> {
        let Some(text) = self.0.get(name) else { return Ok(default) };
        text.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
            Problem::fields(vec![FieldError::new(
                name,
                format!("must be a whole number from {least} to {most}"),
            )])
        })
    }
}
