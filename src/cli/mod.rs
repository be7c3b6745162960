//! The command line: one table of subcommands (it also feeds help and completions), one file a subcommand.

pub mod approvals;
pub mod completions;
pub mod demo;
pub mod doctor;
pub mod history;
pub mod hub;
pub mod policy;
pub mod project;
pub mod risk;
pub mod stats;
pub mod trust;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::config::Home;
use crate::decision::Level;

/// How the process ends. `wrap` passes its child's own code on instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// The answer is no: a broken chain, an invalid policy, nothing found, something `doctor` says must be mended.
    No = 1,
    /// It could not be done; the message says what to do next. (Also clap's code for a wrong command line.)
    Failed = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Nothing runs without your say-so: a terminal console that holds AI agents' MCP tool calls for your approval.
#[derive(Debug, Parser)]
#[command(name = "sayso", version, disable_help_subcommand = true)]
pub struct Cli {
    /// Keep everything in this folder instead of the XDG folders
    #[arg(long, global = true, value_name = "DIR", env = "SAYSO_HOME")]
    pub home: Option<PathBuf>,
    /// Colours: dark, light, plain, or a file
    #[arg(long, global = true, value_name = "THEME")]
    pub theme: Option<String>,
    /// Without one, the console opens
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See it work: a real server, a scripted agent, and you at the console; leaves nothing behind
    Demo,
    /// Stand between an AI host and an MCP server: what the host starts instead of the server
    Wrap(WrapArgs),
    /// What your agents asked for and what became of it
    History(HistoryArgs),
    /// The approvals that sayso remembers
    Approvals(ApprovalsArgs),
    /// How you are asked, and how you answer
    Stats(StatsArgs),
    /// Set risk levels beforehand; see how a call is judged
    Risk(RiskArgs),
    /// The rules in force
    Policy(PolicyArgs),
    /// Let a server's medium calls pass, for exactly one command line
    Trust(TrustArgs),
    /// The process that judges and records; normally started on demand
    Hub(HubArgs),
    /// What is wrong with this installation, and how to mend it
    Doctor,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// The demo's MCP server
    #[command(hide = true)]
    DemoServer {
        /// The folder it serves
        #[arg(long)]
        root: PathBuf,
    },
    /// The demo's agent
    #[command(hide = true)]
    DemoAgent {
        /// The folder its server serves
        #[arg(long)]
        root: PathBuf,
    },
}

