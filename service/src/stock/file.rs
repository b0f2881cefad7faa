//! The stock table as a file for a spreadsheet, out and in again.
//!
//! What comes out has three empty columns, `kind`, `quantity` and `reason`. Staff fill them in where
//! something has moved, and send the file back: each line that has them is a movement. The other columns
//! are for people to read; only `item` is read again.

use super::list::{StockFilter, select, within};
use super::record::new_movement;
use super::{KEEPERS, own_key, tell_low};
use crate::ctx::Ctx;
use crate::sheet::text_cell;
use crate::{Error, Result};
use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use domain::invalid::{InvalidCode, InvalidField};
use domain::problem::Problem;
use domain::stock::{Movement, MovementDraft};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use storage::stock::{self, Moved, Moves, NewMovement};
use uuid::Uuid;

/// The largest file, in bytes.
pub const FILE_MOST: usize = 512 * 1024;
/// The most lines of a file below the first.
pub const LINES_MOST: i64 = 5000;
/// The largest file that goes out, in bytes: what is filled in has room besides.
const EXPORT_MOST: usize = FILE_MOST / 4 * 3;
/// How many lines are refused one by one; of a file that is no such file at all the rest says no more.
const REFUSED_MOST: usize = 200;
/// Of how many items the audit log tells what there was and is.
const ITEMS_TOLD: usize = 100;
/// What spreadsheets need to read a file as UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The columns of a file that comes out.
pub const COLUMNS: [&str; 10] = [
    "item",
    "campus",
    "name",
    "on_hand",
    "reserved",
    "available",
    "low_mark",
    "kind",
    "quantity",
    "reason",
];
/// Those of them that are read, in the order in which a line has them here.
const READ: [&str; 4] = ["item", "kind", "quantity", "reason"];

/// What becomes of a file with lines that can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLines {
    /// Nothing of it is taken.
    RefuseAll,
    /// The others are taken.
    LeaveOut,
}

impl BadLines {
    /// Both.
    pub const ALL: [Self; 2] = [Self::RefuseAll, Self::LeaveOut];

    /// The name on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::RefuseAll => "REFUSE_ALL",
            Self::LeaveOut => "LEAVE_OUT",
        }
    }

    /// The one of a name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }
}

/// A line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// Its number in the file; the first line is 1.
    pub line: i64,
    /// Why.
    pub fields: Vec<InvalidField>,
}

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// How many lines were taken, now or before.
    pub taken: i64,
    /// How many said nothing: they name no movement.
    pub silent: i64,
    /// Those that were left out: all, but of a great many only the first two hundred.
    pub refused: Vec<RefusedLine>,
    /// How many were left out.
    pub left_out: i64,
}

/// The items that a filter lets through, as a file for a spreadsheet: UTF-8, with a comma between. What goes
/// out can come in again, with something in each of its lines.
///
/// # Errors
/// As [`super::list`]; [`InvalidCode::TooLong`] at `campus` where the file would be larger than one that
/// comes in may be: one campus alone is smaller.
pub async fn export_csv(ctx: &Ctx, filter: &StockFilter) -> Result<Vec<u8>> {
    ctx.allow(&KEEPERS)?;
    let (_, items) = select(ctx, filter).await?;
    let items = within(items, filter.shortage);
    let too_long = || Error::invalid("campus", InvalidCode::TooLong { max: LINES_MOST });
    if items.len() as i64 > LINES_MOST {
        return Err(too_long());
    }
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer.write_record(COLUMNS).map_err(Error::internal)?;
    for item in items {
        let level = item.level;
        let record = [
            item.id.to_string(),
            text_cell(&item.campus),
            text_cell(item.name.get(ctx.language)),
            level.on_hand().to_string(),
            level.reserved().to_string(),
            level.available().to_string(),
            item.low_mark.to_string(),
            String::new(),
            String::new(),
            String::new(),
        ];
        writer.write_record(record).map_err(Error::internal)?;
    }
    let file = writer.into_inner().map_err(Error::internal)?;
    if file.len() > EXPORT_MOST {
        return Err(too_long());
    }
    Ok(file)
}

/// A line that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    number: i64,
    item: Uuid,
    movement: Movement,
}

/// What stands in a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Lines {
    good: Vec<Line>,
    refused: Vec<RefusedLine>,
    silent: i64,
}

