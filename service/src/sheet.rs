//! Lists as files for a spreadsheet: UTF-8, with a comma between.

use crate::{Error, Result};
use csv::{Terminator, WriterBuilder};

/// What spreadsheets need to read a file as UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The most rows of a file that goes out.
pub const ROWS_MOST: i64 = 10_000;

/// A file of these columns and rows. What a spreadsheet would take for a formula is written as text.
pub(crate) fn sheet<const N: usize>(
    columns: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result<Vec<u8>> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer.write_record(columns).map_err(Error::internal)?;
    for row in rows {
        let cells = row.map(|cell| text_cell(&cell));
        writer.write_record(cells).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(Error::internal)
}

/// Text that a spreadsheet does not take for a formula: an apostrophe before signs that begin one. A number
/// with its sign is none.
pub(crate) fn text_cell(text: &str) -> String {
    let number = text.parse::<i64>().is_ok();
    if !number && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Microseconds since 1970 UTC as a spreadsheet reads them, in UTC.
pub(crate) fn time_cell(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .unwrap_or(jiff::Timestamp::MAX)
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let rows = [
            ["=1+1".to_owned(), "-5".to_owned()],
            ["@SUM(A1)".to_owned(), "a \"b\", c".to_owned()],
        ];
        let file = sheet(["one", "two"], rows).expect("a file");
        let text = String::from_utf8(file).expect("UTF-8");
        assert_eq!(
            text,
            "\u{feff}one,two\r\n'=1+1,-5\r\n'@SUM(A1),\"a \"\"b\"\", c\"\r\n"
        );
    }

    #[test]
    fn times_are_read_by_spreadsheets() {
        assert_eq!(time_cell(1_800_000_000_000_000), "2027-01-15 08:00:00");
    }
}
