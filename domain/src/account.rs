//! Accounts: roles, and what an e-mail address and a password must look like.

use crate::invalid::InvalidCode;
use serde::{Deserialize, Serialize};

/// What somebody is at an institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Eats there.
    Member,
    /// Works in the kitchen or at the counter.
    Staff,
    /// Runs the institution.
    Admin,
    /// Runs the installation; sees jobs and system, changes neither menus nor people.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Member, Self::Staff, Self::Admin, Self::Operator];

    /// The role of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }

    /// The name on the wire and in the database.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Member => "MEMBER",
            Self::Staff => "STAFF",
            Self::Admin => "ADMIN",
            Self::Operator => "OPERATOR",
        }
    }
}

/// An e-mail address, in lower case, as it identifies an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// The longest address that SMTP carries (RFC 5321, 4.5.3.1.3), in characters.
    pub const MAX: i64 = 254;

    /// Reads an address as a person typed it.
    ///
    /// It asks for one `@` between a local part and a domain with a dot, without spaces or control
    /// characters: whether it exists, only a message can show.
    ///
    /// # Errors
    /// The code of what is wrong.
    pub fn parse(typed: &str) -> Result<Self, InvalidCode> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(InvalidCode::Required);
        }
        if typed.chars().count() as i64 > Self::MAX {
            return Err(InvalidCode::TooLong { max: Self::MAX });
        }
        let (local, host) = typed.rsplit_once('@').ok_or(InvalidCode::NotAnEmail)?;
        let host_is_sound = host.split('.').count() >= 2
            && host.split('.').all(|label| {
                !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            });
        let local_is_sound = !local.is_empty()
            && !local.contains('@')
            && local.chars().all(|c| !c.is_whitespace() && !c.is_control());
        if local_is_sound && host_is_sound {
            Ok(Self(typed.to_lowercase()))
        } else {
            Err(InvalidCode::NotAnEmail)
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The shortest password, in characters (NIST SP 800-63B asks for at least eight; ten leaves room).
pub const PASSWORD_MIN: i64 = 10;
/// The longest password, in characters: a bound on the work of hashing it.
pub const PASSWORD_MAX: i64 = 200;

/// Passwords of ten and more characters that head every published list of leaked ones.
const GUESSABLE: [&str; 16] = [
    "1234567890",
    "qwertyuiop",
    "password123",
    "password12",
    "1q2w3e4r5t",
    "passw0rd123",
    "0123456789",
    "1111111111",
    "0987654321",
    "iloveyou12",
    "qwerty12345",
    "contraseña",
    "contrasena",
    "contraseña1",
    "abcdefghij",
    "1234567891",
];

/// Checks a new password.
///
/// # Errors
/// The code of what is wrong.
pub fn check_password(password: &str, email: &str) -> Result<(), InvalidCode> {
    let length = password.chars().count() as i64;
    if length == 0 {
        return Err(InvalidCode::Required);
    }
    if length < PASSWORD_MIN {
        return Err(InvalidCode::TooShort { min: PASSWORD_MIN });
    }
    if length > PASSWORD_MAX {
        return Err(InvalidCode::TooLong { max: PASSWORD_MAX });
    }
    let lower = password.to_lowercase();
    if GUESSABLE.contains(&lower.as_str()) || lower == email.trim().to_lowercase() {
        return Err(InvalidCode::GuessablePassword);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_are_read_as_people_type_them() {
        assert_eq!(Email::parse(" Ana@Uni.MX ").unwrap().as_str(), "ana@uni.mx");
        for bad in [
            "ana",
            "ana@uni",
            "@uni.mx",
            "a b@uni.mx",
            "ana@uni..mx",
            "a@b@uni.mx",
        ] {
            assert_eq!(Email::parse(bad), Err(InvalidCode::NotAnEmail), "{bad}");
        }
        assert_eq!(Email::parse(""), Err(InvalidCode::Required));
    }

    #[test]
    fn guessable_passwords_are_refused() {
        assert_eq!(
            check_password("Password123", "a@b.mx"),
            Err(InvalidCode::GuessablePassword)
        );
        assert_eq!(
            check_password("ana.maria@uni.mx", "Ana.Maria@uni.mx"),
            Err(InvalidCode::GuessablePassword)
        );
        assert_eq!(
            check_password("short", "a@b.mx"),
            Err(InvalidCode::TooShort { min: 10 })
        );
        assert_eq!(check_password("una frase larga", "a@b.mx"), Ok(()));
    }
}
