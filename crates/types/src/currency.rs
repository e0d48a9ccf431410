//! Currencies of ISO 4217 with their exponents.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A currency of ISO 4217, table A.1.
///
/// Written and read as its three capital letters.
///
/// ```
/// let yen: farthing_types::Currency = "JPY".parse()?;
/// assert_eq!((yen.numeric(), yen.exponent()), (392, 0));
/// # Ok::<(), farthing_types::currency::UnknownCurrency>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    alpha: &'static str,
    numeric: u16,
    exponent: u8,
}

/// The text is not the alphabetic code of a currency that can be paid in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 4217 alphabetic code in capital letters")]
pub struct UnknownCurrency;

impl Currency {
    /// Three capital letters.
    pub const fn code(&self) -> &'static str {
        self.alpha
    }

    /// The numeric code, 1 to 999.
    pub const fn numeric(self) -> u16 {
        self.numeric
    }

    /// How many decimal digits the minor unit has: 0, 2, 3 or 4.
    pub const fn exponent(self) -> u8 {
        self.exponent
    }

    /// Every currency of the table, by alphabetic code.
    pub fn all() -> &'static [Currency] {
        TABLE
    }

    /// The currency with this numeric code. `36` and the text `036` are the same code: leading zeros are the writer's.
    pub fn from_numeric(numeric: u16) -> Option<Self> {
        TABLE.iter().find(|row| row.numeric == numeric).copied()
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let index =
            TABLE.binary_search_by(|row| row.alpha.cmp(code)).map_err(|_| UnknownCurrency)?;
        TABLE.get(index).copied().ok_or(UnknownCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.alpha)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::named::deserialize(deserializer)
    }
}

const fn row(alpha: &'static str, numeric: u16, exponent: u8) -> Currency {
    Currency { alpha, numeric, exponent }
}

