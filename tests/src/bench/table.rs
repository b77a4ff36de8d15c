//! The rows as text for people, and as one JSON object for programs.

use std::fs;
use std::process::Command;

use serde::Serialize;
use serde_json::{Value, json};

use super::row::{Row, Unit};

/// What the figures were measured on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Processors that this process may use.
    pub cores: usize,
    /// Release of the kernel.
    pub kernel: String,
    /// Model of the processor.
    pub cpu: String,
    /// Memory, in bytes; 0 where the system does not say.
    pub ram: u64,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let kib = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let kib: u64 = kib.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        let uname = Command::new("uname").arg("-r").output().map(|output| output.stdout).unwrap_or_default();
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: String::from_utf8_lossy(&uname).trim().to_owned(),
            cpu: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            ram: kib * 1024,
        }
    }
}

/// Everything as one JSON object; times are in microseconds.
pub fn json(machine: &Machine, rows: &[Row]) -> Value {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "group": row.group,
                "name": row.name,
                "unit": row.unit,
                "ours": row.ours,
                "reference": row.reference,
                "ratio": row.ratio(),
                "target": row.target,
                "met": row.met(),
                "note": row.note,
            })
        })
        .collect();
    json!({ "schema": 1, "machine": machine, "rows": rows })
}

const HEADINGS: [&str; 8] = ["", "ours", "p99", "reference", "", "ratio", "target", "met"];

/// The table, grouped, with notes below their rows; each group is as wide as what is in it, and no wider than 150
/// columns as long as names are short ([`NAME`]).
pub fn text(machine: &Machine, rows: &[Row]) -> String {
    let memory = Unit::Bytes.text(machine.ram as f64);
    let mut text = format!("{} × {}, {memory}, Linux {}\n", machine.cores, machine.cpu, machine.kernel);
    for rows in rows.chunk_by(|a, b| a.group == b.group) {
        text.push('\n');
        text.push_str(&section(rows));
    }
    let met = rows.iter().filter_map(Row::met);
    let (reached, all) = met.fold((0, 0), |(reached, all), met| (reached + usize::from(met), all + 1));
    text.push_str(&format!("\n{reached} of {all} targets met\n"));
    text
}

/// The rows of one group, below its name.
fn section(rows: &[Row]) -> String {
    let mut headings = HEADINGS.map(str::to_owned);
    rows[0].group.clone_into(&mut headings[0]);
    let cells: Vec<[String; 8]> = rows.iter().map(cells).collect();
    let mut widths = [0; 8];
    for row in cells.iter().chain([&headings]) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = line(&headings, &widths);
    for (row, cells) in rows.iter().zip(&cells) {
        text.push_str(&line(cells, &widths));
        if let Some(note) = &row.note {
            text.push_str(&format!("    {note}\n"));
        }
    }
    text
}

/// Characters that a name may have, its own and its reference's together, for the table to stay within 150 columns.
pub const NAME: usize = 76;

fn cells(row: &Row) -> [String; 8] {
    let text = |value: Option<f64>| value.map(|value| row.unit.text(value)).unwrap_or_default();
    let reference = row.reference.as_ref();
    let against = match reference.map(|reference| reference.figure) {
        Some(figure) if figure.p99.is_some() => format!("{} / {}", text(Some(figure.value)), text(figure.p99)),
        figure => text(figure.map(|figure| figure.value)),
    };
    [
        format!("  {}", row.name),
        row.ours.map_or_else(|| "–".to_owned(), |ours| row.unit.text(ours.value)),
        text(row.ours.and_then(|ours| ours.p99)),
        reference.map(|reference| reference.name.clone()).unwrap_or_default(),
        against,
        row.ratio().map(|ratio| format!("{ratio:.2}×")).unwrap_or_default(),
        row.target.map(|target| target.text(row.unit)).unwrap_or_default(),
        match (row.target, row.met()) {
            (None, _) => "",
            (Some(_), None) => "?",
            (Some(_), Some(true)) => "yes",
            (Some(_), Some(false)) => "NO",
        }
        .to_owned(),
    ]
}

/// Names to the left, figures to the right.
fn line(cells: &[String; 8], widths: &[usize; 8]) -> String {
    let mut line = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let fill = " ".repeat(width - cell.chars().count());
        match column {
            0 | 3 | 6 | 7 => line.push_str(&format!("{cell}{fill}  ")),
            _ => line.push_str(&format!("{fill}{cell}  ")),
        }
    }
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::row::{Figure, Target};

    fn machine() -> Machine {
        Machine { cores: 2, kernel: "6.1".into(), cpu: "Model".into(), ram: 8 << 30 }
    }

    fn rows() -> Vec<Row> {
        let late = |value, p99| Figure { value, p99: Some(p99) };
        vec![
            Row::new("client", "skillmeat prompt", Unit::Us, late(520.0, 900.0))
                .beside("/bin/true", late(400.0, 700.0))
                .target(Target::RatioAtMost(1.25)),
            Row::without("client", "instructions", Unit::Count, "valgrind is not installed")
                .target(Target::AtMost(1e6)),
            Row::new("query", "status", Unit::Us, late(31.0, 410.0))
                .target(Target::P50P99AtMost(50.0, 500.0))
                .note("1 client"),
        ]
    }

    #[test]
    fn the_table_is_aligned_and_says_what_was_met() {
        let want = "\
2 × Model, 8 GiB, Linux 6.1

client                ours     p99  reference                   ratio  target           met
  skillmeat prompt  520 µs  900 µs  /bin/true  400 µs / 700 µs  1.30×  ≤ 1.25×          NO
  instructions           –                                             ≤ 1,000,000      ?
    valgrind is not installed

query                 ours     p99  reference                   ratio  target           met
  status             31 µs  410 µs                                     ≤ 50 µs / 500 µs  yes
    1 client

1 of 2 targets met
";
        let text = text(&machine(), &rows());
        let squeezed = |text: &str| {
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
        };
        assert_eq!(squeezed(&text), squeezed(want), "{text}");
        // Figures end in one column.
        let ends = |cell: &str| text.lines().filter_map(|line| Some(line.find(cell)? + cell.len())).next();
        assert_eq!((ends("520 µs"), ends("900 µs")), (ends("ours").map(|end| end + 1), ends("p99").map(|end| end + 2)));
    }

    #[test]
    fn long_names_fit_a_wide_terminal() {
        let name = "n".repeat(NAME / 2);
        let wide = Figure { value: 123_456.0, p99: Some(123_456.0) };
        let row = Row::new("g", &name, Unit::Us, wide).beside(name, wide).target(Target::P50P99AtMost(3_000.0, 1e4));
        let text = text(&machine(), &[row]);
        assert!(text.lines().all(|line| line.chars().count() <= 150), "{text}");
    }

    #[test]
    fn the_json_holds_every_figure() {
        let value = json(&machine(), &rows());
        assert_eq!(value["schema"], 1);
        assert_eq!(value["machine"]["ram"], 8u64 << 30);
        let first = &value["rows"][0];
        assert_eq!((&first["unit"], &first["ours"]["p99"]), (&json!("us"), &json!(900.0)));
        assert_eq!(first["reference"], json!({"name": "/bin/true", "value": 400.0, "p99": 700.0}));
        assert_eq!((&first["target"], &first["met"]), (&json!({"ratio_at_most": 1.25}), &json!(false)));
        assert_eq!((&value["rows"][1]["ours"], &value["rows"][1]["met"]), (&Value::Null, &Value::Null));
        assert_eq!(value["rows"][2]["target"], json!({"p50_p99_at_most": [50.0, 500.0]}));
    }
}