/// Takes the movements of a file. The same key and file again takes nothing twice.
///
/// # Errors
/// [`Problem::Invalid`] with every line that is refused, as `lines[7].quantity`, where nothing is to be
/// taken then, and with `file` and [`InvalidCode::BadLines`] where those are more than two hundred, of
/// which the first are named; `lines[7].line` is a line that is none as the first line says; with `file` where it is no such file: [`InvalidCode::Malformed`] where it is not UTF-8,
/// [`InvalidCode::Required`] where it is empty, [`InvalidCode::TooLong`] beyond 5,000 lines; with the
/// column that its first line lacks, as `columns.kind`. For others than staff and administrators as
/// [`Ctx::allow`].
pub async fn import_csv(
    ctx: &Ctx,
    file: &[u8],
    bad: BadLines,
    key: Option<&str>,
) -> Result<Imported> {
    ctx.allow(&KEEPERS)?;
    if file.len() > FILE_MOST {
        return Err(Problem::TooLarge.into());
    }
    let key = own_key(ctx, key)?;
    let Lines {
        good,
        mut refused,
        silent,
    } = read(file)?;
    let hash: String = Sha256::digest(file)[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let source = format!("file:{key}:{hash}");
    let mut tx = ctx.write().await?;
    let causes: Vec<String> = good
        .iter()
        .map(|line| format!("{source}:{}", line.number))
        .collect();
    let made = stock::made(&mut tx, &causes).await?;
    let before = !made.is_empty();
    let moves = if before {
        // What was left out then is left out again.
        let outcome = |cause: &String| {
            if made.contains(cause) {
                Moved::Before
            } else {
                Moved::Never
            }
        };
        Moves {
            outcomes: causes.iter().map(outcome).collect(),
            low: Vec::new(),
        }
    } else {
        let movements: Vec<NewMovement> = good
            .iter()
            .zip(causes)
            .map(|(line, cause)| new_movement(ctx, line.item, &line.movement, cause))
            .collect();
        stock::record(&mut tx, movements).await?
    };
    refused.extend(not_made(&mut tx, &good, &moves.outcomes).await?);
    refused.sort_by_key(|line| line.line);
    let left_out = refused.len() as i64;
    refused.truncate(REFUSED_MOST);
    if left_out > 0 && bad == BadLines::RefuseAll && !before {
        let all = (left_out > refused.len() as i64)
            .then(|| InvalidField::new("file", InvalidCode::BadLines { count: left_out }));
        let fields = fields_of(refused).into_iter().chain(all);
        return Err(Error::invalid_fields(fields.collect()));
    }
    let done = |moved: &&Moved| moved.is_done();
    let taken = moves.outcomes.iter().filter(done).count() as i64;
    if taken > 0 && !before {
        tell_low(ctx, &mut tx, &moves.low).await?;
        let made = good.iter().zip(&moves.outcomes);
        let made = made.filter(|(_, outcome)| outcome.is_done());
        let made: Vec<&Line> = made.map(|(line, _)| line).collect();
        let (before, after) = told(&mut tx, &made).await?;
        let subject = format!("{taken} lines");
        ctx.audit_change(&mut tx, ("stock.import", &subject), &before, &after)
            .await?;
        tx.commit().await?;
    }
    Ok(Imported {
        taken,
        silent,
        refused,
        left_out,
    })
}

/// What the audit log tells of lines that were taken: what there was and is of their items, of a great many
/// of the first hundred.
async fn told(tx: &mut storage::Tx, lines: &[&Line]) -> Result<(Value, Value)> {
    let mut changes: BTreeMap<Uuid, i64> = BTreeMap::new();
    for line in lines {
        let change = line.movement.kind.change(line.movement.quantity);
        *changes.entry(line.item).or_default() += change.on_hand;
    }
    let items: Vec<Uuid> = changes.keys().copied().take(ITEMS_TOLD).collect();
    let (mut before, mut after) = (Map::new(), Map::new());
    for row in stock::levels(tx, &items).await? {
        let now = row.level().on_hand();
        let change = changes.get(&row.item_id).copied().unwrap_or_default();
        before.insert(row.item_id.to_string(), (now - change).into());
        after.insert(row.item_id.to_string(), now.into());
    }
    let items = changes.len();
    Ok((
        json!({ "items": 0, "onHand": before }),
        json!({ "items": items, "onHand": after }),
    ))
}

/// Why lines whose movements were not made were not: there is no such item, or too few of it are free.
async fn not_made(
    tx: &mut storage::Tx,
    lines: &[Line],
    outcomes: &[Moved],
) -> Result<Vec<RefusedLine>> {
    let lines: Vec<&Line> = lines
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| !outcome.is_done())
        .map(|(line, _)| line)
        .collect();
    let items: BTreeSet<Uuid> = lines.iter().map(|line| line.item).collect();
    let items: Vec<Uuid> = items.into_iter().collect();
    let free: HashMap<Uuid, i64> = stock::available(tx, &items).await?;
    Ok(lines
        .into_iter()
        .map(|line| {
            let field = match free.get(&line.item) {
                Some(free) => {
                    InvalidField::new("quantity", InvalidCode::NotInStock { free: *free })
                }
                None => InvalidField::new("item", InvalidCode::NotInCatalogue),
            };
            RefusedLine {
                line: line.number,
                fields: vec![field],
            }
        })
        .collect())
}

