//! The functions that a statement calls, wherever they stand, and what they amount to.
//!
//! Invariant: a function is harmless only by a name that is known, unquoted and in no schema but the database's own.

use std::collections::HashMap;
use std::sync::LazyLock;

use sqlparser::tokenizer::Token;

use super::tokens::{is, text};
use super::{CALLS, ESCAPES};
use crate::risk::Kind;

/// Functions that read files, run programs or statements that are given as texts, wait, stop others or reach out.
const ESCAPING: &str = "\
    query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema table_to_xml \
    schema_to_xml database_to_xml xpath_table crosstab connectby ts_stat lowrite loread pg_sleep pg_sleep_for \
    pg_sleep_until pg_stat_file pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile \
    pg_logdir_ls pg_switch_wal pg_switch_xlog pg_promote pg_wal_replay_pause pg_wal_replay_resume pg_start_backup \
    pg_stop_backup pg_import_system_collations pg_extension_config_dump pg_copy_logical_replication_slot \
    pg_copy_physical_replication_slot pg_advisory_lock pg_advisory_xact_lock pg_notify set_config setval nextval \
    load_file sleep benchmark sys_exec sys_eval sys_get sys_set master_pos_wait source_pos_wait \
    wait_for_executed_gtid_set wait_until_sql_thread_after_gtids load_extension readfile writefile edit lsdir fsdir \
    sqlar zipfile fts3_tokenizer eval shell read_csv read_csv_auto read_parquet read_json read_json_auto \
    read_json_objects read_json_objects_auto read_ndjson read_ndjson_auto read_ndjson_objects read_text read_blob \
    read_xlsx parquet_scan parquet_metadata parquet_schema parquet_file_metadata parquet_kv_metadata sniff_csv \
    sqlite_scan sqlite_attach sqlite_query postgres_scan postgres_scan_pushdown postgres_attach postgres_query \
    postgres_execute mysql_scan mysql_query mysql_execute iceberg_scan iceberg_metadata delta_scan st_read \
    st_read_meta query query_table json_execute_serialized_sql load_aws_credentials force_checkpoint checkpoint \
    import_database glob url file s3 s3cluster gcs hdfs hdfscluster azureblobstorage deltalake iceberg hudi \
    urlcluster filecluster remote remotesecure cluster clusterallreplicas mysql postgresql mongodb redis jdbc odbc \
    sqlite executable sleepeachrow external_query openrowset opendatasource openquery fn_xe_file_target_read_file \
    fn_get_audit_file fn_trace_gettable dm_os_enumerate_filesystem dm_os_file_exists bfilename httpuritype csvread \
    csvwrite file_read file_write link_schema reflect reflect2 java_method http waitfor system$cancel_query system$cancel_all_queries system$abort_session system$abort_transaction \
    system$wait";
/// The same, by how the name or its schema begins.
const ESCAPING_BY_START: &[&str] = &[
    "xp_",
    "dblink",
    "lo_",
    "http_",
    "utl_",
    "dbms_",
    "pg_read_",
    "pg_ls_",
    "pg_file_",
    "pg_stat_reset",
    "pg_stat_statements_reset",
    "pg_create_",
    "pg_drop_",
    "pg_backup_",
    "pg_logical_",
    "pg_replication_",
];
/// Schemas of what reaches out or comes back later.
const ESCAPING_SCHEMAS: &[&str] = &["aws_s3", "aws_lambda", "azure_storage", "cron", "net", "pgmq", "vault"];
/// Schemas of the database itself: what is in them is what it is without.
const OWN_SCHEMAS: &[&str] = &["pg_catalog", "information_schema", "safe", "main"];
/// Functions that are known to do nothing but reckon or tell, types with a size, and words that a bracket follows.
const HARMLESS: &[&str] = &[WORDS, TYPES, NUMBERS, TEXTS, TIMES, NESTED, WINDOWS, TELLING, PLACES, CLICKHOUSE];
const WORDS: &str = "\
    over partition within group filter grouping cube rollup sets any all some exists in not and or as values on \
    using from where select union intersect except minus distinct between like ilike then else when case by having \
    limit offset array row rows lateral join materialized recursive is return similar interval explain describe top \
    with without fetch first next only window qualify pivot unpivot exclude rename columns tablesample sample \
    bernoulli reservoir conflict set key index unique primary default returning output option unnest \
    flatten table ordinality percent struct map end escape at before insert";
