//! Signs a body, and checks a signature.
//!
//! Every delivery carries two signatures made with one secret, so that a receiver may pick the simpler or the stronger:
//!
//! * `Signature`: the hex HMAC-SHA256 of the raw body. Three lines in any language, but it says nothing of *when*, so
//!   a recorded delivery can be replayed.
//! * `Webhook-Id`, `Webhook-Timestamp`, `Webhook-Signature`: [Standard Webhooks], the base64 HMAC-SHA256 of
//!   `id.timestamp.body`, which its libraries check, with a tolerance for the clock.
//!
//! The key is the secret's characters as bytes in both cases; nothing is decoded. The Standard Webhooks libraries decode
//! what they are given from base64, so they take `whsec_` followed by the base64 of the secret's characters.
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Names the header with the hex signature of the raw body.
pub const SIGNATURE: &str = "Signature";
/// Names the header with the identifier of the event, the same on every try.
pub const WEBHOOK_ID: &str = "Webhook-Id";
/// Names the header with the time of the try, in seconds since 1970 UTC.
pub const WEBHOOK_TIMESTAMP: &str = "Webhook-Timestamp";
/// Names the header with the Standard Webhooks signature.
pub const WEBHOOK_SIGNATURE: &str = "Webhook-Signature";

/// How far a timestamp may be from the receiver's clock: what the Standard Webhooks libraries allow.
pub const TIMESTAMP_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// The block of SHA-256, in bytes: the longest key that HMAC uses as it is.
const BLOCK_LEN: usize = 64;

/// The version that Standard Webhooks gives to HMAC-SHA256, with the comma after it.
const V1: &str = "v1,";

/// The four headers that prove where one try comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeaders {
    /// Value of [`SIGNATURE`]: 64 lowercase hexadecimal digits.
    pub signature: String,
    /// Value of [`WEBHOOK_ID`].
    pub id: String,
    /// Value of [`WEBHOOK_TIMESTAMP`], in seconds since 1970 UTC.
    pub timestamp: i64,
    /// Value of [`WEBHOOK_SIGNATURE`]: `v1,` and 44 characters of base64.
    pub webhook_signature: String,
}

impl SignedHeaders {
    /// Gives each header's name and value.
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, String); 4] {
        [
            (SIGNATURE, self.signature.clone()),
            (WEBHOOK_ID, self.id.clone()),
            (WEBHOOK_TIMESTAMP, self.timestamp.to_string()),
            (WEBHOOK_SIGNATURE, self.webhook_signature.clone()),
        ]
    }
}

/// Signs one try of a delivery.
///
/// `id` names the event and stays the same on every try; it holds no full stop, which parts the fields of what is
/// signed. `timestamp` is the time of this try in seconds since 1970 UTC.
#[must_use]
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> SignedHeaders {
    let standard = standard_mac(secret, id, &timestamp.to_string(), body).finalize().into_bytes();
    SignedHeaders {
        signature: hex::encode(body_mac(secret, body).finalize().into_bytes()),
        id: id.to_owned(),
        timestamp,
        webhook_signature: format!("{V1}{}", STANDARD.encode(standard)),
    }
}

/// Why a signature was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// [`SIGNATURE`] is not a SHA-256 in hexadecimal.
    #[error("not 64 hexadecimal digits")]
    NotHex,
    /// [`WEBHOOK_SIGNATURE`] has no entry `v1,<base64>`.
    #[error("no entry of the form v1,<base64>")]
    NoVersion1,
    /// The signature belongs to another body, another secret, or other headers.
    #[error("does not match the body and the secret")]
    Mismatch,
    /// [`WEBHOOK_TIMESTAMP`] is not a whole number of seconds.
    #[error("the timestamp is not a whole number of seconds")]
    BadTimestamp,
    /// The try is older than the tolerance: perhaps a replay.
    #[error("the timestamp is {0} s old")]
    TooOld(u64),
    /// The try is from the future by more than the tolerance: one of the clocks is wrong.
    #[error("the timestamp is {0} s in the future")]
    TooNew(u64),
}

