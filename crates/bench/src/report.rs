//! Figures as a table or as JSON.

use comfy_table::CellAlignment;
use serde::Serialize;

use crate::machine::Machine;

/// All figures of one run, in the order of measuring.
#[derive(Default, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Option<Machine>,
    pub(crate) figures: Vec<Figure>,
}

#[derive(Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// The same measured on the floor.
    pub(crate) floor: Option<f64>,
    /// Value by floor.
    pub(crate) ratio: Option<f64>,
}

impl Report {
    pub(crate) fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.push(name.into(), value, unit, None);
    }

    pub(crate) fn add_beside(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        floor: f64,
    ) {
        self.push(name.into(), value, unit, Some(floor));
    }

    fn push(&mut self, name: String, value: f64, unit: &'static str, floor: Option<f64>) {
        let ratio = floor.map(|floor| value / floor);
        // Long runs show what they have as they go.
        eprintln!(
            "  {name}: {value:.2} {unit}{}",
            ratio.map(|r| format!(" ({r:.2} of the floor)")).unwrap_or_default()
        );
        self.figures.push(Figure { name, value, unit, floor, ratio });
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and texts only")
    }

    pub(crate) fn print(&self) {
        let mut table = domain::terminal::table();
        table.set_header(["figure", "value", "unit", "floor", "ratio"]);
        let number = |value: f64| format!("{value:.2}");
        for figure in &self.figures {
            table.add_row([
                figure.name.clone(),
                number(figure.value),
                figure.unit.to_owned(),
                figure.floor.map(number).unwrap_or_default(),
                figure.ratio.map(number).unwrap_or_default(),
            ]);
        }
        for column in [1, 3, 4] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        println!("{table}");
        if let Some(machine) = &self.machine {
            println!("{machine}");
        }
    }
}

/// The value below which `share` of the sorted samples lie.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (last as f64 * share).round() as usize;
    sorted.get(at.min(last)).copied().unwrap_or(f64::NAN)
}
