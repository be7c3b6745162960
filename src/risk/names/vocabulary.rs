//! The words that a tool's name is read by: verbs, what they do with some objects, nouns that are read.
//! Public knowledge of English, not a list of anybody's tools.

use super::Deed::{self, Access, Deploy, Destroy, Execute, Pay, Read, Send, Unknown, Write};
use super::Use::{self, Anywhere, First, Perhaps};

/// The verbs by what they do and how sure that is.
pub(super) const VERBS: &[(Deed, Use, &str)] = &[
    (
        Read,
        First,
        "list read search find query show view lookup count check inspect browse scan explain compare diff validate \
         verify analyze analyse calculate compute estimate summarize summarise preview detect watch monitor tail \
         peek examine enumerate locate identify discover parse lint measure predict recommend suggest classify \
         translate grep glob poll audit profile cat head ls select ask research diagnose troubleshoot recognize \
         recognise debug ping stat echo wait infer reason think visualize visualise geocode autocomplete gather \
         obtain assess trace rank score aggregate tally crawl scrape whois nslookup dig traceroute recall explore \
         consult interpret determine decode tokenize tokenise proofread brainstorm deduce contrast subtract \
         multiply divide \
         hget hgetall hmget hexists hkeys hvals hlen lrange llen lindex smembers sismember scard zrange zscore zcard \
         zrank xrange xlen ttl strlen dbsize transcribe paraphrase",
    ),
    (
        Read,
        Perhaps,
        "whoami help tree status info information details detail stats statistics version versions summary overview \
         health history availability screenshot metrics logs usage lookups current schema schemas sample top limits \
         insights catalog catalogue docs documentation definition definitions instructions guide guides guideline \
         guidelines practices faq glossary changelog forecast weather leaderboard standings results result errors \
         analytics trends trend analysis similarity comparison correlation validation inspection detection \
         estimation calculation prediction classification translation recommendations recommendation suggestions \
         suggestion analyzer analyser validator calculator checker inspector viewer finder explorer reader \
         exists retrieval retriever balance balances price prices ticker holdings portfolio timeline transcript \
         subtitles lyrics synonyms coordinates elevation distance directions holidays trending similar related \
         nearby thinking sequentialthinking crawling researcher summarizer summariser uptime hostname healthcheck \
         thesaurus news headlines diagnostics citations specs specification specifications capabilities metadata \
         neighbors neighbours ratings roster",
    ),
    (Read, Anywhere, "get fetch describe retrieve"),
    (
        Write,
        Anywhere,
        "add append apply assign attach configure create detach disable edit enable insert modify rename save \
         upsert unassign write unarchive toggle reopen unlock mkdir touch increment decrement createorupdate",
    ),
    (
        Write,
        First,
        "set update change put patch move copy upload import install register unregister subscribe unsubscribe \
         start stop restart close merge mark manage connect disconnect submit approve reject restore archive clone \
         convert generate fill press drag hover navigate open activate deactivate pause resume sync replicate \
         schedule reschedule scale resize initialize initialise init make build commit push pull rebase stash \
         checkout download export cancel abort accept decline dismiss resolve acknowledge snooze turn adjust define \
         store remember switch use handle process transform compress extract zip unzip draft plan reboot suspend \
         link tag untag label bookmark star unstar follow unfollow like unlike vote pin unpin mute unmute block \
         unblock fork trigger retry rerun refresh reload upgrade downgrade simulate ingest emit ship bump seed sign \
         recycle reindex rebuild provision allocate reserve enroll onboard offboard join leave customize customise \
         protect unprotect unapprove highlight annotate hide emulate inject rewrite reformat populate backfill \
         normalize normalise dedupe encrypt decrypt rebalance reorder rearrange relocate enqueue dequeue lock \
         freeze unfreeze hibernate wake boot power tune train finetune optimize optimise vacuum compact flag unflag \
         claim unlist delist reverse recreate respawn fix repair quarantine heal improve boost raise lower increase \
         decrease reduce enhance correct mutate tweak amend revise refine extend shrink suppress silence invalidate \
         expire renew void bypass corrupt fake falsify forge spoof tamper squash skew slash moderate escalate sabotage \
         simplify shorten combine drain cordon uncordon taint disarm draw paint dim brighten reconcile waive redeem \
         finalize finalise complete finish ban unban demote undo redo scroll override degrade mock stub throttle \
         replay intercept redirect delay invert \
         abandon accelerate administer affix amplify arrange assemble augment authenticate automate bind bring \
         burn calibrate certify clean cleanse coerce conceal consolidate construct consume contribute convey \
         coordinate curate deallocate decouple deduct defer defrag delegate deliver deplete designate detain \
         devalue dispatch dispense displace dispose dissolve distribute divert duplicate eject elect employ \
         empower endorse enforce engage enlarge enlist ensure equip establish evacuate exclude exempt expedite \
         expose fabricate forget formulate foster fulfill fulfil fuse give govern graft halt harden hire ignore \
         implement impose incorporate induce infect inflate inform inherit initiate inscribe instantiate instruct \
         insure interrupt invest isolate kick lend liquidate loosen maintain mend mitigate modernize neutralize \
         nominate notarize nullify obfuscate obscure occupy offload omit operate orchestrate oust persist perturb \
         pledge pollute pop postpone prepare preserve prevent prioritize prioritise privatize prolong propose \
         publicize quit randomize ratify recruit rectify refactor refuse regulate reimburse reinforce relinquish \
         remediate remit replenish rescind resign restrict retain retire retract revive rewind ruin sanitize \
         saturate scramble seize sequester settle shed shelve shuffle shut skip soften stabilize standardize steal \
         strengthen strip subdivide substitute supersede surrender symlink synchronize synchronise teach tear \
         throw tidy tighten tilt transcode transmit treat unify upsize utilize vandalize veto warn weaken weld \
         whitelist withhold yank zap unmount unpack untie \
         republish unpublish recompute reprice rebrand reinstate reissue reparent requeue renumber reorganize reorganise \
         repurpose redesign remodel recharge reshape sanction recover renegotiate negotiate conserve repeat",
    ),
    (
        Write,
        Perhaps,
        "comment review note record request issue report test tests alert page form task click type log queue",
    ),
    (
        Execute,
        First,
        "run execute exec eval evaluate invoke spawn launch shell bash powershell terminal sh zsh cmd ssh",
    ),
    (Execute, Perhaps, "script command code call repl python javascript"),
    (
        Destroy,
        Anywhere,
        "delete remove destroy purge truncate wipe erase kill terminate uninstall overwrite unlink shred nuke prune \
         expunge deprovision decommission obliterate replace",
    ),
    (
        Destroy,
        First,
        "rm rmdir drop clear reset rollback revert discard trash empty flush evict format shutdown \
         demolish eliminate",
    ),
    (Send, Anywhere, "send notify broadcast tweet reply publish invite announce dm sms"),
    (Send, First, "email mail forward share respond"),
    (Send, Perhaps, "post message"),
    (Pay, Anywhere, "pay purchase buy refund donate payout"),
    (Pay, First, "transfer charge withdraw deposit sell trade bid mint stake swap"),
    (Pay, Perhaps, "order book invoice payment"),
    (Access, Anywhere, "grant revoke authorize authorise impersonate chmod chown"),
    (Access, First, "rotate elevate permit login logout"),
    (Deploy, Anywhere, "alter"),
    (Deploy, First, "deploy promote rollout migrate"),
    (Deploy, Perhaps, "release"),
];