/// Checks [`SIGNATURE`] against the raw body, in constant time.
///
/// # Errors
///
/// [`VerifyError::NotHex`] or [`VerifyError::Mismatch`].
pub fn verify_body(secret: &str, signature: &str, body: &[u8]) -> Result<(), VerifyError> {
    let mut given = [0; 32];
    hex::decode_to_slice(signature, &mut given).map_err(|_| VerifyError::NotHex)?;
    body_mac(secret, body).verify_slice(&given).map_err(|_| VerifyError::Mismatch)
}

/// The Standard Webhooks headers as they were received.
#[derive(Debug, Clone, Copy)]
pub struct StandardHeaders<'a> {
    /// Value of [`WEBHOOK_ID`].
    pub id: &'a str,
    /// Value of [`WEBHOOK_TIMESTAMP`].
    pub timestamp: &'a str,
    /// Value of [`WEBHOOK_SIGNATURE`]: one or more entries, parted by spaces, of which one has to match.
    pub signature: &'a str,
}

/// Checks [`WEBHOOK_SIGNATURE`], in constant time, and that the try is recent.
///
/// `now` is the receiver's clock in seconds since 1970 UTC, `tolerance` usually [`TIMESTAMP_TOLERANCE`]. The age is
/// judged last, so that it is only ever told of a delivery that is genuine.
///
/// # Errors
///
/// Any [`VerifyError`] but [`VerifyError::NotHex`].
pub fn verify(
    secret: &str,
    headers: StandardHeaders<'_>,
    body: &[u8],
    now: i64,
    tolerance: Duration,
) -> Result<(), VerifyError> {
    let StandardHeaders { id, timestamp, signature } = headers;
    let seconds: i64 = timestamp.parse().map_err(|_| VerifyError::BadTimestamp)?;

    let mac = standard_mac(secret, id, timestamp, body);
    let mut outcome = Err(VerifyError::NoVersion1);
    for entry in signature.split_ascii_whitespace() {
        let Some(given) = entry.strip_prefix(V1).and_then(|text| STANDARD.decode(text).ok()) else {
            continue;
        };
        if mac.clone().verify_slice(&given).is_ok() {
            outcome = Ok(());
            break;
        }
        outcome = Err(VerifyError::Mismatch);
    }
    outcome?;

    let apart = now.abs_diff(seconds);
    match apart > tolerance.as_secs() {
        true if seconds < now => Err(VerifyError::TooOld(apart)),
        true => Err(VerifyError::TooNew(apart)),
        false => Ok(()),
    }
}

fn body_mac(secret: &str, body: &[u8]) -> Hmac<Sha256> {
    keyed(secret).chain_update(body)
}

fn standard_mac(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    keyed(secret)
        .chain_update(id)
        .chain_update(".")
        .chain_update(timestamp)
        .chain_update(".")
        .chain_update(body)
}

