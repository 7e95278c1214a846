# SPDX-License-Identifier: Apache-2.0
# What headers say of the API in their comments, beside what they declare: every wick_... and WICK_...
# that a comment names must be declared in one of them, and a call shown with its arguments must have
# as many as the function takes.
#   awk -v options="NAME ..." -f words.awk HEADER...   prints what is wrong; exit 1 if anything is.
# OPTIONS are those of CMake, which comments may name too.
BEGIN {
    count_of = split(options, option, " ")
    for (i = 1; i <= count_of; i++) { known[option[i]] = 1 }
}
FNR == 1 { files[++n] = FILENAME }
{ text[FILENAME] = text[FILENAME] $0 "\n" }

function bad(file, what) { print file ": " what; failed = 1 }

# How many arguments: commas that stand in no bracket. -1: it does not end.
function count(s,   i, c, depth, commas, any) {
    for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        if (c ~ /[([{]/) { depth++ }
        if (c ~ /[])}]/ && depth-- == 0) { arguments = substr(s, 1, i - 1); return any ? commas + 1 : 0 }
        if (c == "," && depth == 0) { commas++ }
        if (c !~ /[ \n]/) { any = 1 }
    }
    return -1
}

function declare(code,   name, many) {
    while (match(code, /[A-Za-z_][A-Za-z0-9_]*/)) {
        name = substr(code, RSTART, RLENGTH)
        code = substr(code, RSTART + RLENGTH)
        known[name] = 1
        if (name ~ /^wick_/ && substr(code, 1, 1) == "(") {
            many = count(substr(code, 2))
            takes[name] = takes[name] " " (arguments == "void" ? 0 : many) " "
        }
    }
}

function judge(file, comment,   name, rest, many) {
    gsub(/\n[ ]*\*+ ?/, " ", comment)
    while (match(comment, /(wick|WICK)_[A-Za-z0-9_]*/)) {
        name = substr(comment, RSTART, RLENGTH)
        rest = substr(comment, RSTART + RLENGTH)
        if (RSTART > 1 && substr(comment, RSTART - 1, 1) ~ /[A-Za-z0-9_\/-]/) { comment = rest; continue }
        comment = rest
        words++
        if (name ~ /_$/ || rest ~ /^[*.<]/ && rest !~ /^\.( |$)/) { continue } # a family, a file
        if (!(name in known)) { bad(file, "nothing is called " name); continue }
        if (substr(rest, 1, 1) == "(") {
            many = count(substr(rest, 2))
            if (many > 0 && arguments !~ /\.\.\./ && (name in takes) && index(takes[name], " " many " ") == 0) {
                bad(file, name "(" arguments ") has " many " arguments, not" takes[name])
            }
        }
    }
}

END {
    for (i = 1; i <= n; i++) {
        rest = text[files[i]]
        code = ""
        comments[i] = ""
        while ((at = index(rest, "/*")) > 0) {
            code = code substr(rest, 1, at - 1) " "
            rest = substr(rest, at + 2)
            end = index(rest, "*/")
            comments[i] = comments[i] " " substr(rest, 1, end - 1) "\n"
            rest = substr(rest, end + 2)
        }
        declare(code rest)
    }
    for (i = 1; i <= n; i++) { judge(files[i], comments[i]) }
    print n " headers, " words " names"
    exit failed || words < 1
}
