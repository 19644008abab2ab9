#!/usr/bin/env bash
# Packs target/deb/ai-infrastructure_VERSION_amd64.deb. BINARY=FILE packs that program instead of building the package's own.
set -euo pipefail
GIVEN="${BINARY:-}"
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

NAME=ai-infrastructure
FROM="$ROOT/packaging/deb"
OUT="$ROOT/target/deb"
TREE="$OUT/tree"
DOC="$TREE/usr/share/doc/$NAME"

# Every file carries the changelog's date, so that the same sources give the same package.
version() { sed -n "1s/^$NAME (\(.*\)) .*/\1/p" "$FROM/changelog"; }
SOURCE_DATE_EPOCH="$(date -d "$(sed -n 's/^ -- .*>  //p' "$FROM/changelog" | head -n1)" +%s)"
export SOURCE_DATE_EPOCH

check_version() {
    local program
    program="$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n1)"
    [ "$(version | sed 's/-[^-]*$//')" = "$program" ] ||
        stop "packaging/deb/changelog begins with $(version), the program is $program" "dch -c packaging/deb/changelog -v $program-1"
}

compile() {
    AI_INFRA_REQUIRE_PORTAL=1 cargo build "${LOCKED[@]}" --profile dist --package appliance --bin ai-infra
}

# Thin LTO over everything: some minutes. The portal comes first, because it is in the binary.
build() {
    packaging/scripts/setup.sh build
    packaging/scripts/portal.sh
    step "package binary" compile
    PROGRAM="$ROOT/target/$TRIPLE/dist/ai-infra"
}

# put MODE FILE PLACE: a file into the package.
put() { install -D -m "$1" "$2" "$TREE/$3"; }

program() {
    put 755 "$PROGRAM" usr/bin/ai-infra
    mkdir -p "$TREE/etc/$NAME/conf.d"
    env -i "$PROGRAM" config example | sed 's/ *$//' >"$OUT/config.yaml"
    put 644 "$OUT/config.yaml" "etc/$NAME/config.yaml"
}

service() {
    local units=packaging/systemd
    put 644 "$units/$NAME.service" "usr/lib/systemd/system/$NAME.service"
    put 644 "$units/$NAME.sysusers" "usr/lib/sysusers.d/$NAME.conf"
    put 644 "$units/$NAME.tmpfiles" "usr/lib/tmpfiles.d/$NAME.conf"
    put 644 "$units/$NAME.default" "etc/default/$NAME"
}

# Manual pages and completions are written by the program itself.
pages() {
    local page made="$OUT/generated"
    rm -rf "$made"
    mkdir -p "$made"
    env -i "$PROGRAM" --quiet generate man "$made"
    cp "$FROM/$NAME.8" "$made"
    for page in "$made"/*.[0-9]; do
        gzip -9n "$page"
        put 644 "$page.gz" "usr/share/man/man${page##*.}/${page##*/}.gz"
    done
    env -i "$PROGRAM" --quiet generate completions "$made"
    put 644 "$made/ai-infra.bash" usr/share/bash-completion/completions/ai-infra
    put 644 "$made/_ai-infra" usr/share/zsh/vendor-completions/_ai-infra
    put 644 "$made/ai-infra.fish" usr/share/fish/vendor_completions.d/ai-infra.fish
}

# indented FILE: its text as the copyright format wants it.
indented() { sed 's/^/ /; s/^ *$/ ./' "$1"; }

copyright() {
    indented LICENSE | sed '1,4d' >"$OUT/mit"
    indented vector/assets/NOTICE >"$OUT/notice"
    sed -e "/^@MIT@$/{r $OUT/mit" -e 'd}' -e "/^@NOTICE@$/{r $OUT/notice" -e 'd}' "$FROM/copyright"
}

documents() {
    mkdir -p "$DOC"
    copyright >"$DOC/copyright"
    gzip -9n <"$FROM/changelog" >"$DOC/changelog.Debian.gz"
    [ ! -f CHANGELOG.md ] || gzip -9n <CHANGELOG.md >"$DOC/changelog.gz"
    packaging/deb/notices.sh >"$OUT/third-party.txt"
    gzip -9n <"$OUT/third-party.txt" >"$DOC/third-party.txt.gz"
    chmod 644 "$DOC"/*
    put 644 "$FROM/lintian-overrides" "usr/share/lintian/overrides/$NAME"
}

control() {
    local size script
    size="$(du -k --apparent-size -s "$TREE" | cut -f1)"
    mkdir -p "$TREE/DEBIAN"
    sed "s/@VERSION@/$(version)/; s/@ARCHITECTURE@/$ARCHITECTURE/; s/@KIBIBYTES@/$size/" \
        "$FROM/control" >"$TREE/DEBIAN/control"
    cp "$FROM/conffiles" "$TREE/DEBIAN/conffiles"
    for script in postinst prerm postrm; do put 755 "$FROM/$script" "DEBIAN/$script"; done
    (cd "$TREE" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' |
        LC_ALL=C sort -z | xargs -0 md5sum) >"$TREE/DEBIAN/md5sums"
}

pack() {
    umask 022
    rm -rf "$TREE"
    mkdir -p "$TREE"
    program
    service
    pages
    documents
    control
    chmod -R u=rwX,go=rX "$TREE"
    find "$TREE" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Zxz --build "$TREE" "$DEB" >/dev/null
}

command -v dpkg-deb >/dev/null || stop "dpkg-deb is not installed" "sudo apt-get install -y dpkg"
ARCHITECTURE="$(dpkg --print-architecture)"
DEB="$OUT/${NAME}_$(version)_$ARCHITECTURE.deb"
check_version
mkdir -p "$OUT"
PROGRAM="$GIVEN"
[ -n "$GIVEN" ] || build
[ -x "$PROGRAM" ] || stop "$PROGRAM is no program" "make deb"
# Not by `step`: inside it a command that fails would not end the script.
begin="$SECONDS"
pack
say "package ... $((SECONDS - begin)) s"
say "${DEB#"$ROOT"/}: $(($(stat -c %s "$DEB") / 1000)) KB, installed $(sed -n 's/^Installed-Size: //p' "$TREE/DEBIAN/control") KiB"