/// Starts an HMAC with a key of any length, which RFC 2104 pads with zeros to a block, or hashes first when longer.
///
/// This is what `new_from_slice` does behind a `Result` that is never an error; here no error needs to be handled.
fn keyed(secret: &str) -> Hmac<Sha256> {
    let mut block = [0; BLOCK_LEN];
    match block.get_mut(..secret.len()) {
        Some(start) => start.copy_from_slice(secret.as_bytes()),
        None => block[..32].copy_from_slice(&Sha256::digest(secret)),
    }
    Hmac::new(&block.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "s3cr3t-of-the-session";
    const ID: &str = "evt_5f0c";
    const AT: i64 = 1_795_508_685;
    const BODY: &[u8] =
        br#"{"event":"complete","token":"u2Qe8C9v","uuid":"0191","occurred_at":"2026-11-23T08:24:45Z"}"#;

    fn received(headers: &SignedHeaders) -> (String, String, String) {
        (headers.id.clone(), headers.timestamp.to_string(), headers.webhook_signature.clone())
    }

    fn check(headers: &SignedHeaders, body: &[u8], now: i64) -> Result<(), VerifyError> {
        let (id, timestamp, signature) = received(headers);
        let headers = StandardHeaders { id: &id, timestamp: &timestamp, signature: &signature };
        verify(SECRET, headers, body, now, TIMESTAMP_TOLERANCE)
    }

    /// The expected values come from
    /// `printf '%s' BODY | openssl dgst -sha256 -hmac SECRET` and
    /// `printf '%s' ID.AT.BODY | openssl dgst -sha256 -hmac SECRET -binary | base64`.
    #[test]
    fn agrees_with_openssl() {
        let headers = sign(SECRET, ID, AT, BODY);
        assert_eq!(headers.signature, "a49a5cf73fe2cf1935ffa3eb54911b8ba1a97bbfb64c28d50166c3b967109970");
        assert_eq!(headers.webhook_signature, "v1,Ffo9ASCEbnx8s3gFi0zp1teOID+CIrDAbqQAQm6P0QA=");
        assert_eq!(headers.pairs()[2], ("Webhook-Timestamp", "1795508685".to_owned()));
    }

    /// The expected values come from `printf '%s' BODY | openssl dgst -sha256 -hmac "$(printf 'k%.0s' {1..LEN})"`.
    #[test]
    fn agrees_with_openssl_for_keys_around_one_block() {
        for (len, expected) in [
            (64, "01056945f5f1e644b822a544ed40c92e11488985c346b29b4b5124e73d2c9a74"),
            (65, "7837b2b111ae698613fa389cb1d91a521054ee7dc32e39ab0ddd168c79fde424"),
        ] {
            assert_eq!(sign(&"k".repeat(len), ID, AT, BODY).signature, expected, "a key of {len} bytes");
        }
    }

    #[test]
    fn what_was_signed_verifies_within_the_tolerance() {
        let headers = sign(SECRET, ID, AT, BODY);
        assert_eq!(verify_body(SECRET, &headers.signature, BODY), Ok(()));
        assert_eq!(verify_body(SECRET, &headers.signature.to_uppercase(), BODY), Ok(()));
        for now in [AT - 300, AT, AT + 300] {
            assert_eq!(check(&headers, BODY, now), Ok(()));
        }
        assert_eq!(check(&headers, BODY, AT + 301), Err(VerifyError::TooOld(301)));
        assert_eq!(check(&headers, BODY, AT - 301), Err(VerifyError::TooNew(301)));
        assert_eq!(check(&headers, BODY, i64::MIN), Err(VerifyError::TooNew(AT.abs_diff(i64::MIN))));
    }

    #[test]
    fn each_part_is_covered_by_the_standard_signature() {
        let headers = sign(SECRET, ID, AT, BODY);
        let other_id = SignedHeaders { id: "evt_5f0d".to_owned(), ..headers.clone() };
        let other_time = SignedHeaders { timestamp: AT + 1, ..headers.clone() };
        assert_eq!(check(&other_id, BODY, AT), Err(VerifyError::Mismatch));
        assert_eq!(check(&other_time, BODY, AT), Err(VerifyError::Mismatch));
        assert_eq!(check(&headers, b"{}", AT), Err(VerifyError::Mismatch));
    }

    #[test]
    fn one_matching_entry_among_several_is_enough() {
        let mut headers = sign(SECRET, ID, AT, BODY);
        let of_the_old_secret = sign("retired", ID, AT, BODY).webhook_signature;
        headers.webhook_signature =
            format!("v1a,AAAA v1,%% {of_the_old_secret} {} v2,AAAA", headers.webhook_signature);
        assert_eq!(check(&headers, BODY, AT), Ok(()));
    }

    #[test]
    fn malformed_headers_are_named() {
        for signature in ["", "zz", &"g".repeat(64), &"a".repeat(63), &"a".repeat(66)] {
            assert_eq!(verify_body(SECRET, signature, BODY), Err(VerifyError::NotHex), "{signature:?}");
        }
        let mut headers = sign(SECRET, ID, AT, BODY);
        headers.webhook_signature = "v2,AAAA".to_owned();
        assert_eq!(check(&headers, BODY, AT), Err(VerifyError::NoVersion1));
        let headers = StandardHeaders { id: ID, timestamp: "yesterday", signature: "v1,AAAA" };
        assert_eq!(verify(SECRET, headers, BODY, AT, TIMESTAMP_TOLERANCE), Err(VerifyError::BadTimestamp));
    }

    proptest! {
        #[test]
        fn any_secret_and_body_round_trip_and_no_other_body_does(
            secret in ".{0,100}", body: Vec<u8>, other: Vec<u8>,
        ) {
            let headers = sign(&secret, ID, AT, &body);
            prop_assert_eq!(verify_body(&secret, &headers.signature, &body), Ok(()));
            if other != body {
                prop_assert_eq!(verify_body(&secret, &headers.signature, &other), Err(VerifyError::Mismatch));
            }
        }
    }
}
