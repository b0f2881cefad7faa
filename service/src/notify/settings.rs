//! What the channels are configured with.

use std::sync::Arc;

/// Something that is told to nobody, neither by a log nor by a fault.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Keeps it.
    #[must_use]
    pub fn new(secret: impl Into<Arc<str>>) -> Self {
        Self(secret.into())
    }

    /// What it is, for whoever it was made for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("•••")
    }
}

/// Who carries what to members. A channel that is absent has nobody: nothing is sent by it.
#[derive(Debug, Clone, Default)]
pub struct NotifySettings {
    /// The e-mail server.
    pub smtp: Option<SmtpSettings>,
    /// The short message service.
    pub sms: Option<SmsSettings>,
    /// What browsers know this installation by.
    pub push: Option<PushSettings>,
    /// The push services to which messages may go.
    pub push_services: PushServices,
}

/// An e-mail server.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// `smtps://HOST`, `smtp://HOST:587?tls=required`, or `smtp://HOST` without encryption. It may hold a
    /// password.
    pub url: Secret,
    /// Who signs in there.
    pub user: Option<String>,
    /// With which password.
    pub password: Secret,
    /// Whom messages come from: `NutriFlow <meals@example.org>`.
    pub from: String,
}

/// A short message service that speaks as Twilio does.
#[derive(Debug, Clone)]
pub struct SmsSettings {
    /// Its address without a path: `https://api.twilio.com`.
    pub base: String,
    /// The account's id.
    pub account: String,
    /// The account's secret.
    pub token: Secret,
    /// A phone number, or the id of a messaging service: `MG…`.
    pub from: String,
}

/// A pair of keys by which push services know this installation (RFC 8292).
#[derive(Debug, Clone)]
pub struct PushSettings {
    /// 32 bytes in base64url.
    pub private_key: Secret,
    /// The uncompressed point of P-256 that goes with it, in base64url.
    pub public_key: String,
    /// Where a push service finds whoever runs this installation: `mailto:…` or `https://…`.
    pub contact: String,
}

/// Push services that are known. A browser says itself where its messages are to go, so that without such
/// a list anybody could have this installation call any address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushServices(pub Vec<String>);

impl Default for PushServices {
    /// Those of Chromium's browsers, Firefox, Windows and Safari.
    fn default() -> Self {
        let known = [
            "fcm.googleapis.com",
            "*.push.services.mozilla.com",
            "*.notify.windows.com",
            "*.push.apple.com",
        ];
        Self(known.map(str::to_owned).into())
    }
}

/// The scheme, and the host with its port, of an address; nothing where it is no plain one.
pub(super) fn origin(address: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = address.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = &rest[..end];
    let plain = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    (plain && matches!(scheme, "http" | "https")).then_some((scheme, host))
}

impl PushServices {
    /// Whether messages may go there: over HTTPS to a host of the list, or to an origin that the list has
    /// whole, as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn allow(&self, endpoint: &str) -> bool {
        let Some((scheme, host)) = origin(endpoint) else {
            return false;
        };
        self.0.iter().any(|known| {
            if known.contains("://") {
                return *known == format!("{scheme}://{host}");
            }
            scheme == "https"
                && match known.strip_prefix("*.") {
                    Some(parent) => host
                        .strip_suffix(parent)
                        .is_some_and(|child| child.len() > 1 && child.ends_with('.')),
                    None => host == known,
                }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_to_known_push_services_alone() {
        let services = PushServices::default();
        for known in [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://updates.push.services.mozilla.com/wpush/v2/abc",
            "https://web.push.apple.com/abc",
        ] {
            assert!(services.allow(known), "{known}");
        }
        for unknown in [
            "http://fcm.googleapis.com/fcm/send/abc",
            "https://fcm.googleapis.com:8443/",
            "https://fcm.googleapis.com@evil.example/",
            "https://evil.example/fcm.googleapis.com",
            "https://evilpush.apple.com/abc",
            "https://push.apple.com/abc",
            "https://127.0.0.1/",
            "https://user:pass@fcm.googleapis.com/",
            "ftp://fcm.googleapis.com/",
            "fcm.googleapis.com",
            "https://",
            "",
        ] {
            assert!(!services.allow(unknown), "{unknown}");
        }
        let own = PushServices(vec!["http://127.0.0.1:8080".to_owned()]);
        assert!(own.allow("http://127.0.0.1:8080/push/1"));
        assert!(!own.allow("http://127.0.0.1:80801/push/1"));
        assert!(!own.allow("https://127.0.0.1:8080/push/1"));
    }

    #[test]
    fn a_secret_is_not_told() {
        let settings = SmtpSettings {
            url: Secret::new("smtp://ana:hidden@mail.example.org"),
            user: None,
            password: Secret::new("hidden"),
            from: "NutriFlow <meals@example.org>".to_owned(),
        };
        assert!(!format!("{settings:?}").contains("hidden"));
    }
}
