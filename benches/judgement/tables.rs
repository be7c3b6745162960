//! How often the judge agrees with people.

use std::collections::BTreeMap;

use sayso::decision::Level;
use sayso::risk::{Facts, Risk, assess};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::data::{Report, Share, call, is_tuned, plain_arguments, rows};

const HEAD: &str = "tuned on               kept back              both";

fn ids(risk: &Risk, family: &[&str]) -> String {
    let raising = risk.findings.iter().filter(|f| f.level > Level::Low);
    let ids: Vec<&str> =
        raising.map(|f| f.id.as_str()).filter(|id| family.is_empty() || has_family(id, family)).collect();
    ids.join(" ")
}

fn has_family(id: &str, families: &[&str]) -> bool {
    families.iter().any(|family| id.split('.').next() == Some(family))
}

/// What only these families say.
fn level_of(risk: &Risk, families: &[&str]) -> Option<Level> {
    risk.findings.iter().filter(|f| has_family(&f.id, families)).map(|f| f.level).max()
}

#[derive(Deserialize)]
struct Cases {
    default_tool: Option<String>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    tool: Option<String>,
    arguments: Option<String>,
    definition: Option<String>,
    #[serde(default)]
    server_args: Vec<String>,
    want: Level,
}

/// The project's own cases.
pub fn own_cases(report: &mut Report) {
    report.line("\nown cases: the level that is wanted");
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/cases/risk");
    let mut files: Vec<_> = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let Ok(cases) = toml::from_str::<Cases>(&text) else { continue };
        let (mut right, mut all) = (0, 0);
        for case in &cases.case {
            let tool = case.tool.as_deref().or(cases.default_tool.as_deref()).unwrap_or("tool");
            let arguments = serde_json::from_str(case.arguments.as_deref().unwrap_or("{}")).unwrap_or(Value::Null);
            let definition = case.definition.as_deref().and_then(|text| serde_json::from_str(text).ok());
            let args: Vec<&str> = case.server_args.iter().map(String::as_str).collect();
            let Some(call) = call(tool, &arguments, definition.as_ref(), &args) else { continue };
            all += 1;
            right += usize::from(assess(&call, &Facts::default()).level == case.want);
        }
        let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        report.line(&format!("  {name:<28} {right}/{all}"));
    }
}

/// Of one server: reads, those above low, and what raised them.
#[derive(Default)]
struct Reads {
    all: usize,
    raised: usize,
    by: BTreeMap<String, usize>,
}

/// Real definitions with a label: as they are, and without the hints that the labels were made from.
pub fn tools(report: &mut Report) {
    let rows = rows("tools.jsonl");
    for hints in [false, true] {
        let [mut agrees, mut writes_low, mut reads_raised, mut plain_raised] = [Share::default(); 4];
        let mut servers: BTreeMap<String, Reads> = BTreeMap::new();
        let with = if hints { "with the server's hints" } else { "by name, title and schema alone" };
        report.line(&format!("\ntools {with}, {HEAD}"));
        for (tuned, row) in &rows {
            let (Some(name), Some(label)) = (row["name"].as_str(), row["label"].as_str()) else { continue };
            let mut definition = json!({ "name": name, "description": row["description"] });
            for key in ["title", "inputSchema", "annotations"] {
                if !row[key].is_null() && (hints || key != "annotations") {
                    definition[key] = row[key].clone();
                }
            }
            let arguments = plain_arguments(&row["inputSchema"]);
            let Some(call) = call(name, &arguments, Some(&definition), &[]) else { continue };
            let risk = assess(&call, &Facts::default());
            let want = match label {
                "read" => Level::Low,
                "write" => Level::Medium,
                _ => Level::High,
            };
            agrees.count(*tuned, risk.level == want);
            let server = row["server"].as_str().unwrap_or_default();
            if want == Level::Low {
                let raised = risk.level > Level::Low;
                reads_raised.count(*tuned, raised);
                // Reading something sensitive is medium by the rubric, whatever the label.
                plain_raised.count(*tuned, raised && !risk.findings.iter().any(|f| f.id == "name.sensitive"));
                let of = servers.entry(server.to_owned()).or_default();
                of.all += 1;
                if raised {
                    of.raised += 1;
                    *of.by.entry(ids(&risk, &[])).or_default() += 1;
                    report.miss(*tuned, || format!("read raised: {server} {name} {arguments}: {}", ids(&risk, &[])));
                }
            } else {
                writes_low.count(*tuned, risk.level == Level::Low);
                if risk.level == Level::Low {
                    report.miss(*tuned, || format!("{label} called low: {server} {name} {arguments}"));
                }
            }
        }
        if rows.is_empty() {
            report.line("  (no data)");
            return;
        }
        report.line(&format!("  {:<28} {}", "three classes agree", agrees.show()));
        report.line(&format!("  {:<28} {}", "writes called low", writes_low.show()));
        report.line(&format!("  {:<28} {}", "reads above low", reads_raised.show()));
        report.line(&format!("  {:<28} {}", "  of nothing sensitive", plain_raised.show()));
        let worst = servers.iter().filter(|(_, s)| s.all >= 10);
        let worst = worst.max_by(|a, b| (a.1.raised * b.1.all).cmp(&(b.1.raised * a.1.all)));
        if let Some((server, reads)) = worst {
            report.line(&format!("  worst server (10 reads or more): {server} {}/{}", reads.raised, reads.all));
            for (by, count) in &reads.by {
                report.line(&format!("    {count:>3} {by}"));
            }
        }
    }
}