/// Verbs that do something else with these objects than with others. Where the verb is not among [`VERBS`], nothing is
/// known of it with others.
pub(super) const OBJECTS: &[(&str, &[&str], Deed)] = &[
    ("select", &["option", "options", "account", "workspace", "organization", "tenant", "project"], Write),
    ("convert", &["time", "times", "timezone", "currency", "unit", "units", "temperature"], Read),
    (
        "convert",
        &["currencies", "date", "dates", "timestamp", "coordinates", "color", "colour", "length", "weight"],
        Read,
    ),
    ("extract", &["text", "content", "contents", "table", "tables", "metadata", "links", "entities", "keywords"], Read),
    ("resolve", &["library", "dns", "name", "id", "host", "hostname", "symbol", "type", "path", "reference"], Read),
    ("resolve", &["url", "uri", "domain", "address", "ip", "doi", "handle"], Read),
    ("open", &["node", "nodes"], Read),
    ("check", &["out", "in", "off", "box", "checkbox"], Write),
    ("recall", &["message", "messages", "email", "mail", "vehicle", "vehicles", "product", "products", "batch"], Write),
    ("test", &["connection", "connections", "connectivity"], Read),
    ("reverse", &["geocode", "geocoding", "lookup", "dns"], Read),
    ("generate", &["uuid", "uuids", "locator", "selector", "regex", "slug"], Read),
    ("get", &["rid"], Destroy),
    ("analyze", &["table", "tables"], Unknown),
    ("analyse", &["table", "tables"], Unknown),
    ("ask", &["user", "users", "human", "humans", "person", "people", "team", "customer", "approval"], Unknown),
    ("ping", &["user", "users", "team", "channel", "everyone", "member", "members", "person"], Send),
    ("show", &["notification", "toast", "dialog", "modal", "popup", "banner", "alert", "prompt", "overlay"], Write),
    ("verify", &["account", "user", "customer", "domain", "email", "phone", "otp"], Write),
    ("view", &["as"], Access),
    ("watch", &["issue", "thread", "topic", "repo", "repository", "repositories", "ticket"], Write),
    ("format", &["date", "dates", "time", "number", "numbers", "currency", "phone", "json", "sql", "xml"], Read),
    ("format", &["code", "document", "documents", "file", "files", "cell", "cells", "range", "text", "table"], Write),
    ("render", &["chart", "diagram", "markdown", "mermaid", "latex", "template", "preview"], Read),
    ("hash", &["text", "string", "data"], Read),
    ("encode", &["base64", "url", "text", "string", "html"], Read),
    ("solve", &["equation", "equations"], Read),
    ("plan", &["route", "routes", "journey"], Read),
    ("track", &["package", "packages", "parcel", "parcels", "shipment", "shipments", "flight", "flights"], Read),
    ("track", &["page", "event", "events", "time", "conversion", "conversions", "user", "users"], Write),
    ("screen", &["stocks", "equities", "funds", "etfs", "bonds", "options", "companies", "candidates"], Read),
    ("embed", &["text", "texts", "query", "queries"], Read),
    ("ocr", &["image", "images", "page", "pages", "document", "pdf"], Read),
    ("roll", &["dice", "die"], Read),
];
/// Verbs that only read when the name ends in one of these, or when one of these is before a verb at its end, and no
/// other word is a verb that does not read. What a model reckons is kept nowhere: `create_embeddings`.
pub(super) const ENDS: &[(&str, &[&str])] = &[
    ("run", &["report", "reports"]),
    ("manage", &["read", "get"]),
    ("generate", &["types", "embedding", "embeddings"]),
    ("create", &["embedding", "embeddings", "completion", "completions"]),
    ("start", &["search"]),
];
/// What a completion is a model's after, and no course's or order's.
pub(super) const MODELS: &[&str] = &["chat", "text", "ai", "llm", "model", "create"];
/// Two words that are one noun at the end of a name, a thing that is read, whatever each may be as a verb. What may be
/// done something to (`orders`, `messages`) is read only after one of its first words.
pub(super) const COMPOUNDS: &[(&[&str], &[&str])] = &[
    (
        &[
            "build", "commit", "deploy", "sync", "import", "export", "merge", "upload", "download", "transfer",
            "checkout", "install", "restore",
        ],
        &["status", "progress"],
    ),
    (&["build", "commit", "deploy", "transfer", "trade", "alert"], &["history"]),
    (&["network", "http", "browser"], &["requests", "responses"]),
    (&["console", "chat", "channel", "thread", "error"], &["messages"]),
    (&["calendar", "audit", "system", "security", "cluster", "pod"], &["events"]),
    (&["issue", "pr", "card", "ticket", "video"], &["comments"]),
    (&["pr", "product", "app", "movie", "hotel", "place", "restaurant"], &["reviews", "ratings"]),
    (&["pipeline", "workflow", "job"], &["runs"]),
    (&["customer", "user", "client"], &["orders", "transactions", "activity"]),
    (&["exchange", "interest", "mortgage", "tax", "error", "churn", "bounce", "conversion"], &["rate", "rates"]),
    (&["unit", "currency", "timezone", "temperature"], &["converter"]),
    (&["call", "dependency"], &["graph"]),
    (&["call", "type", "class"], &["hierarchy"]),
    (&["browser", "page", "dom", "accessibility", "aria"], &["snapshot", "tree", "content", "metadata"]),
    (&["air", "water", "sleep"], &["quality"]),
    (&["earnings", "economic", "dividend"], &["calendar"]),
    (&["train", "bus", "flight", "game", "match", "race"], &["schedule"]),
    (&["query", "execution"], &["plan"]),
    (&["database", "table", "file", "disk", "queue", "cache", "index", "heap", "folder", "directory"], &["size"]),
    (&["market"], &["cap", "movers", "sentiment"]),
    (&["stock", "market", "crypto", "global"], &["quote", "quotes"]),
    (&["income", "bank", "financial"], &["statement", "statements"]),
    (&["balance"], &["sheet"]),
    (&["cash"], &["flow"]),
    (&["insider", "institutional"], &["trades", "holders"]),
    (&["earnings", "revenue", "analyst"], &["estimates"]),
    (&["sec", "company"], &["filings"]),
    (&["sector", "fund", "stock"], &["performance"]),
    (&["news"], &["sentiment"]),
    (&["clinical"], &["trials"]),
    (&["drug"], &["interactions"]),
    (&["protein", "repo", "repository", "project", "directory", "folder"], &["structure"]),
    (&["paper", "author", "article"], &["references"]),
    (&["flight", "hotel"], &["offers"]),
    (&["visa"], &["requirements"]),
    (&["live", "sports", "match"], &["scores"]),
    (&["uv"], &["index"]),
    (&["ip"], &["geolocation", "reputation"]),
    (&["threat"], &["intel", "intelligence"]),
    (&["readme"], &["content"]),
    (&["distance", "correlation"], &["matrix"]),
    (&["moon"], &["phase", "phases"]),
    (
        &[
            "sales",
            "coverage",
            "system",
            "weather",
            "daily",
            "weekly",
            "monthly",
            "annual",
            "quarterly",
            "performance",
            "usage",
            "cost",
            "financial",
            "earnings",
            "traffic",
            "inventory",
        ],
        &["report", "reports"],
    ),
];
/// How things are that a name begins with and that are several: `unread_emails`. None of these is a verb.
pub(super) const STATES: &[&str] = &[
    "active",
    "unread",
    "upcoming",
    "pending",
    "assigned",
    "overdue",
    "nearby",
    "popular",
    "featured",
    "newest",
    "top",
    "previous",
    "running",
    "slow",
    "failed",
    "missing",
    "expired",
    "unused",
    "orphaned",
    "unresolved",
    "closed",
    "trending",
    "archived",
];
/// Where a reader's result goes when something is kept: `read_page_to_file`.
pub(super) const SINKS: &[&str] = &[
    "file",
    "files",
    "disk",
    "folder",
    "directory",
    "drive",
    "clipboard",
    "database",
    "db",
    "storage",
    "cache",
    "table",
    "collection",
    "s3",
    "bucket",
    "sheet",
    "sheets",
    "spreadsheet",
    "email",
    "slack",
    "webhook",
];
/// What makes of an address one by which somebody may write, or see what is not public.
pub(super) const OPENING: &[&str] = &["upload", "signed", "presigned", "share", "sharing", "invite", "invitation"];
/// What tells that a list is none, but something is put up: `list_item_for_sale`.
pub(super) const OFFERS: &[(&str, &[&str])] =
    &[("for", &["sale", "rent", "auction"]), ("on", &["marketplace", "market", "ebay", "exchange"])];