const TYPES: &str = "\
    char character varying varchar varchar2 nchar nvarchar nvarchar2 text string binary varbinary bytea bit blob clob \
    decimal dec numeric number bignumeric real float float4 float8 double precision int integer int2 int4 int8 int64 \
    uint8 uint16 uint32 uint64 tinyint smallint mediumint bigint hugeint boolean bool date time timestamp timestamptz \
    timetz datetime datetime2 datetimeoffset smalldatetime json jsonb xml uuid vector halfvec geometry geography enum \
    variant object nullable lowcardinality datetime64 fixedstring signed unsigned";
const NUMBERS: &str = "\
    count count_if countif sum sumif avg avgif min max abs round ceil ceiling floor mod power pow sqrt cbrt ln log \
    log2 log10 log1p exp sign greatest least div trunc truncate pi degrees radians sin cos tan asin acos atan atan2 \
    random rand bit_and bit_or bit_xor bit_count bitand bitor bitxor gcd lcm factorial width_bucket \
    stddev stddev_pop stddev_samp stdev stdevp variance var_pop var_samp var varp corr covar_pop covar_samp \
    regr_slope regr_intercept regr_r2 regr_count skewness kurtosis median mode quantile quantile_cont quantile_disc \
    percentile_cont percentile_disc percentile percentile_approx approx_percentile approx_quantile approx_quantiles \
    approx_count_distinct approx_top_count approx_distinct approx_median hll_count total product any_value anyvalue \
    arbitrary arg_max arg_min argmax argmin max_by min_by bool_and bool_or logical_and logical_or every \
    safe_divide safe_multiply safe_add safe_subtract safe_negate ieee_divide is_nan is_inf isnan isinf div0 \
    div0null zeroifnull nullifzero ratio_to_report numrange int4range int8range tsrange tstzrange daterange";
const TEXTS: &str = "\
    lower upper lcase ucase initcap length len char_length character_length octet_length bit_length datalength \
    substr substring substring_index mid trim ltrim rtrim btrim lstrip rstrip strip replace translate overlay concat \
    concat_ws left right position locate strpos instr charindex patindex contains contains_substr starts_with \
    startswith ends_with endswith prefix suffix split split_part split_to_table strtok string_split string_to_array \
    string_to_table str_split format printf lpad rpad pad repeat replicate reverse space stuff ascii chr char unicode \
    nchar quote quotename quote_literal quote_ident quote_nullable hex unhex to_hex from_hex md5 sha1 sha2 sha224 \
    sha256 sha384 sha512 crc32 farm_fingerprint hash encode decode to_base64 from_base64 base64_encode base64_decode \
    soundex metaphone levenshtein editdistance jaccard jaro_winkler_similarity difference similarity word_similarity \
    strict_word_similarity unaccent regexp_matches regexp_match regexp_replace regexp_like regexp_instr regexp_substr \
    regexp_count regexp_extract regexp_extract_all regexp_contains regexp_split_to_array regexp_split_to_table \
    to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline \
    setweight numnode querytree strip_tags match against highlight snippet bm25 string_agg group_concat listagg \
    cast convert try_cast safe_cast try_convert try_to_number try_to_date try_to_timestamp to_char to_varchar \
    to_number to_decimal to_numeric to_double to_boolean to_json_string str collate normalize bin oct conv elt field \
    find_in_set make_set export_set nvl nvl2 ifnull isnull coalesce nullif iif iff if \
    choose equal_null sprintf bar";
