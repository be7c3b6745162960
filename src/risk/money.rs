//! Money.

use super::subject::{Found, Shape, Subject, Value};
use super::words::{List, Words};
use super::{Family, Kind};
use crate::decision::Level::High;

const AMOUNT: Kind = Kind::new("money.amount", High, "something that does not merely read is given an amount of money");
const ORDER: Kind = Kind::new("money.order", High, "something is ordered, bought or sold, and how many of it");
const MEANS: Kind = Kind::new("money.means", High, "a means of payment is in the arguments");

/// The family.
pub const FAMILY: Family =
    Family { name: "money", about: "amounts, orders and means of payment", kinds: &[AMOUNT, ORDER, MEANS], detect };

const AMOUNTS: &List = &List::of(&[
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
]);
const PAYMENT: &List = &List::of(&[
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
]);

/// The last words of keys that hold an amount.
const ENDS: &List =
    &List::of(&["amount", "price", "payout", "refund", "deposit", "withdrawal", "tip", "salary", "bounty"]);
/// Keys that say how many.
const QUANTITIES: &List = &List::of(&["quantity", "qty", "shares", "units", "lots", "contracts", "notional"]);
/// Words of a name or a key that say that something is bought or sold.
const TRADE: &List = &List::of(&[
    "order",
    "orders",
    "buy",
    "sell",
    "trade",
    "purchase",
    "checkout",
    "cart",
    "basket",
    "symbol",
    "ticker",
    "sku",
    "product",
    "stock",
    "side",
    "invoice",
    "subscription",
]);
/// Currencies, as they are written beside an amount.
const CURRENCIES: &[&str] = &[
    "USD", "EUR", "GBP", "JPY", "CHF", "CNY", "INR", "CAD", "AUD", "SEK", "NOK", "DKK", "PLN", "BRL", "KRW", "BTC",
    "ETH", "USDT", "USDC", "SOL",
];

fn detect(subject: &Subject<'_>, found: &mut Found) {
    if subject.name.reads() {
        return;
    }
    let trades =
        subject.name.words.has_one_of(TRADE) || subject.values().any(|value| subject.key(value).has_one_of(TRADE));
    for value in subject.values().filter(|v| v.shape != Shape::Container && v.text != "null" && !v.text.is_empty()) {
        let key = subject.key(value);
        if key.is_one_of(PAYMENT) {
            add(subject, value, MEANS, "is a means of payment", found);
        } else if key.is_one_of(AMOUNTS) || key.ends_in(ENDS) || (!is_text(key) && is_amount(&value.text)) {
            add(subject, value, AMOUNT, "is an amount of money", found);
        } else if trades && key.ends_in(QUANTITIES) {
            add(subject, value, ORDER, "says how many are ordered", found);
        }
    }
}

fn add(subject: &Subject<'_>, value: &Value<'_>, kind: Kind, what: &str, found: &mut Found) {
    let says = format!("{} {what}", subject.pointer(value));
    match value.shape {
        Shape::Text => found.within(kind, subject, value, 0..value.text.len(), says),
        Shape::Plain | Shape::Container => found.at(kind, subject, value, says),
    }
}

fn is_text(key: &Words) -> bool {
    key.is_one_of(super::paths::CONTENT)
}

/// Whether a whole text is an amount with its currency: `$12.50`, `100 EUR`, `CHF 3`.
fn is_amount(text: &str) -> bool {
    if text.len() > 24 || !text.bytes().any(|b| b.is_ascii_digit()) {
        return false;
    }
    let number = |text: &str| {
        let text = text.trim();
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b".,' ".contains(&b))
    };
    let signed = ["$", "€", "£", "¥", "₿", "US$"]
        .iter()
        .any(|sign| text.strip_prefix(sign).or_else(|| text.strip_suffix(sign)).is_some_and(number));
    let named = || {
        CURRENCIES.iter().any(|code| {
            let rest = text.strip_prefix(code).filter(|rest| rest.starts_with(' '));
            rest.or_else(|| text.strip_suffix(code).filter(|rest| rest.ends_with(' '))).is_some_and(number)
        })
    };
    signed || named()
}
