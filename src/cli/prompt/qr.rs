//! A QR code in the characters of a terminal.

use fast_qr::{ECL, QRBuilder};

/// Modules of light around it (ISO/IEC 18004 section 9.1 asks for four).
const QUIET: usize = 4;

/// Two modules to a character, one above the other. `None` for a text that no code holds.
pub(super) fn lines(text: &str) -> Option<String> {
    let code = QRBuilder::new(text).ecl(ECL::L).build().ok()?;
    let width = code.size.saturating_add(2 * QUIET);
    let is_light = |row: usize, column: usize| {
        let inside = |place: usize| place.checked_sub(QUIET).filter(|place| *place < code.size);
        let module = inside(row).zip(inside(column)).map(|(row, column)| row * code.size + column);
        module.and_then(|module| code.data.get(module)).is_none_or(|module| !module.value())
    };
    let line = |row: usize| {
        let characters = (0..width).map(|column| match (is_light(row, column), is_light(row + 1, column)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
        characters.collect::<String>()
    };
    Some((0..width).step_by(2).map(line).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_code_is_as_wide_as_its_modules_with_light_around_it() {
        let code = lines("https://my-tenant.logto.app/device?user_code=NSMH-GTBS").unwrap();
        let lines: Vec<_> = code.lines().map(|line| line.chars().collect::<Vec<_>>()).collect();
        let width = lines.first().unwrap().len();
        assert!(width >= 21 + 2 * QUIET && lines.iter().all(|line| line.len() == width), "{code}");
        assert_eq!(lines.len(), width.div_ceil(2));
        // The finder pattern in the corner: seven dark modules, and what is around it is light.
        assert_eq!(lines.get(2).unwrap().iter().take(12).collect::<String>(), "████ ▄▄▄▄▄ █");
        assert!(lines.iter().take(2).flatten().all(|c| *c == '█'), "{code}");
    }

    #[test]
    fn a_text_that_no_code_holds_has_none() {
        assert_eq!(lines(&"x".repeat(5000)), None);
    }
}