const TIMES: &str = "\
    now today yesterday current_date current_timestamp current_time localtime localtimestamp getdate getutcdate \
    sysdate sysdatetime sysutcdatetime sysdatetimeoffset clock_timestamp statement_timestamp transaction_timestamp \
    timeofday utc_timestamp utc_date utc_time curdate curtime unixepoch julianday strftime strptime date_trunc \
    date_part date_bin datetrunc extract age to_date to_timestamp to_timestamp_ntz to_timestamp_ltz to_timestamp_tz \
    to_time year quarter month week weekday weekofyear yearweek day dayofweek dayofmonth dayofyear dayname monthname \
    hour minute second microsecond epoch epoch_ms isodow dateadd datediff datename datepart date_add date_sub \
    date_diff adddate subdate addtime subtime timediff timestampadd timestampdiff timestamp_add timestamp_sub \
    timestamp_diff timestamp_trunc datetime_add datetime_sub datetime_diff datetime_trunc time_add time_sub time_diff \
    time_trunc time_bucket time_bucket_gapfill time_slice last_day eomonth next_day add_months months_between \
    make_date make_time make_timestamp make_timestamptz make_interval datefromparts timefromparts \
    datetimefromparts date_from_parts timestamp_from_parts makedate maketime date_format time_format from_unixtime \
    unix_timestamp unix_seconds unix_millis unix_micros timestamp_seconds timestamp_millis timestamp_micros unix_date \
    date_from_unix_date str_to_date period_diff to_days from_days format_date format_datetime format_timestamp \
    format_time parse_date parse_datetime parse_timestamp parse_time convert_timezone convert_tz timezone \
    switchoffset todatetimeoffset justify_days justify_hours justify_interval generate_date_array \
    generate_timestamp_array isdate";
const NESTED: &str = "\
    generate_series generate_subscripts generate_array range array_agg array_append array_cat array_concat \
    array_contains array_dims array_distinct array_fill array_length array_lower array_max array_min array_ndims \
    array_position array_positions array_prepend array_remove array_replace array_reverse array_size array_slice \
    array_sort array_sum array_to_json array_to_string array_upper array_construct array_cat_agg array_unique_agg \
    array_intersection array_except array_flatten array_join arrays_overlap cardinality list list_agg list_value \
    list_filter list_transform list_contains list_sort list_distinct list_concat list_extract list_reduce list_sum \
    list_avg list_min list_max list_aggregate list_unique list_slice list_reverse list_position list_zip \
    struct_pack struct_extract row_to_json map_keys map_values map_entries map_extract map_from_entries element_at \
      sequence explode posexplode explode_outer inline to_json to_jsonb to_array to_object \
    to_variant json_agg jsonb_agg json_object_agg jsonb_object_agg json_arrayagg json_objectagg json_group_array \
    json_group_object json_build_object jsonb_build_object json_build_array jsonb_build_array json_object json_array \
    json_extract json_extract_path json_extract_path_text json_extract_string json_extract_scalar json_extract_array \
    json_extract_string_array jsonb_extract_path jsonb_extract_path_text json_value json_query json_value_array \
    json_query_array json_exists json_table json_each json_each_text jsonb_each jsonb_each_text json_tree \
    json_array_elements json_array_elements_text jsonb_array_elements jsonb_array_elements_text json_array_length \
    jsonb_array_length json_object_keys jsonb_object_keys json_keys json_length json_depth json_type json_typeof \
    jsonb_typeof json_valid isjson json_contains json_contains_path json_search json_unquote json_quote json_set \
    json_insert json_replace json_remove json_patch json_merge_patch json_pretty jsonb_pretty jsonb_set jsonb_insert \
    jsonb_strip_nulls json_strip_nulls jsonb_path_query jsonb_path_query_array jsonb_path_query_first \
    jsonb_path_exists jsonb_path_match json_to_record json_to_recordset jsonb_to_record jsonb_to_recordset \
    json_populate_record json_populate_recordset jsonb_populate_record jsonb_populate_recordset parse_json \
    try_parse_json openjson object_construct object_agg object_keys get_path strip_null_value is_array is_object \
    is_integer is_varchar as_varchar as_integer check_json xmlagg xmlelement xmlforest xpath hstore akeys avals skeys \
    svals each result_scan";
const WINDOWS: &str = "\
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value first last \
    conditional_true_event conditional_change_event last_insert_rowid changes total_changes";
