//! The only place that writes to the terminal.

use std::io::{self, Write as _};

/// One line on standard output, at once: programs wait for some of them.
pub(crate) fn line(text: &str) {
    let mut out = io::stdout().lock();
    // A reader that went away (`farthing … | head -1`) is no reason to fail.
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// One line on standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Columns under their headings, two spaces apart.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let headings = headings.iter().map(|heading| (*heading).to_owned()).collect();
    for row in std::iter::once(&headings).chain(rows) {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            let cell: &String = cell;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Names and values, one pair a line.
pub(crate) fn pairs(pairs: &[(String, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    pairs.iter().fold(String::new(), |mut text, (name, value)| {
        let space = " ".repeat(width - name.chars().count() + 2);
        text.extend([name, space.as_str(), value, "\n"]);
        text
    })
}

/// Text from elsewhere, made safe for a terminal: control characters would move its cursor or rename its window.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let text = table(&["ID", "STATUS"], &[vec!["pay_1".to_owned(), "paid".to_owned()]]);
        assert_eq!(text, "ID     STATUS\npay_1  paid\n");
    }

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
    }
}
