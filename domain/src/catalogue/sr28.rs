//! USDA's National Nutrient Database for Standard Reference, release 28, as a joined CSV table.

use super::DataError;
use crate::amount::Amount;
use crate::food::NdbNo;
use crate::nutrient::{Nutrient, Nutrients};
use csv::StringRecord;

/// A food of the table, all values per 100 g of the edible portion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoodRow {
    /// USDA's number, five digits.
    pub ndb_no: NdbNo,
    /// The long description.
    pub description: String,
    /// The food group's name.
    pub food_group: String,
    /// Other names; empty for most.
    pub common_name: String,
    /// Scientific name; empty for most.
    pub scientific_name: String,
    /// What 100 g contain; `None` is unknown, never zero.
    pub nutrients: Nutrients<Option<Amount>>,
    /// Household measures: grams, and what weighs that.
    pub measures: Vec<(Amount, String)>,
    /// Share of the bought weight that is thrown away, percent.
    pub refuse_percent: i64,
}

const TABLE: &str = "sr28_foods.csv";

/// Every food of the table, in its order.
///
/// # Errors
/// [`DataError`] where a column is missing or a cell is not what its column holds.
pub fn food_rows(csv: &str) -> Result<Vec<FoodRow>, DataError> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers()?.clone();
    let column = |name: &'static str| column_index(&headers, TABLE, name);
    let ndb_no = column("ndb_no")?;
    let texts = [
        column("long_desc")?,
        column("food_group")?,
        column("common_name")?,
        column("scientific_name")?,
    ];
    let measures = [
        (column("gmwt_1")?, column("gmwt_desc1")?),
        (column("gmwt_2")?, column("gmwt_desc2")?),
    ];
    let refuse = column("refuse_pct")?;
    let mut nutrients = Nutrients([0; Nutrient::COUNT]);
    for nutrient in Nutrient::ALL {
        nutrients[nutrient] = column(nutrient.column())?;
    }

    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let cell = |index: usize| record.get(index).unwrap_or("").trim();
        let number = |index: usize| match cell(index) {
            "" => Ok(None),
            text => decimal(text)
                .map(Some)
                .ok_or_else(|| bad_cell(&record, index, &headers)),
        };
        let mut known = Nutrients::default();
        for nutrient in Nutrient::ALL {
            known[nutrient] = number(nutrients[nutrient])?;
        }
        let mut weights = Vec::new();
        for (weight, name) in measures {
            if let Some(grams) = number(weight)?.filter(|grams| *grams > Amount::ZERO) {
                weights.push((grams, cell(name).to_owned()));
            }
        }
        let [description, food_group, common_name, scientific_name] =
            texts.map(|index| cell(index).to_owned());
        rows.push(FoodRow {
            ndb_no: NdbNo(cell(ndb_no).to_owned()),
            description,
            food_group,
            common_name,
            scientific_name,
            nutrients: known,
            measures: weights,
            refuse_percent: number(refuse)?.unwrap_or_default().rounded(),
        });
    }
    Ok(rows)
}

/// Where a column stands.
pub(super) fn column_index(
    headers: &StringRecord,
    table: &'static str,
    name: &'static str,
) -> Result<usize, DataError> {
    headers
        .iter()
        .position(|header| header == name)
        .ok_or(DataError::MissingColumn {
            table,
            column: name,
        })
}

fn bad_cell(record: &StringRecord, index: usize, headers: &StringRecord) -> DataError {
    DataError::BadCell {
        table: TABLE,
        row: record.get(0).unwrap_or("").to_owned(),
        column: headers.get(index).unwrap_or("").to_owned(),
        value: record.get(index).unwrap_or("").to_owned(),
    }
}

/// A decimal number to the nearest thousandth, without going through binary fractions.
pub(super) fn decimal(text: &str) -> Option<Amount> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() + fraction.len() == 0 || whole.len() > 12 {
        return None;
    }
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let digit = |place: usize| i64::from(fraction.as_bytes().get(place).map_or(0, |d| d - b'0'));
    let units: i64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let thousandths = digit(0) * 100 + digit(1) * 10 + digit(2);
    Some(Amount(
        units * 1000 + thousandths + i64::from(digit(3) >= 5),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(decimal("0.1"), Some(Amount(100)));
        assert_eq!(decimal("12"), Some(Amount::whole(12)));
        assert_eq!(decimal(".0005"), Some(Amount(1)));
        assert_eq!(decimal("-1"), None);
        assert_eq!(decimal("1e3"), None);
        assert_eq!(decimal(""), None);
    }
}