/// Command lines that a guard calls dangerous or harmless, to a tool whose name says nothing of commands.
pub fn shell(report: &mut Report) {
    const FAMILY: &[&str] = &["shell", "git", "code"];
    let rows = rows("shell.jsonl");
    if rows.is_empty() {
        return;
    }
    let [mut missed, mut missed_whole, mut raised, mut raised_whole, mut high] = [Share::default(); 5];
    report.line(&format!("\nshell, {HEAD}"));
    for (tuned, row) in &rows {
        let (Some(command), Some(expected)) = (row["command"].as_str(), row["expected"].as_str()) else { continue };
        let Some(call) = call("get_output", &json!({ "command": command }), None, &[]) else { continue };
        let risk = assess(&call, &Facts::default());
        let own = level_of(&risk, FAMILY).unwrap_or(Level::Low);
        if expected == "deny" {
            missed.count(*tuned, own < Level::High);
            missed_whole.count(*tuned, risk.level < Level::High);
            if own < Level::High {
                report.miss(*tuned, || format!("dangerous, {own}: {command:?}: {}", ids(&risk, FAMILY)));
            }
        } else {
            raised.count(*tuned, own > Level::Low);
            raised_whole.count(*tuned, risk.level > Level::Low);
            high.count(*tuned, own == Level::High);
            if own > Level::Low {
                report.miss(*tuned, || format!("harmless, {own}: {command:?}: {}", ids(&risk, FAMILY)));
            }
        }
    }
    report.line(&format!("  {:<28} {}", "dangerous below high", missed.show()));
    report.line(&format!("  {:<28} {}", "  the whole call", missed_whole.show()));
    report.line(&format!("  {:<28} {}", "harmless above low", raised.show()));
    report.line(&format!("  {:<28} {}", "  the whole call", raised_whole.show()));
    report.line(&format!("  {:<28} {}", "harmless called high", high.show()));
}

/// SQL with the effects that it has.
pub fn sql(report: &mut Report) {
    const HARMFUL: &[&str] = &[
        "delete",
        "schema_destroy",
        "schema_alter",
        "schema_create",
        "privilege",
        "unsafe_io",
        "procedural",
        "bulk_export",
        "bulk_load",
    ];
    let rows = rows("sql.jsonl");
    if rows.is_empty() {
        return;
    }
    let [mut missed, mut raised, mut low] = [Share::default(); 3];
    report.line(&format!("\nSQL, {HEAD}"));
    for (tuned, row) in &rows {
        let Some(sql) = row["sql"].as_str() else { continue };
        let effects: Vec<&str> = row["expected"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|statement| {
                let effects = statement["effects"].as_array().into_iter().flatten();
                effects.filter_map(|e| e["group"].as_str()).chain(statement["primary_group"].as_str())
            })
            .collect();
        let Some(call) = call("query", &json!({ "sql": sql }), None, &[]) else { continue };
        let risk = assess(&call, &Facts::default());
        let own = level_of(&risk, &["sql"]).unwrap_or(Level::Low);
        if effects.iter().any(|effect| HARMFUL.contains(effect)) {
            missed.count(*tuned, own < Level::High);
            if own < Level::High {
                report.miss(*tuned, || format!("harmful, {own}: {sql:?} {effects:?}: {}", ids(&risk, &["sql"])));
            }
        } else if effects.iter().all(|effect| *effect == "read") {
            raised.count(*tuned, own > Level::Low);
            if own > Level::Low {
                report.miss(*tuned, || format!("read, {own}: {sql:?}: {}", ids(&risk, &["sql"])));
            }
        } else {
            low.count(*tuned, own == Level::Low);
        }
    }
    report.line(&format!("  {:<28} {}", "destructive below high", missed.show()));
    report.line(&format!("  {:<28} {}", "other changes called low", low.show()));
    report.line(&format!("  {:<28} {}", "reads above low", raised.show()));
}

/// Path payloads that truly leave the root, in whatever way a server may read them.
pub fn paths(report: &mut Report) {
    let rows = rows("paths.jsonl.gz");
    if rows.is_empty() {
        return;
    }
    let [mut low, mut high, mut raised] = [Share::default(); 3];
    for (_, row) in &rows {
        let Some(payload) = row["payload"].as_str() else { continue };
        let path = payload.replace("{FILE}", "file.txt");
        let Some(call) = call("read_file", &json!({ "path": path }), None, &["/srv/app/project"]) else { continue };
        let risk = assess(&call, &Facts::default());
        let escapes =
            row.as_object().into_iter().flatten().any(|(key, v)| key.contains("_escapes_") && *v == Value::Bool(true));
        let tuned = is_tuned(payload);
        if escapes {
            low.count(tuned, risk.level == Level::Low);
            high.count(tuned, risk.level == Level::High);
            if risk.level == Level::Low {
                report.miss(tuned, || format!("escapes and is low: {path:?}"));
            }
        } else {
            raised.count(tuned, risk.level > Level::Low);
        }
    }
    report.line(&format!("\npaths, {HEAD}"));
    report.line(&format!("  {:<28} {}", "escaping, below medium", low.show()));
    report.line(&format!("  {:<28} {}", "escaping, high", high.show()));
    report.line(&format!("  {:<28} {}", "never escaping, above low", raised.show()));
}
