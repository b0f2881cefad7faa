//! What messages say, in the language of whom they are for: text beside HTML, and a line for phones and
//! browsers.
//!
//! The HTML names its colours itself and has no sheet, script, image or address but those of the product:
//! it reads the same in every mailbox, and in an administrator's frame that allows nothing.

use domain::notification::Template;
use domain::text::Language;
use locales::Key;

use crate::LocalTime;

/// What a message tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// In which language.
    pub language: Language,
    /// Whom it is for.
    pub name: String,
    /// What the order is called at the counter.
    pub number: i64,
    /// Where it is collected.
    pub campus: String,
    /// When it is collected, on the institution's clocks.
    pub slot: LocalTime,
    /// When it happened.
    pub at: LocalTime,
    /// Why it was cancelled, by its key.
    pub reason: String,
    /// What is out of stock.
    pub item: String,
    /// Until when they may say what they want in its place, on the institution's clocks.
    pub until: LocalTime,
    /// How many of what, and what that costs in minor units.
    pub lines: Vec<(i64, String, i64)>,
    /// What all of it costs, in minor units.
    pub total: i64,
    /// ISO 4217.
    pub currency: String,
    /// The code that shows that a phone is theirs.
    pub code: String,
    /// The order's page.
    pub order_url: String,
    /// Where they choose how they are told.
    pub preferences_url: String,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its subject.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// The same as an HTML document.
    pub html: String,
    /// As a short message, with the order's address.
    pub short: String,
    /// As a browser's notification below the subject.
    pub push: String,
    /// The order's page.
    pub url: String,
}

/// Text within HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The time of day: "14:05".
fn clock(time: LocalTime) -> String {
    format!("{:02}:{:02}", time.hour, time.minute)
}