/// Source: ISO 4217, list one, with the amendments up to number 180: CUC (178), ANG (176) and BGN, replaced by the euro on
/// 1 January 2026, are gone; XCG (176) and ZWG (177) are in.
///
/// Left out, because nobody can be charged in them: metals, the codes for tests and for "no currency", units of account of
/// institutions (XAD, XDR, XSU, XUA, XBA to XBD) and the fund codes BOV, CHE, CHW, COU, MXV and USN. Kept: the indexed units CLF,
/// UYI and UYW, in which prices are quoted and whose exponents are not those of their country's peso.
#[rustfmt::skip]
const TABLE: &[Currency] = &[
    row("AED", 784, 2),
    row("AFN", 971, 2),
    row("ALL", 8, 2),
    row("AMD", 51, 2),
    row("AOA", 973, 2),
    row("ARS", 32, 2),
    row("AUD", 36, 2),
    row("AWG", 533, 2),
    row("AZN", 944, 2),
    row("BAM", 977, 2),
    row("BBD", 52, 2),
    row("BDT", 50, 2),
    row("BHD", 48, 3),
    row("BIF", 108, 0),
    row("BMD", 60, 2),
    row("BND", 96, 2),
    row("BOB", 68, 2),
    row("BRL", 986, 2),
    row("BSD", 44, 2),
    row("BTN", 64, 2),
    row("BWP", 72, 2),
    row("BYN", 933, 2),
    row("BZD", 84, 2),
    row("CAD", 124, 2),
    row("CDF", 976, 2),
    row("CHF", 756, 2),
    row("CLF", 990, 4),
    row("CLP", 152, 0),
    row("CNY", 156, 2),
    row("COP", 170, 2),
    row("CRC", 188, 2),
    row("CUP", 192, 2),
    row("CVE", 132, 2),
    row("CZK", 203, 2),
    row("DJF", 262, 0),
    row("DKK", 208, 2),
    row("DOP", 214, 2),
    row("DZD", 12, 2),
    row("EGP", 818, 2),
    row("ERN", 232, 2),
    row("ETB", 230, 2),
    row("EUR", 978, 2),
    row("FJD", 242, 2),
    row("FKP", 238, 2),
    row("GBP", 826, 2),
    row("GEL", 981, 2),
    row("GHS", 936, 2),
    row("GIP", 292, 2),
    row("GMD", 270, 2),
    row("GNF", 324, 0),
    row("GTQ", 320, 2),
    row("GYD", 328, 2),
    row("HKD", 344, 2),
    row("HNL", 340, 2),
    row("HTG", 332, 2),
    row("HUF", 348, 2),
    row("IDR", 360, 2),
    row("ILS", 376, 2),
    row("INR", 356, 2),
    row("IQD", 368, 3),
    row("IRR", 364, 2),
    row("ISK", 352, 0),
    row("JMD", 388, 2),
    row("JOD", 400, 3),
    row("JPY", 392, 0),
    row("KES", 404, 2),
    row("KGS", 417, 2),
    row("KHR", 116, 2),
    row("KMF", 174, 0),
    row("KPW", 408, 2),
    row("KRW", 410, 0),
    row("KWD", 414, 3),
    row("KYD", 136, 2),
    row("KZT", 398, 2),
    row("LAK", 418, 2),
    row("LBP", 422, 2),
    row("LKR", 144, 2),
    row("LRD", 430, 2),
    row("LSL", 426, 2),
    row("LYD", 434, 3),
    row("MAD", 504, 2),
    row("MDL", 498, 2),
    row("MGA", 969, 2),
    row("MKD", 807, 2),
    row("MMK", 104, 2),
    row("MNT", 496, 2),
    row("MOP", 446, 2),
    row("MRU", 929, 2),
    row("MUR", 480, 2),
    row("MVR", 462, 2),
    row("MWK", 454, 2),
    row("MXN", 484, 2),
    row("MYR", 458, 2),
    row("MZN", 943, 2),
    row("NAD", 516, 2),
    row("NGN", 566, 2),
    row("NIO", 558, 2),
    row("NOK", 578, 2),
    row("NPR", 524, 2),
    row("NZD", 554, 2),
    row("OMR", 512, 3),
    row("PAB", 590, 2),
    row("PEN", 604, 2),
    row("PGK", 598, 2),
    row("PHP", 608, 2),
    row("PKR", 586, 2),
    row("PLN", 985, 2),
    row("PYG", 600, 0),
    row("QAR", 634, 2),
    row("RON", 946, 2),
    row("RSD", 941, 2),
    row("RUB", 643, 2),
    row("RWF", 646, 0),
    row("SAR", 682, 2),
    row("SBD", 90, 2),
    row("SCR", 690, 2),
    row("SDG", 938, 2),
    row("SEK", 752, 2),
    row("SGD", 702, 2),
    row("SHP", 654, 2),
    row("SLE", 925, 2),
    row("SOS", 706, 2),
    row("SRD", 968, 2),
    row("SSP", 728, 2),
    row("STN", 930, 2),
    row("SVC", 222, 2),
    row("SYP", 760, 2),
    row("SZL", 748, 2),
    row("THB", 764, 2),
    row("TJS", 972, 2),
    row("TMT", 934, 2),
    row("TND", 788, 3),
    row("TOP", 776, 2),
    row("TRY", 949, 2),
    row("TTD", 780, 2),
    row("TWD", 901, 2),
    row("TZS", 834, 2),
    row("UAH", 980, 2),
    row("UGX", 800, 0),
    row("USD", 840, 2),
    row("UYI", 940, 0),
    row("UYU", 858, 2),
    row("UYW", 927, 4),
    row("UZS", 860, 2),
    row("VED", 926, 2),
    row("VES", 928, 2),
    row("VND", 704, 0),
    row("VUV", 548, 0),
    row("WST", 882, 2),
    row("XAF", 950, 0),
    row("XCD", 951, 2),
    row("XCG", 532, 2),
    row("XOF", 952, 0),
    row("XPF", 953, 0),
    row("YER", 886, 2),
    row("ZAR", 710, 2),
    row("ZMW", 967, 2),
    row("ZWG", 924, 2),
];
