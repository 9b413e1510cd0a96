//! The figures as a picture.

use std::path::Path;

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::report::{Figure, Report};

const WIDTH: u32 = 960;
const ROW: u32 = 30;
const MARGIN: u32 = 90;
const LINE_HEIGHT: u32 = 320;

const OURS: RGBColor = RGBColor(31, 119, 180);
const FLOOR: RGBColor = RGBColor(190, 190, 190);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Bars of what has a floor, as a share of it, so that all fit one scale; below them the rate by the
/// length of the backlog.
pub(crate) fn draw(report: &Report, file: &Path) -> Result<()> {
    let bars: Vec<(&Figure, f64)> =
        report.figures.iter().filter_map(|figure| Some((figure, figure.ratio?))).collect();
    let bars_height = MARGIN + ROW * u32::try_from(bars.len())?;
    let rates = by_backlog(report, "one relay");
    let line_height = if rates.is_empty() { 0 } else { LINE_HEIGHT };
    let root = SVGBackend::new(file, (WIDTH, bars_height + line_height)).into_drawing_area();
    root.fill(&WHITE)?;
    let (above, below) = root.split_vertically(bars_height);
    if !bars.is_empty() {
        draw_bars(&above, &bars)?;
    }
    if !rates.is_empty() {
        draw_rates(&below, &rates)?;
    }
    root.present()?;
    Ok(())
}

/// Pairs of pending messages and value, of the figures named `backlog N: what`.
fn by_backlog(report: &Report, what: &str) -> Vec<(f64, f64)> {
    let pair = |figure: &Figure| {
        let (backlog, measured) = figure.name.strip_prefix("backlog ")?.split_once(": ")?;
        (measured == what).then(|| Some((backlog.parse().ok()?, figure.value)))?
    };
    report.figures.iter().filter_map(pair).collect()
}

fn draw_rates(area: &Area<'_>, rates: &[(f64, f64)]) -> Result<()> {
    let highest = rates.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    let longest = rates.iter().map(|(backlog, _)| *backlog).fold(1_000.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption("Messages per second of one relay, by pending messages", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(70)
        .build_cartesian_2d((100.0..longest * 1.5).log_scale(), 0.0..highest * 1.2)?;
    chart.configure_mesh().x_label_formatter(&|backlog| format!("{backlog:.0}")).draw()?;
    chart.draw_series(LineSeries::new(rates.iter().copied(), OURS.stroke_width(2)))?;
    chart.draw_series(rates.iter().map(|at| Circle::new(*at, 4, OURS.filled())))?;
    Ok(())
}

fn draw_bars(area: &Area<'_>, bars: &[(&Figure, f64)]) -> Result<()> {
    let longest = bars.iter().map(|(_, ratio)| *ratio).fold(1.0, f64::max);
    let rows = i32::try_from(bars.len())?;
    let mut chart = ChartBuilder::on(area)
        .caption("Share of the floor measured in the same run", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(360)
        .build_cartesian_2d(0.0..longest * 1.25, (0..rows).into_segmented())?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .x_labels(6)
        .y_labels(bars.len())
        .y_label_formatter(&|row| match row {
            SegmentValue::CenterOf(row) => usize::try_from(rows - 1 - row)
                .ok()
                .and_then(|at| bars.get(at))
                .map_or_else(String::new, |(figure, _)| figure.name.clone()),
            _ => String::new(),
        })
        .draw()?;
    for (at, (figure, ratio)) in (0..rows).zip(bars) {
        let row = rows - 1 - at;
        let bar = [(0.0, SegmentValue::Exact(row)), (*ratio, SegmentValue::Exact(row + 1))];
        let mut bar = Rectangle::new(bar, OURS.filled());
        bar.set_margin(4, 4, 0, 0);
        chart.draw_series([bar])?;
        let value = format!(" {ratio:.2}  ({:.0} {})", figure.value, figure.unit);
        let text = Text::new(value, (*ratio, SegmentValue::CenterOf(row)), ("sans-serif", 13));
        chart.draw_series([text])?;
    }
    let floor = [(1.0, SegmentValue::Exact(0)), (1.0, SegmentValue::Exact(rows))];
    chart.draw_series([PathElement::new(floor.to_vec(), FLOOR.stroke_width(2))])?;
    Ok(())
}