/// The fields of refused lines, each with its line's number.
fn fields_of(refused: Vec<RefusedLine>) -> Vec<InvalidField> {
    refused
        .into_iter()
        .flat_map(|RefusedLine { line, fields }| {
            fields.into_iter().map(move |refused| {
                InvalidField::new(format!("lines[{line}].{}", refused.field), refused.code)
            })
        })
        .collect()
}

/// Reads a file.
fn read(file: &[u8]) -> Result<Lines> {
    let refuse = |field: &str, code| Err(Error::invalid(field, code));
    let Ok(text) = std::str::from_utf8(file) else {
        return refuse("file", InvalidCode::Malformed);
    };
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if text.trim().is_empty() {
        return refuse("file", InvalidCode::Required);
    }
    // Where numbers have a comma, spreadsheets put a semicolon between.
    let first = text.lines().next().unwrap_or_default();
    let separators = |separator| first.matches(separator).count();
    let delimiter = if separators(';') > separators(',') {
        b';'
    } else {
        b','
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let heads = reader.headers().map_err(Error::internal)?;
    let place = |column: &str| {
        heads
            .iter()
            .position(|head| head.trim().eq_ignore_ascii_case(column))
    };
    let absent: Vec<InvalidField> = READ
        .iter()
        .filter(|column| place(column).is_none())
        .map(|column| InvalidField::new(format!("columns.{column}"), InvalidCode::ColumnMissing))
        .collect();
    if !absent.is_empty() {
        return Err(Error::invalid_fields(absent));
    }
    let places = READ.map(|column| place(column).unwrap_or_default());
    let width = heads.len();
    let mut lines = Lines::default();
    let mut counted = LineCount::new(text);
    for (index, record) in reader.records().enumerate() {
        if index as i64 >= LINES_MOST {
            return refuse("file", InvalidCode::TooLong { max: LINES_MOST });
        }
        let record = record.map_err(Error::internal)?;
        let begin = record.position().map_or(0, csv::Position::byte);
        let number = counted.at(begin as usize);
        let cell = |place: usize| record.get(place).unwrap_or_default().trim();
        let [item, kind, quantity, reason] = places.map(cell);
        let silent = [kind, quantity, reason].iter().all(|cell| cell.is_empty());
        if is_torn(&record, width, silent) {
            lines.refused.push(RefusedLine {
                line: number,
                fields: vec![InvalidField::new("line", InvalidCode::Malformed)],
            });
            continue;
        }
        if silent {
            lines.silent += i64::from(says_something(&record));
            continue;
        }
        match line(number, item, kind, quantity, reason) {
            Ok(line) => lines.good.push(line),
            Err(fields) => lines.refused.push(RefusedLine {
                line: number,
                fields,
            }),
        }
    }
    Ok(lines)
}

/// Counts lines as editors and spreadsheets do. The reader counts the second half of a `\r\n`, and lines
/// that are empty, only with the record after them.
struct LineCount<'a> {
    text: &'a [u8],
    at: usize,
    line: i64,
}

impl<'a> LineCount<'a> {
    const fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The number of the line in which a record stands that the reader begins at a byte; these come in
    /// their order.
    fn at(&mut self, byte: usize) -> i64 {
        while let Some(now) = self.text.get(self.at) {
            let next = self.text.get(self.at + 1);
            let ends = match now {
                b'\n' => true,
                b'\r' => next != Some(&b'\n'),
                _ if self.at >= byte => break,
                _ => false,
            };
            self.line += i64::from(ends);
            self.at += 1;
        }
        self.line
    }
}

