//! The key of a value: its words, and what is worked out of them once. Rows have the same few keys thousands of times
//! over, and the elements of a list have one among them.

use std::cell::OnceCell;
use std::ops::Deref;

use super::words::Words;
use super::{asks, secrets};

/// A key, with what was asked of it before.
#[derive(Debug, Default)]
pub struct Key {
    words: Words,
    asks: OnceCell<bool>,
    secret: OnceCell<bool>,
}

impl Deref for Key {
    type Target = Words;

    fn deref(&self) -> &Words {
        &self.words
    }
}

impl Key {
    pub(super) const fn new(words: Words) -> Self {
        Self { words, asks: OnceCell::new(), secret: OnceCell::new() }
    }

    /// Whether a call may ask for something by it.
    pub(super) fn may_ask(&self) -> bool {
        *self.asks.get_or_init(|| asks::may_ask(&self.words))
    }

    /// Whether it names a secret.
    pub(super) fn is_secret(&self) -> bool {
        *self.secret.get_or_init(|| secrets::is_secret_key(&self.words))
    }
}
