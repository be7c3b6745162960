//! The commands that are known for what they do, by what that is.

use crate::risk::words::{List, Lookup};
use std::sync::LazyLock;

/// What a command is known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It changes something that can be changed back.
    Changes,
    /// It tells secrets, or the environment where they lie.
    Reveals,
    /// It sends to other machines.
    Sends,
    /// It stays, or starts things later.
    Persists,
    /// It runs with other rights, or changes rights.
    Privilege,
    /// It deletes or overwrites.
    Destroys,
    /// It runs what it is given to read.
    Interprets,
    /// It runs what somebody else has written down: a build, a task, a package.
    Builds,
}

use Known::{Builds, Changes, Destroys, Interprets, Persists, Privilege, Reveals, Sends};

const TABLE: &[(Known, &str)] = &[
    (Changes, "mkdir touch mkfifo mktemp"),
    (Reveals, "printenv"),
    (
        Sends,
        "nc ncat netcat socat telnet ftp tftp sftp scp rclone mail mailx mutt sendmail msmtp swaks aria2c axel lftp \
         invoke-webrequest iwr invoke-restmethod irm certutil bitsadmin ssh-copy-id nmap masscan hping3 wscat websocat \
         grpcurl http https xh ab wrk hey slackcat twine croc magic-wormhole wormhole ngrok cloudflared",
    ),
    (
        Persists,
        "crontab at batch systemctl service launchctl schtasks update-rc.d chkconfig rc-update initctl nohup disown \
         setsid screen tmux start-stop-daemon systemd-run loginctl supervisorctl pm2 forever daemon update-alternatives \
         reg bg trap alias enable compgen fc",
    ),
    (
        Privilege,
        "chmod chown chgrp setfacl chattr usermod useradd adduser groupadd groupmod addgroup gpasswd passwd chpasswd \
         visudo vipw vigr setcap mount umount insmod rmmod modprobe depmod kexec sysctl iptables ip6tables nft ufw \
         firewall-cmd ipset setenforce semanage chcon restorecon nsenter unshare chroot runas icacls takeown cacls su \
         newgrp sg sudo doas pkexec run0 sudoedit dscl csrutil spctl security ssh-add ssh-keygen gpg gpg2 openssl tccutil ip \
         ifconfig route nmcli brctl tc hostnamectl timedatectl localectl umask",
    ),
    (
        Destroys,
        "rm rmdir unlink shred dd wipefs fdisk gdisk sgdisk cfdisk parted sfdisk truncate wipe srm kill killall pkill \
         killall5 xkill shutdown reboot halt poweroff init telinit mkswap swapoff blkdiscard dropdb dropuser userdel \
         groupdel deluser delgroup del erase format rd deltree remove-item clear-content tee mv cp install rename split \
         csplit lvremove vgremove pvremove lvreduce cryptsetup hdparm badblocks tune2fs resize2fs debugfs zpool zfs \
         btrfs mdadm losetup dmsetup rsync unzip tar bsdtar cpio pax 7z 7za unrar gunzip gzip bzip2 bunzip2 xz unxz zstd \
         zip flushall fstrim patch ed ex vi vim nvim nano emacs sponge trash gio diskutil tmutil logrotate",
    ),
    (
        Interprets,
        "sh bash zsh dash ksh mksh ash fish csh tcsh rbash python python2 python3 pypy pypy3 ipython perl perl5 ruby irb \
         jruby node nodejs deno bun tsx ts-node php lua luajit osascript pwsh powershell tclsh wish expect r rscript \
         julia ghci runghc scala groovy jshell elixir iex erl escript guile sbcl clisp racket swipl ocaml gdb lldb bc \
         source . eval m4 cmd wsl busybox toybox sqlite3 psql mysql mariadb mongo mongosh redis-cli cqlsh sqlcmd \
         clickhouse-client duckdb osqueryi awk gawk mawk nawk",
    ),
    (
        Builds,
        "make gmake cmake ninja meson just task rake bazel buck gradle gradlew mvn mvnw ant sbt lein mix cargo go npm \
         npx yarn pnpm pnpx bunx corepack pip pip2 pip3 pipx uv uvx poetry pdm hatch conda mamba gem bundle composer nuget dotnet msbuild \
         cabal stack opam rebar3 swift xcodebuild pod brew port apt apt-get aptitude dpkg yum dnf rpm zypper pacman yay \
         paru apk snap flatpak emerge nix nix-env nix-shell nix-build guix ansible ansible-playbook vagrant packer \
         pytest tox nox jest vitest mocha playwright cypress gcc g++ clang clang++ cc c++ ld rustc rustup javac java kotlinc tsc webpack vite rollup esbuild \
         eslint prettier pre-commit husky direnv asdf mise nvm rbenv pyenv ruff black isort mypy pyright pylint flake8 \
         bandit rubocop rspec phpunit phpstan stylelint biome golangci-lint swiftlint turbo nx lerna protoc buf skaffold",
    ),
];

static KNOWN: LazyLock<Lookup<Known>> =
    LazyLock::new(|| TABLE.iter().flat_map(|(known, names)| names.split_whitespace().map(|n| (n, *known))).collect());

/// What a command of this name is known for.
pub fn known(name: &str) -> Option<Known> {
    if name.starts_with("mkfs") || name.starts_with("newfs") {
        return Some(Destroys);
    }
    let versioned = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    KNOWN.get(name).copied().or_else(|| KNOWN.get(versioned).copied().filter(|k| *k == Interprets && versioned != "."))
}

/// Words of a command line for a service that say that something goes.
const GOING: &List = &List::of(&[
    "delete",
    "del",
    "remove",
    "rm",
    "rb",
    "destroy",
    "purge",
    "drop",
    "prune",
    "terminate",
    "erase",
    "wipe",
    "truncate",
    "flush",
    "flushall",
    "flushdb",
    "unpublish",
    "yank",
    "uninstall",
    "revoke",
    "reset",
    "clear",
    "kill",
    "forget",
    "cleanup",
    "dropdb",
    "unregister",
    "archive",
    "disable",
    "delete-all",
    "rollback",
    "undo",
    "expire",
    "discard",
    "down",
    "stop",
    "drain",
    "cordon",
    "taint",
    "replace",
    "obliterate",
    "shutdown",
    "unlink",
    "rdelete",
]);

/// Whether a word says that something is deleted: `delete-bucket`, `--delete-excluded`, `FLUSHALL`, `doDelete`.
pub fn says_going(word: &str) -> bool {
    if word.len() > 200 {
        return false;
    }
    let words = crate::risk::words::Words::of(word.trim_start_matches('-'));
    words.has_one_of(GOING) && !word.contains("://")
}
