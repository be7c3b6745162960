//! The commands that only read, each with the options under which they do.
//!
//! Invariant: an allow-list. An option that is not listed makes a command more than a reader; so does a word that may
//! turn out to be one.

use crate::risk::words::{List, Lookup};
use std::sync::LazyLock;

use super::script::{Sure, Word};

/// What a reader's command line comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It only reads.
    Sure,
    /// It only reads, but what it reads is known when it runs.
    Open,
    /// It may be more.
    Not,
}

struct Reader {
    /// Short options, as `getopt` has them: `n:` takes a value, `i::` may have one in the same word.
    shorts: &'static str,
    /// Long options; `lines=` takes a value.
    longs: Vec<&'static str>,
    /// Some of its other options are dangerous, so that an unknown word is too much.
    strict: bool,
    /// It opens no file that it is given: what it is given is no path.
    closed: bool,
    /// It has no options: a word with a dash is a word.
    free: bool,
}

/// One a line: the name, its short options (`-` for none), flags (`!` strict, `~` opens no files, `*` has no options), its long options.
const TABLE: &str = "\
ls aAbBcCdDfFgGhHiIklLmnNopqQrRsStTuUvwxXyZ1 all almost-all author escape block-size= ignore-backups color color= directory dired classify file-type format= full-time group-directories-first no-group human-readable si dereference hide= hyperlink indicator-style= inode ignore= kibibytes dereference-command-line literal numeric-uid-gid hide-control-chars show-control-chars quote-name quoting-style= reverse recursive size sort= time= time-style= tabsize= width= context zero
dir aAlhRt1 all recursive
cat AbeEnstTuv show-all number-nonblank show-ends number squeeze-blank show-tabs show-nonprinting
tac bs:r before regex separator=
bat nApl:r:H: ! plain number language= line-range= style= color= paging= theme= show-all no-pager
head c:n:qvz0123456789 bytes= lines= quiet silent verbose zero-terminated
tail c:n:fFqs:vzr0123456789 bytes= lines= follow retry quiet silent verbose pid= sleep-interval= zero-terminated
wc clmLwc bytes chars lines max-line-length words files0-from= total=
nl b:d:f:h:i:l:n:ps:v:w: body-numbering= number-width=
rev V -
fold bsw: bytes spaces width=
fmt cstuw: width= split-only
cut b:c:d:f:nsz bytes= characters= delimiter= fields= only-delimited output-delimiter= complement zero-terminated
iconv f:t:cls ! from-code= to-code= list silent
bc lqsw mathlib quiet standard warn
paste d:sz delimiters= serial zero-terminated
join a:e:ij:o:t:v:1:2:z ignore-case header
comm 123z check-order nocheck-order output-delimiter= total zero-terminated
tr cCdst ~ complement delete squeeze-repeats truncate-set1
expand it: initial tabs=
unexpand at: all first-only tabs=
column c:s:tN:R:o:JxdeE:H:T:W:n: table separator= output-separator= json columns=
sort bdfghiMnRrVcCmsuzk:t: ! ignore-leading-blanks dictionary-order ignore-case general-numeric-sort ignore-nonprinting month-sort human-numeric-sort numeric-sort random-sort reverse sort= version-sort check merge key= stable unique field-separator= zero-terminated parallel=
uniq cdDf:is:uw:z ! count repeated all-repeated skip-fields= ignore-case skip-chars= unique check-chars= zero-terminated
shuf en:ri:z ! echo head-count= input-range= repeat zero-terminated
grep abcCEFGHhIiLlnoPqRrsUVvwxyzZA:B:C:D:d:e:f:m:0123456789 extended-regexp fixed-strings basic-regexp perl-regexp regexp= file= ignore-case no-ignore-case word-regexp line-regexp null-data no-messages invert-match version max-count= byte-offset line-number line-buffered with-filename no-filename label= only-matching quiet silent binary-files= text directories= devices= recursive dereference-recursive include= exclude= exclude-from= exclude-dir= files-without-match files-with-matches count initial-tab null context= after-context= before-context= color color= colour=
rg aciIlLnNoFpPqsSUuvwx0HhA:B:C:e:f:g:j:m:M:t:T:E:r:d: ! regexp= file= after-context= before-context= context= color= count count-matches files files-with-matches files-without-match fixed-strings follow glob= iglob= heading hidden ignore-case invert-match json line-number no-line-number max-columns= max-count= max-depth= multiline no-config no-filename no-heading no-ignore no-ignore-vcs no-messages null only-matching pcre2 pretty quiet replace= smart-case case-sensitive sort= sortr= stats text trim type= type-not= type-list unrestricted vimgrep with-filename word-regexp line-regexp threads= passthru
ag ilLcvwQsSuaA:B:C:G: ! ignore-case hidden files-with-matches literal
ack ilLcvwQhHoA:B:C: ! ignore-case files-with-matches literal
diff abBcdeEiNnpqrstTuwyU:C:F:I:W:x:X:0123456789 brief unified unified= context context= color color= recursive ignore-case ignore-all-space ignore-blank-lines ignore-space-change side-by-side new-file no-dereference report-identical-files strip-trailing-cr text minimal exclude= label= suppress-common-lines width= normal stat
sdiff bilstwWEBd ! suppress-common-lines
cmp bi:ln:s print-bytes bytes= verbose quiet silent ignore-initial=
stat c:fLtxs:nqr format= printf= file-system dereference terse
file bhikLNprsz0e:F:v ! brief mime mime-type mime-encoding dereference no-dereference extension uncompress exclude= keep-going raw print0 separator=
du 0abcd:B:DHhklmLPSstxX:t: all apparent-size block-size= bytes total dereference max-depth= human-readable inodes kilobytes separate-dirs si summarize threshold= time exclude= exclude-from= one-file-system
df aBhHikl:mPTt:x: all block-size= total human-readable si inodes local no-sync output output= portability type= print-type exclude-type=
tree adfilpsughDFqNQrtUvnCJXxL:P:I:T:H: ! dirsfirst noreport du si charset= filelimit= timefmt= sort= gitignore prune inodes device metafirst
realpath eLmPqsz canonicalize-existing canonicalize-missing logical physical quiet relative-to= relative-base= strip no-symlinks zero
readlink femnqsvz canonicalize canonicalize-existing canonicalize-missing no-newline quiet silent verbose zero
basename as:z ~ multiple suffix= zero
dirname z ~ zero
pwd LP ~ logical physical
which as ~ all
whereis bmsuBMSfl ~ -
type aftpP ~ -
hash tdl ! -
whoami - ~ -
id aGgnruzZ ~ group groups name real user zero context
groups - ~ -
users - ~ -
who abdHlmpqrstTuw ~ all boot heading short
w fhiosu ~ -
uname amnoprsvi ~ all kernel-name nodename kernel-release kernel-version machine processor hardware-platform operating-system
hostname fsiIdA ! fqdn short ip-address all-ip-addresses domain
arch - ~ -
nproc - ~ all ignore=
uptime ps ~ pretty since
free bkmghltwvs:c: ~ bytes kilo mega giga human lohi total wide seconds= count=
vmstat adfmnstwS: ~ -
iostat cdhkmNptxyz ~ -
ps AaCdefFGghHjlLmMnNopPqrsStTuUvVwxXyZ ~ forest sort= no-headers headers width= pid= ppid= user= format= cols=
pstree aAcglnpStTuU ~ -
pgrep acdfilnoPstTuUvx ~ full list-name list-full exact newest oldest count
lsof abCGhHKlLMnNOoPRtTUvwXx0d:p:u:c:F::g::i::s:: ~ -
top bHcin:d:p:u:o:w: ! -
date uRI:d:r:f:j ! utc universal rfc-email iso-8601 iso-8601= rfc-3339= date= reference= debug
cal 13jmy ~ -
printf - ! -
echo - ~ * -
set euxfvo: ~ -
read erszp:d:n:N:t:u: ! ~ -
pushd n ~ -
popd n ~ -
dirs clpv ~ -
less NSRFXinMe ! -
more dfl ! -
true - ~ * -
false - ~ * -
: - ~ * -
test - ! * -
[ - ! * -
expr - ~ * -
seq f:s:w ~ format= separator= equal-width
sleep - ~ * -
tty s ~ silent quiet
locale ack:m all-locales charmaps
getconf av ~ -
lscpu abceJpxyB ~ json all extended parse
lsblk aAbdDe:fI:iJlmnOo:pPrsStTx:z ~ all bytes nodeps discard fs include= inverse json list ascii perms noheadings output= output-all paths pairs raw scsi topology
lspci vnkbtmDxs:d: ~ -
lsusb vts:d:D: ~ -
lsmod - ~ -
lsattr aRdvpl -
getfacl acetRLPpnds -
getent - ~ -
findmnt aAbcDdeFfiJklnoOpPrRsStTUuvx ~ json
ipcs amqstcpul ~ -
ss naltuxpremioswO460bHN ! tcp udp listening numeric processes all
netstat naltupriseogcW46 ~ -
md5sum bctwz check tag text binary quiet status strict warn ignore-missing zero
sha1sum bctwz check tag text binary quiet status strict warn ignore-missing zero
sha224sum bctwz check tag text binary quiet status strict warn ignore-missing zero
sha256sum bctwz check tag text binary quiet status strict warn ignore-missing zero
sha384sum bctwz check tag text binary quiet status strict warn ignore-missing zero
sha512sum bctwz check tag text binary quiet status strict warn ignore-missing zero
b2sum bctwzl: check tag text binary quiet status strict warn length= zero
shasum a:bctUs algorithm= binary check text
md5 qrps: ! -
cksum a:bctwz ! algorithm= check
sum rs -
base64 dDi:w:b: ! decode ignore-garbage wrap=
base32 diw: ! decode ignore-garbage wrap=
od A:abcdfij:lN:osSt:vw:x address-radix= skip-bytes= read-bytes= format= output-duplicates width=
xxd abc:Eeg:il:o:ps:ui ! -
hexdump bcCde:n:os:vx ! canonical length= skip=
strings ade:fn:ot:s:w0123456789 all print-file-name bytes= radix= encoding=
jq acCeghjMnrRsSf: ! compact-output color-output monochrome-output null-input raw-output join-output raw-input slurp sort-keys exit-status tab indent= arg argjson args jsonargs stream ascii-output from-file=
yq erPjMCNI:o: ! prettyPrint colors no-colors output-format= input-format= unwrapScalar
nm aACDgnoprSuUlf: ! -
objdump adDfhiprsStTxlCM:j: ! disassemble all-headers
readelf aAcdehIlnrsSuVWx:p: ! all headers
zcat f ! -
zgrep cEFHhiLlnoqsvwxe:A:B:C: ! -
bzcat sk ! -
xzcat kqv ! -
zstdcat qv ! -
man kfw ! where
info - ! -
whatis lw -
apropos ael -
cd LPe@ ~ -
tput - ! -
cloc qv ! json csv by-file quiet
tokei efs:t:o: ! -
fd aHIiLlpsgFe:t:d:E:c:S:0uq1j: ! hidden no-ignore case-sensitive ignore-case glob fixed-strings absolute-path follow full-path max-depth= min-depth= exact-depth= exclude= type= extension= size= changed-within= changed-before= color= print0 max-results= strip-cwd-prefix quiet
journalctl u:n:p:S:U:t:o:g:fkbxerqam0123456789 ! disk-usage list-boots no-hostname no-full utc catalog header fields unit= since= until= lines= priority= no-pager dmesg boot follow reverse output= grep= system user identifier=
dmesg HTtxl:f:weLrkuJ ! level= facility= human follow ctime notime color= decode raw
last aFRxwdn:0123456789 ! -
lastlog au: ! -
history - ! -
mount lv ! ~ -
umask Sp ! ~ -
ulimit aHScdflmnpstuv ! ~ -
alias p ! ~ -
sysctl aAbeNn ! ~ all names values
ifconfig asv ~ -
hostnamectl - ! ~ -
timedatectl - ! ~ -
nvidia-smi Lqi:l:d:x ! ~ list-gpus query query-gpu= query-compute-apps= format= id= loop= display=
lsb_release acdirsuv ~ all id description release codename short
sw_vers - ~ *
printenv - ! ~ -
crontab l ! ~ -
ssh-add lL ! ~ -
ssh-keygen lvf:E: ! -
rpm qailfcdRp ! query all info list file configfiles docfiles requires provides changelog package last
pacman Qilqedtukmsgcpo ! -
gofmt ldser: ! -
size ABdtox ! format= totals common
otool aDdfhlLMoprtvVxXI ! -
shellcheck aVxC::S:f:e:i:o:s:P:W: ! format= exclude= include= severity= shell= external-sources enable= color= color list-optional check-sourced norc source-path=
yamllint d:c:f:s ! config-data= config-file= format= strict no-warnings list-files
xmllint - ! format xpath= noout nonet noblanks recover encode= html xmlout huge
eza 1aABbdDFgGhHilmMnOrRSuUxXZ@I:L:s:t:w: ! all long tree level= git icons icons= sort= reverse header group group-directories-first no-permissions no-user no-time no-filesize color= colour= time-style= only-dirs only-files ignore-glob= git-ignore recurse oneline grid across inode links blocksize classify classify= absolute hyperlink bytes binary
locate 0cbiel:n:qrSw ! basename count ignore-case limit= regex
wait - ~ -
return - ~ * -
exit - ~ * -
break - ~ * -
continue - ~ * -
shift - ~ * -";

static READERS: LazyLock<Lookup<Reader>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let shorts = words.next().filter(|shorts| *shorts != "-").unwrap_or_default();
        let (mut strict, mut closed, mut free, mut longs) = (false, false, false, Vec::new());
        for word in words {
            match word {
                "!" => strict = true,
                "~" => closed = true,
                "*" => free = true,
                "-" => {}
                long => longs.push(long),
            }
        }
        (name, Reader { shorts, longs, strict, closed, free })
    };
    TABLE.lines().map(line).collect()
});

