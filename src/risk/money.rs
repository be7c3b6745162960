//! Money.

use super::subject::{Found, Shape, Subject};
use super::{Family, Kind};
use crate::decision::Level::High;

const AMOUNT: Kind = Kind::new("money.amount", High, "something that does not merely read is given an amount of money");
const MEANS: Kind = Kind::new("money.means", High, "a means of payment is in the arguments");

/// The family.
pub const FAMILY: Family =
    Family { name: "money", about: "amounts and means of payment", kinds: &[AMOUNT, MEANS], detect };

const AMOUNTS: &[&str] = &[
    "amount",
    "price",
    "unit_price",
    "total_price",
    "amount_cents",
    "amount_usd",
    "currency",
    "bid",
    "limit_price",
    "order_amount",
    "tip",
    "payment_amount",
    "budget_amount",
    "quantity_usd",
    "lamports",
    "wei",
    "satoshis",
];
const PAYMENT: &[&str] = &[
    "card_number",
    "credit_card",
    "card",
    "cvv",
    "cvc",
    "iban",
    "account_number",
    "routing_number",
    "payment_method",
    "payment_method_id",
    "wallet",
    "wallet_address",
    "to_wallet",
    "sort_code",
    "bic",
    "swift",
    "payment_token",
];

fn detect(subject: &Subject<'_>, found: &mut Found) {
    for value in subject.values().filter(|v| v.shape != Shape::Container && v.text != "null" && !v.text.is_empty()) {
        let key = subject.key(value);
        if key.is_one_of(PAYMENT) && !subject.name.reads() {
            found.at(MEANS, subject, value, format!("{} is a means of payment", subject.pointer(value)));
        } else if key.is_one_of(AMOUNTS) && !subject.name.reads() {
            found.at(AMOUNT, subject, value, format!("{} is an amount of money", subject.pointer(value)));
        }
    }
}
