//! Curves over logarithmic axes, as SVG for light and dark pages.

use std::fmt::Write;

use crate::Result;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 250.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 50.0;
/// Powers of ten: of the work, and of nanoseconds.
const SIZES: std::ops::RangeInclusive<i32> = 0..=3;
const TIMES: std::ops::RangeInclusive<i32> = 3..=6;
const TIME_LABELS: [&str; 4] = ["1 µs", "10 µs", "100 µs", "1 ms"];
/// Of Okabe and Ito: told apart by those who are colour-blind, on white and on black.
const COLOURS: [&str; 4] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

pub struct Curve {
    pub name: &'static str,
    /// The size of the work, and nanoseconds of one request.
    pub points: Vec<(u32, f64)>,
}

pub fn svg(curves: &[Curve]) -> Result<String> {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>Time of a request by the size of the work, both logarithmic</title>\n\
         <style>text {{ fill: #1f2328 }} .grid {{ stroke: #d0d7de }} .linear {{ stroke: #8c959f; stroke-dasharray: 4 4 }}\n\
         @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} .grid {{ stroke: #30363d }} .linear {{ stroke: #7d8590 }} }}</style>\n"
    );
    for power in SIZES {
        let x = across(f64::from(power));
        writeln!(svg, "<line class=\"grid\" x1=\"{x}\" x2=\"{x}\" y1=\"{TOP}\" y2=\"{}\"/>", HEIGHT - BOTTOM)?;
        writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - BOTTOM + 20.0,
            10_u32.pow(power.unsigned_abs())
        )?;
    }
    for (power, label) in TIMES.zip(TIME_LABELS) {
        let y = down(f64::from(power));
        writeln!(svg, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/>", WIDTH - RIGHT)?;
        writeln!(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{label}</text>", LEFT - 8.0, y + 4.0)?;
    }
    let (from, to) = ((across(0.0), down(3.0)), (across(3.0), down(6.0)));
    writeln!(svg, "<line class=\"linear\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>", from.0, from.1, to.0, to.1)?;
    for ((curve, colour), row) in curves.iter().zip(COLOURS).zip(0_u8..) {
        let points: Vec<_> = (curve.points.iter())
            .map(|&(size, time)| format!("{:.1},{:.1}", across(f64::from(size).log10()), down(time.log10())))
            .collect();
        writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\" points=\"{}\"/>",
            points.join(" ")
        )?;
        let (x, y) = (WIDTH - RIGHT + 20.0, TOP + 20.0 + 24.0 * f64::from(row));
        writeln!(
            svg,
            "<line stroke=\"{colour}\" stroke-width=\"2.5\" x1=\"{x}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/>",
            x + 20.0
        )?;
        writeln!(svg, "<text x=\"{}\" y=\"{}\">{}</text>", x + 28.0, y + 4.0, curve.name)?;
    }
    writeln!(svg, "<text x=\"{}\" y=\"{}\">dashed: linear</text>", WIDTH - RIGHT + 20.0, TOP + 124.0)?;
    svg.push_str("</svg>\n");
    Ok(svg)
}

fn across(power: f64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * power / 3.0
}

fn down(power: f64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (power - 3.0) / 3.0
}