/// Whether there is a reader of this name.
pub fn is_known(name: &str) -> bool {
    READERS.contains_key(own_name(name))
}

/// Whether a reader opens the files that it is given.
pub fn opens(name: &str) -> bool {
    READERS.get(own_name(name)).is_some_and(|reader| !reader.closed) && !matches!(name, "test" | "[" | "printf")
}

/// The same under another name.
fn own_name(name: &str) -> &str {
    match name {
        "egrep" | "fgrep" => "grep",
        "exa" => "eza",
        _ => name,
    }
}

/// Whether nothing that it could be given makes more of it than a reader, options that are known aside.
pub fn takes_any(name: &str) -> bool {
    READERS.get(own_name(name)).is_some_and(|reader| !reader.strict && !reader.free) && !matches!(name, "uniq" | "cd")
}

/// What a reader does with these arguments; `None` when there is no reader of this name.
pub fn read(name: &str, arguments: &[Word]) -> Option<Reading> {
    let reader = READERS.get(own_name(name))?;
    let Some(operands) = operands(reader, arguments) else { return Some(Reading::Not) };
    let open = arguments.iter().any(|word| word.open && word.sure == Sure::Unknown);
    // A pattern may match a file whose name is an option.
    let pattern = reader.strict && operands.iter().any(|word| word.open);
    if (open && reader.strict) || !fits(name, &operands, arguments) {
        return Some(Reading::Not);
    }
    let unknown = arguments.iter().any(|word| word.sure == Sure::Unknown);
    let secret = reader.closed && arguments.iter().any(|word| !word.is_literal() && names_secret(&word.text));
    // A program for jq may ask for the environment, or for other files.
    let asks = |word: &&Word| ["env", "ENV", "import", "include"].iter().any(|own| word.text.contains(own));
    let program = |word: &Word| word.text.starts_with("--f") || (is_option(&word.text) && word.text.contains('f'));
    let environment = name == "history" || name == "jq" && (operands.iter().any(asks) || arguments.iter().any(program));
    Some(if pattern || secret || environment || (unknown && !reader.closed) { Reading::Open } else { Reading::Sure })
}

