//! Whether a message comes from Stripe, and just now.
//!
//! The header `Stripe-Signature` is `t=1700000000,v1=6ab2…`: a moment in seconds, and an HMAC-SHA256 of the
//! moment, a full stop and the body. While a secret is being replaced there is one `v1` for each.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How old a message may be, and how far ahead of our clock, in seconds.
const TOLERANCE: i64 = 300;
/// The longest header that is read, in bytes, and the most signatures.
const HEADER_MOST: usize = 2048;
const SIGNATURES_MOST: usize = 8;

/// Whether a body is signed with a secret, at a moment that is near `now`, in microseconds.
pub fn is_sound(secret: &str, header: &str, body: &[u8], now: i64) -> bool {
    if header.len() > HEADER_MOST {
        return false;
    }
    let mut moment = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) => moment = Some(text),
            Some(("v1", text)) if signatures.len() < SIGNATURES_MOST => signatures.push(text),
            // Other schemes prove nothing.
            _ => {}
        }
    }
    let Some(moment) = moment else {
        return false;
    };
    let near = moment
        .parse::<i64>()
        .is_ok_and(|at| at.abs_diff(now / 1_000_000) <= TOLERANCE as u64);
    // Each is compared, so that how long it takes does not tell which one is nearly right.
    let signed = signatures
        .into_iter()
        .filter(|signature| is_of(secret, moment, body, signature))
        .count();
    near && signed > 0
}

/// Whether a signature, in hexadecimal, is that of a moment and a body. Compared in constant time.
fn is_of(secret: &str, moment: &str, body: &[u8], signature: &str) -> bool {
    let Ok(signature) = hex::decode(signature) else {
        return false;
    };
    // A key may be of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(moment.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_of_the_tests";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const NOW: i64 = 1_700_000_000;

    fn sign(secret: &str, moment: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{moment}.").as_bytes());
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    }

    fn sound(header: &str) -> bool {
        is_sound(SECRET, header, BODY, NOW * 1_000_000)
    }

    /// Computed by another program: `printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac …`.
    #[test]
    fn a_signature_of_another_program_is_read() {
        let theirs = "11c7ea6f1eb0e540c365e292d095a8b1356740f40c1be64e0c818f9108f6b90f";
        assert_eq!(sign(SECRET, NOW, BODY), theirs);
        assert!(sound(&format!("t={NOW},v1={theirs}")));
    }

    #[test]
    fn a_message_is_sound_for_five_minutes() {
        for apart in [0, 300, -300] {
            let at = NOW + apart;
            let header = format!("t={at},v1={}", sign(SECRET, at, BODY));
            assert!(sound(&header), "{apart}");
        }
        for apart in [301, -301, -31_536_000, i64::MIN + NOW] {
            let at = NOW.wrapping_add(apart);
            let header = format!("t={at},v1={}", sign(SECRET, at, BODY));
            assert!(!sound(&header), "{apart}");
        }
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        let good = sign(SECRET, NOW, BODY);
        let other = sign("whsec_of_yesterday", NOW, BODY);
        assert!(sound(&format!("t={NOW},v1={other},v1={good}")));
        assert!(sound(&format!("t={NOW}, v1={good}, v0={other}")));
        assert!(!sound(&format!("t={NOW},v1={other}")));
        assert!(!sound(&format!("t={NOW},v0={good}")));
    }

    #[test]
    fn whatever_is_off_is_refused() {
        let good = sign(SECRET, NOW, BODY);
        let later = NOW + 1;
        for header in [
            String::new(),
            good.clone(),
            format!("v1={good}"),
            format!("t={NOW}"),
            format!("t=,v1={good}"),
            format!("t={later},v1={good}"),
            format!("t={NOW},v1={}", &good[1..]),
            format!("t={NOW},v1={}", &good[2..]),
            format!("t={NOW},v1="),
            format!("t={NOW},v1={good}{}", "x".repeat(4000)),
            format!("t={NOW}{},v1={good}", ",v1=00".repeat(20)),
        ] {
            assert!(!sound(&header), "{header}");
        }
        let header = format!("t={NOW},v1={good}");
        assert!(!is_sound(SECRET, &header, b"{}", NOW * 1_000_000));
        assert!(!is_sound("", &header, BODY, NOW * 1_000_000));
    }
}