impl Facts {
    fn t(&self, key: Key) -> &'static str {
        locales::text(self.language, key)
    }

    fn fill(&self, key: Key, arguments: &[(&str, &str)]) -> String {
        locales::fill(self.language, key, arguments)
    }

    /// The text of a name that is built from data; the name itself shows where one is missing.
    fn name(&self, table: &str, name: &str, arguments: &[(&str, &str)]) -> String {
        locales::key(&format!("{table}.{name}"))
            .map_or_else(|| name.to_owned(), |key| self.fill(key, arguments))
    }

    /// The day of collection: "today" where it was so when it happened, else its date.
    fn day(&self) -> String {
        if self.slot.date == self.at.date {
            return self.t(Key::DateToday).to_owned();
        }
        let month = self.name("month", &self.slot.date.month.to_string(), &[]);
        let day = self.slot.date.day.to_string();
        self.fill(Key::DateDay, &[("day", &day), ("month", &month)])
    }

    /// Renders a template.
    pub fn render(&self, template: Template) -> Rendered {
        let number = locales::number(self.number);
        let day = self.day();
        let time = clock(self.slot);
        let until = clock(self.until);
        let reason = self.name("message_reason", &self.reason, &[]);
        let arguments = [
            ("number", number.as_str()),
            ("campus", self.campus.as_str()),
            ("day", day.as_str()),
            ("time", time.as_str()),
            ("reason", reason.as_str()),
            ("item", self.item.as_str()),
            ("until", until.as_str()),
            ("code", self.code.as_str()),
        ];
        let say = |table| self.name(table, template.key(), &arguments);
        let (subject, told, short) = (say("mail_subject"), say("mail_text"), say("mail_short"));
        Rendered {
            text: self.plain(&told),
            html: self.html(&subject, &told),
            short: match template {
                // Phones find a code that stands at the beginning, and nothing leads away from it.
                Template::Code => format!("NutriFlow: {short}"),
                _ => format!("NutriFlow: {subject}. {short} {}", self.order_url),
            },
            push: short,
            url: self.order_url.clone(),
            subject,
        }
    }

    fn rows(&self) -> Vec<(String, String)> {
        self.lines
            .iter()
            .map(|(quantity, name, price)| {
                let quantity = locales::number(*quantity);
                let what = self.fill(Key::MailLine, &[("quantity", &quantity), ("name", name)]);
                (what, self.price(*price))
            })
            .collect()
    }

    fn price(&self, minor: i64) -> String {
        locales::price(self.language, minor, &self.currency)
    }

    fn hello(&self) -> String {
        self.fill(Key::MailHello, &[("name", &self.name)])
    }

    fn plain(&self, told: &str) -> String {
        let mut text = format!("{}\n\n{told}\n", self.hello());
        let rows = self.rows();
        if !rows.is_empty() {
            text.push('\n');
            for (what, price) in rows {
                text.push_str(&format!("- {what}: {price}\n"));
            }
            let total = self.price(self.total);
            text.push_str(&format!("{}: {total}\n", self.t(Key::MailTotal)));
        }
        text.push_str(&format!(
            "\n{}: {}\n\n-- \n{}\n{}: {}\n",
            self.t(Key::MailOpen),
            self.order_url,
            self.t(Key::MailWhy),
            self.t(Key::MailPreferences),
            self.preferences_url
        ));
        text
    }

    fn html(&self, subject: &str, told: &str) -> String {
        const CELL: &str = "padding:6px 0;border-top:1px solid #e2dccf";
        const LINK: &str = "color:#1d5c3a";
        let rows: String = self
            .rows()
            .into_iter()
            .map(|(what, price)| {
                format!(
                    "<tr><td style=\"{CELL}\">{}</td><td style=\"{CELL};text-align:right\">{}</td></tr>",
                    escaped(&what),
                    escaped(&price)
                )
            })
            .collect();
        let table = if rows.is_empty() {
            String::new()
        } else {
            format!(
                "<table role=\"presentation\" style=\"width:100%;border-collapse:collapse;margin:0 0 24px\">{rows}\
                 <tr><td style=\"{CELL}\"><b>{}</b></td><td style=\"{CELL};text-align:right\"><b>{}</b></td></tr></table>",
                self.t(Key::MailTotal),
                escaped(&self.price(self.total))
            )
        };
        format!(
            "<!DOCTYPE html><html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{subject}</title></head>\
             <body style=\"margin:0;padding:24px;background:#ffffff;color:#20261f;\
             font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif\">\
             <div style=\"max-width:560px;margin:0 auto\">\
             <h1 style=\"font-size:22px;line-height:1.25;margin:0 0 16px\">{subject}</h1>\
             <p style=\"margin:0 0 16px\">{hello}</p><p style=\"margin:0 0 24px\">{told}</p>{table}\
             <p style=\"margin:0 0 32px\"><a href=\"{order}\" style=\"{LINK}\">{open}</a></p>\
             <p style=\"margin:0;padding-top:16px;border-top:1px solid #e2dccf;font-size:13px;color:#5a6156\">{why} \
             <a href=\"{preferences}\" style=\"{LINK}\">{choose}</a></p></div></body></html>",
            lang = self.language.tag(),
            subject = escaped(subject),
            hello = escaped(&self.hello()),
            told = escaped(told),
            order = escaped(&self.order_url),
            open = self.t(Key::MailOpen),
            why = self.t(Key::MailWhy),
            preferences = escaped(&self.preferences_url),
            choose = self.t(Key::MailPreferences),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::week::Date;

    fn facts(language: Language) -> Facts {
        let at = LocalTime {
            date: Date {
                year: 2027,
                month: 1,
                day: 15,
            },
            hour: 9,
            minute: 30,
            second: 0,
        };
        Facts {
            language,
            name: "Maya <b>Ruiz</b> & Co".to_owned(),
            number: 42,
            campus: "Campus Norte".to_owned(),
            slot: LocalTime {
                hour: 13,
                minute: 5,
                ..at
            },
            at,
            reason: "OUT_OF_STOCK".to_owned(),
            item: "Sopa <azteca>".to_owned(),
            until: LocalTime { minute: 40, ..at },
            lines: vec![(2, "Sopa <azteca>".to_owned(), 900)],
            total: 900,
            currency: "MXN".to_owned(),
            code: "004217".to_owned(),
            order_url: "https://meals.example.org/orders/1".to_owned(),
            preferences_url: "https://meals.example.org/account#notifications".to_owned(),
        }
    }

    #[test]
    fn every_template_says_something_in_every_language() {
        for language in Language::ALL {
            for template in Template::ALL {
                let message = facts(language).render(template);
                for text in [
                    &message.subject,
                    &message.text,
                    &message.html,
                    &message.short,
                    &message.push,
                ] {
                    let what = format!("{template:?} {language:?}: {text}");
                    // A name or an argument without its text shows itself.
                    assert!(!text.contains(template.key()), "{what}");
                    assert!(!text.contains(['{', '}']), "{what}");
                    assert!(text.contains(' '), "{what}");
                }
                if template == Template::Code {
                    assert!(message.short.contains("004217"), "{}", message.short);
                    assert!(!message.short.contains("http"), "{}", message.short);
                    // It stands where it is read, and in no list of subjects.
                    assert!(!message.subject.contains("004217"));
                } else {
                    assert!(message.subject.contains("42"), "{}", message.subject);
                }
                assert!(message.text.contains(&message.url));
                assert!(message.html.contains(&message.url));
                assert!(message.short.chars().count() <= 320, "{}", message.short);
                assert!(
                    message
                        .html
                        .starts_with(&format!("<!DOCTYPE html><html lang=\"{}\"", language.tag()))
                );
            }
        }
    }

    #[test]
    fn what_people_wrote_is_text_and_no_markup() {
        let message = facts(Language::Es).render(Template::Confirmed);
        assert!(
            message
                .html
                .contains("Maya &lt;b&gt;Ruiz&lt;/b&gt; &amp; Co")
        );
        assert!(message.html.contains("Sopa &lt;azteca&gt;"));
        assert!(message.text.contains("Maya <b>Ruiz</b> & Co"));
        // Nothing is loaded, run or styled from elsewhere.
        for forbidden in ["<script", "<style", "<img", "<link", "url("] {
            assert!(!message.html.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn what_is_out_of_stock_is_asked_about_with_its_time() {
        let asked = facts(Language::En).render(Template::Substitute);
        assert!(asked.text.contains("Sopa <azteca>"), "{}", asked.text);
        assert!(asked.html.contains("Sopa &lt;azteca&gt;. Choose"));
        assert!(asked.short.contains("by 09:40"), "{}", asked.short);
    }

    #[test]
    fn a_day_is_named_as_of_the_message() {
        let today = facts(Language::En).render(Template::Confirmed);
        assert!(today.text.contains("today at 13:05"), "{}", today.text);
        let mut facts = facts(Language::Es);
        facts.slot.date.day = 16;
        let later = facts.render(Template::Confirmed);
        assert!(later.text.contains("16 de enero"), "{}", later.text);
    }
}