/// What is left once every option is known; `None` when one is not.
fn operands<'w>(reader: &Reader, arguments: &'w [Word]) -> Option<Vec<&'w Word>> {
    if reader.free {
        return Some(arguments.iter().collect());
    }
    let mut operands = Vec::with_capacity(arguments.len());
    let mut rest = arguments.iter().peekable();
    while let Some(word) = rest.next() {
        let text = word.text.as_str();
        if text == "--" && word.is_literal() {
            operands.extend(rest);
            break;
        }
        if !text.starts_with('-') || text == "-" {
            operands.push(word);
            continue;
        }
        let takes_next = match text.strip_prefix("--") {
            Some(long) => long_option(reader, long)?,
            None => short_options(reader, &text[1..])?,
        };
        if takes_next {
            rest.next_if(|value| !is_option(&value.text));
        }
    }
    Some(operands)
}

/// Whether a word that stands where a value is taken looks like an option: another build of the tool may take it for one.
pub fn is_option(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-'))
}

/// Whether a long option takes the next word; `None` when it is not known.
fn long_option(reader: &Reader, long: &str) -> Option<bool> {
    let (name, value) = long.split_once('=').map_or((long, false), |(name, _)| (name, true));
    let own = |with: bool| {
        reader.longs.iter().any(|own| own.strip_suffix('=').map_or(!with && *own == name, |own| with && own == name))
    };
    let help = matches!(name, "help" | "version");
    match (own(false), own(true)) {
        // `--color` and `--color=auto`: the value never stands alone.
        (true, true) => Some(false),
        (true, false) if !value => Some(false),
        (false, true) => Some(!value),
        _ => (help && !value).then_some(false),
    }
}

