//! Plain queries against the large parser.

use proptest::prelude::*;
use sqlparser::keywords::ALL_KEYWORDS;

use super::read::read;
use super::words::{CHANGES, HINTS, LONE};
use super::*;

/// What is taken as a plain query is what every reading of the large parser makes of it, too.
fn agrees(sql: &str) -> Result<bool, TestCaseError> {
    let ids = |mut kinds: Vec<Kind>| {
        kinds.sort_unstable_by_key(|kind| kind.id);
        kinds.dedup();
        kinds.into_iter().map(|kind| kind.id).collect::<Vec<_>>()
    };
    let Some(plain) = plainly(sql) else { return Ok(false) };
    let mut budget = MOST_BYTES;
    prop_assert_eq!(ids(plain), ids(read(sql, true, &mut budget).unwrap_or_default()), "{}", sql);
    Ok(true)
}

/// One of these.
fn one(words: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    prop::sample::select(words).prop_map(str::to_owned)
}

const NAMES: &[&str] = &[
    "a",
    "b",
    "id",
    "o.total",
    "first",
    "last",
    "rows",
    "value",
    "date",
    "time",
    "type",
    "level",
    "key",
    "at",
    "zone",
    "year",
    "materialized",
    "current",
    "format",
    "open",
    "\"Id\"",
    "\"User Name\"",
    "\"Total (USD), 50%\"",
    "`id`",
    "[Id]",
    "[Order]",
    "t.\"a\"",
    "[dbo].x",
    "int",
    "user",
    "interval",
    "nulls",
    "left",
    "sum",
];
const VALUES: &[&str] = &[
    "1",
    "2.5",
    ".5",
    "1e5",
    "'x'",
    "'it''s'",
    "''",
    "'a;b -- c'",
    "N'x'",
    "NULL",
    "true",
    "?",
    "$1",
    ":id",
    "@id",
    "'^\\d+$'",
    "ARRAY[1, 2]",
    "ARRAY[a, t.b]",
];
const SIGNS: &[&str] = &[
    "=", "<>", "!=", "<", ">=", "+", "-", "*", "/", "%", "||", "AND", "OR", "->", "->>", "@>", "~", "!~*", "<=>", "&",
    "|", "^", "<<", "&&", "<->", "==",
];
const TESTS: &[&str] = &[
    "IS NULL",
    "IS NOT TRUE",
    "BETWEEN 1 AND b + 1",
    "NOT LIKE 'a%'",
    "ILIKE b || 'x'",
    "IS DISTINCT FROM 'x'",
    "NOT IN (1, 'a')",
    "::date",
    "::numeric(10, 2)",
    "AT TIME ZONE 'UTC'",
    "AT TIME ZONE b",
    "COLLATE \"C\"",
    "COLLATE nocase",
    "LIKE 'a!%' ESCAPE '!'",
    "ILIKE ANY(b)",
    "SIMILAR TO 'a%'",
    "REGEXP '^a'",
    "NOT RLIKE '^a'",
    "IS NOT UNKNOWN",
    "::int[]",
    "::double precision",
    "::timestamp with time zone",
    "::character varying(5)",
    "IGNORE NULLS OVER w",
    "[1]",
    "= ANY(b)",
    "OVER w",
    "FILTER (WHERE a)",
];
const CALLED: &[&str] =
    &["count", "sum", "my_func", "pg_sleep", "left", "replace", "ceil", "trim", "date", "if", "coalesce", "substring"];
const ALIASES: &[&str] =
    &["", "", "x", "AS x", "AS \"x y\"", "AS 'x'", "AS x(a, b)", "first", "[x y]", "WITH (NOLOCK)"];
