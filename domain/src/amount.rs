//! Quantities as integers: an [`Amount`] is thousandths of its unit.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub};

/// A quantity in thousandths of the unit that its context names (kcal, g, mg, µg, kg).
///
/// On the wire it is a decimal number with at most three places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(pub i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number of units.
    #[must_use]
    pub const fn whole(units: i64) -> Self {
        Self(units * 1000)
    }

    /// The nearest amount to a decimal number; `None` where it is not finite or out of range.
    #[must_use]
    pub fn from_decimal(value: f64) -> Option<Self> {
        let thousandths = (value * 1000.0).round();
        // 2^53: beyond it a double no longer names each integer.
        (thousandths.abs() < 9_007_199_254_740_992.0).then_some(Self(thousandths as i64))
    }

    /// The decimal number, for showing.
    #[must_use]
    pub fn to_decimal(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The nearest whole number of units, halves away from zero.
    #[must_use]
    pub const fn rounded(self) -> i64 {
        if self.0 >= 0 {
            (self.0 + 500) / 1000
        } else {
            (self.0 - 500) / 1000
        }
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Mul<i64> for Amount {
    type Output = Self;
    fn mul(self, factor: i64) -> Self {
        Self(self.0 * factor)
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.to_decimal())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::from_decimal(value).ok_or_else(|| serde::de::Error::custom("number out of range"))
    }
}