/// The same for `-abc`.
fn short_options(reader: &Reader, cluster: &str) -> Option<bool> {
    for (at, c) in cluster.char_indices() {
        let place = reader.shorts.find(c).filter(|_| c != ':')?;
        let after = &reader.shorts[place + c.len_utf8()..];
        if after.starts_with(':') {
            return Some(at + c.len_utf8() == cluster.len() && !after.starts_with("::"));
        }
    }
    Some(false)
}

/// What more there is to say of some.
fn fits(name: &str, operands: &[&Word], arguments: &[Word]) -> bool {
    let literal = |word: &&&Word| word.is_literal();
    let begins = |with: &[&str]| arguments.first().is_some_and(|first| with.iter().any(|w| first.text.starts_with(w)));
    match name {
        "alias" | "sysctl" => operands.iter().all(|word| word.is_literal() && !word.text.contains('=')),
        "hostnamectl" | "timedatectl" => operands.iter().all(|word| word.text == "status"),
        // One of their options says that they only tell.
        "crontab" | "ssh-add" => operands.is_empty() && arguments.len() == 1,
        "ssh-keygen" => begins(&["-l"]),
        "rpm" => begins(&["-q", "--query"]) && !operands.iter().any(|word| word.text.contains("://")),
        "pacman" => begins(&["-Q"]),
        "xmllint" => !operands.iter().any(|word| word.text.contains("://")),
        "printenv" => {
            !operands.is_empty() && operands.iter().all(|w| w.is_literal() && !names_secret(&format!("${}", w.text)))
        }
        // With an argument, these set something; the second file of some is written.
        "hostname" | "top" | "mount" | "umask" | "ulimit" | "nvidia-smi" => operands.is_empty(),
        // `less '+!command'`.
        "less" | "more" => !operands.iter().any(|word| word.text.starts_with('+') || word.open),
        "read" => operands.iter().all(|word| word.is_literal() && super::script::is_harmless_name(&word.text)),
        "uniq" | "xxd" | "base64" | "base32" | "ifconfig" => operands.len() < 2,
        "date" => operands.iter().all(|word| word.text.starts_with('+') && !word.open),
        // Where they take a number they evaluate it, and run what is in it.
        "test" | "[" => {
            let runs = |word: &&Word| word.text.contains('[') && word.text.contains(['$', '`']);
            !operands.iter().any(|word| ["-v", "-R"].contains(&word.text.as_str()) || runs(word))
        }
        // So does one shell's own.
        "printf" => {
            let runs = |word: &&Word| word.is_literal() && word.text.contains('[') && word.text.contains(['$', '`']);
            operands.first().is_none_or(|format| !format.open) && !operands.iter().skip(1).any(runs)
        }
        "history" => operands.iter().all(|word| word.text.bytes().all(|b| b.is_ascii_digit())),
        "tput" => operands.iter().filter(literal).count() == operands.len() && operands.len() < 3,
        "yq" => !operands.iter().any(|word| ["load", "env", "system"].iter().any(|does| word.text.contains(does))),
        _ => true,
    }
}

/// Whether a text with variables in it names one that may hold a secret.
fn names_secret(text: &str) -> bool {
    // `${!x}` is any variable.
    if text.contains("${!") {
        return true;
    }
    let mut names = text.split('$').skip(1).map(|rest| {
        let rest = rest.trim_start_matches('{');
        &rest[..rest.bytes().take_while(|b| *b == b'_' || b.is_ascii_alphanumeric()).count()]
    });
    names.any(|name| {
        let words = crate::risk::words::Words::of(name);
        crate::risk::names::is_secret(&words)
            || words.has_one_of(const { &List::of(&["token", "tokens", "key", "pass", "pwd", "auth", "pat", "dsn"]) })
            || (words.has_one_of(const { &List::of(&["url", "uri"]) })
                && words.has_one_of(const { &List::of(&["database", "db", "redis", "postgres", "mongo"]) }))
    })
}
