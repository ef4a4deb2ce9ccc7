//! How numbers and names are written, for the terminal and the page alike.

use super::proportion::Proportion;

/// A ratio as percent: two decimals below 10, one above; 0 and 1 exactly are written without any.
pub(super) fn percent(ratio: f64) -> String {
    match ratio * 100.0 {
        whole if whole == 0.0 || whole == 100.0 => format!("{whole:.0} %"),
        small if small < 9.995 => format!("{small:.2} %"),
        large => format!("{large:.1} %"),
    }
}

/// The rate; a dash where nothing is known.
pub(super) fn rate(proportion: &Proportion) -> String {
    proportion.rate.map_or_else(|| "–".to_owned(), percent)
}

/// The interval as `0.12 to 1.74 %`; empty where nothing was seen.
pub(super) fn interval(proportion: &Proportion) -> String {
    if proportion.of == 0 {
        return String::new();
    }
    let low = percent(proportion.low);
    format!("{} to {}", low.trim_end_matches(" %"), percent(proportion.high))
}

/// An area with three decimals; a dash where there is none.
pub(super) fn area(area: Option<f64>) -> String {
    area.map_or_else(|| "–".to_owned(), |area| format!("{area:.3}"))
}

/// A number of things: `1 person`, `2 persons`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A code as people read it: `turned_wrong_way` becomes `turned wrong way`.
pub(super) fn spaced(code: &str) -> String {
    code.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_written_with_what_they_are_good_for() {
        let written: Vec<_> = [0.0, 0.018275, 0.09994, 0.0999999, 0.265, 1.0].map(percent).into();
        assert_eq!(written, ["0 %", "1.83 %", "9.99 %", "10.0 %", "26.5 %", "100 %"]);
    }

    #[test]
    fn intervals_name_their_unit_once() {
        assert_eq!(interval(&Proportion::new(3, 500)), "0.12 to 1.74 %");
        assert_eq!(interval(&Proportion::new(0, 200)), "0 to 1.83 %");
        assert_eq!(interval(&Proportion::new(0, 0)), "");
    }
}