const TABLES: &[&str] = &[
    "t",
    "public.t",
    "a.b.c",
    "\"Orders\"",
    "[dbo].[Orders]",
    "`p-x.d.t`",
    "f(1)",
    "unnest(a)",
    "LATERAL f(a)",
    "f(a) WITH ORDINALITY",
];
const JOINS: &[&str] = &["JOIN", "LEFT JOIN", "CROSS JOIN", "NATURAL JOIN", "FULL OUTER JOIN", "INNER JOIN", ","];
const ENDS: &[&str] = &[
    "",
    "",
    "GROUP BY a, 2",
    "GROUP BY ALL",
    "GROUP BY a WITH ROLLUP",
    "GROUP BY CUBE (a, b)",
    "GROUP BY GROUPING SETS ((a), ())",
    "OFFSET 5 LIMIT 3",
    "FETCH FIRST ROW ONLY",
    "ORDER BY a DESC NULLS LAST",
    "LIMIT 5 OFFSET 3",
    "LIMIT 5, 10",
    "OFFSET 5 ROWS FETCH NEXT 5 ROWS ONLY",
    "QUALIFY a = 1",
    "WINDOW w AS (PARTITION BY a)",
    "-- end",
    "/* end */",
    ";",
    "FOR UPDATE",
    "UNION ALL SELECT 1",
    "INTO x",
];
const NOISE: &[&str] = &[
    "(",
    ")",
    ",",
    ".",
    "*",
    "AND",
    "NOT",
    "AS",
    "FROM",
    "SELECT",
    "WHERE",
    "ON",
    "JOIN",
    "1",
    "'",
    "\"",
    "`",
    "[",
    "]",
    "first",
    "OVER",
    "IN",
    "CASE",
    "END",
    "WITH",
    "UNION",
    "--",
    "-- x\n",
    "/*",
    "/*! x */",
    "#",
    "\\",
    ";",
    "SHUTDOWN",
    "DELETE",
    "UPDATE",
    "INTO",
    "FOR",
    "@",
    "$$",
    "//",
    "\u{a0}",
    "\0",
    "DISTINCT ON (a)",
    "TOP 5",
    "VALUES",
    "EXEC",
];