const TELLING: &str = "\
    version current_user current_role current_schema current_schemas current_database current_catalog \
    current_setting current_query current_warehouse current_account current_region current_session current_version \
    session_user user database schema connection_id found_rows row_count currval lastval sqlite_version \
    sqlite_source_id inet_server_addr inet_server_port inet_client_addr inet_client_port pg_backend_pid \
    pg_postmaster_start_time pg_conf_load_time pg_is_in_recovery pg_last_wal_receive_lsn pg_last_wal_replay_lsn \
    pg_last_xact_replay_timestamp pg_current_wal_lsn pg_wal_lsn_diff pg_blocking_pids pg_typeof pg_column_size \
    pg_size_pretty pg_size_bytes pg_total_relation_size pg_relation_size pg_table_size pg_indexes_size \
    pg_database_size pg_tablespace_size pg_relation_filepath pg_get_constraintdef pg_get_indexdef pg_get_viewdef \
    pg_get_functiondef pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result \
    pg_get_triggerdef pg_get_ruledef pg_get_expr pg_get_serial_sequence pg_get_userbyid pg_get_keywords \
    pg_get_partkeydef pg_get_partition_constraintdef pg_encoding_to_char pg_table_is_visible pg_type_is_visible \
    pg_function_is_visible pg_stat_get_numscans pg_stat_get_live_tuples pg_stat_get_dead_tuples \
    pg_partition_tree pg_show_all_settings obj_description \
    col_description shobj_description format_type to_regclass to_regtype to_regproc to_regnamespace \
    has_table_privilege has_schema_privilege has_database_privilege has_column_privilege has_function_privilege \
    has_any_column_privilege pg_has_role object_id object_name object_schema_name object_definition db_id db_name \
    schema_id schema_name col_name col_length columnproperty objectproperty serverproperty databasepropertyex \
    indexproperty index_col type_id type_name ident_current scope_identity suser_name suser_sname user_id user_name \
    host_name app_name has_perms_by_name is_srvrolemember is_rolemember hostname uptime currentdatabase typeof \
    system$typeof grouping_id newid newsequentialid uuid uuid_string uuid_generate_v1 uuid_generate_v4 \
    gen_random_uuid uuidv4 uuidv7 generate_uuid generateuuidv4 randomblob zeroblob likely unlikely likelihood \
    format_bytes pragma_table_info pragma_table_xinfo pragma_table_list pragma_index_list pragma_index_info \
    pragma_index_xinfo pragma_foreign_key_list pragma_foreign_key_check pragma_database_list pragma_compile_options \
    pragma_function_list pragma_collation_list pragma_integrity_check pragma_quick_check table_info table_xinfo \
    index_list index_info index_xinfo foreign_key_list duckdb_tables duckdb_columns duckdb_views duckdb_schemas \
    duckdb_databases duckdb_indexes duckdb_constraints duckdb_functions duckdb_types duckdb_settings \
    duckdb_extensions duckdb_sequences pragma_storage_info pragma_database_size information_schema \
    get_ddl query_history generator seq1 seq2 seq4 seq8 rowcount session_context error_message error_number \
     name_const charset collation coercibility";
const PLACES: &str = "\
    st_area st_asbinary st_asewkt st_asgeojson st_astext st_aswkt st_azimuth st_boundary st_buffer st_centroid \
    st_closestpoint st_collect st_contains st_convexhull st_coveredby st_covers st_crosses st_difference st_disjoint \
    st_distance st_distance_sphere st_distancesphere st_dwithin st_envelope st_equals st_expand st_extent st_force2d \
    st_geogfromtext st_geogpoint st_geohash st_geometrytype st_geomfromgeojson st_geomfromtext st_geomfromwkb \
    st_intersection st_intersects st_isvalid st_length st_length_spheroid st_makeenvelope st_makeline st_makepoint \
    st_makepolygon st_makevalid st_multi st_npoints st_numpoints st_overlaps st_perimeter st_point st_pointfromtext \
    st_pointonsurface st_setsrid st_simplify st_snaptogrid st_srid st_touches st_transform st_union st_within st_x \
    st_xmax st_xmin st_y st_ymax st_ymin st_z haversine h3_latlng_to_cell point box circle polygon path lseg line \
    cosine_distance cosine_similarity l2_distance inner_product l1_distance vector_dims vector_norm \
    array_cosine_similarity array_cosine_distance array_distance array_inner_product euclidean_distance dot_product \
    vec_distance_cosine vec_distance_l2";