/// `sayso wrap`.
#[derive(Debug, Args)]
pub struct WrapArgs {
    /// The server's label in rules and on screens [default: made from the command]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The server's command and its arguments, after `--`
    #[arg(required = true, num_args = 1.., last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// `sayso history`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryArgs {
    /// What to do; without it, list the calls, newest first
    #[command(subcommand)]
    pub command: Option<HistoryCommand>,
    /// Which calls
    #[command(flatten)]
    pub select: Select,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Which calls of the history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Select {
    /// Only this server's
    #[arg(long, value_name = "S")]
    pub server: Option<String>,
    /// Only this tool's
    #[arg(long, value_name = "T")]
    pub tool: Option<String>,
    /// Only this level: low, medium or high
    #[arg(long, value_name = "LEVEL")]
    pub risk: Option<Level>,
    /// Only these: allowed, denied, `timed_out`, withdrawn or blocked
    #[arg(long, value_name = "D")]
    pub decision: Option<crate::decision::DecisionKind>,
    /// Only the last 2h, 30m, 7d …, or since a time such as 2026-11-22T09:00:00Z
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Only calls with this text in server, tool, arguments, reason or findings
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// At most this many [default: 50; export: all]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// `sayso history …`.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// One call whole: arguments, findings, decision, outcome
    Show {
        /// The call's number
        id: u64,
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write the history to a file or to standard output
    Export {
        /// jsonl or csv
        #[arg(long, value_name = "FORMAT")]
        format: ExportFormat,
        /// Where to; mode 0600
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Which calls
        #[command(flatten)]
        select: Box<Select>,
    },
    /// Walk the hash chain: exits 0 when it is whole, 1 when not, and names the first broken line
    Verify,
}

/// The forms of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// One JSON object a line
    Jsonl,
    /// RFC 4180
    Csv,
}

/// `sayso approvals`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ApprovalsArgs {
    /// What to do; without it, list them
    #[command(subcommand)]
    pub command: Option<ApprovalsCommand>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `sayso approvals …`.
#[derive(Debug, Subcommand)]
pub enum ApprovalsCommand {
    /// List them
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Take one back, at once
    Revoke {
        /// Its number
        id: u64,
    },
    /// Take all of them back, at once
    Clear,
}

/// `sayso stats`.
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// Only the last 30d, 12h …, since a time such as 2026-11-22T09:00:00Z, or all [default: 30d]
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// `sayso risk`.
#[derive(Debug, Args)]
pub struct RiskArgs {
    /// What to do
    #[command(subcommand)]
    pub command: RiskCommand,
}

/// `sayso risk …`.
#[derive(Debug, Subcommand)]
pub enum RiskCommand {
    /// Set the level of a tool; server and tool may be globs (`*`)
    Set {
        /// The server's label, or a glob
        server: String,
        /// The tool's name, or a glob
        tool: String,
        /// low, medium or high
        level: Level,
    },
    /// What the judge and the policy in force make of one call, and why
    Explain(ExplainArgs),
    /// Judge calls from standard input, one JSON object a line: server, tool (a name or a whole definition), arguments
    Judge {
        /// Judge by this policy [default: the home's]
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
}

/// `sayso risk explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The server's label
    pub server: String,
    /// The tool's name
    pub tool: String,
    /// The arguments, as JSON
    #[arg(default_value = "{}", value_name = "JSON")]
    pub arguments: String,
    /// A file with the tool's definition: the object itself, a list of them, or the answer to tools/list
    #[arg(long, value_name = "FILE")]
    pub definition: Option<PathBuf>,
    /// Judge by this policy [default: the home's]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// `sayso policy`.
#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// What to do
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// `sayso policy …`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Write a commented template
    Init,
    /// What is in force and where it comes from
    Show {
        /// What the project's own files say for servers in this folder [default: this one]
        #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".")]
        project: Option<PathBuf>,
    },
    /// Every error with file, line and column
    Check {
        /// The file to check [default: the home's]
        file: Option<PathBuf>,
        /// The project's own files instead, for servers in this folder [default: this one]
        #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = ".", conflicts_with = "file")]
        project: Option<PathBuf>,
    },
    /// Try the cases that stand as [[test]] in the file; exits 1 when one fails
    Test {
        /// The file [default: the home's]
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Judge the recorded history under another policy: what would newly pass (then it exits 1), be asked, be denied
    Replay(ReplayArgs),
    /// What is tighter and what is looser in another file; exits 1 when anything is looser
    Diff {
        /// The old one
        old: PathBuf,
        /// The new one
        new: PathBuf,
    },
}

/// `sayso policy replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The policy to judge by [default: the home's file as it stands]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Not before: a time, or a span back from now (30m, 7d)
    #[arg(long, value_name = "WHEN", default_value = "30d")]
    pub since: String,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// `sayso trust`.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// The server's label
    pub name: String,
    /// Take the trust back
    #[arg(long, conflicts_with = "command")]
    pub remove: bool,
    /// Its command and arguments, after `--` [default: as it runs now]
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// `sayso hub`.
#[derive(Debug, Args)]
pub struct HubArgs {
    /// What to do
    #[command(subcommand)]
    pub command: HubCommand,
}

/// `sayso hub …`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum HubCommand {
    /// Run in the foreground until stopped or idle
    Run {
        /// How far it is on its way into the background
        #[arg(long, hide = true)]
        stage: Option<HubStage>,
    },
    /// Whether one runs, and what is attached
    Status,
    /// Stop it; held calls are denied
    Stop,
}

/// A hub that is started on demand is started twice: the first leaves its starter's session and starts the second,
/// which then is nobody's child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum HubStage {
    /// Leave the session, start the second, end.
    Leave,
    /// Serve; say on standard error why not, and close it once the socket is there.
    Serve,
}

/// Runs the command line and says how it ended.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => {
            // Nobody may be left to read it: a terminal that was closed is no reason to panic.
            let _ = writeln!(std::io::stderr(), "sayso: {error:#}");
            Exit::Failed.into()
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let home = Home::find(cli.home.as_deref())?;
    Ok(match cli.command {
        None => console(home, cli.theme)?.into(),
        Some(Command::Wrap(args)) => crate::wrap::run(&home, args.name.as_deref(), &args.command)?.into(),
        Some(Command::Demo) => demo::run(cli.theme.as_deref())?.into(),
        Some(Command::DemoServer { root }) => demo::server(&root)?.into(),
        Some(Command::DemoAgent { root }) => demo::agent(&home, &root)?.into(),
        Some(Command::History(args)) => history::run(&home, args)?.into(),
        Some(Command::Approvals(args)) => approvals::run(&home, &args)?.into(),
        Some(Command::Stats(args)) => stats::run(&home, &args)?.into(),
        Some(Command::Risk(args)) => risk::run(&home, args)?.into(),
        Some(Command::Policy(args)) => policy::run(&home, args)?.into(),
        Some(Command::Trust(args)) => trust::run(&home, &args)?.into(),
        Some(Command::Hub(args)) => hub::run(&home, args.command)?.into(),
        Some(Command::Doctor) => doctor::run(&home)?.into(),
        Some(Command::Completions { shell }) => completions::run(shell, &mut Cli::command())?.into(),
    })
}

/// The console, until the person leaves.
fn console(home: Home, theme: Option<String>) -> anyhow::Result<Exit> {
    crate::console::run(&crate::console::Options { home, theme })?;
    Ok(Exit::Ok)
}