/// Whether a line is not one as the first line says: a quote that nobody closed has swallowed those after
/// it, a quantity or a reason was cut off, or something stands where no column is. Spreadsheets leave
/// empty cells at the end out: a line that names no movement may be shorter.
fn is_torn(record: &StringRecord, width: usize, silent: bool) -> bool {
    let says = |cell: &str| !cell.trim().is_empty();
    record.iter().any(|cell| cell.contains(['\n', '\r']))
        || record.iter().skip(width).any(says)
        || (!silent && record.len() < width)
}

/// Whether a line has anything in it at all.
fn says_something(record: &StringRecord) -> bool {
    record.iter().any(|cell| !cell.trim().is_empty())
}

/// Reads a line.
fn line(
    number: i64,
    item: &str,
    kind: &str,
    quantity: &str,
    reason: &str,
) -> std::result::Result<Line, Vec<InvalidField>> {
    let mut fields = Vec::new();
    let item = match (item, item.parse::<Uuid>()) {
        (_, Ok(item)) => Some(item),
        (given, Err(_)) => {
            let code = if given.is_empty() {
                InvalidCode::Required
            } else {
                InvalidCode::NotInCatalogue
            };
            fields.push(InvalidField::new("item", code));
            None
        }
    };
    let parsed = quantity.parse::<i64>();
    let malformed = parsed.is_err() && !quantity.is_empty();
    let draft = MovementDraft {
        kind: kind.to_ascii_uppercase(),
        quantity: parsed.ok(),
        reason: reason.to_owned(),
    };
    match draft.validate() {
        Ok(movement) if fields.is_empty() => {
            if let Some(item) = item {
                return Ok(Line {
                    number,
                    item,
                    movement,
                });
            }
        }
        Ok(_) => {}
        // What can't be read is not missing.
        Err(refused) => fields.extend(refused.into_iter().map(|field| {
            if malformed && field.field == "quantity" {
                InvalidField::new("quantity", InvalidCode::Malformed)
            } else {
                field
            }
        })),
    }
    Err(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the lines that are refused.
    fn refused(file: &str) -> Vec<i64> {
        let lines = read(file.as_bytes()).unwrap();
        lines.refused.iter().map(|line| line.line).collect()
    }

    #[test]
    fn lines_have_the_numbers_that_editors_show() {
        let head = "item,kind,quantity,reason";
        for end in ["\n", "\r\n", "\r"] {
            let lines = [head, "a,b", "c,d", "", "e,\"f\ng\",1", "", "", "h,i", ""];
            assert_eq!(refused(&lines.join(end)), [2, 3, 5, 9], "{end:?}");
        }
        assert_eq!(refused(&format!("{BYTE_ORDER_MARK}{head}\r\na,b")), [2]);
        assert_eq!(refused(head), [0; 0]);
    }

    #[test]
    fn a_line_that_is_torn_is_refused_whatever_it_says() {
        let head = "item,name,kind,quantity,reason";
        let item = Uuid::nil();
        let of = |line: &str| {
            let file = format!("{head}\n{item},{line}\n{item},Soup,RECEIVED,1,\n");
            let lines = read(file.as_bytes()).unwrap();
            let fields = lines.refused.into_iter().flat_map(|line| line.fields);
            let fields: Vec<String> = fields.map(|refused| refused.field).collect();
            (lines.good.len(), lines.silent, fields.join(" "))
        };
        let torn = |good| (good, 0, "line".to_owned());
        // A quote that nobody closes swallows the line after it.
        assert_eq!(of("\"Soup,,,"), torn(0));
        assert_eq!(of("Soup,RECEIVED,1,\"truck"), torn(0));
        assert_eq!(of("Soup,RECEIVED,1,spilt, all of it"), torn(1));
        assert_eq!(of("Soup,,,,RECEIVED"), torn(1));
        assert_eq!(of("Soup,RECEIVED,1"), torn(1));
        // Empty cells are none, too many or too few.
        assert_eq!(of("Soup,RECEIVED,1,,,"), (2, 0, String::new()));
        assert_eq!(of("Soup"), (1, 1, String::new()));
    }
}
