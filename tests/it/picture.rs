//! A picture of a terminal's screen: cells, colours and attributes as SVG, nothing added.

use std::fmt::Write as _;
use std::num::NonZero;

use vt100::{Cell, Color};

/// The width and height of a cell, in pixels.
const CELL: (u32, u32) = (9, 19);
/// Around the screen, in pixels.
const MARGIN: u32 = 12;
/// What a terminal shows where a program asks for no colour.
const PLAIN: (&str, &str) = ("#d8dee6", "#14181f");
/// The sixteen named colours, as many terminals have them.
const NAMED: [&str; 16] = [
    "#2a313c", "#e5646e", "#8cc570", "#e0b45c", "#6ea8f0", "#c58af0", "#5cc4cf", "#c4ccd6", "#6b7686", "#ff8a92",
    "#a9dd92", "#f5d080", "#95c2ff", "#dcaeff", "#86dde6", "#f4f7fa",
];

/// What all cells of one run have in common.
#[derive(Clone, PartialEq)]
struct Look {
    ink: String,
    ground: String,
    /// Attributes as SVG has them.
    style: String,
}

/// The screen that these bytes leave in a terminal of this size.
pub fn svg(bytes: &[u8], columns: u16, rows: u16) -> String {
    let size = |count| NonZero::new(count).expect("a screen has a size");
    let mut parser = vt100::Parser::new(size(rows), size(columns), 0);
    parser.process(bytes);
    let (width, height) = (u32::from(columns) * CELL.0 + 2 * MARGIN, u32::from(rows) * CELL.1 + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\">\n<style>text{{font:15px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}}</style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        PLAIN.1
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let (look, text, cells) = run(parser.screen(), row, column, columns);
            draw(&mut out, &look, &text, (row, column, cells));
            column += cells;
        }
    }
    out.push_str("</svg>\n");
    out
}

/// The longest run of cells with one look.
fn run(screen: &vt100::Screen, row: u16, from: u16, columns: u16) -> (Look, String, u16) {
    let cell = |column| screen.cell(row, column).expect("a cell within the screen");
    let look = look(cell(from));
    let mut text = String::new();
    let mut to = from;
    while to < columns && self::look(cell(to)) == look {
        match cell(to) {
            wide if wide.is_wide_continuation() => {}
            empty if empty.contents().is_empty() => text.push(' '),
            full => text.push_str(full.contents()),
        }
        to += 1;
    }
    (look, text, to - from)
}

fn look(cell: &Cell) -> Look {
    let (mut ink, mut ground) = (colour(cell.fgcolor(), PLAIN.0), colour(cell.bgcolor(), PLAIN.1));
    if cell.inverse() {
        std::mem::swap(&mut ink, &mut ground);
    }
    let style = [
        (cell.bold(), " font-weight=\"bold\""),
        (cell.dim(), " opacity=\"0.6\""),
        (cell.italic(), " font-style=\"italic\""),
        (cell.underline(), " text-decoration=\"underline\""),
    ];
    let style = style.iter().filter(|(on, _)| *on).map(|(_, what)| *what).collect();
    Look { ink, ground, style }
}

fn colour(colour: Color, plain: &str) -> String {
    match colour {
        Color::Default => plain.to_owned(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Idx(n @ 0..16) => NAMED[usize::from(n)].to_owned(),
        Color::Idx(n @ 16..232) => {
            let part = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let n = n - 16;
            format!("#{:02x}{:02x}{:02x}", part(n / 36), part(n / 6 % 6), part(n % 6))
        }
        Color::Idx(n) => format!("#{0:02x}{0:02x}{0:02x}", 8 + 10 * (n - 232)),
    }
}

fn draw(out: &mut String, look: &Look, text: &str, (row, column, cells): (u16, u16, u16)) {
    let (x, y) = (MARGIN + u32::from(column) * CELL.0, MARGIN + u32::from(row) * CELL.1);
    if look.ground != PLAIN.1 {
        let (width, ground) = (u32::from(cells) * CELL.0, &look.ground);
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{ground}\"/>", CELL.1);
    }
    let shown = text.trim_end();
    let skipped = shown.len() - shown.trim_start().len();
    if shown.is_empty() {
        return;
    }
    // Every character has its own place, whatever font there is. (Where one is not one cell, the first has.)
    let places = if text.chars().count() == usize::from(cells) {
        let first = u32::try_from(skipped).expect("a line is short");
        let last = u32::try_from(shown.chars().count()).expect("a line is short");
        (first..last).map(|n| (x + n * CELL.0).to_string()).collect::<Vec<_>>().join(" ")
    } else {
        x.to_string()
    };
    let text = shown.trim_start().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // Blanks in a row are one to some readers of SVG.
    let text = text.replace(' ', "\u{a0}");
    let (base, ink, style) = (y + CELL.1 * 3 / 4, &look.ink, &look.style);
    let _ = writeln!(out, "<text x=\"{places}\" y=\"{base}\" fill=\"{ink}\"{style}>{text}</text>");
}

#[test]
fn a_picture_has_the_text_and_the_colours_of_the_screen() {
    let picture = svg(b"\x1b[1;31mHigh\x1b[0m <a&b> \x1b[7mx\x1b[0m\r\n\x1b[38;5;21mblue \x1b[38;2;1;2;3mrgb", 20, 3);
    let high = "<text x=\"12 21 30 39\" y=\"26\" fill=\"#e5646e\" font-weight=\"bold\">High</text>";
    assert!(picture.contains(high), "{picture}");
    assert!(picture.contains(">&lt;a&amp;b&gt;<"), "{picture}");
    assert!(picture.contains("fill=\"#d8dee6\"/>") && picture.contains("fill=\"#14181f\">x<"), "{picture}");
    assert!(picture.contains("#0000ff") && picture.contains("#010203"), "{picture}");
    assert_eq!(picture.matches("<text").count(), 5);
}