const CLICKHOUSE: &str = "\
    todate todate32 todatetime todatetime64 tostring toint8 toint16 toint32 toint64 touint8 touint16 touint32 touint64 \
    tofloat32 tofloat64 todecimal32 todecimal64 touuid toyear toquarter tomonth todayofmonth todayofweek todayofyear \
    tohour tominute tosecond toyyyymm toyyyymmdd tounixtimestamp tostartofyear tostartofquarter tostartofmonth \
    tostartofweek tostartofday tostartofhour tostartofminute tostartoffiveminutes tostartoffifteenminutes \
    tostartofinterval tomonday totimezone totypename tointervalday tointervalhour tointervalminute tojsonstring \
    formatdatetime parsedatetimebesteffort parsedatetimebesteffortornull now64 adddays addhours \
    addmonths subtractdays subtracthours subtractmonths uniq uniqexact uniqcombined uniqhll12 uniqif uniqexactif \
    quantileexact quantiletiming quantiletdigest quantiles quantileif countdistinct sumdistinct minif maxif anylast \
    anyif anyheavy topk grouparray groupuniqarray grouparrayif groupbitand groupbitor arrayjoin arraymap arrayfilter \
    arrayexists arrayall arraycount arraysum arrayavg arraymin arraymax arraysort arrayreversesort arrayelement \
    arrayconcat arraydistinct arrayuniq arrayslice arrayzip arrayenumerate arraystringconcat splitbychar \
    splitbystring has hasany hasall indexof empty notempty lengthutf8 lowerutf8 upperutf8 positioncaseinsensitive \
    multisearchany multiif ornull ordefault assumenotnull tonullable tuple tupleelement untuple \
    jsonextract jsonextractstring jsonextractint jsonextractfloat jsonextractbool jsonextractraw \
    jsonextractkeysandvalues jsonhas jsonlength visitparamextractstring cityhash64 siphash64 xxhash64 halfmd5 \
    domain domainwithoutwww toplevel_domain cutquerystring extracturlparameter formatreadablesize \
    formatreadablequantity formatreadabletimedelta runningdifference runningaccumulate neighbor rownumberinallblocks \
     numbers numbers_mt zeros dictget dictgetordefault retention windowfunnel sequencematch \
    ipv4numtostring ipv4stringtonum generateseries";

/// What is known of a function by its name alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Harmless,
    Escapes,
}

/// Every known name; made once.
static TABLE: LazyLock<HashMap<&str, Known>> = LazyLock::new(|| {
    let harmless = HARMLESS.iter().flat_map(|names| names.split_whitespace()).map(|name| (name, Known::Harmless));
    harmless.chain(ESCAPING.split_whitespace().map(|name| (name, Known::Escapes))).collect()
});

/// A function as it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call<'a> {
    /// The schema, or whatever stands before the name.
    pub schema: Option<&'a str>,
    pub name: &'a str,
    /// Whether the name stands in quotes: then it may be anybody's.
    pub quoted: bool,
}

impl<'a> Call<'a> {
    pub const fn plain(name: &'a str) -> Self {
        Self { schema: None, name, quoted: false }
    }

    /// What the call amounts to; `None` when the function only reckons.
    pub fn kind(self) -> Option<Kind> {
        let known = TABLE.get(self.name.to_ascii_lowercase().as_str()).copied();
        let schema = |list: &[&str]| self.schema.is_some_and(|own| list.iter().any(|s| own.eq_ignore_ascii_case(s)));
        if known == Some(Known::Escapes)
            || [Some(self.name), self.schema].into_iter().flatten().any(begins)
            || schema(ESCAPING_SCHEMAS)
        {
            return Some(ESCAPES);
        }
        let own = !self.quoted && (self.schema.is_none() || schema(OWN_SCHEMAS));
        (!own || known.is_none()).then_some(CALLS)
    }
}

fn begins(name: &str) -> bool {
    let starts = |start: &&str| name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    ESCAPING_BY_START.iter().any(starts)
}