/// What a reader tells of a change: `get_create_fields` creates nothing.
pub(super) const OF_A_CHANGE: &[&str] =
    &["fields", "options", "parameters", "params", "schema", "status", "requirements"];
/// What begins a name without a verb that tells how things are.
pub(super) const LOOKS: &[&str] = &["current", "latest", "recent", "available", "supported"];
/// What begins a question. What follows is what it asks about: `is_open` opens nothing.
pub(super) const ASKS: &[&str] =
    &["is", "are", "has", "have", "can", "does", "who", "what", "which", "where", "when", "why", "how"];
/// Reading verbs that are nouns at the start of a name when another verb follows.
pub(super) const NOUNY: &[&str] = &[
    "profile", "view", "query", "audit", "scan", "head", "tail", "trace", "score", "rank", "poll", "monitor", "watch",
];
/// Reading verbs that are no nouns, and verbs that are nouns when they follow one.
pub(super) const READERS: &[&str] =
    &["read", "find", "show", "lookup", "explain", "compare", "validate", "verify", "inspect"];
pub(super) const RECORDS: &[&str] =
    &["archive", "share", "charge", "deposit", "trade", "bid", "stake", "transfer", "export", "import", "label", "tag"];
/// What joins two verbs.
pub(super) const JOINS: &[&str] = &["and", "or", "then"];
/// Verbs that are nouns too, but not before a noun that is read: `record_metrics` writes some.
pub(super) const POSTS: &[&str] =
    &["post", "record", "log", "report", "request", "release", "call", "book", "note", "alert"];
/// What ends a name without saying anything of it.
pub(super) const TAILS: &[&str] =
    &["tool", "tools", "all", "api", "mcp", "v1", "v2", "v3", "v4", "beta", "legacy", "async"];
/// What a noun's own words end before: `status_of_job` is a status.
pub(super) const BEFORE: &[&str] = &["by", "for", "of", "from", "in", "with", "per", "at"];

/// Pairs that are one noun: neither word is a verb in them.
pub(super) const NOUNS: &[(&str, &str)] = &[
    ("merge", "request"),
    ("merge", "requests"),
    ("open", "ai"),
    ("open", "api"),
    ("pull", "request"),
    ("pull", "requests"),
    ("deploy", "logs"),
    ("deploy", "log"),
    ("deploy", "key"),
    ("change", "log"),
    ("change", "request"),
    ("change", "set"),
    ("data", "set"),
    ("replica", "set"),
    ("test", "run"),
    ("build", "log"),
    ("build", "logs"),
    ("call", "graph"),
    ("write", "access"),
    ("query", "plan"),
    ("drop", "down"),
    ("run", "book"),
];
