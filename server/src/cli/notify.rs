//! Who carries messages to members: flags and variables, and the keys that push services know.

use clap::Args;
use service::Error;
use service::notify::{
    NotifySettings, PushServices, PushSettings, Secret, SmsSettings, SmtpSettings, make_keys,
};

/// Who carries messages to members. An empty value is none.
#[derive(Debug, Args)]
pub struct Notify {
    /// The e-mail server: `smtps://HOST`, `smtp://HOST:587?tls=required`, or `smtp://HOST` without
    /// encryption.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_SMTP_URL",
        hide_env_values = true,
        value_parser = secret
    )]
    smtp_url: Option<Secret>,
    /// Who signs in at the e-mail server.
    #[arg(long, global = true, env = "NUTRIFLOW_SMTP_USER")]
    smtp_user: Option<String>,
    /// With which password.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_SMTP_PASSWORD",
        hide_env_values = true,
        value_parser = secret
    )]
    smtp_password: Option<Secret>,
    /// Whom e-mail comes from: `NutriFlow <meals@example.org>`.
    #[arg(long, global = true, env = "NUTRIFLOW_MAIL_FROM")]
    mail_from: Option<String>,
    /// The short message service's address, where it is not Twilio's own.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_SMS_URL",
        default_value = "https://api.twilio.com"
    )]
    sms_url: String,
    /// The account there: `AC…`.
    #[arg(long, global = true, env = "NUTRIFLOW_SMS_ACCOUNT")]
    sms_account: Option<String>,
    /// The account's secret.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_SMS_TOKEN",
        hide_env_values = true,
        value_parser = secret
    )]
    sms_token: Option<Secret>,
    /// Whom short messages come from: a phone number, or a messaging service's id, `MG…`.
    #[arg(long, global = true, env = "NUTRIFLOW_SMS_FROM")]
    sms_from: Option<String>,
    /// The private key by which push services know us; `nutriflow push-keys` makes it.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_VAPID_PRIVATE_KEY",
        hide_env_values = true,
        value_parser = secret
    )]
    vapid_private_key: Option<Secret>,
    /// The public key that goes with it.
    #[arg(long, global = true, env = "NUTRIFLOW_VAPID_PUBLIC_KEY")]
    vapid_public_key: Option<String>,
    /// Where a push service finds whoever runs this installation: `mailto:…` or `https://…`.
    #[arg(long, global = true, env = "NUTRIFLOW_VAPID_CONTACT")]
    vapid_contact: Option<String>,
    /// The push services to which messages may go, by their hosts; `*.` stands for all below one.
    #[arg(
        long,
        global = true,
        env = "NUTRIFLOW_PUSH_SERVICES",
        value_delimiter = ','
    )]
    push_services: Vec<String>,
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "what the command line's parser calls"
)]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

/// What was given, where it says something.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn given_secret(secret: Option<Secret>) -> Option<Secret> {
    secret.filter(|secret| !secret.reveal().trim().is_empty())
}

/// What belongs together and is there in part only.
fn incomplete(variables: &str) -> Error {
    Error::Internal(format!(
        "{variables} belong together: set all of them, or none"
    ))
}

impl Notify {
    /// The settings of the channels.
    ///
    /// # Errors
    /// Where only some of what a channel needs is given.
    pub fn settings(self) -> Result<NotifySettings, Error> {
        let smtp = match (given_secret(self.smtp_url), given(self.mail_from)) {
            (Some(url), Some(from)) => Some(SmtpSettings {
                url,
                user: given(self.smtp_user),
                password: self.smtp_password.unwrap_or_default(),
                from,
            }),
            (None, None) => None,
            _ => return Err(incomplete("NUTRIFLOW_SMTP_URL and NUTRIFLOW_MAIL_FROM")),
        };
        let sms = match (
            given(self.sms_account),
            given_secret(self.sms_token),
            given(self.sms_from),
        ) {
            (Some(account), Some(token), Some(from)) => Some(SmsSettings {
                base: self.sms_url,
                account,
                token,
                from,
            }),
            (None, None, None) => None,
            _ => {
                return Err(incomplete(
                    "NUTRIFLOW_SMS_ACCOUNT, NUTRIFLOW_SMS_TOKEN and NUTRIFLOW_SMS_FROM",
                ));
            }
        };
        let push = match (
            given_secret(self.vapid_private_key),
            given(self.vapid_public_key),
            given(self.vapid_contact),
        ) {
            (Some(private_key), Some(public_key), Some(contact)) => Some(PushSettings {
                private_key,
                public_key,
                contact,
            }),
            (None, None, None) => None,
            _ => {
                return Err(incomplete(
                    "NUTRIFLOW_VAPID_PRIVATE_KEY, NUTRIFLOW_VAPID_PUBLIC_KEY and \
                     NUTRIFLOW_VAPID_CONTACT",
                ));
            }
        };
        let services: Vec<String> = self
            .push_services
            .into_iter()
            .map(|service| service.trim().to_owned())
            .filter(|service| !service.is_empty())
            .collect();
        Ok(NotifySettings {
            smtp,
            sms,
            push,
            push_services: if services.is_empty() {
                PushServices::default()
            } else {
                PushServices(services)
            },
        })
    }
}

/// Prints a pair of keys as the environment takes them.
pub fn push_keys() -> Result<(), Error> {
    let (private_key, public_key) = make_keys()?;
    println!("NUTRIFLOW_VAPID_PRIVATE_KEY={}", private_key.reveal());
    println!("NUTRIFLOW_VAPID_PUBLIC_KEY={public_key}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        notify: Notify,
    }

    fn settings(arguments: &[&str]) -> Result<NotifySettings, Error> {
        let line = ["nutriflow"].iter().chain(arguments);
        Line::try_parse_from(line).unwrap().notify.settings()
    }

    #[test]
    fn a_channel_is_configured_whole_or_not_at_all() {
        let none = settings(&["--smtp-url", "", "--sms-account", " "]).unwrap();
        assert!(none.smtp.is_none() && none.sms.is_none() && none.push.is_none());
        assert_eq!(none.push_services, PushServices::default());
        let all = settings(&[
            "--smtp-url",
            "smtps://mail.example.org",
            "--mail-from",
            "meals@example.org",
            "--smtp-user",
            "ana",
            "--smtp-password",
            "hidden",
            "--sms-account",
            "AC1",
            "--sms-token",
            "hidden",
            "--sms-from",
            "+12025550143",
            "--vapid-private-key",
            "hidden",
            "--vapid-public-key",
            "shown",
            "--vapid-contact",
            "mailto:meals@example.org",
            "--push-services",
            "a.example.org, *.b.example.org",
        ])
        .unwrap();
        let text = format!("{all:?}");
        assert!(!text.contains("hidden") && text.contains("shown"), "{text}");
        assert_eq!(all.sms.unwrap().base, "https://api.twilio.com");
        assert_eq!(all.push_services.0, ["a.example.org", "*.b.example.org"]);
        for part in [
            ["--smtp-url", "smtps://mail.example.org"],
            ["--mail-from", "meals@example.org"],
            ["--sms-token", "hidden"],
            ["--vapid-public-key", "shown"],
        ] {
            assert!(settings(&part).is_err(), "{part:?}");
        }
    }
}