/// What the called functions amount to.
pub(super) fn kinds(tokens: &[Token]) -> impl Iterator<Item = Kind> {
    let heads = tokens.windows(2).enumerate().filter(|(_, pair)| pair[1] == Token::LParen);
    heads.filter_map(|(at, pair)| {
        let Token::Word(word) = &pair[0] else { return None };
        let (schema, first) = match tokens.get(..at) {
            Some([.., before, Token::Period]) => (text(before).or(Some("")), at.saturating_sub(2)),
            _ => (None, at),
        };
        let before = || first.checked_sub(1).and_then(|before| tokens.get(before));
        // `CROSS APPLY (SELECT …)`
        if is(&pair[0], "apply") && before().is_some_and(|before| is(before, "cross") || is(before, "outer")) {
            return None;
        }
        let call = Call { schema, name: &word.value, quoted: word.quote_style.is_some() };
        match lists(tokens, first, at) {
            Lists::Nothing => call.kind(),
            // `INSERT INTO OPENROWSET(…)` is not the name of a table.
            Lists::Target => call.kind().filter(|_| word.value.to_ascii_lowercase().starts_with("open")),
            Lists::Columns => None,
        }
    })
}

/// What a bracket after a name lists, if it is no call.
enum Lists {
    Nothing,
    /// The columns of a table that is written to.
    Target,
    /// The columns of a table that is named here.
    Columns,
}

/// What follows the name that stands from `first` to `at`.
fn lists(tokens: &[Token], first: usize, at: usize) -> Lists {
    let before = first.checked_sub(1).and_then(|before| tokens.get(before));
    let before_that = first.checked_sub(2).and_then(|before| tokens.get(before));
    let inside = tokens.get(at + 2..).unwrap_or_default();
    let end = inside.iter().position(|token| !matches!(token, Token::Word(_) | Token::Comma)).unwrap_or(inside.len());
    let after = inside.get(end..).unwrap_or_default();
    let names = end > 0 && matches!(after.first(), Some(Token::RParen));
    let Some(before) = before else { return Lists::Nothing };
    match before {
        _ if is(before, "into") => Lists::Target,
        _ if is(before, "table") && before_that.is_some_and(|token| is(token, "into")) => Lists::Target,
        // `AS t(a, b)`, `) t(a, b)`.
        _ if is(before, "as") => Lists::Columns,
        Token::RParen if names && is_table(tokens.get(..first.saturating_sub(1)).unwrap_or_default()) => Lists::Columns,
        // `WITH t(a, b) AS (…), u(c) AS (…)`.
        _ if names && (*before == Token::Comma || is(before, "with") || is(before, "recursive")) => {
            let mut rest = after.iter().skip(1).filter(|token| !is(token, "not") && !is(token, "materialized"));
            let named = rest.next().is_some_and(|token| is(token, "as")) && rest.next() == Some(&Token::LParen);
            // `FROM t, f(a) AS (b int)` is a call.
            if named && rest.next().is_some_and(|token| *token == Token::LParen || begins_query(token)) {
                Lists::Columns
            } else {
                Lists::Nothing
            }
        }
        _ => Lists::Nothing,
    }
}

fn begins_query(token: &Token) -> bool {
    ["select", "with", "values", "table", "from", "insert", "update", "delete", "merge"]
        .iter()
        .any(|word| is(token, word))
}

/// Whether the brackets that close after these tokens are a table: `(SELECT …)`, `(VALUES …)`, `FROM f(…)`.
fn is_table(tokens: &[Token]) -> bool {
    let mut depth = 1_usize;
    let open = tokens.iter().rposition(|token| {
        match token {
            Token::RParen => depth += 1,
            Token::LParen => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let Some(open) = open else { return false };
    let begins = |words: &[&str], token: Option<&Token>| token.is_some_and(|t| words.iter().any(|word| is(t, word)));
    if begins(&["select", "with", "values"], tokens.get(open + 1)) {
        return !begins(&["on", "top", "in"], open.checked_sub(1).and_then(|before| tokens.get(before)));
    }
    let mut head = tokens.get(..open).unwrap_or_default();
    while let [rest @ .., Token::Word(_)] = head {
        let [rest @ .., Token::Period] = rest else {
            return begins(&["from", "join", "lateral"], rest.last());
        };
        head = rest;
    }
    false
}