fn expression(query: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = String> + Clone {
    let leaf = prop_oneof![3 => one(NAMES), 1 => one(VALUES)];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            (inner.clone(), one(SIGNS), inner.clone()).prop_map(|(a, sign, b)| format!("{a} {sign} {b}")),
            (inner.clone(), one(TESTS)).prop_map(|(a, test)| format!("{a} {test}")),
            (one(CALLED), inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (one(CALLED), inner.clone(), inner.clone())
                .prop_map(|(f, a, b)| format!("{f}(DISTINCT {a}, {b} ORDER BY a)")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("CASE WHEN {a} THEN {b} ELSE 1 END")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("sum({a}) OVER (PARTITION BY {b} ORDER BY a ROWS 3 PRECEDING)")),
            inner.clone().prop_map(|a| format!("CAST({a} AS decimal(5, 2)) - INTERVAL '1 day'")),
            inner.clone().prop_map(|a| format!("EXTRACT(year FROM {a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("substring({a} FROM {b} FOR 2)")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("position({a} IN {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("trim(LEADING {a} FROM {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("trim({a} FROM {b})")),
            inner.clone().prop_map(|a| format!("CAST({a} AS timestamp without time zone)")),
            inner.clone().prop_map(|a| format!("group_concat(DISTINCT {a} ORDER BY b SEPARATOR ', ')")),
            inner.clone().prop_map(|a| format!("pg_catalog.format_type({a}, 1) || f(t.*)")),
            inner.clone().prop_map(|a| {
                format!("sum({a}) OVER (ORDER BY b RANGE BETWEEN INTERVAL '1 day' PRECEDING AND CURRENT ROW)")
            }),
            (inner.clone(), query.clone()).prop_map(|(a, q)| format!("{a} IN ({q})")),
            query.clone().prop_map(|q| format!("NOT EXISTS ({q})")),
            inner.prop_map(|a| format!("({a})")),
        ]
    })
}

fn query() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("SELECT 1".to_owned()), Just("SELECT a FROM t".to_owned())].boxed();
    leaf.prop_recursive(2, 8, 2, |inner| {
        let e = || expression(inner.clone());
        let table = || prop_oneof![4 => one(TABLES), 1 => inner.clone().prop_map(|q| format!("({q})"))];
        let from = (table(), one(ALIASES), one(JOINS), table(), one(ALIASES), e())
            .prop_map(|(a, x, join, b, y, on)| format!("{a} {x} {join} {b} {y} ON {on}"));
        let from = prop_oneof![2 => one(TABLES), 1 => from];
        let select = (e(), one(ALIASES), e(), from, e(), one(ENDS))
            .prop_map(|(a, x, b, from, on, end)| format!("SELECT {a} {x}, {b} FROM {from} WHERE {on} {end}"));
        prop_oneof![
            3 => select.clone(),
            1 => select.clone().prop_map(|q| format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {q}")),
            1 => select.clone().prop_map(|q| format!("EXPLAIN QUERY PLAN {q}")),
            1 => (inner.clone(), e()).prop_map(|(c, a)| format!("WITH c AS MATERIALIZED ({c}) SELECT {a} WHERE {a}")),
            1 => select.clone().prop_map(|q| q.replacen("SELECT ", "SELECT * EXCEPT (a, b), ", 1)),
            1 => (inner.clone(), select).prop_map(|(c, q)| format!("WITH c AS ({c}), d(a, b) AS ({c}) {q}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_plain_query_is_what_the_large_parser_reads_too(
        sql in query(), noise in prop::collection::vec((any::<prop::sample::Index>(), one(NOISE), any::<bool>()), 0..3),
    ) {
        agrees(&sql)?;
        let mut words: Vec<String> = sql.split(' ').map(str::to_owned).collect();
        for (at, word, replaces) in noise {
            let at = at.index(words.len());
            words.splice(at..at + usize::from(replaces), [word]);
        }
        agrees(&words.join(" "))?;
    }
}

#[test]
fn a_keyword_of_the_large_parser_is_read_alike_wherever_it_stands() {
    const PLACES: &[&str] = &[
        "SELECT @ FROM t",
        "SELECT a @ FROM t",
        "SELECT a AS @ FROM t",
        "SELECT @.a, t.@ FROM t",
        "SELECT @(1) FROM t",
        "SELECT @(a, b) OVER (ORDER BY @) FROM t",
        "SELECT a::@, [@], \"@\" FROM t",
        "SELECT CAST(a AS @(3)) FROM t",
        "SELECT @ 'x' FROM t",
        "SELECT a FROM @ x",
        "SELECT a FROM t @ JOIN [u] @ ON @ = 1",
        "SELECT a FROM s.@ LIMIT 1, 2",
        "SELECT a FROM @(1)",
        "SELECT a FROM (SELECT 1) @",
        "SELECT a FROM t WHERE @ IS NULL ORDER BY @",
        "SELECT a FROM t WHERE NOT @ AND a IN (@, 1)",
        "SELECT a FROM t GROUP BY @ HAVING @ > 1",
        "WITH @ AS (SELECT 1) SELECT * FROM @",
        "SELECT CASE WHEN a THEN @ END @ FROM `t`",
        "SELECT count(*) @, EXTRACT(@ FROM a) FROM t",
    ];
    let mut taken = 0;
    for word in ALL_KEYWORDS {
        for place in PLACES {
            let sql = place.replace('@', &word.to_lowercase());
            taken += usize::from(agrees(&sql).unwrap());
        }
    }
    assert!(taken > 10_000, "{taken}");
}

#[test]
fn no_word_that_changes_anything_stands_in_a_plain_query_even_as_a_name() {
    for word in CHANGES.iter().chain(LONE).chain(HINTS) {
        for sql in [format!("SELECT {word} FROM t"), format!("SELECT a {word} FROM t"), format!("SELECT \"{word}\"")] {
            assert!(plainly(&sql).is_none(), "{sql}");
        }
    }
}

#[test]
fn what_spells_a_name_or_ends_a_text_in_some_databases_only_is_not_plain() {
    for sql in [
        "SELECT U&\"!0061\" UESCAPE '!' FROM t",
        "SELECT u &\"a\" FROM t",
        "SELECT 'a\\' FROM t -- '",
        "SELECT 'a\\'' FROM t",
        "SELECT 'it''s \\d' FROM t",
        "SELECT \"a\\\" FROM t",
        "SELECT \"pg_sleep\"(1)",
        "SELECT @@version",
        "SELECT @a := 1",
        "SELECT * FROM @stage",
        "SELECT * FROM t@link",
        "SELECT ARRAY[pg_sleep(1)]",
        "SELECT ARRAY[drop]",
        "SELECT * FROM data.csv",
        "SELECT * FROM data.\"csv\"",
        "SELECT a FROM t FOR UPDATE",
        "SELECT substring(a FOR UPDATE)",
    ] {
        assert!(plainly(sql).is_none(), "{sql}");
        let mut budget = MOST_BYTES;
        assert!(read(sql, true, &mut budget).is_some(), "{sql}");
    }
}

#[test]
fn what_is_asked_every_day_is_plain() {
    for sql in [
        "SELECT t.*, u.name FROM orders t LEFT JOIN users u USING (user_id) WHERE t.total BETWEEN 1 AND 5 LIMIT 10 OFFSET 5",
        "WITH r(a) AS (SELECT 1 UNION ALL SELECT 2) SELECT rank() OVER (PARTITION BY a ORDER BY b DESC) FROM r",
        "SELECT CASE WHEN a THEN 'x' ELSE b END FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.id = t.id) -- it's",
        "SELECT data->>'a', created_at::date, tags[1] FROM \"Orders\" /* all */ WHERE tags @> ARRAY['a', 'b']",
        "SELECT `id` FROM `my-project.data.table` WHERE day >= DATE '2024-01-01' GROUP BY ALL QUALIFY count(*) > 1",
        "SELECT TOP (10) [Order], [User Name] FROM [dbo].[Orders] o WITH (NOLOCK) WHERE name LIKE N'a%'",
        "EXPLAIN ANALYZE SELECT count(*) FILTER (WHERE a > 1) FROM t CROSS JOIN LATERAL unnest(t.b) AS x(c)",
        "SELECT CURRENT_DATE - INTERVAL '7 days', a AT TIME ZONE tz, b::double precision, c::text[], d::timestamp with time zone FROM t",
        "SELECT * FROM t WHERE a ILIKE ANY(ARRAY['x%', 'y%']) OR a SIMILAR TO 'z%' OR a LIKE '50!%' ESCAPE '!' OR a ~ '^\\d+$'",
        "SELECT substring(a FROM 1 FOR 3), position('a' IN b), trim(BOTH ' ' FROM c), pg_catalog.format_type(d, 1), count(t.*) FROM t",
        "SELECT group_concat(DISTINCT a ORDER BY b SEPARATOR ', ') FROM t WHERE c = @id AND d & 4 GROUP BY e WITH ROLLUP",
        "SELECT last_value(a) IGNORE NULLS OVER (ORDER BY b RANGE BETWEEN INTERVAL '1 day' PRECEDING AND CURRENT ROW) FROM t",
        "WITH c AS MATERIALIZED (SELECT sum(a) AS \"Total (USD)\" FROM t) SELECT * FROM c ORDER BY a COLLATE \"C\" OFFSET 5 LIMIT 3",
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT a, b FROM t GROUP BY GROUPING SETS ((a), (b), ()), CUBE (c)",
        "SELECT * EXCEPT (a) FROM `p.d.t` WHERE a IS NOT UNKNOWN FETCH FIRST ROW ONLY",
        "SELECT f.value:sku::string FROM t, LATERAL flatten(input => t.items) f WHERE t.id = $1",
    ] {
        assert!(agrees(sql).unwrap(), "{sql}");
    }
}
