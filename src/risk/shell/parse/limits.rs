//! What the shell's parser is given: no more than it bears, since it recurses and tries alternatives.

use brush_parser::Token;

/// The most of `$(`, `${`, backquotes and the like in one line: the tokenizer recurses on them.
const MOST_EXPANSIONS: usize = 100;
/// The most tokens that begin something larger: the parser recurses on them.
const MOST_OPENERS: usize = 50;
/// The most parentheses at once, and in one line: the parser tries each in two ways.
const DEEPEST: usize = 5;
const MOST_PARENTHESES: usize = 30;
/// Words that the parser recurses on.
const OPENERS: &[&str] = &[
    "if", "elif", "while", "until", "for", "case", "select", "{", "[[", "!", "function", "coproc", "time", "&&", "||",
];

/// Whether the parser can be given this text: it recurses on what these begin.
pub(super) fn is_flat(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = |pair: &&[u8]| matches!(pair, [b'$', b'(' | b'{' | b'[' | b'\'' | b'"'] | [b'<' | b'>', b'(']);
    bytes.windows(2).filter(begins).count() + text.matches('`').count() <= MOST_EXPANSIONS
}

/// Whether the tokens nest no deeper than the parser bears.
pub(super) fn is_shallow(tokens: &[Token]) -> bool {
    let (mut open, mut parentheses, mut openers) = (0_usize, 0, 0);
    for token in tokens {
        match token.to_str() {
            "(" => {
                open += 1;
                parentheses += 1;
            }
            ")" => open = open.saturating_sub(1),
            other if OPENERS.contains(&other) => openers += 1,
            _ => {}
        }
        if open > DEEPEST || parentheses > MOST_PARENTHESES || openers > MOST_OPENERS {
            return false;
        }
    }
    true
}

/// Whether the pieces of a word can be told: what opens in it, and what is reckoned within `${…}`, is read twice, what
/// opens within that twice as often.
pub(super) fn is_plain_enough(word: &str) -> bool {
    let (mut open, mut before) = (0_usize, b' ');
    !(word.contains("${") || word.contains("$("))
        || word.bytes().all(|byte| {
            match byte {
                b'(' => open += 1,
                b'{' if before == b'$' => open += 1,
                b')' | b'}' => open = open.saturating_sub(1),
                _ => {}
            }
            before = byte;
            open <= DEEPEST
        })
}
